import Foundation
import MartletCPU
import MartletReports
import MartletTensors

/// What was measured for a network, a batch and a mode.
struct BenchmarkRow {
  let system: String
  let batch: Int
  let mode: BenchmarkMode
  /// Whether the images were those of the data set.
  let isReal: Bool
  let milliseconds: Double
  /// The work of all threads together: what counts on a machine that others use too.
  let processorMilliseconds: Double
  let gflops: Double
  let floorMilliseconds: Double
  let threads: Int
  /// Resident memory without the batches; nil where the system does not tell.
  let peakMemoryBytes: Int?
  var arenaBytes = 0
  /// Packed weights and what depends on weights alone.
  var preparedBytes = 0
  /// The share of non-zero elements in the gradient of each convolution's result.
  var densities: [(layer: String, share: Double)] = []
  /// Where the time goes; empty where it was not asked for.
  var layers: [StepTime] = []

  private var imagesPerSecond: Double { Double(batch) / milliseconds * 1e3 }

  var json: JSON {
    var members: [(String, JSON)] = [
      ("event", "row"), ("system", .string(system)), ("batch", .integer(batch)),
      ("mode", .string(mode.rawValue)), ("data", .string(isReal ? "real" : "random")),
      ("milliseconds", .number(milliseconds)), ("processor_milliseconds", .number(processorMilliseconds)),
      ("images_per_second", .number(imagesPerSecond)), ("gflops", .number(gflops)),
      ("floor_milliseconds", .number(floorMilliseconds)), ("threads", .integer(threads)),
      ("arena_bytes", .integer(arenaBytes)), ("prepared_bytes", .integer(preparedBytes)),
      ("peak_memory_bytes", peakMemoryBytes.map(JSON.integer) ?? .null),
    ]
    if mode == .train {
      let shares = densities.map { JSON.Member($0.layer, .number($0.share)) }
      members.append(("gradient_density", .object(shares)))
    }
    return .object(members.map { JSON.Member($0.0, $0.1) })
  }

  /// A line for each row.
  static func table(_ rows: [BenchmarkRow]) -> String {
    var table = Table([
      .init("System"), .init("Mode"), .init("Data"), .init("Batch", isNumeric: true),
      .init("Threads", isNumeric: true), .init("ms (median)", isNumeric: true),
      .init("Images/s", isNumeric: true), .init("GFLOP/s", isNumeric: true),
      .init("Floor ms", isNumeric: true), .init("Arena", isNumeric: true), .init("Packed", isNumeric: true),
      .init("Peak", isNumeric: true),
    ])
    for row in rows {
      table.append([
        row.system, row.mode.rawValue, row.isReal ? "real" : "random", "\(row.batch)", "\(row.threads)",
        String(format: row.milliseconds < 1 ? "%.3f" : "%.2f", row.milliseconds),
        String(format: "%.0f", row.imagesPerSecond), String(format: "%.1f", row.gflops),
        String(format: row.milliseconds < 1 ? "%.3f" : "%.2f", row.floorMilliseconds),
        megabytes(row.arenaBytes), megabytes(row.preparedBytes), row.peakMemoryBytes.map(megabytes) ?? "-",
      ])
    }
    return table.text
  }

  /// One line on the gradients, which decide what a step that skips zeros takes; nil where there is none.
  var densityText: String? {
    guard !densities.isEmpty else { return nil }
    let shares = densities.map { "\($0.layer) \(Table.percent($0.share))" }.joined(separator: ", ")
    return "\(system): non-zero gradients after each convolution: \(shares)."
  }
}
