import MartletGraphs

extension OpCases {
  /// A geometry from which three cases are made: the convolution and its two gradients.
  private struct Geometry {
    var name: String
    var x: [Int]
    var w: [Int]
    var window: ConvolutionWindow

    init(
      _ name: String, _ x: [Int], _ kernel: Extent, _ filters: Int, stride: Extent = 1,
      dilation: Extent = 1, padding: Padding = .valid, margins: Margins? = nil, groups: Int = 1
    ) {
      self.name = name
      self.x = x
      w = [kernel.height, kernel.width, x[3] / groups, filters]
      let resolved = padding.margins(
        input: Extent(x[1], x[2]), kernel: kernel, stride: stride, dilation: dilation)
      window = ConvolutionWindow(
        kernel: kernel, stride: stride, dilation: dilation, padding: margins ?? resolved, groups: groups)
    }

    var y: [Int] {
      func count(_ axis: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ cells: Int) -> Int {
        (x[axis] + cells - (kernel - 1) * dilation - 1) / stride + 1
      }
      let (kernel, stride, dilation, pad) = (window.kernel, window.stride, window.dilation, window.padding)
      return [
        x[0], count(1, kernel.height, stride.height, dilation.height, pad.top + pad.bottom),
        count(2, kernel.width, stride.width, dilation.width, pad.left + pad.right), w[3],
      ]
    }
  }

  private static let geometries: [Geometry] = [
    Geometry("1x1 on one pixel", [1, 1, 1, 1], 1, 1),
    Geometry("1x1, 17 to 5 channels", [2, 4, 3, 17], 1, 5),
    Geometry("1x1 stride 2", [2, 5, 6, 3], 1, 5, stride: 2),
    Geometry("3x3 valid, 1 to 5 channels", [2, 6, 5, 1], 3, 5),
    Geometry("3x3 same, 3 to 17 channels", [2, 7, 7, 3], 3, 17, padding: .same),
    Geometry("3x3 same, 17 to 17 channels", [1, 5, 5, 17], 3, 17, padding: .same),
    Geometry("3x3 same on one pixel", [3, 1, 1, 5], 3, 3, padding: .same),
    Geometry("3x3 same stride 2, even image", [2, 8, 6, 3], 3, 5, stride: 2, padding: .same),
    Geometry("3x3 same stride 2, odd image", [2, 7, 9, 3], 3, 5, stride: 2, padding: .same),
    Geometry("4x4 valid, 1 to 32 channels", [2, 11, 11, 1], 4, 32),
    Geometry("4x4 same: odd cell below", [2, 6, 7, 3], 4, 5, padding: .same),
    Geometry("5x5 valid, batch 37", [37, 8, 8, 1], 5, 3),
    Geometry("5x5 same on 2x2", [2, 2, 2, 3], 5, 3, padding: .same),
    Geometry("5x5 padding 2, 5 to 8 channels", [2, 9, 9, 5], 5, 8, padding: 2),
    Geometry("7x7 same, 2 to 1 channels", [2, 9, 9, 2], 7, 1, padding: .same),
    Geometry("2x3 stride 3x2 valid", [2, 8, 9, 3], Extent(2, 3), 5, stride: Extent(3, 2)),
    Geometry("2x2 stride 3: pixels left out", [2, 8, 8, 3], 2, 5, stride: 3),
    Geometry(
      "3x3 unequal margins", [2, 5, 6, 3], 3, 5, margins: Margins(top: 0, left: 1, bottom: 2, right: 3)),
    Geometry("3x3 dilation 2 same", [2, 7, 8, 3], 3, 5, dilation: 2, padding: .same),
    Geometry(
      "3x3 dilation 2x1 stride 2x3", [2, 9, 10, 3], 3, 5, stride: Extent(2, 3), dilation: Extent(2, 1)),
    Geometry("3x3 in 2 groups", [2, 6, 6, 4], 3, 6, padding: .same, groups: 2),
    Geometry("3x3 in 3 groups of 1", [2, 6, 5, 3], 3, 6, stride: 2, padding: 1, groups: 3),
    Geometry("3x3 depthwise, 17 channels", [1, 6, 6, 17], 3, 17, padding: .same, groups: 17),
    Geometry("1x1, 17 to 8 channels", [2, 5, 4, 17], 1, 8),
    Geometry("1x1, 19 to 16 channels", [2, 5, 4, 19], 1, 16),
    Geometry("1x1, 33 to 8 channels", [2, 5, 4, 33], 1, 8),
    Geometry("2x2 valid, 9 to 8 channels", [2, 5, 6, 9], 2, 8),
    Geometry("2x2 valid, 11 to 24 channels", [2, 5, 6, 11], 2, 24),
    Geometry("3x3 same, 17 to 8 channels", [2, 5, 6, 17], 3, 8, padding: .same),
    Geometry("4x4 valid, 9 to 8 channels", [2, 6, 6, 9], 4, 8),
    Geometry("5x5 valid, 3 to 8 channels", [2, 7, 6, 3], 5, 8),
    Geometry("3x3 same, 32 to 64 channels", [2, 14, 14, 32], 3, 64, padding: .same),
    Geometry("3x3 same, batch 37, 16 channels", [37, 7, 7, 16], 3, 16, padding: .same),
  ]

  package static let convolutions: [OpCase] = geometries.flatMap { geometry in
    let (window, x, w, y) = (geometry.window, geometry.x, geometry.w, geometry.y)
    return [
      OpCase(
        "convolution \(geometry.name)", [.input("x", x), .parameter("kernel", w)], forward: .forward
      ) { graph, values in
        graph.apply(.convolution(.forward(window)), values)
      },
      OpCase(
        "input gradient \(geometry.name)", [.input("dy", y), .parameter("kernel", w)], forward: .gradient
      ) { graph, values in
        graph.apply(.convolution(.inputGradient(window, inputShape: x)), values)
      },
      OpCase("kernel gradient \(geometry.name)", [.input("x", x), .input("dy", y)], forward: .gradient) {
        graph, values in
        graph.apply(.convolution(.kernelGradient(window, kernelShape: w)), values)
      },
    ]
  }
}
