/// A change that an experiment's file or an option asks for.
struct LocatedChange {
  let change: SettingChange
  /// The file's line; nil for an option.
  let line: Int?
}

/// What all settings of an experiment's file share: a system, and changes that each of them reads anew.
///
/// They can depend on what varies: a schedule spans the epochs, the rate is the optimizer's own unless the
/// base says one, and not every model has every setting.
struct ExperimentBase {
  private let system: TrainingSystem
  private let changes: [LocatedChange]
  /// The models of the variants.
  private let models: [ModelSetting]
  private let reader: DefinitionReader

  /// - Parameter variants: What each variant changes.
  init(
    _ system: TrainingSystem, _ changes: [LocatedChange], variants: [[LocatedChange]],
    _ reader: DefinitionReader
  ) {
    self.system = system
    self.changes = changes
    self.reader = reader
    let own = Self.model(of: changes) ?? (try? ModelSetting(parsing: system.model))
    models = variants.compactMap { Self.model(of: $0) ?? own }
  }

  /// The system of a variant: its changes win over the base's.
  func system(changedBy variant: [LocatedChange]) throws -> TrainingSystem {
    let shared = changes.filter { !isReplaced($0.change.key, by: variant) }
    let all = shared.map { (layer: 0, located: $0) } + variant.map { (layer: 1, located: $0) }
    var system = system
    for (_, located) in all.sorted(by: { Self.place($0) < Self.place($1) }) {
      let key = located.change.key
      do { try key.apply(located.change.text, to: &system) } catch {
        guard let line = located.line else { throw error }
        throw reader.located(error, line, key.name)
      }
    }
    return system
  }

  /// Whether a setting of the base is left out: the variant has its own, or a model without it.
  private func isReplaced(_ key: SettingKey, by variant: [LocatedChange]) -> Bool {
    if key.concernsImages { return false }
    if variant.contains(where: { $0.change.key == key }) { return true }
    guard case .modelSetting(let name) = key, let model = Self.model(of: variant) else { return false }
    if model.values[name] != nil { return true }
    // One that no model has is a mistake, and told as such.
    return !model.has(name) && models.contains { $0.has(name) }
  }

  /// The model that changes name; nil where they name none, or one that will be refused.
  private static func model(of changes: [LocatedChange]) -> ModelSetting? {
    changes.last { $0.change.key == .model }.flatMap { try? ModelSetting(parsing: $0.change.text) }
  }

  /// Where a change comes.
  ///
  /// A limit scales a number held out before: what the base says of the images comes before what a variant
  /// says of them.
  private static func place(_ entry: (layer: Int, located: LocatedChange)) -> (Int, Int, Int) {
    let key = entry.located.change.key
    return key.concernsImages ? (SettingKey.dataset.order, entry.layer, key.order) : (key.order, 0, 0)
  }
}

extension SettingKey {
  /// Whether it decides which images there are.
  fileprivate var concernsImages: Bool {
    SettingKey.dataset.order...SettingKey.validation.order ~= order
  }
}
