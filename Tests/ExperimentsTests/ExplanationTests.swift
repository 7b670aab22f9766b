import Foundation
import MartletDatasets
import MartletExperiments
import MartletNetworks
import MartletReports
import Testing

/// Everything public is explained, and no number of an explanation is made up.
@Suite struct ExplanationTests {
  private static let symbols: [String] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try? String(
      contentsOf: root.appendingPathComponent("docs/public-symbols.txt"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }()

  private static func plain(_ name: String) -> String { name.lowercased().filter(\.isLetter) }

  @Test func everyLayerIsExplained() throws {
    let names = Set((Topic.all(in: .layer) + Topic.all(in: .activation)).map(\.name))
    let missing = LayerKind.allCases.filter { !names.contains($0.rawValue) }
    #expect(missing.isEmpty, "\(missing.map(\.rawValue))")
  }

  @Test func everyLossIsExplained() throws {
    // Public static members of Loss, from the list of public symbols.
    let members = Self.symbols.filter {
      $0.hasPrefix("Loss.") && $0.contains("static ") && $0.contains("-> Loss")
        || $0.hasPrefix("Loss.") && $0.contains("static var")
    }
    .compactMap { $0.dropFirst(5).split { !$0.isLetter }.first.map { Self.plain(String($0)) } }
    #expect(members.count >= 9)
    let names = Set(Topic.all(in: .loss).map { Self.plain($0.name) })
    #expect(Set(members).subtracting(names).isEmpty, "\(Set(members).subtracting(names))")
  }

  @Test func everyOptimizerScheduleModelAndDataSetIsExplained() throws {
    #expect(Topic.all(in: .optimizer).map(\.name) == OptimizerSetting.Rule.allCases.map(\.rawValue))
    #expect(Topic.all(in: .model).map(\.name) == ReadyModel.all.map(\.name))
    #expect(Topic.all(in: .dataset).map(\.name) == DatasetCatalog.all.map(\.id))
    let functions = Self.symbols.filter { $0.hasPrefix("ActivationFunction.") && $0.contains("  case ") }
      .compactMap { $0.dropFirst(19).split { !$0.isLetter }.first.map { Self.plain(String($0)) } }
    #expect(functions.count >= 10)
    let explained = Set(Topic.all(in: .activation).map { Self.plain($0.name) })
    #expect(Set(functions).subtracting(explained).isEmpty, "\(Set(functions).subtracting(explained))")
    // Every public way to make a schedule, by the topic that tells of it.
    let topics = [
      "constant": "constant", "stepDecay": "step", "cosineAnnealing": "cosine", "linearDecay": "linear",
      "linear": "linear", "exponentialDecay": "exponential", "inverseTimeDecay": "inverse-time",
      "polynomialDecay": "polynomial", "warmUp": "warm-up", "cosineWithRestarts": "restarts",
      "oneCycle": "one-cycle", "custom": "custom", "customFromCurrent": "custom", "customPerStep": "custom",
    ]
    let makers = Self.symbols.filter { $0.hasPrefix("RateSchedule.") && $0.contains("static ") }
      .compactMap { $0.dropFirst(13).split { !$0.isLetter }.first.map(String.init) }
    #expect(makers.count >= 14)
    let names = Set(Topic.all(in: .schedule).map(\.name))
    for maker in makers { #expect(topics[maker].map(names.contains) == true, "\(maker)") }
  }

  @Test(arguments: Topic.all.map { "\($0.group.prefix):\($0.name)" })
  func everyTopicCanBeToldAndLeadsOn(name: String) throws {
    let topic = try Topic.named(name)
    #expect("\(topic.group.prefix):\(topic.name)" == name)
    let text = try topic.explanation().text(width: 80, isStyled: false)
    #expect(topic.summary.hasSuffix(".") && text.contains(topic.title))
    // Sources of data sets are as long as they are.
    for line in text.split(separator: "\n") where !line.contains("https://") {
      #expect(line.count <= 80, "\(line)")
      #expect(!line.hasSuffix(" "), "\(line)")
    }
    for other in topic.seeAlso { _ = try Topic.named(other) }
  }

  /// `3·3·1·32 weights + 32 biases = 320`: the sum is what the trace counts.
  @Test(arguments: Topic.all(in: .layer).map(\.name))
  func parametersAreTheSumThatIsShown(name: String) throws {
    let items = try Topic.named("layer:\(name)").explanation().blocks.flatMap { block in
      if case .items(let items) = block { items } else { [String]() }
    }
    let line = try #require(items.first { $0.hasPrefix("parameters: ") })
    let sides = line.dropFirst(12).split(separator: "=")
    guard sides.count == 2 else {
      #expect(line == "parameters: 0")
      return
    }
    let sum = sides[0].split(separator: "+").reduce(0) { sum, term in
      let factors = term.filter { $0.isNumber || $0 == "·" }.split(separator: "·")
      return sum + factors.reduce(1) { $0 * (Int($1) ?? 0) }
    }
    #expect(sum == Int(sides[1].filter(\.isNumber)))
  }

  private func text(_ name: String) throws -> String {
    try Topic.named(name).explanation().text(width: 80, isStyled: false)
  }

  @Test(arguments: [
    ("convnet", "28x28x1 > 14x14x32 > 7x7x64 > 3,136 > 128 > 10"),
    ("conv5x5", "28x28x1 > 12x12x32 > 4x4x64 > 1,024 > 128 > 10"),
    ("model:dense", "28x28x1 > 784 > 16 > 8 > 10"),
    ("attention", "28x28x1 > 14x14x32 > 7x7x64 > 7x7x128 > 128 > 256 > 10"),
    ("custom-cnn-cifar10", "32x32x3 > 16x16x32 > 8x8x64 > 4x4x128 > 2,048 > 128 > 10"),
    ("alexnet-mnist", "28x28x1 > 14x14x96 > 7x7x256 > 7x7x384 > 6x6x256 > 9,216 > 512 > 10"),
  ]) func theImageChangesShape(model: String, line: String) throws {
    #expect(try text(model).contains("    \(line)\n"))
  }

  @Test func theWalkAddsUp() throws {
    for model in ReadyModel.all {
      let network = try model.make(input: .image(32, 32, 3), classes: 10)
      let walk = try NetworkWalk(network)
      #expect(walk.stops.reduce(0) { $0 + $1.parameters } == walk.summary.parameters)
      #expect(walk.stops.reduce(0) { $0 + $1.operations } == walk.summary.flops, "\(model.name)")
    }
  }

  @Test func placesSeeWhatTheirWindowsCover() throws {
    let walk = try NetworkWalk(try ReadyModel.convnet(input: .image(28, 28, 1), classes: 10))
    // 3, then 2 more pixels of stride 1; behind the pooling each step counts twice.
    #expect(walk.stops.prefix(5).map(\.reach) == [1, 3, 4, 8, 10])
    #expect(walk.stops.last?.reach == nil)
  }

  @Test func attentionIsWhatAndWhere() throws {
    let text = try text("attention-what-and-where")
    #expect(text.contains("64 means > bottleneck of 4 > 64 factors; 580 parameters"))
    #expect(text.contains("99 parameters") && text.contains("177,041 parameters; without attention 176,362"))
  }

  /// Numbers that stand in sentences and are no defaults of a signature, against the traced layers.
  @Test func numbersInSentencesAreTheCodes() throws {
    let training = try text("training-and-inference")
    for name in ["Dropout", "SpatialDropout2D", "GaussianNoise", "BatchNormalization", "ResidualBlock"] {
      #expect(training.contains("- \(name)\n"))
    }
    #expect(!training.contains("- LayerNormalization") && !training.contains("- Conv2D"))
    // LeakyReLU's slope in Keras's preset.
    #expect(try text("LeakyReLU").contains("  -4  -1.2000\n"))
    #expect(try text("Softplus").contains("     0  0.6931\n"))
    // log 3 for three classes without an idea.
    #expect(try text("categorical_crossentropy").contains("1.0986"))
    #expect(try text("huber").contains("0.1667"))
    // Five steps of 0.1 · p, and about 0.1 each.
    #expect(try text("sgd").contains("1.0000  0.9000  0.8100  0.7290  0.6561  0.5905"))
    #expect(try text("lion").contains("1.0000  0.9000  0.8000  0.7000  0.6000  0.5000"))
    // The schedule's own curve.
    #expect(try text("cosine").contains("97.6% of the initial one"))
    #expect(try text("exponential").replacing("\n", with: " ").contains("halves in about 14 epochs"))
    let half = RateSchedule.exponentialDecay(factor: 0.95).rate(initial: 1, epoch: 14)
    #expect(abs(half - 0.5) < 0.02)
  }

  @Test func schedulesAreDrawn() throws {
    let lines = RateDrawing(schedule: .stepDecay(at: [15, 30, 45]), initial: 0.001, epochs: 50).lines
    #expect(lines.count == 10)
    #expect(lines[0] == "0.001 │" + String(repeating: "█", count: 15))
    let bars = [("█", 15), ("▆", 15), ("▁", 15)].map { String(repeating: $0.0, count: $0.1) }
    #expect(lines[7] == "    0 │" + bars.joined())
    #expect(try text("step:10,20").contains("Step Decay, step:10,20"))
    let rates = RateDrawing(schedule: .linearDecay(epochs: 4), initial: 1, epochs: 5).rates
    #expect(rates == [1, 0.75, 0.5, 0.25, 0])
  }

  @Test func namesAreFoundHoweverTheyAreWritten() throws {
    #expect(try Topic.named("conv2d").name == "Conv2D")
    #expect(try Topic.named("max pooling 2d").name == "MaxPooling2D")
    #expect(try Topic.named("dense").group == .model && Topic.named("Dense").group == .layer)
    #expect(try Topic.named("attention-fashion").seeAlso.contains("schedule:cosine"))
    let error = #expect(throws: SettingError.self) { try Topic.named("Con2D") }
    #expect(error?.description.contains("did you mean Conv2D?") == true)
    #expect(throws: SettingError.self) { try Topic.named("layer:Fence") }
  }
}
