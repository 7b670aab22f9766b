import MartletDatasets
import MartletReports
import MartletRuns
import MartletTensors

extension RunReport {
  /// The report with explanations of its data set, network, loss and optimizer.
  package func explained() -> RunReport {
    var report = self
    report.explanations = topics.compactMap { try? $0.explanation() }
    return report
  }

  /// The run's model on the run's images and how it was trained; nil where the images are a folder's.
  private var system: Topic? {
    guard
      let system = try? TrainingSystem(
        configuration: record.configuration, in: record.path, file: RunFile.configuration),
      (try? DatasetCatalog.card(system.dataset)) != nil
    else { return nil }
    return .model(of: system)
  }

  /// What the run used, as far as there is something to tell: a type of one's own has no topic.
  private var topics: [Topic] {
    func setting(_ key: String) -> String? { record.configuration[key]?.stringValue }
    func topic(_ group: Explanation.Group, _ setting: String?) -> Topic? {
      // What follows the colon are values of settings, as in `adam:beta1=0.8`.
      guard let name = setting?.split(separator: ":").first else { return nil }
      return try? Topic.named("\(group.prefix):\(name)")
    }
    var types: [String] = []
    for layer in material.details?.layers ?? [] where !types.contains(layer.type) { types.append(layer.type) }
    let layers = types.map { topic(.layer, $0) ?? topic(.activation, $0) }
    let epochs = record.configuration["epochs"]?.intValue ?? Topic.exampleEpochs
    let schedule = setting("schedule").flatMap { try? ScheduleSetting(parsing: $0, epochs: epochs).topic }
    return
      ([topic(.dataset, setting("dataset")), system ?? topic(.model, setting("model"))] + layers
      + [topic(.loss, setting("loss")), topic(.optimizer, setting("optimizer")), schedule])
      .compactMap(\.self)
  }
}
