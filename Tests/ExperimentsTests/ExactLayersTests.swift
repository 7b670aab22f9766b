import MartletCPU
import MartletCompilation
import MartletDatasets
import MartletExperiments
import MartletGraphs
import MartletNetworks
import MartletTensors
import MartletTraining
import Testing

/// Layers that keep to direct sums: one, all, or what an option, a file or a run names.
@Suite struct ExactLayersTests {
  private func configuration(_ id: String, _ text: String) throws -> RunConfiguration {
    var system = try TrainingSystem.named(id)
    try SettingKey.exact.apply(text, to: &system)
    return RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
  }

  /// The layers with a step whose algorithm is `[winograd]`.
  private func fast(_ text: String) throws -> Set<String> {
    let step = try configuration("attention-fashion", text).trainer(threads: 1).step
    let steps = try step.program(batch: 64).program.compute.flatMap(\.allSteps)
    return Set(steps.filter { $0.choice == " [winograd]" }.map(\.path))
  }

  @Test func onlyTheLayersNamedAreDirect() throws {
    let all: Set = ["conv2d_1", "conv2d_2", "conv2d_3", "conv2d_4"]
    #expect(try fast("no") == all)
    #expect(try fast("yes") == [])
    #expect(try fast("conv2d_2") == all.subtracting(["conv2d_2"]))
    #expect(try fast("conv2d_4,conv2d_1") == ["conv2d_2", "conv2d_3"])
    // A layer that has no other way may be named, and one that holds it.
    #expect(try fast("spatial_attention") == all)
  }

  @Test func otherNamesAreRefusedWithThoseThereAre() throws {
    for name in ["conv2d_9", "dense", "conv2d_"] {
      let error = #expect(throws: ModelError.self) {
        try configuration("attention-fashion", "conv2d_1,\(name)").trainer(threads: 1)
      }
      #expect(error?.description.contains("received \(name)") == true)
      #expect(error?.description.contains("conv2d, conv2d_1, conv2d_2") == true)
    }
    let none = #expect(throws: ModelError.self) {
      try configuration("dense-fashion", "dense").trainer(threads: 1)
    }
    #expect(none?.description.contains("The network has none.") == true)
    #expect(throws: SettingError.self) { try configuration("attention-fashion", "conv2d_1,") }
  }

  @Test func predictorsTakeThemToo() throws {
    let network = try configuration("attention-fashion", "no").network()
    #expect(throws: ModelError.self) { try Predictor(network, exact: ["conv"]) }
    let images = Tensor<UInt8>(
      shape: [16, 28, 28, 1], scalars: (0..<16 * 784).map { UInt8($0 * 37 % 251) })
    let parameters = try Parameters(of: network, seed: 1)
    func outputs(_ exact: ExactLayers) throws -> [Float] {
      try Predictor(network, parameters: parameters, threads: 1, exact: exact).outputs(images).scalars
    }
    // Tiles round otherwise than direct sums, in one layer as in all.
    let all = try [outputs(false), outputs(["conv2d_2"]), outputs(true)]
    #expect(Set(all).count == 3)
    for other in all.dropFirst() {
      #expect(zip(all[0], other).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test(arguments: ["no", "yes", "conv2d_1", "conv2d_1,conv2d_3"])
  func runsKeepThem(text: String) throws {
    let written = try configuration("attention-fashion", text)
    let read = try RunConfiguration(written.json, run: "run")
    #expect(read.system.settings.exact.text == text)
    #expect(read.json == written.json)
  }

  /// One layer's rounding is enough to end with other weights, so a checkpoint does not fit the other choice.
  @Test func itIsAPartOfWhatACheckpointMustMatch() throws {
    let exact: [ExactLayers] = [false, true, ["a"], ["a", "b"]]
    #expect(Set(exact.map(\.json.text)).count == exact.count)
    #expect(exact.map { ExactLayers($0.json) } == exact)
    #expect(ExactLayers(.integer(1)) == nil)
  }
}
