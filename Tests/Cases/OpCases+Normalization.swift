import MartletGraphs

extension OpCases {
  /// Bounds of benchmarked engines for batch normalisation in single precision.
  private static let batchForward = Closeness.norm(relative: 6e-7, maximum: 5e-5)
  private static let batchGradient = Closeness.norm(relative: 5e-6, maximum: 5e-5)

  private static let batchShapes: [[Int]] = [
    [37, 5], [2, 3, 3, 17], [1, 4, 4, 1], [37, 4, 4, 3], [8, 2, 3, 16],
  ]

  private static func apply(_ graph: Graph, _ op: NormalizationOp, _ values: [Value]) -> Value {
    graph.apply(.normalization(op), values)
  }

  private static let batches: [OpCase] = batchShapes.flatMap { shape -> [OpCase] in
    let channels = [shape[shape.count - 1]]
    let moments = CaseOperand.data("moments", [2] + channels, .positive)
    return [
      OpCase("batch moments of \(shape)", [.input("x", shape)], forward: batchForward) { graph, x in
        apply(graph, .batchMoments, x)
      },
      OpCase(
        "batch normalization of \(shape)",
        [.input("x", shape), .parameter("gamma", channels, .positive), .parameter("beta", channels)],
        forward: batchForward, gradient: batchGradient
      ) { graph, x in
        apply(graph, .batchNormalize(epsilon: 1e-3), [x[0], apply(graph, .batchMoments, [x[0]]), x[1], x[2]])
      },
      OpCase(
        "normalization of \(shape) by running statistics",
        [
          .data("x", shape), moments, .parameter("gamma", channels, .positive), .parameter("beta", channels),
        ], forward: batchForward, gradient: batchGradient
      ) { graph, x in
        apply(graph, .batchNormalize(epsilon: 1e-5), x)
      },
      OpCase(
        "batch gradient sums of \(shape)", [.data("dy", shape), .data("x", shape), moments],
        forward: batchGradient
      ) { graph, x in
        apply(graph, .batchGradientSums(epsilon: 1e-3), x)
      },
      OpCase(
        "batch input gradient of \(shape)",
        [
          .data("dy", shape), .data("x", shape), moments, .data("gamma", channels, .positive),
          .data("sums", [2] + channels),
        ], forward: batchGradient
      ) { graph, x in
        apply(graph, .batchInputGradient(epsilon: 1e-3), x)
      },
    ]
  }

  private static let responses: [(String, LocalResponse)] = [
    ("of 11 channels", LocalResponse(size: 11, alpha: 1, beta: 0.5, bias: 1)),
    ("of 5 channels, beta 0.75", LocalResponse(size: 5, alpha: 2e-5, beta: 0.75, bias: 2)),
    ("of an even window", LocalResponse(size: 4, alpha: 0.3, beta: 0.75, bias: 1)),
    ("of one channel", LocalResponse(size: 1, alpha: 0.5, beta: 1, bias: 1)),
  ]

  private static let localResponses: [OpCase] = responses.flatMap { name, attributes in
    [[2, 3, 3, 17], [1, 4, 4, 1], [2, 2, 2, 5]].flatMap { shape in
      [
        OpCase("local response \(name), \(shape)", [.input("x", shape)]) { graph, x in
          apply(graph, .localResponse(attributes), x)
        },
        OpCase(
          "local response gradient \(name), \(shape)", [.data("x", shape), .data("dy", shape)],
          forward: .gradient
        ) { graph, x in
          apply(graph, .localResponseGradient(attributes), x)
        },
      ]
    }
  }

  package static let normalizations = batches + localResponses
}
