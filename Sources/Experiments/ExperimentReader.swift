import MartletDatasets
import MartletTensors

/// Reads an experiment from a file: what all settings share, what varies, and how it is judged.
package struct ExperimentReader {
  private let reader: DefinitionReader

  private static let keys = [
    "name", "title", "base", "vary", "variants", "search", "seeds", "metric", "baseline",
  ]
  private static let settingKeys = SettingKey.plain.map(\.name)

  private init(file: String) { reader = DefinitionReader(file: file) }

  /// The experiment that a file defines.
  ///
  /// - Parameter base: Changes from outside to what all settings share, such as fewer epochs for a look.
  /// - Throws: A mistake with file, line and key.
  package static func experiment(
    _ node: DefinitionNode, file: String, name: String, overriding changes: [SettingChange] = []
  ) throws -> Experiment {
    try ExperimentReader(file: file).experiment(node, name: name, changes)
  }

  private func experiment(
    _ node: DefinitionNode, name standardName: String, _ outside: [SettingChange]
  ) throws -> Experiment {
    let entries = try reader.entries(node, "", known: Self.keys)
    func value(_ key: String) -> DefinitionNode? { entries.first { $0.key == key }?.value }
    guard let baseNode = value("base") else {
      throw reader.mistake(
        node.line, "base", expected: "the system, or model and dataset, that all settings share",
        received: "nothing", hint: "add for instance 'base:' with 'system: attention-fashion' below it")
    }
    let (system, changes) = try base(baseNode)
    var named: [NamedChanges] = [NamedChanges()]
    if let node = value("variants") { named = try variants(node) }
    let axes = try value("vary").map { try self.axes($0) } ?? []
    try refuseTwice(outside, named, axes)
    let points = try points(axes, value("search"))
    let all = named.flatMap { named in points.map { named.joined(with: $0) } }
    let options = outside.map { LocatedChange(change: $0, line: nil) }
    let base = ExperimentBase(system, changes, variants: all.map(\.changes), reader)
    let variants = try all.map { named in
      Experiment.Variant(
        name: named.names.isEmpty ? "base" : named.names.joined(separator: ", "), group: nil,
        changes: named.changes.map(\.change), system: try base.system(changedBy: options + named.changes))
    }
    var experiment = Experiment(
      name: try value("name").map { try reader.text($0, "name") } ?? standardName, title: "",
      metric: try metric(value("metric"), variants), variants: variants)
    experiment.title = try value("title").map { try reader.text($0, "title") } ?? experiment.name
    if let node = value("seeds") { experiment.seeds = try seeds(node, first: system.settings.seed) }
    if let node = value("baseline") {
      let baseline = try reader.text(node, "baseline")
      let names = variants.map(\.name)
      guard names.contains(baseline) else {
        throw reader.unknown("baseline", baseline, among: names, node.line)
      }
      experiment.baseline = baseline
    }
    do { try experiment.check() } catch { throw reader.located(error, node.line, "experiment") }
    return experiment
  }

  /// Changes with the names they go by.
  fileprivate struct NamedChanges {
    var names: [String] = []
    var changes: [LocatedChange] = []

    func joined(with other: NamedChanges) -> NamedChanges {
      NamedChanges(names: names + other.names, changes: changes + other.changes)
    }
  }

  /// The system that the base names, and the changes to it.
  private func base(_ node: DefinitionNode) throws -> (TrainingSystem, [LocatedChange]) {
    let entries = try reader.entries(
      node, "base", known: ["system"] + Self.settingKeys, alsoModelSettings: true)
    var system: TrainingSystem
    if let entry = entries.first(where: { $0.key == "system" }) {
      if let other = entries.first(where: { $0.key == "model" || $0.key == "dataset" }) {
        throw reader.mistake(
          other.line, "base.\(other.key)", expected: "none beside a system, which has its own",
          received: other.value.kind, hint: "leave one of them out")
      }
      let id = try reader.text(entry.value, "system")
      do { system = try .named(id) } catch { throw reader.located(error, entry.line, "base") }
    } else {
      system = try .named(model: TrainingSystem.defaultModel, dataset: TrainingSystem.defaultDataset)
    }
    system.id = nil
    return (system, try entries.filter { $0.key != "system" }.map { try change($0) })
  }

  private func change(_ entry: DefinitionNode.Entry) throws -> LocatedChange {
    guard let key = SettingKey(name: entry.key) else {
      throw reader.unknown(entry.key, entry.key, among: Self.settingKeys, entry.line)
    }
    return LocatedChange(
      change: SettingChange(key, try reader.text(entry.value, entry.key)), line: entry.line)
  }

  private func variants(_ node: DefinitionNode) throws -> [NamedChanges] {
    guard case .list(let items) = node.content, !items.isEmpty else {
      throw reader.mistake(
        node.line, "variants", expected: "a list of settings, each with a name", received: node.kind,
        hint: "write '- name: ...' for each")
    }
    return try items.map { item in
      let entries = try reader.entries(
        item, "variants", known: ["name"] + Self.settingKeys, alsoModelSettings: true)
      guard let name = entries.first(where: { $0.key == "name" }) else {
        throw reader.mistake(
          item.line, "variants", expected: "a name for each setting", received: "none",
          hint: "begin it with '- name: ...'")
      }
      return NamedChanges(
        names: [try reader.text(name.value, "name")],
        changes: try entries.filter { $0.key != "name" }.map { try change($0) })
    }
  }

  /// The metric that is named, else validation accuracy where all settings have one.
  private func metric(
    _ node: DefinitionNode?, _ variants: [Experiment.Variant]
  ) throws -> ExperimentMetric {
    guard let node else {
      let isValidated = variants.allSatisfy { $0.system.settings.validation != .none }
      return isValidated ? .validationAccuracy : .testAccuracy
    }
    let text = try reader.text(node, "metric")
    let names = ExperimentMetric.allCases.map(\.name)
    guard let metric = ExperimentMetric.allCases.first(where: { $0.name == text || $0.rawValue == text })
    else {
      throw reader.unknown("metric", text, among: names, node.line)
    }
    return metric
  }

  /// A number of seeds from the base's on, or the seeds themselves.
  private func seeds(_ node: DefinitionNode, first: Int) throws -> [Int] {
    guard case .list(let items) = node.content else {
      return (0..<(try reader.count(node, "seeds", in: 1...SettingLimit.trials))).map { first + $0 }
    }
    let seeds = try items.map { try reader.count($0, "seeds", in: 0...Int.max) }
    guard !seeds.isEmpty, Set(seeds).count == seeds.count else {
      throw reader.mistake(
        node.line, "seeds", expected: "different seeds", received: "\(seeds)", hint: "name each once")
    }
    return seeds
  }

  private func refuseTwice(
    _ outside: [SettingChange], _ named: [NamedChanges], _ axes: [ExperimentAxis]
  ) throws {
    let varied = Set(named.flatMap { $0.changes.map(\.change.key) } + axes.map(\.key))
    for change in outside where varied.contains(change.key) {
      throw SettingError(
        at: "--\(change.key.name)", expected: "a setting that the experiment does not vary",
        received: change.text, hint: "change it in \(reader.file)")
    }
    for axis in axes where named.contains(where: { $0.changes.contains { $0.change.key == axis.key } }) {
      throw reader.mistake(
        axis.line, "vary.\(axis.key.name)", expected: "a setting that no variant changes",
        received: "one that both change", hint: "leave it out in one of them")
    }
  }

  // MARK: Axes

  private func axes(_ node: DefinitionNode) throws -> [ExperimentAxis] {
    let entries = try reader.entries(node, "vary", known: Self.settingKeys, alsoModelSettings: true)
    return try entries.map { entry in
      guard let key = SettingKey(name: entry.key) else {
        throw reader.unknown("vary.\(entry.key)", entry.key, among: Self.settingKeys, entry.line)
      }
      return try ExperimentAxis(key, entry.value, reader)
    }
  }

  /// The points of the grid, or those that a random search draws.
  private func points(_ axes: [ExperimentAxis], _ search: DefinitionNode?) throws -> [NamedChanges] {
    guard let search else {
      return try axes.reduce([NamedChanges()]) { points, axis in
        let values = try axis.gridValues(reader)
        guard points.count * values.count <= SettingLimit.trials else {
          throw reader.mistake(
            axis.line, "vary.\(axis.key.name)", expected: "at most \(SettingLimit.trials) settings in all",
            received: "\(points.count) times \(values.count)", hint: "draw some with 'search: {trials: 20}'")
        }
        return points.flatMap { point in
          values.map { value in point.adding(value, of: axis) }
        }
      }
    }
    let entries = try reader.entries(search, "search", known: ["trials", "seed"])
    guard let trials = entries.first(where: { $0.key == "trials" }), !axes.isEmpty else {
      throw reader.mistake(
        search.line, "search", expected: "a number of trials, and something to vary", received: search.kind,
        hint: "write 'search: {trials: 20, seed: 0}' beside 'vary:'")
    }
    let count = try reader.count(trials.value, "search.trials", in: 1...SettingLimit.trials)
    let seedNode = entries.first { $0.key == "seed" }?.value
    let seed = try seedNode.map { try reader.count($0, "search.seed", in: 0...Int.max) } ?? 0
    var points: [NamedChanges] = []
    var known: Set<[String]> = []
    // Few values give few different points; asking for more must come to an end.
    for draw in 0..<count * 100 where points.count < count {
      let point = axes.enumerated().reduce(NamedChanges()) { point, entry in
        let share = RandomStream(seed: UInt64(seed), purpose: .sample, stream: UInt64(entry.offset))
          .uniformDouble(at: UInt64(draw))
        return point.adding(entry.element.drawn(share), of: entry.element)
      }
      if known.insert(point.names).inserted { points.append(point) }
    }
    return points
  }
}

extension ExperimentReader.NamedChanges {
  fileprivate func adding(
    _ value: ExperimentAxis.Value, of axis: ExperimentAxis
  ) -> ExperimentReader.NamedChanges {
    joined(
      with: .init(
        names: [value.name ?? axis.name(of: value.text)],
        changes: [LocatedChange(change: SettingChange(axis.key, value.text), line: value.line)]))
  }
}
