import Foundation
import MartletRuns

extension RunReport {
  /// What the training cost and where the time of a step went.
  var time: Page.Section? {
    let rows = costRows
    guard !rows.isEmpty || material.details?.profile != nil else { return nil }
    var body = Page.list(rows)
    if let profile = material.details?.profile, !profile.steps.isEmpty {
      body = """
        \(body)
        <h3>Where a step's time goes</h3>
        <p class="note">One training step on \(profile.batch) images, measured after the training: both ways \
        through each layer and the update of its weights\(profile.optimizer.map { " by \($0)" } ?? ""), \(profile.threads) \
        thread\(profile.threads == 1 ? "" : "s") together.</p>
        \(layerTable(profile).html)
        \(Page.details("Each step of the compiled program", stepTable(profile).html))
        """
    }
    return Page.Section(id: "time", title: "Time and memory", label: "Time", body: body)
  }

  private var costRows: [(name: String, value: String)] {
    var rows: [(name: String, value: String)] = []
    guard let result = record.result else { return rows }
    func add(_ name: String, _ value: String?) { if let value { rows.append((name, value)) } }
    let seconds = record.epochs.map(\.seconds).filter(\.isFinite)
    add("Training, all epochs", seconds.isEmpty ? nil : Self.duration(seconds.reduce(0, +)))
    add("A training step, median", result.millisecondsPerStep.map { Self.decimals($0, 2) + " ms" })
    add("Until the first step", result.secondsToFirstStep.map(Self.duration))
    add("Peak memory, without data", result.peakMemoryBytes.map(Self.bytes))
    add("Planned for intermediate results", result.arenaBytes.map(Self.bytes))
    add("Data set", result.datasetBytes.map(Self.bytes))
    return rows
  }

  /// The steps added up by the layers of the summary.
  private func layerTable(_ profile: RunDetails.Profile) -> PageTable {
    let layers = Set((material.details?.layers ?? []).map(\.name))
    var sums: [(name: String, seconds: Double)] = []
    for step in profile.steps {
      let name = Self.owner(of: step.layer, among: layers) ?? "Loss, optimizer and the rest"
      if let index = sums.firstIndex(where: { $0.name == name }) {
        sums[index].seconds += step.seconds
      } else {
        sums.append((name, step.seconds))
      }
    }
    let total = max(sums.reduce(0) { $0 + $1.seconds }, .leastNormalMagnitude)
    let longest = max(sums.map(\.seconds).max() ?? 1, .leastNormalMagnitude)
    let threads = Double(profile.threads)
    return PageTable(
      [.init("Layer"), .init("Milliseconds", isNumeric: true), .init("Share", isNumeric: true)],
      caption: "Time of a step by layer",
      rows: sums.sorted { $0.seconds > $1.seconds }.map { sum in
        [
          .init(sum.name),
          .init(
            Self.decimals(sum.seconds * 1000 / threads, 3), key: sum.seconds, bar: sum.seconds / longest),
          .init(Table.percent(sum.seconds / total), key: sum.seconds),
        ]
      })
  }

  private func stepTable(_ profile: RunDetails.Profile) -> PageTable {
    let total = max(profile.steps.reduce(0) { $0 + $1.seconds }, .leastNormalMagnitude)
    let threads = Double(profile.threads)
    return PageTable(
      [
        .init("Step"), .init("Milliseconds", isNumeric: true), .init("Share", isNumeric: true),
        .init("GFLOP/s", isNumeric: true),
      ], caption: "Time of each step of the compiled program",
      rows: profile.steps.filter { $0.seconds >= total / 1000 }.sorted { $0.seconds > $1.seconds }.map {
        let rate = $0.flops > 0 && $0.seconds > 0 ? Double($0.flops) / $0.seconds * threads / 1e9 : nil
        return [
          .init($0.name), .init(Self.decimals($0.seconds * 1000 / threads, 3), key: $0.seconds),
          .init(Table.percent($0.seconds / total), key: $0.seconds),
          .init(rate.map { Self.decimals($0, 1) } ?? "-", key: rate ?? -1),
        ]
      })
  }

  /// The layer of the summary that a path lies in.
  static func owner(of path: String, among layers: Set<String>) -> String? {
    var path = Substring(path)
    while !path.isEmpty {
      if layers.contains(String(path)) { return String(path) }
      path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
    }
    return nil
  }
}
