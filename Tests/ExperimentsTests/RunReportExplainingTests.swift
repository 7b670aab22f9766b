import MartletExperiments
import MartletReports
import MartletRuns
import Testing

/// A run's page explains what the run used, and nothing else.
@Suite struct RunReportExplainingTests {
  private static let configuration: [(String, String)] = [
    ("dataset", "mnist"), ("model", "custom-cnn:dropout=0.5"), ("loss", "categorical_crossentropy"),
    ("optimizer", "adam:beta1=0.8"), ("schedule", "step:2,4"),
  ]

  private func report(layers: [String]) -> RunReport {
    let details = RunDetails(
      network: "N",
      layers: layers.enumerated().map { .init(name: "layer_\($0)", type: $1, shape: [2], parameters: 0) },
      nodes: [], parameters: 0, trainableParameters: 0, flops: 0, activationBytes: 0, trainImages: 1,
      testImages: 1)
    let record = RunRecord(
      path: "r", configuration: .object(Self.configuration.map { .init($0.0, .string($0.1)) }), epochs: [])
    return RunReport(record: record, material: ReportMaterial(details: details))
  }

  @Test func whatTheRunUsedIsExplainedOnce() {
    let explained = report(layers: ["Conv2D", "ReLU", "Conv2D", "LayerOfMyOwn", "Dense"]).explained()
    #expect(
      explained.explanations.map(\.name) == [
        "mnist", "custom-cnn", "Conv2D", "ReLU", "Dense", "categorical_crossentropy", "adam", "step:2,4",
      ])
  }

  /// The model is explained on the run's own images, with the run's settings.
  @Test func theModelIsTheRunsOwn() throws {
    let system = try TrainingSystem.named("custom-cnn-cifar10")
    let explained = RunReport(
      record: RunRecord(path: "r", configuration: system.configuration, epochs: []),
      material: ReportMaterial()
    ).explained()
    let model = try #require(explained.explanations.first { $0.group == .model })
    #expect(model.name == "custom-cnn-cifar10")
    let text = model.text(width: 100, isStyled: false)
    #expect(text.contains("(CIFAR-10)"))
    #expect(text.contains("\(system.settings.epochs) epochs at most"))
  }

  @Test func thePageHoldsTheWords() throws {
    let html = report(layers: ["Dropout"]).explained().page.html
    let words = try Topic.named("layer:Dropout").summary
    #expect(html.contains("What the parts do"))
    #expect(html.contains(words))
    #expect(html.contains("<summary>Dropout (layer)</summary>"))
  }
}
