import MartletGraphs

extension OpCases {
  private static let epsilon = 1.19e-7
  private static let softmaxForward = Closeness.norm(relative: 10 * epsilon, maximum: 5e-5)
  private static let softmaxBackward = Closeness.norm(relative: 40 * epsilon, maximum: 5e-5)

  private static func apply(_ graph: Graph, _ op: ClassificationOp, _ values: [Value]) -> Value {
    graph.apply(.classification(op), values)
  }

  package static let classifications: [OpCase] =
    [[1, 10], [37, 10], [5, 17], [3, 1]].flatMap(cases) + [
      OpCase("softmax of huge scores", [.data("x", [5, 10], .huge)], forward: softmaxForward) { _, x in
        x[0].softmax()
      },
      OpCase(
        "cross-entropy of huge scores",
        [.data("x", [5, 10], .huge), .data("labels", [5], .labels(classes: 10), .int32)]
      ) { graph, x in
        apply(graph, .crossEntropy(.sparse), x)
      },
      OpCase(
        "cross-entropy of a label out of range",
        [.data("x", [3, 4]), .data("labels", [3], .numbers([1, 4, -1]), .int32)]
      ) { graph, x in
        apply(graph, .crossEntropy(.sparse), x)
      },
      OpCase("argmax with ties", [.data("x", [37, 10], .integers)], forward: .exact) { _, x in
        x[0].argmax()
      },
    ]

  private static func cases(_ shape: [Int]) -> [OpCase] {
    let (rows, classes) = (shape[0], shape[1])
    let scores = CaseOperand.input("scores", shape)
    let labels = CaseOperand.data("labels", [rows], .labels(classes: classes), .int32)
    let bytes = CaseOperand.data("labels", [rows], .labels(classes: classes), .uint8)
    let oneHot = CaseOperand.data("targets", shape, .oneHot(classes: classes))
    let weights = CaseOperand.data("targets", shape, .positive)
    let dy = CaseOperand.data("dy", [rows])
    let losses: [OpCase] = [
      ("labels", labels, TargetEncoding.sparse), ("labels as bytes", bytes, .sparse),
      ("one-hot targets", oneHot, .dense), ("weights as targets", weights, .dense),
    ].flatMap { name, targets, encoding in
      [
        OpCase("cross-entropy of \(shape), \(name)", [scores, targets], gradient: softmaxBackward) {
          apply($0, .crossEntropy(encoding), $1)
        },
        OpCase(
          "cross-entropy gradient of \(shape), \(name)", [.data("scores", shape), targets, dy],
          forward: softmaxBackward
        ) {
          apply($0, .crossEntropyGradient(encoding), $1)
        },
      ]
    }
    return losses + [
      OpCase("softmax of \(shape)", [scores], forward: softmaxForward, gradient: softmaxBackward) { _, x in
        x[0].softmax()
      },
      OpCase(
        "softmax gradient of \(shape)", [.data("y", shape, .positive), .data("dy", shape)],
        forward: softmaxBackward
      ) {
        apply($0, .softmaxGradient, $1)
      },
      OpCase("argmax of \(shape)", [.data("x", shape, .distinct(phase: 0.25))], forward: .exact) { _, x in
        x[0].argmax()
      },
      OpCase("one-hot of \(rows) labels, \(classes) classes", [labels], forward: .exact) {
        apply($0, .oneHot(classes: classes), $1)
      },
      OpCase("one-hot of \(rows) bytes, \(classes) classes", [bytes], forward: .exact) {
        apply($0, .oneHot(classes: classes), $1)
      },
    ]
  }
}
