import MartletGraphs
import MartletTensors

extension ONNXExporter {
  /// Writes several operations as one.
  mutating func emit(_ whole: ONNXParts.Whole, _ id: Int) throws(InterchangeError) {
    switch whole {
    case .batchNormalization(let x, let gamma, let beta, let mean, let variance, let epsilon):
      let vectors = [gamma, beta, mean, variance].map { vector($0, id) }
      var attributes: [String: ONNXModel.Attribute] = ["epsilon": .float(Float(epsilon))]
      if let momentum = outline.momenta[graph.nodes[id].path] {
        attributes["momentum"] = .float(Float(momentum))
      }
      add("BatchNormalization", id, [name(x)] + vectors, attributes)
    case .biased(let sum, let bias): try product(graph.nodes[sum], sum, id, bias: name(bias))
    case .upSampling(let x, let isBilinear):
      let (small, large) = (graph.nodes[x].shape, graph.nodes[id].shape)
      let scales = [1, 1, Float(large[1] / small[1]), Float(large[2] / small[2])]
      let factors = constant(.float32(Tensor(shape: [4], scalars: scales)), id)
      // Pixels' centres keep their places; beyond the border the outermost pixel counts.
      add(
        "Resize", id, [name(x), "", factors],
        isBilinear
          ? ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")]
          : [
            "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
            "nearest_mode": .text("floor"),
          ])
    }
  }

  /// A weight or a constant as a vector.
  private mutating func vector(_ source: Int, _ id: Int) -> String {
    guard case .source(.constant(let number, let shape)) = graph.nodes[source].op else { return name(source) }
    let count = shape.reduce(1, *)
    return constant(
      .float32(Tensor(shape: [count], scalars: [Float](repeating: Float(number), count: count))), id)
  }

  /// Writes a convolution, a transposed one or a product as the value `id`.
  mutating func product(
    _ node: Graph.Node, _ own: Int, _ id: Int, bias: String? = nil
  ) throws(InterchangeError) {
    let x = name(node.inputs[0])
    let rest = bias.map { [$0] } ?? []
    switch node.op {
    case .convolution(.forward(let window)):
      add("Conv", id, [x, kernel(node.inputs[1], id)] + rest, attributes(window))
    case .convolution(.inputGradient(let window, let shape)):
      let small = graph.nodes[node.inputs[0]].shape
      func added(_ axis: Int, _ size: Int, _ stride: Int, _ dilation: Int, _ padding: Int) -> Int {
        shape[axis] - ((small[axis] - 1) * stride + (size - 1) * dilation + 1 - padding)
      }
      let padding = window.padding
      var attributes = attributes(window)
      attributes["output_padding"] = .integers([
        added(
          1, window.kernel.height, window.stride.height, window.dilation.height, padding.top + padding.bottom),
        added(
          2, window.kernel.width, window.stride.width, window.dilation.width, padding.left + padding.right),
      ])
      add("ConvTranspose", id, [x, kernel(node.inputs[1], id)] + rest, attributes)
    case .matrix(.multiply(let transposeA, let transposeB)):
      if !transposeA, !transposeB,
        case .source(.parameter(let path, let shape)) = graph.nodes[node.inputs[1]].op
      {
        let image = outline.features.parameters[path]
        let arrangement =
          image.map { Arrangement(view: $0 + [shape[1]], order: [3, 2, 0, 1], shape: [shape[1], shape[0]]) }
          ?? Arrangement(view: shape, order: [1, 0])
        add("Gemm", id, [x, parameter(path, arrangement)] + rest, ["transB": .integer(1)])
      } else {
        let flags: [(String, Bool)] = [("transA", transposeA), ("transB", transposeB)]
        let attributes = flags.filter(\.1).map { ($0.0, ONNXModel.Attribute.integer(1)) }
        add(
          "Gemm", id, [x, name(node.inputs[1])] + rest, Dictionary(uniqueKeysWithValues: attributes))
      }
    case .convolution(.kernelGradient), .source, .pooling, .pointwise, .reduction, .structure,
      .normalization, .classification, .random:
      throw unsupported(own)
    }
  }

  /// A kernel `[kh, kw, in, out]` as `[out, in, kh, kw]`.
  private mutating func kernel(_ source: Int, _ id: Int) -> String {
    if case .source(.parameter(let path, let shape)) = graph.nodes[source].op {
      return parameter(path, Arrangement(view: shape, order: [3, 2, 0, 1]))
    }
    return step("Transpose", id, [name(source)], ["perm": .integers([3, 2, 0, 1])])
  }

  private func attributes(_ window: ConvolutionWindow) -> [String: ONNXModel.Attribute] {
    [
      "kernel_shape": .integers([window.kernel.height, window.kernel.width]),
      "strides": .integers([window.stride.height, window.stride.width]),
      "dilations": .integers([window.dilation.height, window.dilation.width]),
      "pads": pads(window.padding), "group": .integer(window.groups),
    ]
  }

  func pads(_ margins: Margins) -> ONNXModel.Attribute {
    .integers([margins.top, margins.left, margins.bottom, margins.right])
  }
}
