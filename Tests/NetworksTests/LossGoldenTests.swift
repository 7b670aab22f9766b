import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Losses of each sample and gradients of their mean against Keras and PyTorch in float64.
@Suite struct LossGoldenTests {
  /// A loss, the factory's name, and which inputs of the golden it is given.
  private struct Case {
    let kind: String
    let loss: Loss
    var outputs = "logits"
    var targets = "soft"
    var columns = 4
  }

  private static let cases: [String: Case] = [
    "sparse": Case(
      kind: "sparseCategoricalCrossEntropy", loss: .sparseCategoricalCrossEntropy(fromLogits: true),
      targets: "labels"),
    "sparse-smoothed": Case(
      kind: "sparseCategoricalCrossEntropy",
      loss: .sparseCategoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.15), targets: "labels"),
    "sparse-probabilities": Case(
      kind: "sparseCategoricalCrossEntropy", loss: .sparseCategoricalCrossEntropy(), outputs: "positive",
      targets: "labels"),
    "rows": Case(kind: "categoricalCrossEntropy", loss: .categoricalCrossEntropy(fromLogits: true)),
    "rows-smoothed": Case(
      kind: "categoricalCrossEntropy", loss: .categoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.15)),
    "rows-probabilities": Case(
      kind: "categoricalCrossEntropy", loss: .categoricalCrossEntropy(labelSmoothing: 0.15),
      outputs: "positive"),
    "focal": Case(
      kind: "categoricalFocalCrossEntropy", loss: .categoricalFocalCrossEntropy(), outputs: "positive"),
    "focal-logits": Case(
      kind: "categoricalFocalCrossEntropy",
      loss: .categoricalFocalCrossEntropy(alpha: 0.6, gamma: 1.5, fromLogits: true, labelSmoothing: 0.15)),
    "binary": Case(
      kind: "binaryCrossEntropy", loss: .binaryCrossEntropy(fromLogits: true), targets: "binary", columns: 1),
    "binary-smoothed": Case(
      kind: "binaryCrossEntropy", loss: .binaryCrossEntropy(fromLogits: true, labelSmoothing: 0.15),
      targets: "several"),
    "binary-probabilities": Case(
      kind: "binaryCrossEntropy", loss: .binaryCrossEntropy(), outputs: "positive", targets: "several"),
    "squared": Case(kind: "meanSquaredError", loss: .meanSquaredError),
    "absolute": Case(kind: "meanAbsoluteError", loss: .meanAbsoluteError),
    "huber": Case(kind: "huber", loss: .huber(delta: 0.8)),
    "hinge": Case(kind: "hinge", loss: .hinge, targets: "several"),
    "categorical-hinge": Case(kind: "categoricalHinge", loss: .categoricalHinge, targets: "labels"),
  ]

  /// The golden's outputs, of which some losses take the first column alone.
  private func outputs(_ row: Case, _ golden: RuleGolden) -> [Double] {
    let all = golden["input/\(row.outputs)"]
    return stride(from: 0, to: all.count, by: 4).flatMap { all[$0..<$0 + row.columns] }
  }

  @Test func lossesAndGradientsAgreeWithThePeers() throws {
    let golden = try RuleGolden()
    var used: Set<String> = []
    for name in golden.cases("loss").sorted() {
      let rule = String(name[..<(try #require(name.lastIndex(of: "-")))])
      let row = try #require(Self.cases[rule], "\(name) is not tested")
      used.insert(rule)
      let graph = Graph(purpose: .training)
      let x = graph.input("x", shape: [6, row.columns])
      // One label for each sample is as good as one row of one number, or as a one-hot row.
      let isLabels = row.targets == "labels" || row.targets == "binary"
      let y = graph.input("y", shape: isLabels ? [6] : [6, 4], element: isLabels ? .int32 : .float)
      let mean = try row.loss.mean(x, y)
      let own = Metric(row.loss)(x, y)
      graph.output("values", own)
      graph.output("mean", mean)
      graph.output("slope", try #require(graph.gradients(of: mean, withRespectTo: [x])[0]))
      try graph.check()
      let result = Reference64.run(
        graph,
        inputs: [
          "x": .numbers(outputs(row, golden)),
          "y": isLabels
            ? .integers(golden.integers("input/\(row.targets)")) : .numbers(golden["input/\(row.targets)"]),
        ])
      let values = try #require(result.outputs["values"])
      let lossFigure = golden.worst(of: values, "loss/\(name)")
      #expect(lossFigure.fraction <= 1, "\(name): \(lossFigure.place)")
      let slope = golden.worst(of: try #require(result.outputs["slope"]), "slope/\(name)")
      #expect(slope.fraction <= 1, "gradient of \(name): \(slope.place)")
      #expect(abs(try #require(result.outputs["mean"])[0] - values.reduce(0, +) / 6) < 1e-12)
    }
    #expect(used == Set(Self.cases.keys), "every case has a golden")
    #expect(golden.cases("loss") == golden.cases("slope"))
  }

  @Test func everyLossHasAGolden() throws {
    let declared = try DeclaredNames.all(
      in: "Networks", files: "Loss", /public static (?:func|var) (\w+)[^{]*(?:->|:) Loss \{/)
    #expect(declared == Set(Self.cases.values.map(\.kind)) && declared.count >= 9)
  }

  @Test func weightedMeansAgreeWithThePeers() throws {
    let golden = try RuleGolden()
    let weights = golden["input/classWeights"]
    let plain = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    // One-hot rows, which `mean` makes of the labels, weigh the same.
    let variants = [plain, .categoricalCrossEntropy(fromLogits: true)]
    for (loss, preset) in variants.flatMap({ loss in Preset.allCases.map { (loss, $0) } }) {
      let graph = Graph(purpose: .training)
      graph.settings.preset = preset
      let x = graph.input("x", shape: [6, 4])
      let y = graph.input("y", shape: [6], element: .int32)
      let w = graph.input("w", shape: [6])
      let weighted = loss.weighted(classWeights: weights)
      graph.output("plain", try loss.mean(x, y))
      graph.output("class-count", try weighted.mean(x, y, divisor: .count))
      graph.output("class-sum", try weighted.mean(x, y, divisor: .weightSum))
      graph.output("sample-count", try loss.mean(x, y, sampleWeights: w, divisor: .count))
      graph.output("sample-sum", try loss.mean(x, y, sampleWeights: w, divisor: .weightSum))
      graph.output("both-count", try weighted.mean(x, y, sampleWeights: w, divisor: .count))
      graph.output("both-sum", try weighted.mean(x, y, sampleWeights: w, divisor: .weightSum))
      graph.output("preset", try weighted.mean(x, y))
      try graph.check()
      let result = Reference64.run(
        graph,
        inputs: [
          "x": .numbers(golden["input/logits"]), "y": .integers(golden.integers("input/labels")),
          "w": .numbers(golden["input/sampleWeights"]),
        ])
      for name in golden.cases("mean") {
        let worst = golden.worst(of: try #require(result.outputs[name]), "mean/\(name)")
        #expect(worst.fraction <= 1, "\(name): \(worst.place)")
      }
      let preset = result.outputs[preset == .keras ? "class-count" : "class-sum"]
      #expect(result.outputs["preset"] == preset)
    }
    #expect(golden.cases("mean").count == 7)
  }

  @Test func weightsOfZeroGiveZero() throws {
    let graph = Graph(purpose: .training)
    let x = graph.constant(1, shape: [2, 3])
    let y = graph.input("y", shape: [2], element: .int32)
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true).weighted(classWeights: [0, 0, 1])
    graph.output("mean", try loss.mean(x, y, divisor: .weightSum))
    #expect(Reference64.run(graph, inputs: ["y": .integers([0, 1])]).outputs["mean"] == [0])
  }

  @Test func mistakesAreNamed() throws {
    func text(_ loss: Loss, columns: Int = 4, sampleWeights: [Int]? = nil, rank: Int = 2) -> String {
      let graph = Graph(purpose: .training)
      let x = graph.input("x", shape: Array([6, columns, 2].prefix(rank)))
      let y = graph.input("y", shape: [6], element: .int32)
      do throws(ModelError) {
        _ = try loss.mean(x, y, sampleWeights: sampleWeights.map { graph.input("w", shape: $0) })
        try graph.check()
        return "no mistake"
      } catch { return "\(error)" }
    }
    #expect(
      text(.sparseCategoricalCrossEntropy(labelSmoothing: 1.5))
        == "loss sparse_categorical_crossentropy: expected labelSmoothing from 0 to 1, received 1.5.")
    #expect(text(.huber(delta: 0)).contains("loss huber: expected delta above 0, received 0.0"))
    #expect(text(.categoricalFocalCrossEntropy(gamma: -1)).contains("gamma at least 0"))
    let plain = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    #expect(text(plain.weighted(classWeights: [1, -1, 1, 1])).contains("class weights of at least 0"))
    #expect(
      text(plain.weighted(classWeights: [1, 1])).contains("4 class weights, one for each class, received 2"))
    #expect(text(plain, sampleWeights: [5]).contains("sample weights: expected one weight for each sample"))
    #expect(text(.meanSquaredError, rank: 3).contains("one score for each class"))
    #expect(
      text(Loss(name: "own", takesLabels: true) { x, _ in x.mean() })
        .contains("The loss own must not take the mean over samples."))
    // One output stands for two classes.
    #expect(text(.binaryCrossEntropy().weighted(classWeights: [1, 2]), columns: 1) == "no mistake")
    #expect(text(.binaryCrossEntropy().weighted(classWeights: [1]), columns: 1).contains("2 class weights"))
  }

  /// `[N, 1]` and `[N]` would broadcast to every output with the target of every sample.
  @Test func oneNumberForEachSampleIsNeverBroadcast() throws {
    let plain: [Loss] = [
      .meanSquaredError, .meanAbsoluteError, .huber(), .hinge, .binaryCrossEntropy(fromLogits: true),
    ]
    for loss in plain + plain.map({ $0.weighted(classWeights: [1, 3]) }) {
      let graph = Graph(purpose: .training)
      let outputs = graph.input("outputs", shape: [3, 1])
      let labels = graph.input("labels", shape: [3], element: .int32)
      let rows = labels.toFloat().reshaped([3, 1])
      let flat = outputs.reshaped([3])
      let pairs = [(outputs, rows), (outputs, labels), (flat, rows), (flat, labels)]
      for (index, (outputs, targets)) in pairs.enumerated() {
        graph.output("values \(index)", loss(outputs, targets))
        graph.output("mean \(index)", try loss.mean(outputs, targets))
        graph.output("metric \(index)", Metric(loss)(outputs, targets))
      }
      try graph.check()
      let result = Reference64.run(
        graph, inputs: ["outputs": .numbers([0.25, -1, 2]), "labels": .integers([0, 1, 1])])
      #expect(result.outputs["values 0"]?.count == 3)
      for name in ["values", "mean", "metric"] {
        for index in 1..<4 {
          #expect(result.outputs["\(name) \(index)"] == result.outputs["\(name) 0"], "\(loss.name)")
        }
      }
    }
  }

  @Test func aSigmoidIsTracedBackToItsScores() throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2, 1])
    let y = graph.input("y", shape: [2], element: .int32)
    graph.output("through", try Loss.binaryCrossEntropy().mean(x.sigmoid(), y))
    graph.output("scores", try Loss.binaryCrossEntropy(fromLogits: true).mean(x, y))
    let result = Reference64.run(graph, inputs: ["x": .numbers([-800, 3]), "y": .integers([1, 0])])
    #expect(result.outputs["through"] == result.outputs["scores"])
    #expect(try #require(result.outputs["scores"])[0] > 400)
  }
}
