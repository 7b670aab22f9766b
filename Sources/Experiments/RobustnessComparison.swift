import MartletDatasets
import MartletReports
import MartletTensors

/// Whether one kind of run withstands changed images better than another, and whether that is noise.
///
/// Runs that differ in nothing but their seed are one kind. Where both kinds have several, the difference of
/// their means has Welch's interval over the runs; where one has a single run, Student's interval over the
/// images, each paired with itself, which says nothing about other seeds.
package struct RobustnessComparison: Sendable {
  /// Several runs of one configuration.
  package struct Kind: Sendable {
    package let name: String
    package let runs: [RobustnessMeasurement]
  }

  /// The second kind's accuracy minus the first's, in shares of 1.
  package struct Difference: Sendable {
    /// Nil for unchanged images.
    package let change: ImageChange?
    package let first: Double
    package let second: Double
    /// The 95 % confidence interval of second - first; nil where the runs of neither kind differ.
    package let interval: ClosedRange<Double>?

    package var value: Double { second - first }
    /// Whether the interval excludes 0.
    package var isShown: Bool { interval.map { !$0.contains(0) } ?? false }
  }

  package let first: Kind
  package let second: Kind
  /// Unchanged images, then each change, as a mean over its strengths.
  package let differences: [Difference]
  /// How the intervals were computed, in words.
  package let method: String

  /// Compares two kinds of runs; nil where the measurements are not of exactly two.
  package init?(_ measurements: [RobustnessMeasurement]) {
    var groups: [[RobustnessMeasurement]] = []
    for measurement in measurements {
      let place = groups.firstIndex { $0[0].settings == measurement.settings }
      if let place { groups[place].append(measurement) } else { groups.append([measurement]) }
    }
    guard groups.count == 2 else { return nil }
    let shared = groups.map { RunComparison.name($0[0].run) }
    let areDistinct = shared[0] != shared[1]
    let kinds = zip(groups, shared).map { Kind($0, name: areDistinct ? $1 : $0[0].name) }
    self.init(kinds[0], kinds[1])
  }

  private init(_ first: Kind, _ second: Kind) {
    self.first = first
    self.second = second
    let isOverRuns = min(first.runs.count, second.runs.count) > 1
    let images = first.runs[0].clean.count
    method =
      isOverRuns
      ? "Welch's 95% interval over \(first.runs.count) and \(second.runs.count) runs"
      : "95% interval over \(Table.grouped(images)) images, each paired with itself; it says nothing about "
        + "other seeds"
    differences = ([nil] + ImageChange.allCases).map { change in
      let (a, b) = (first.scores(change), second.scores(change))
      func interval() -> ClosedRange<Double>? {
        if isOverRuns {
          let (a, b) = (Sample(a.map { Sample($0).mean }), Sample(b.map { Sample($0).mean }))
          return b.difference(from: a)
        }
        // Several runs of one side count by their mean, image by image.
        let pairs = Sample(zip(a.meanByImage, b.meanByImage).map { $1 - $0 })
        let margin = pairs.margin() ?? 0
        return pairs.mean - margin...pairs.mean + margin
      }
      return Difference(
        change: change, first: Sample(a.meanByImage).mean, second: Sample(b.meanByImage).mean,
        interval: interval())
    }
  }

  /// A sentence for each difference, and one for the claim as a whole.
  package var conclusions: [String] {
    let sentences = differences.map { difference in
      let place = difference.change.map { "Under \($0.phrase)" } ?? "On unchanged images"
      let (one, other) = (Table.percent(difference.second), Table.percent(difference.first))
      guard difference.isShown else {
        return "\(place) no difference is shown: \(second.name) \(one), \(first.name) \(other), "
          + "\(points(difference))."
      }
      return difference.value > 0
        ? "\(place) \(second.name) is right more often: \(one) against \(other), \(points(difference))."
        : "\(place) \(first.name) is right more often: \(other) against \(one), \(points(difference))."
    }
    let changed = differences.filter { $0.change != nil }
    let won = changed.filter { $0.isShown && $0.value > 0 }.compactMap(\.change?.phrase)
    let lost = changed.filter { $0.isShown && $0.value < 0 }.compactMap(\.change?.phrase)
    let open = changed.filter { !$0.isShown }.compactMap(\.change?.phrase)
    var parts: [String] = []
    if !won.isEmpty { parts.append("\(second.name) withstands \(listed(won)) better") }
    if !lost.isEmpty { parts.append("\(first.name) withstands \(listed(lost)) better") }
    if !open.isEmpty { parts.append("for \(listed(open)) no difference is shown") }
    return sentences + ["All in all: \(parts.joined(separator: "; "))."]
  }

  /// `+0.7 points [+0.5, +0.9]`, second minus first.
  private func points(_ difference: Difference) -> String {
    let interval = difference.interval.map {
      " [\(Self.signed($0.lowerBound)), \(Self.signed($0.upperBound))]"
    }
    return "\(Self.signed(difference.value)) points\(interval ?? ", the same with every run")"
  }

  /// A share of 1 in points with its sign.
  package static func signed(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    let text = "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    return tenths > 0 ? "+\(text)" : tenths < 0 ? "-\(text)" : text
  }

  private func listed(_ names: [String]) -> String {
    names.count < 2
      ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }

  package var json: JSON {
    [
      "first": .string(first.name), "second": .string(second.name), "method": .string(method),
      "differences": .array(
        differences.map {
          [
            "change": $0.change.map { .string($0.title) } ?? .null, "first": .number($0.first),
            "second": .number($0.second), "difference": .number($0.value),
            "interval": $0.interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
          ]
        }),
      "conclusions": .array(conclusions.map(JSON.string)),
    ]
  }
}

extension RobustnessComparison.Kind {
  /// - Parameter name: What its runs have in common.
  fileprivate init(_ runs: [RobustnessMeasurement], name: String) {
    self.runs = runs
    self.name = runs.count == 1 ? runs[0].name : "\(name) (\(runs.count) runs)"
  }

  /// For each run the part of the strengths at which each image was classified rightly.
  fileprivate func scores(_ change: ImageChange?) -> [[Double]] {
    runs.map { run in
      let rows = change.map { run.rows($0).map(\.isRight) } ?? [run.clean]
      return run.clean.indices.map { image in
        Double(rows.count { $0[image] }) / Double(rows.count)
      }
    }
  }
}

extension RobustnessMeasurement {
  /// The settings without what may differ between equal trainings.
  fileprivate var settings: [JSON.Member] {
    (configuration.members ?? []).filter { !["seed", "martlet_version", "format"].contains($0.key) }
  }
}

extension ImageChange {
  /// What stands after "under".
  fileprivate var phrase: String {
    switch self {
    case .noise, .shift, .rotation, .blur: title.lowercased()
    case .contrast: "lost contrast"
    case .brightness: "added brightness"
    case .occlusion: "a covering square"
    }
  }
}

extension [[Double]] {
  /// The mean of the rows, place by place.
  fileprivate var meanByImage: [Double] {
    guard count > 1 else { return first ?? [] }
    return self[0].indices.map { place in reduce(0) { $0 + $1[place] } / Double(count) }
  }
}
