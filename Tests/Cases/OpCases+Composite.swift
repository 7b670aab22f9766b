import MartletGraphs

extension OpCases {
  private static func convolve(_ graph: Graph, _ x: Value, _ kernel: Value) -> Value {
    let extent = Extent(kernel.shape[0], kernel.shape[1])
    let margins = Padding.same.margins(
      input: Extent(x.shape[1], x.shape[2]), kernel: extent, stride: 1, dilation: 1)
    return graph.apply(
      .convolution(.forward(ConvolutionWindow(kernel: extent, padding: margins))), [x, kernel])
  }

  /// Several operations at once: shared use, broadcasting and the chains that compilers fuse.
  package static let composites: [OpCase] = [
    OpCase("a value used three times", [.input("x", [2, 3])]) { _, x in x[0] * x[0] + x[0].exp() },
    OpCase("both operands the same", [.input("x", [3, 4])], forward: .forward) { _, x in
      x[0].matrixProduct(x[0], transposeB: true)
    },
    OpCase(
      "convolution, bias, ReLU, pool, dense",
      [
        .data("x", [3, 6, 6, 2], .distinct(phase: 0.25)), .parameter("conv/kernel", [3, 3, 2, 5]),
        .parameter("conv/bias", [5]), .parameter("dense/kernel", [45, 4]), .parameter("dense/bias", [4]),
      ], forward: .forward
    ) { graph, x in
      let window = PoolingWindow(size: 2, stride: 2)
      let features = (convolve(graph, x[0], x[1]) + x[2]).relu()
      let pooled = graph.apply(.pooling(.max(window)), [features])
      return pooled.reshaped([3, 45]).matrixProduct(x[3]) + x[4]
    },
    OpCase(
      "channel attention",
      [.input("x", [2, 4, 4, 6]), .parameter("squeeze", [6, 3]), .parameter("expand", [3, 6])],
      forward: .forward
    ) { _, x in
      let squeezed = x[0].mean(axes: [1, 2]).matrixProduct(x[1]).tanh()
      return x[0] * squeezed.matrixProduct(x[2]).sigmoid().reshaped([2, 1, 1, 6])
    },
    OpCase(
      "spatial attention",
      [.input("x", [2, 4, 4, 6], .distinct(phase: 0.25)), .parameter("kernel", [7, 7, 2, 1])],
      forward: .forward
    ) { graph, x in
      let maps = concatenate([x[0].mean(axes: [3], keepsAxes: true), x[0].max(axes: [3], keepsAxes: true)])
      return x[0] * convolve(graph, maps, x[1]).sigmoid()
    },
    OpCase(
      "penalty of norms", [.parameter("a", [3, 4]), .parameter("b", [5])]
    ) { _, x in
      (x[0].l1Norm() + x[1].l2Norm()) * 0.001 + x[0].squared().sum() * 0.0001
    },
    OpCase(
      "mean loss of a classifier with rescaled bytes",
      [
        .data("images", [5, 6], .bytes, .uint8), .data("labels", [5], .labels(classes: 3), .uint8),
        .parameter("kernel", [6, 3]), .parameter("bias", [3]),
      ], forward: .forward
    ) { graph, x in
      let scores = (x[0].toFloat() * (1 / 255)).matrixProduct(x[2]) + x[3]
      return graph.apply(.classification(.crossEntropy(.sparse)), [scores, x[1]]).mean()
    },
  ]
}
