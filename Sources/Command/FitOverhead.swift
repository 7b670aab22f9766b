import Foundation
import MartletDatasets
import MartletExperiments
import MartletReports
import MartletTensors
import MartletTraining

/// What a step of `fit` takes beyond a bare step on a batch that is ready: shuffling, flips, crops, accounts.
struct FitOverhead {
  let system: String
  let batch: Int
  let threads: Int
  let isReal: Bool
  /// Milliseconds a step, a pair for each turn.
  let bare: [Double]
  let fitted: [Double]

  /// The turns, each with bare steps and as many in `fit`.
  private static let pairs = 20
  /// How often all batches are used in half a turn.
  private static let passes = 3

  init(_ subject: BenchmarkSubject, _ data: BenchmarkData, batch: Int, threads: Int) throws {
    let trainer = try subject.trainer(threads)
    let images = try Self.dataset(subject, data)
    let steps = Double(Self.passes * data.batches.count)
    func milliseconds(_ work: () throws -> Void) rethrows -> Double {
      let start = ContinuousClock.now
      try work()
      return (ContinuousClock.now - start) / .milliseconds(1) / steps
    }
    func runBare() throws {
      for _ in 0..<Self.passes {
        for input in data.batches {
          _ = try input.images.scalars.withUnsafeBytes {
            try trainer.step.advance($0, shape: input.images.shape, .uint8, input.labels)
          }
        }
      }
    }
    func runFit() throws {
      _ = try trainer.fit(
        images, epochs: Self.passes, batchSize: batch, augmentation: [.randomFlip(), .randomCrop(padding: 4)])
    }
    try runBare()
    try runFit()
    var times: (bare: [Double], fitted: [Double]) = ([], [])
    for turn in 0..<Self.pairs {
      // Who comes second finds other caches: the order changes from turn to turn.
      if turn % 2 == 0 { times.bare.append(try milliseconds(runBare)) }
      times.fitted.append(try milliseconds(runFit))
      if turn % 2 == 1 { times.bare.append(try milliseconds(runBare)) }
    }
    (bare, fitted) = times
    (system, self.batch, self.threads, isReal) = (subject.name, batch, threads, data.isReal)
  }

  /// The images of all batches as one data set in memory.
  private static func dataset(_ subject: BenchmarkSubject, _ data: BenchmarkData) throws -> ImageDataset {
    let pixels = data.batches.flatMap(\.images.scalars)
    let labels = data.batches.flatMap { $0.labels.scalars.map { Int($0) } }
    return try ImageDataset(
      name: subject.name, classNames: (0..<subject.classes).map { "\($0)" },
      images: Tensor(shape: [labels.count] + subject.imageShape, scalars: pixels), labels: labels)
  }

  /// The time in `fit` as a multiple of the bare one, turn by turn.
  private var ratios: Sample { Sample(zip(fitted, bare).map { $0 / $1 }) }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  var json: JSON {
    let ratios = ratios
    return [
      "event": "row", "system": .string(system), "batch": .integer(batch), "mode": "fit",
      "data": .string(isReal ? "real" : "random"), "threads": .integer(threads),
      "pairs": .integer(ratios.count),
      "bare_milliseconds": .number(Self.median(bare)), "fit_milliseconds": .number(Self.median(fitted)),
      "ratio": .number(ratios.mean), "ratio_margin": ratios.margin().map(JSON.number) ?? .null,
    ]
  }

  /// A line for each subject.
  static func table(_ rows: [FitOverhead]) -> String {
    var table = Table([
      .init("System"), .init("Data"), .init("Batch", isNumeric: true), .init("Threads", isNumeric: true),
      .init("Bare ms", isNumeric: true), .init("In fit ms", isNumeric: true), .init("Ratio", isNumeric: true),
      .init("95 % interval", isNumeric: true), .init("Pairs", isNumeric: true),
    ])
    for row in rows {
      let (ratios, margin) = (row.ratios, row.ratios.margin() ?? .nan)
      table.append([
        row.system, row.isReal ? "real" : "random", "\(row.batch)", "\(row.threads)",
        String(format: "%.3f", median(row.bare)), String(format: "%.3f", median(row.fitted)),
        String(format: "%.3f", ratios.mean),
        String(format: "[%.3f, %.3f]", ratios.mean - margin, ratios.mean + margin), "\(ratios.count)",
      ])
    }
    return table.text
  }
}
