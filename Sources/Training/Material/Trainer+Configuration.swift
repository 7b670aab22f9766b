import MartletDatasets
import MartletNetworks
import MartletTensors

extension Trainer {
  /// What the result of a training follows from, as a report lists it; keys as in `configuration.json`.
  ///
  /// - Parameters:
  ///   - history: What `fit` returned, or a loop's.
  ///   - data: The training images.
  ///   - name: What the network is called.
  package func configuration(_ history: History, of data: ImageDataset, name: String) -> JSON {
    // The parts of a set are called "MNIST train" and "MNIST test".
    let part = " train"
    func list(_ words: [String]) -> JSON { .string(words.joined(separator: ", ")) }
    let schedule: [JSON.Member] =
      history.batchSize == nil ? [] : [JSON.Member("schedule", .string(self.schedule.name))]
    return .object(
      [
        JSON.Member("model", .string(name)),
        JSON.Member(
          "dataset", .string(data.name.hasSuffix(part) ? String(data.name.dropLast(part.count)) : data.name)),
        JSON.Member("image_shape", .array(data.imageShape.map(JSON.integer))),
        JSON.Member("class_names", .array(data.classNames.map(JSON.string))),
        JSON.Member("loss", .string(loss.name)),
        JSON.Member("penalty", list(objective.penalties.map(\.text))),
        JSON.Member("optimizer", .string(optimizer.settingsText)),
        JSON.Member("epochs", .integer(history.epochs.count)),
        JSON.Member("batch_size", history.batchSize.map(JSON.integer) ?? .null),
      ] + schedule + history.settings + [
        JSON.Member("class_weights", .string(objective.classWeights.map { "\($0)" } ?? "")),
        JSON.Member("frozen", list(frozen.sorted())),
        JSON.Member("exact", step.engine.exact.json),
        JSON.Member("seed", .integer(Int(clamping: seed))),
      ])
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
