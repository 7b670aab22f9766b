import MartletGraphs

extension OpCases {
  private struct Geometry {
    var name: String
    var x: [Int]
    var window: PoolingWindow

    init(
      _ name: String, _ x: [Int], _ size: Extent, stride: Extent, padding: Padding = .valid,
      margins: Margins? = nil
    ) {
      self.name = name
      self.x = x
      let resolved = padding.margins(
        input: Extent(x[1], x[2]), kernel: size, stride: stride, dilation: 1)
      window = PoolingWindow(size: size, stride: stride, padding: margins ?? resolved)
    }

    var y: [Int] {
      let pad = window.padding
      return [
        x[0], (x[1] + pad.top + pad.bottom - window.size.height) / window.stride.height + 1,
        (x[2] + pad.left + pad.right - window.size.width) / window.stride.width + 1, x[3],
      ]
    }
  }

  private static let geometries: [Geometry] = [
    Geometry("2x2/2", [2, 6, 6, 3], 2, stride: 2),
    Geometry("2x2/2 odd image", [2, 7, 5, 5], 2, stride: 2),
    Geometry("2x2/2 batch 37", [37, 6, 6, 1], 2, stride: 2),
    Geometry("2x2/2 17 channels", [1, 8, 8, 17], 2, stride: 2),
    Geometry("2x2/1 overlapping", [2, 4, 4, 3], 2, stride: 1),
    Geometry("3x3/2 overlapping", [2, 7, 7, 5], 3, stride: 2),
    Geometry("3x3/2 same, even image", [2, 6, 8, 3], 3, stride: 2, padding: .same),
    Geometry("2x2/2 same, odd image", [2, 5, 7, 3], 2, stride: 2, padding: .same),
    Geometry("2x2/3 pixels left out", [2, 8, 8, 3], 2, stride: 3),
    Geometry("3x2/2x1 padding 1", [2, 6, 5, 3], Extent(3, 2), stride: Extent(2, 1), padding: 1),
    Geometry(
      "3x3/2 unequal margins", [2, 6, 6, 1], 3, stride: 2,
      margins: Margins(top: 0, left: 2, bottom: 1, right: 0)),
    Geometry("5x5 whole image", [2, 5, 5, 17], 5, stride: 5),
    Geometry("1x1/1", [1, 3, 3, 1], 1, stride: 1),
  ]

  package static let poolings: [OpCase] = geometries.flatMap(cases) + ties

  private static func cases(_ geometry: Geometry) -> [OpCase] {
    let (window, x, y) = (geometry.window, geometry.x, geometry.y)
    var counting = window
    counting.countsPadding = true
    let distinct = CaseOperand.input("x", x, .distinct(phase: 0.25))
    let maxima = [
      OpCase("max pool \(geometry.name)", [distinct], forward: .exact, gradient: .elementwise) {
        $0.apply(.pooling(.max(window)), $1)
      },
      OpCase(
        "max pool gradient \(geometry.name)",
        [.data("x", x, .distinct(phase: 0.25)), .data("dy", y)]
      ) {
        $0.apply(.pooling(.maxGradient(window)), $1)
      },
    ]
    let averages = [(window, "average pool"), (counting, "average pool counting padding")].flatMap {
      window, name in
      [
        OpCase("\(name) \(geometry.name)", [.input("x", x)], gradient: .elementwise) {
          $0.apply(.pooling(.average(window)), $1)
        },
        OpCase("\(name) gradient \(geometry.name)", [.input("dy", y)], gradient: .elementwise) {
          $0.apply(.pooling(.averageGradient(window, inputShape: x)), $1)
        },
      ]
    }
    return maxima + averages
  }

  /// Equal maxima: the first in scan order takes the gradient.
  private static let ties: [OpCase] = [Extent(2), Extent(3)].map { size in
    let window = PoolingWindow(size: size, stride: 2, padding: Margins(bottom: 1, right: 1))
    let y = size == 2 ? 4 : 3
    return OpCase(
      "max pool gradient \(size) with ties",
      [.data("x", [3, 7, 7, 5], .integers), .data("dy", [3, y, y, 5], .integers)], forward: .exact
    ) {
      $0.apply(.pooling(.maxGradient(window)), $1)
    }
  }
}
