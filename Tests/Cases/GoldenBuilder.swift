import MartletGraphs

/// Layers, loss and optimizer of the goldens, each written out in operations.
struct GoldenBuilder {
  let graph: Graph

  init(_ graph: Graph) { self.graph = graph }

  /// Two convolutions with ReLU and pooling, two dense layers.
  func convnet(_ images: Value, kernel: Int, padding: Padding) -> Value {
    var x = images
    for (name, filters) in [("conv2d", 32), ("conv2d_1", 64)] {
      x = pooled(convolution(name, x, filters, kernel: kernel, padding: padding).relu())
    }
    return dense("dense_1", dense("dense", flattened(x), 128).relu(), GoldenData.classes)
  }

  /// Two blocks with batch normalisation, two dense layers.
  func batchNorm(_ images: Value) -> Value {
    var x = images
    for (suffix, filters) in [("", 8), ("_1", 16)] {
      x = convolution("conv2d\(suffix)", x, filters, kernel: 3, padding: .same)
      x = pooled(normalized("batch_normalization\(suffix)", x).leakyReLU(slope: 0.3))
    }
    return dense("dense_1", dense("dense", flattened(x), 16).relu(), GoldenData.classes)
  }

  func loss(_ scores: Value, _ labels: Value, isOneHot: Bool) -> Value {
    guard isOneHot else {
      return graph.apply(.classification(.crossEntropy(.sparse)), [scores, labels]).mean()
    }
    let targets = graph.apply(.classification(.oneHot(classes: GoldenData.classes)), [labels])
    return graph.apply(.classification(.crossEntropy(.dense)), [scores, targets]).mean()
  }

  /// Adam: with Keras's bias correction inside the rate, or with PyTorch's of both moments.
  func descend(_ loss: Value, usesKerasAdam: Bool) {
    let weights = graph.parameters.filter(\.isTrainable)
    let values = weights.compactMap { graph.parameterValue($0.path) }
    let rate = graph.input(GoldenNetwork.rateName, shape: [])
    let correction = graph.input(GoldenNetwork.correctionName, shape: [])
    for (index, gradient) in graph.gradients(of: loss, withRespectTo: values).enumerated() {
      guard let gradient else { preconditionFailure("\(weights[index].path) has no gradient") }
      let (path, shape) = (weights[index].path, weights[index].shape)
      graph.output(GoldenNetwork.gradientName(path), gradient)
      let first = moment("adam/first/\(path)", shape) * 0.9 + gradient * 0.1
      let second = moment("adam/second/\(path)", shape) * 0.999 + gradient.squared() * 0.001
      graph.assign("adam/first/\(path)", first)
      graph.assign("adam/second/\(path)", second)
      let deviation =
        usesKerasAdam ? second.squareRoot() + 1e-7 : (second / correction).squareRoot() + 1e-8
      graph.assign(path, values[index] - rate * first / deviation)
    }
  }

  private func convolution(
    _ name: String, _ x: Value, _ filters: Int, kernel: Int, padding: Padding
  ) -> Value {
    let extent = Extent(kernel)
    let margins = padding.margins(
      input: Extent(x.shape[1], x.shape[2]), kernel: extent, stride: 1, dilation: 1)
    let weights = weight("\(name)/kernel", [kernel, kernel, x.shape[3], filters])
    let window = ConvolutionWindow(kernel: extent, padding: margins)
    return graph.apply(.convolution(.forward(window)), [x, weights])
      + weight("\(name)/bias", [filters])
  }

  private func dense(_ name: String, _ x: Value, _ units: Int) -> Value {
    x.matrixProduct(weight("\(name)/kernel", [x.shape[1], units])) + weight("\(name)/bias", [units])
  }

  private func pooled(_ x: Value) -> Value {
    graph.apply(.pooling(.max(PoolingWindow(size: 2, stride: 2))), [x])
  }

  private func flattened(_ x: Value) -> Value {
    x.reshaped([x.shape[0], x.shape.dropFirst().reduce(1, *)])
  }

  /// Keras's batch normalisation: epsilon 1e-3, momentum 0.99, population variance throughout.
  private func normalized(_ name: String, _ x: Value) -> Value {
    let channels = x.shape[x.rank - 1]
    let moments = graph.apply(.normalization(.batchMoments), [x])
    for (row, state) in ["moving_mean", "moving_variance"].enumerated() {
      let path = "\(name)/\(state)"
      let known = graph.parameter(
        ParameterSpec(path: path, shape: [channels], role: .state, isTrainable: false) { _ in
          GoldenData.initial(path, shape: [channels])
        })
      let current = moments.slice(axis: 0, start: row, count: 1).reshaped([channels])
      graph.assign(path, known * 0.99 + current * 0.01)
    }
    let gamma = weight("\(name)/gamma", [channels])
    let beta = weight("\(name)/beta", [channels])
    return graph.apply(.normalization(.batchNormalize(epsilon: 1e-3)), [x, moments, gamma, beta])
  }

  private func weight(_ path: String, _ shape: [Int]) -> Value {
    graph.parameter(
      ParameterSpec(path: path, shape: shape, role: .weight) { _ in GoldenData.initial(path, shape: shape) })
  }

  private func moment(_ path: String, _ shape: [Int]) -> Value {
    let count = shape.reduce(1, *)
    return graph.parameter(
      ParameterSpec(path: path, shape: shape, role: .optimizer, isTrainable: false) { _ in
        [Float](repeating: 0, count: count)
      })
  }
}
