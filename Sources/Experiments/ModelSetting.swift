import MartletGraphs
import MartletNetworks

/// A ready model with its own settings, as written in options, files and run folders: `attention`,
/// `attention:channel=no,l2=0.0001`, `custom-cnn:dropout=0.5,dense=256,kernel=3,activation=relu`.
package struct ModelSetting: Equatable, Sendable {
  /// The name of the ready model.
  package let name: String
  /// The settings that were given, by key.
  package private(set) var values: [String: String] = [:]

  /// What a model's setting can be.
  private enum Kind {
    case count, rate, factor, answer
    case activation

    var help: String {
      switch self {
      case .count: "a whole number from 1"
      case .rate: "a rate from 0 to below 1"
      case .factor: "a factor above 0"
      case .answer: "yes or no"
      case .activation: ModelSetting.activations.map(\.name).joined(separator: ", ")
      }
    }

    func accepts(_ text: String) -> Bool {
      switch self {
      case .count: Int(text).map { $0 >= 1 && $0 <= 1 << 20 } ?? false
      case .rate: Double(text).map { $0 >= 0 && $0 < 1 } ?? false
      case .factor: Double(text).map { $0 > 0 && $0.isFinite } ?? false
      case .answer: text == "yes" || text == "no"
      case .activation: ModelSetting.activations.contains { $0.name == text }
      }
    }
  }

  private static let activations: [(name: String, function: ActivationFunction)] = [
    ("leaky-relu", .leakyReLU()), ("relu", .relu), ("elu", .elu), ("gelu", .gelu), ("silu", .silu),
    ("tanh", .tanh), ("sigmoid", .sigmoid),
  ]

  private static func kinds(of model: String) -> [(key: String, kind: Kind)] {
    switch model {
    case "custom-cnn":
      [
        ("filters", .count), ("kernel", .count), ("dropout", .rate), ("dense", .count),
        ("activation", .activation),
      ]
    case "attention": [("channel", .answer), ("spatial", .answer), ("dropout", .answer), ("l2", .factor)]
    case "conv5x5": [("dropout", .rate)]
    default: []
    }
  }

  package init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let names = ReadyModel.all.map(\.name)
    guard names.contains(parts[0]) else { throw SettingError.unknown("model", parts[0], among: names) }
    name = parts[0]
    guard parts.count > 1 else { return }
    for setting in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      try set(pair[0], pair.count > 1 ? pair[1] : "")
    }
  }

  /// Whether the model has a setting of this name.
  func has(_ key: String) -> Bool { Self.kinds(of: name).contains { $0.key == key } }

  /// Changes one of the model's settings.
  package mutating func set(_ key: String, _ text: String) throws {
    let kinds = Self.kinds(of: name)
    guard let kind = kinds.first(where: { $0.key == key })?.kind else {
      if kinds.isEmpty {
        throw SettingError(
          at: "model \(name)", expected: "no settings", received: key, hint: "write the name alone")
      }
      throw SettingError.unknown("model \(name)", key, among: kinds.map(\.key))
    }
    guard kind.accepts(text) else {
      throw SettingError(
        at: "model \(name)", expected: "\(key)=VALUE with \(kind.help)",
        received: text.isEmpty ? "no value" : text, hint: "leave it out for the model's own")
    }
    values[key] = text
  }

  /// The name with the settings given, in the order of the model's own list.
  package var text: String {
    let given = Self.kinds(of: name).compactMap { entry in values[entry.key].map { "\(entry.key)=\($0)" } }
    return given.isEmpty ? name : "\(name):\(given.joined(separator: ","))"
  }

  /// Makes the network for images of bytes and a number of classes.
  package func network(_ input: InputSpec, _ classes: Int) throws(ModelError) -> any Network {
    func number(_ key: String) -> Double? { values[key].flatMap { Double($0) } }
    func count(_ key: String, _ standard: Int) -> Int { values[key].flatMap { Int($0) } ?? standard }
    switch name {
    case "custom-cnn" where !values.isEmpty:
      let activation = Self.activations.first { $0.name == values["activation"] }?.function
      return try ReadyModel.customCNN(
        input: input, classes: classes, baseFilters: count("filters", 32),
        kernelSize: Extent(integerLiteral: count("kernel", 3)), dropoutRate: number("dropout") ?? 0.3,
        denseUnits: count("dense", 128), activation: activation ?? .leakyReLU())
    case "attention" where !values.isEmpty:
      return try ReadyModel.attention(
        input: input, classes: classes, channel: values["channel"] != "no",
        spatial: values["spatial"] != "no", dropout: values["dropout"] != "no", l2: number("l2"))
    case "conv5x5" where !values.isEmpty:
      return try ReadyModel.conv5x5(input: input, classes: classes, dropout: number("dropout"))
    default: return try ReadyModel.named(name).make(input: input, classes: classes)
    }
  }
}
