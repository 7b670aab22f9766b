import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Metrics in the graph against Keras, with many equal scores.
@Suite struct MetricGoldenTests {
  /// A metric, the factory's name, and which labels of the golden it is given.
  private static let cases: [String: (kind: String, metric: Metric, labels: String)] = [
    "accuracy": ("accuracy", .accuracy, "classes"),
    "accuracy-rows": ("accuracy", .accuracy, "rows"),
    "top1": ("topKAccuracy", .topKAccuracy(1), "classes"),
    "top2": ("topKAccuracy", .topKAccuracy(2), "classes"),
    "top3": ("topKAccuracy", .topKAccuracy(3), "rows"),
    "binary": ("binaryAccuracy", .binaryAccuracy(threshold: 0.5), "targets"),
    "squared": ("meanSquaredError", .meanSquaredError, "targets"),
    "absolute": ("meanAbsoluteError", .meanAbsoluteError, "targets"),
  ]

  @Test func metricsAgreeWithKeras() throws {
    let golden = try RuleGolden()
    #expect(golden.cases("metric") == Set(Self.cases.keys))
    let graph = Graph(purpose: .inference)
    let x = graph.input("scores", shape: [12, 5])
    let classes = graph.input("classes", shape: [12], element: .int32)
    let targets = [
      "classes": classes, "targets": graph.input("targets", shape: [12, 5]),
      "rows": graph.apply(.classification(.oneHot(classes: 5)), [classes]),
    ]
    for (name, row) in Self.cases {
      let labels = try #require(targets[row.labels])
      graph.output(name, row.metric(x, labels))
      graph.output("mean \(name)", row.metric.mean(x, labels))
    }
    try graph.check()
    let result = Reference64.run(
      graph,
      inputs: [
        "scores": .numbers(golden["input/scores"]), "targets": .numbers(golden["input/targets"]),
        "classes": .integers(golden.integers("input/classes")),
      ])
    for name in Self.cases.keys {
      let values = try #require(result.outputs[name])
      let worst = golden.worst(of: values, "metric/\(name)")
      #expect(worst.fraction <= 1, "\(name): \(worst.place)")
      #expect(abs(try #require(result.outputs["mean \(name)"])[0] - values.reduce(0, +) / 12) < 1e-12)
    }
    // Ties made a difference: of equal scores the first is the class, but all are among the greatest.
    #expect(golden["metric/top1"] != golden["metric/accuracy"])
  }

  @Test func everyMetricHasAGolden() throws {
    let declared = try DeclaredNames.all(
      in: "Networks", files: "Metric", /public static (?:func|var) (\w+)[^{]*(?:->|:) Metric \{/)
    #expect(declared == Set(Self.cases.values.map(\.kind)) && declared.count >= 5)
  }

  @Test func oneOutputIsComparedWithAThreshold() throws {
    let graph = Graph(purpose: .inference)
    let x = graph.input("x", shape: [3, 1])
    let y = graph.input("y", shape: [3], element: .int32)
    graph.output("scores", Metric.accuracy(x, y))
    graph.output("sigmoid", Metric.accuracy(x.sigmoid(), y))
    graph.output("logits", Loss.binaryCrossEntropy(fromLogits: true).predictedClasses(x))
    graph.output("probabilities", Loss.binaryCrossEntropy().predictedClasses(x))
    graph.output("correct", Loss.binaryCrossEntropy().correctCount(x, y))
    graph.output("binary", Metric.binaryAccuracy()(x, y))
    try graph.check()
    let result = Reference64.run(graph, inputs: ["x": .numbers([-1, 0.25, 2]), "y": .integers([0, 1, 0])])
    #expect(result.outputs["scores"] == [1, 1, 0])
    #expect(result.outputs["sigmoid"] == [1, 1, 0])
    #expect(result.outputs["logits"] == [0, 1, 1])
    #expect(result.outputs["probabilities"] == [0, 0, 1])
    #expect(result.outputs["correct"] == [1])
    #expect(result.outputs["binary"] == [1, 0, 0])
  }

  /// Labels are 0 and 1, so a network that is trained to put them out is split at a half, as Keras does.
  @Test(arguments: [Loss.meanSquaredError, .meanAbsoluteError, .huber()])
  func outputsTrainedToBeLabelsAreSplitAtAHalf(_ loss: Loss) throws {
    let graph = Graph(purpose: .inference)
    let x = graph.input("x", shape: [4, 1])
    let y = graph.input("y", shape: [4], element: .int32)
    graph.output("classes", loss.predictedClasses(x))
    graph.output("weighted", loss.weighted(classWeights: [1, 2]).predictedClasses(x))
    graph.output("correct", loss.correctCount(x, y))
    try graph.check()
    let result = Reference64.run(
      graph, inputs: ["x": .numbers([0.1, 0.8, 0.6, 0.3]), "y": .integers([0, 1, 1, 0])])
    #expect(result.outputs["classes"] == [0, 1, 1, 0] && result.outputs["weighted"] == [0, 1, 1, 0])
    #expect(result.outputs["correct"] == [4])
  }

  @Test func aScoreThatIsNoNumberIsNotAmongTheGreatest() throws {
    let graph = Graph(purpose: .inference)
    let x = graph.input("x", shape: [2, 3])
    let y = graph.input("y", shape: [2], element: .int32)
    graph.output("top", Metric.topKAccuracy(2)(x, y))
    let values: [Double] = [.nan, .nan, .nan, 1, 2, 3]
    let result = Reference64.run(graph, inputs: ["x": .numbers(values), "y": .integers([0, 1])])
    #expect(result.outputs["top"] == [0, 1])
  }

  @Test func mistakesAreNamed() throws {
    func text(_ metric: Metric) -> String {
      let graph = Graph(purpose: .inference)
      _ = metric.mean(graph.input("x", shape: [3, 4]), graph.input("y", shape: [3], element: .int32))
      return graph.firstError.map { "\($0)" } ?? "no mistake"
    }
    #expect(text(.topKAccuracy(0)) == "metric top_0_accuracy: expected k at least 1, received 0.")
    #expect(
      text(Metric(name: "own") { x, _ in x.mean() })
        .contains("metric own: expected one number for each sample, shape [3], received shape []"))
    #expect(text(Metric(name: "own") { x, _ in x.max(axes: [1]) }) == "no mistake")
  }
}
