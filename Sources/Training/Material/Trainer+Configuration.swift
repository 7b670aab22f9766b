import MartletDatasets
import MartletNetworks
import MartletTensors

extension Trainer {
  /// What the result of a training follows from, as a report lists it; keys as in `configuration.json`.
  ///
  /// How a loop of one's own trained, its history does not tell, and this trainer has settings of its own.
  ///
  /// - Parameters:
  ///   - history: What `fit` returned, or a loop's.
  ///   - data: The training images.
  ///   - name: What the network is called.
  package func configuration(_ history: History, of data: ImageDataset, name: String) -> JSON {
    // The parts of a set are called "MNIST train" and "MNIST test".
    let part = " train"
    let dataset = data.name.hasSuffix(part) ? String(data.name.dropLast(part.count)) : data.name
    return .object(
      [
        JSON.Member("model", .string(name)),
        JSON.Member("dataset", .string(dataset)),
        JSON.Member("image_shape", .array(data.imageShape.map(JSON.integer))),
        JSON.Member("class_names", .array(data.classNames.map(JSON.string))),
        JSON.Member("loss", .string(loss.name)),
        JSON.Member("epochs", .integer(history.epochs.count)),
      ] + (history.batchSize.map { fitting(history, batchSize: $0) } ?? []))
  }

  /// What `fit` and this trainer decided.
  private func fitting(_ history: History, batchSize: Int) -> [JSON.Member] {
    func list(_ words: [String]) -> JSON { .string(words.joined(separator: ", ")) }
    return [
      JSON.Member("batch_size", .integer(batchSize)),
      JSON.Member("optimizer", .string(optimizer.settingsText)),
      JSON.Member("schedule", .string(schedule.name)),
      JSON.Member("penalty", list(objective.penalties.map(\.text))),
    ] + history.settings + [
      JSON.Member("class_weights", .string(objective.classWeights.map { "\($0)" } ?? "")),
      JSON.Member("frozen", list(frozen.sorted())),
      JSON.Member("exact", step.engine.exact.json),
      JSON.Member("seed", .integer(Int(clamping: seed))),
    ]
  }
}

extension Optimizer {
  /// The rule and its settings, without those that are off: `adam, learning rate 0.001, beta1 0.9`.
  fileprivate var settingsText: String {
    let settings = Mirror(reflecting: self).children.compactMap { child -> (name: String, value: String)? in
      guard let name = child.label, let value = Self.text(child.value) else { return nil }
      return value == "false" || value == "0.0" ? nil : (name, value)
    }
    let isDecaying = settings.contains { $0.name == "weightDecay" }
    let told = settings.filter { $0.name != "decays" || isDecaying }
    return ([name] + told.map { "\($0.name == "learningRate" ? "learning rate" : $0.name) \($0.value)" })
      .joined(separator: ", ")
  }

  /// The text of a setting; nil where it is not set.
  private static func text(_ value: Any) -> String? {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional else { return "\(value)" }
    return mirror.children.first.map { "\($0.value)" }
  }
}
