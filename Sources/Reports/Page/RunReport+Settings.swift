import MartletRuns
import MartletTensors

extension RunReport {
  /// With what the run was made: its settings and its machine.
  var settings: Page.Section {
    var body: HTML = "<h3>Settings</h3>\(Page.list(settingRows))"
    if !environmentRows.isEmpty {
      body = "\(body)<h3>Machine and program</h3>\(Page.list(environmentRows))"
    }
    return Page.Section(
      id: "settings", title: "Settings and machine", label: "Settings",
      lead: "The same settings, seed and kind of machine give the same weights, bit for bit.", body: body)
  }

  /// The configuration without what was not set and what other parts of the page show.
  private var settingRows: [(name: String, value: String)] {
    let shown: Set<String> = ["format", "class_names", "martlet_version"]
    return (record.configuration.members ?? []).compactMap { member in
      guard !shown.contains(member.key) else { return nil }
      let value: String
      switch member.value {
      case .null, .bool(false), .string("none"), .string(""): return nil
      case .bool(true): value = "yes"
      // A loss has a long name, which breaks at its words.
      case .string(let text): value = member.key == "loss" ? text.replacing("_", with: " ") : text
      case .integer(let number): value = member.key == "seed" ? "\(number)" : Table.grouped(number)
      case .array(let items) where items.allSatisfy { $0.intValue != nil }:
        value = items.compactMap(\.intValue).map(String.init).joined(separator: " × ")
      case .number, .array, .object: value = member.value.text
      }
      return (Self.title(member.key), value)
    }
  }

  private var environmentRows: [(name: String, value: String)] {
    var rows: [(name: String, value: String)] = []
    if let environment = record.environment {
      rows = [
        ("Processor", environment.processor), ("Cores", "\(environment.cores)"),
        ("Instruction set", environment.instructionSet), ("Memory", Self.bytes(environment.memoryBytes)),
        ("Operating system", environment.operatingSystem), ("Swift", environment.swiftVersion),
        ("Martlet", environment.martletVersion),
      ]
      if let started = environment.started { rows.append(("Started", started)) }
    }
    if let result = record.result {
      if let threads = result.threads { rows.append(("Threads", "\(threads)")) }
      if let reason = result.stopReason { rows.append(("Ended because", reason)) }
      if let digest = result.weightsSHA256 { rows.append(("SHA-256 of the weights", digest)) }
    }
    return rows
  }

  /// `learning_rate` as `Learning rate`.
  private static func title(_ key: String) -> String {
    key.replacing("_", with: " ").withLargeFirstLetter
  }
}
