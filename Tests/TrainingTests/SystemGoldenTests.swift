import Martlet
import MartletCases
import MartletGraphs
import MartletReference
import Testing

/// The systems' own training steps against what PyTorch and Keras compute in double precision.
@Suite struct SystemGoldenTests {
  /// Ten steps of the traced graph in double precision: losses, first gradients, last weights.
  @Test(arguments: SystemGolden.allCases)
  func tenStepsAgreeWithThePeer(_ system: SystemGolden) throws {
    let golden = try system.golden()
    let step = try system.step()
    let network = try system.network()
    let graph = try step.trace(batch: system.batchSize)
    let rule = Adam().resolved(for: network.preset)
    var values: [String: [Double]] = [:]
    for entry in step.parameters.entries {
      values[entry.path] = UnsafeBufferPointer(start: entry.pointer, count: entry.count).map { Double($0) }
    }
    var losses: [Double] = []
    var gradients: [String: [Double]] = [:]
    for number in 0..<golden.losses.count {
      var inputs: [String: HostTensor<Double>] = [
        "images": .bytes(
          GoldenData.images(step: number, size: system.batchSize, shape: network.input.shape)),
        "labels": .integers(GoldenData.labels(step: number, size: system.batchSize)),
        Graph.randomKeyName: .integers([0, 0, Int32(number + 1), 0]),
      ]
      for (name, value) in rule.scalars(rate: rule.learningRate, step: number + 1) {
        inputs[Adam.scalarInputName(name)] = .numbers([value])
      }
      let result = Reference64.run(graph, inputs: inputs, parameters: values)
      losses += result.outputs["loss"] ?? []
      if number == 0 {
        for path in values.keys {
          gradients[system.goldenPath(path)] = result.outputs[SystemGolden.gradientName(path)]
        }
      }
      values.merge(result.assignments) { $1 }
    }

    #expect(losses.count == 10)
    let lossFigure = zip(losses, golden.losses).map { abs($0 - $1) / abs($1) }.worst
    #expect(lossFigure <= 1e-8, "\(losses) instead of \(golden.losses)")
    let trained = step.parameters.entries.filter { $0.role != .optimizer }
    #expect(golden.gradients.count == trained.count { $0.isTrainable })
    #expect(golden.weights.count == trained.count)
    let gradientFigure = Golden.worst(golden.gradients, gradients)
    #expect(gradientFigure.fraction <= 1, "gradient of \(gradientFigure.path)")
    let weights = Dictionary(uniqueKeysWithValues: values.map { (system.goldenPath($0), $1) })
    let weightFigure = Golden.worst(golden.weights, weights)
    #expect(weightFigure.fraction <= 1, "weight \(weightFigure.path)")
    print(
      "\(system.rawValue): losses \(lossFigure), gradients \(gradientFigure.fraction) of the bound,",
      "weights \(weightFigure.fraction) of the bound")
  }

  /// One compiled step in single precision: the loss within 1e-5, each gradient's relative distance from
  /// the golden at most twice the peer's own single-precision distance.
  ///
  /// Convolutions in transformed tiles round otherwise; with them the bound is five times.
  @Test(arguments: SystemGolden.allCases, [(exact: true, bound: 2.0), (exact: false, bound: 5)])
  func firstStepIsAsNearAsThePeer(_ system: SystemGolden, _ mode: (exact: Bool, bound: Double)) throws {
    let golden = try system.golden()
    let step = try system.step(exact: mode.exact)
    let shape = try system.network().input.shape
    let size = system.batchSize
    let result = try step.result(
      Tensor(shape: [size] + shape, scalars: GoldenData.images(step: 0, size: size, shape: shape)),
      Tensor(shape: [size], scalars: GoldenData.labels(step: 0, size: size)))
    #expect(abs(Double(result.loss) - golden.losses[0]) <= 1e-5 * abs(golden.losses[0]))
    var worst = (distance: 0.0, path: "")
    for entry in step.parameters.entries where entry.role == .weight && entry.isTrainable {
      let gradient = try #require(result.outputs[SystemGolden.gradientName(entry.path)])
      let path = system.goldenPath(entry.path)
      let distance = golden.peerDistances(of: gradient.scalars.map { Double($0) }, path)
      #expect(distance <= mode.bound, "\(path) is at \(distance) times the peer's distance")
      if distance > worst.distance { worst = (distance, path) }
    }
    #expect(worst.distance > 0)
    print(
      "\(system.rawValue), exact \(mode.exact): at most \(worst.distance) times the peer's distance (\(worst.path))"
    )
  }

  /// A new ready model needs a golden; each case has the layers and the preset of the model that it names.
  @Test func everyReadyModelHasAGolden() throws {
    for system in SystemGolden.allCases {
      let network = try system.network()
      let model = try ReadyModel.named(system.model).make(
        input: network.input, classes: GoldenData.classes)
      func types(_ network: Sequential) -> [String] {
        network.summary().rows.map(\.type).filter { $0 != "Dropout" }
      }
      #expect(types(network) == types(model) && network.preset == model.preset, "\(system)")
    }
    #expect(Set(SystemGolden.allCases.map(\.model)) == Set(ReadyModel.all.map(\.name)))
  }

  @Test(arguments: SystemGolden.allCases)
  func goldensNameTheirMaker(_ system: SystemGolden) throws {
    let notes = try system.golden().notes
    #expect(notes["maker"]?.hasPrefix("scripts/goldens/make_") == true)
    #expect(notes["versions"]?.contains("NumPy") == true)
  }
}
