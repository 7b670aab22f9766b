import ArgumentParser
import Foundation
import MartletCPU
import MartletDatasets
import MartletExperiments
import MartletNetworks
import MartletReports
import MartletTensors
import MartletTraining

/// `martlet benchmark`: the time of training steps and predictions.
struct BenchmarkCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure the time of training steps, or of predictions.",
    discussion: """
      Steps 20 to 120 are timed on 32 different batches in turn: of the data set where it is at hand, else of \
      random pixels. The floor is the time of the program's arithmetic, as the graph counts it, at the peak \
      rate; what skips zeros can lie below it. The peak is measured with 3x3 convolutions of 64 channels.

      EXAMPLES
        martlet benchmark
        martlet benchmark convnet attention --batch 64
        martlet benchmark attention-fashion --layers
        martlet benchmark custom-cnn-mnist --inference --threads 1 --json
      """)

  @Argument(help: "Systems' ids or models' names; the convnet if none is given.")
  var names: [String] = []
  @Option(help: ArgumentHelp("The images of a step; the system's own if not given.", valueName: "n"))
  var batch: Int?
  @Option(help: ArgumentHelp("The last step that is timed.", valueName: "n"))
  var steps = 120
  @Option(
    help: ArgumentHelp("The peak rate of all threads together, instead of measuring it.", valueName: "gflops")
  )
  var peak: Double?
  @Flag(help: "Measure predictions instead of training steps.")
  var inference = false
  @Flag(help: "Show where the time of a training step goes, step by step of its program.")
  var layers = false
  @OptionGroup var common: CommonOptions

  /// The steps before those that are timed.
  private static let warmUp = 20
  private static let batches = 32
  /// The executions of which the times step by step are the median.
  private static let profiles = 21

  func perform() throws {
    try requirePositive(batch, "--batch")
    guard steps > Self.warmUp else {
      throw Failure(
        .usage, at: "--steps", expected: "more than \(Self.warmUp), as those before are not timed",
        received: "\(steps)", hint: "120 is a good choice")
    }
    if let peak, !(peak > 0 && peak.isFinite) {
      throw Failure(
        .usage, at: "--peak", expected: "a number above 0", received: "\(peak)",
        hint: "leave it out to measure it")
    }
    guard !(layers && inference) else {
      throw Failure(
        .usage, at: "--layers", expected: "training steps", received: "--inference",
        hint: "leave one of them out")
    }
    let systems = try (names.isEmpty ? [TrainingSystem.defaultModel] : names).map {
      try TrainingSystem.named(idOrModel: $0, dataset: nil)
    }
    let peak = try peak ?? PeakRate.measured(threads: common.threadCount)
    let rows = try zip(names.isEmpty ? [TrainingSystem.defaultModel] : names, systems).map {
      let row = try measure($0, $1, peak: peak)
      if common.json {
        for json in row.layerJSON { Output.json(json) }
        Output.json(row.json)
      }
      return row
    }
    if common.json { return Output.json(["event": "result", "rows": .integer(rows.count)]) }
    for row in rows where layers { Output.line("\(row.system):\n\(row.layerTable(peak: peak))") }
    Output.write(BenchmarkRow.table(rows))
    Output.line(String(format: "Peak rate %.0f GFLOP/s with %d thread(s).", peak, common.threadCount))
  }

  private func measure(_ name: String, _ system: TrainingSystem, peak: Double) throws -> BenchmarkRow {
    var system = system
    system.settings.seed = try common.checkedSeed() ?? system.settings.seed
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    let batch = batch ?? system.settings.batchSize
    let trainer = try configuration.trainer(threads: common.threadCount)
    let inputs = try batches(configuration, size: batch)
    var flops = configuration.networkFlops(batch: batch)
    var times: [Double] = []
    var executable: Executable?
    for step in 0..<steps {
      let input = inputs[step % inputs.count]
      let start = ContinuousClock.now
      if inference {
        _ = try trainer.predict(input.images, batchSize: batch)
      } else {
        let program = try input.images.scalars.withUnsafeBytes {
          try trainer.step.advance($0, shape: input.images.shape, .uint8, input.labels)
        }
        flops = program.program.cost.flops
        executable = program
      }
      if step >= Self.warmUp { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
    }
    let median = times.sorted()[times.count / 2]
    return BenchmarkRow(
      system: name, batch: batch, mode: inference ? "inference" : "train", milliseconds: median,
      gflops: Double(flops) / median / 1e6, floorMilliseconds: Double(flops) / peak / 1e6,
      threads: trainer.threads, arenaBytes: trainer.arenaBytes,
      layers: layers ? executable?.profile(repeats: Self.profiles) ?? [] : [])
  }

  private func batches(
    _ configuration: RunConfiguration, size: Int
  ) throws -> [(images: Tensor<UInt8>, labels: Tensor<Int32>)] {
    let name = configuration.system.dataset
    if try DatasetCatalog.location(name, directory: common.data) != nil {
      let train = try common.load(try DatasetCatalog.card(name)).train
      if size <= train.count {
        let loader = try DataLoader(train, batchSize: size, lastBatch: .drop)
        var found: [(images: Tensor<UInt8>, labels: Tensor<Int32>)] = []
        while found.count < Self.batches {
          found += loader.prefix(Self.batches - found.count).map { ($0.images, $0.labels) }
        }
        return found
      }
    }
    Output.warn("\(name) is not at hand for batches of \(size); random pixels take its place")
    let count = size * configuration.imageShape.reduce(1, *)
    return (0..<Self.batches).map { index in
      let stream = RandomStream(seed: 0, purpose: .sample, stream: UInt64(index))
      let pixels = (0..<count).map { UInt8(truncatingIfNeeded: stream.uint32(at: UInt64($0))) }
      let labels = (0..<size).map {
        Int32(stream.integer(below: configuration.classNames.count, at: UInt64(count + $0)))
      }
      return (
        Tensor(shape: [size] + configuration.imageShape, scalars: pixels),
        Tensor(shape: [size], scalars: labels)
      )
    }
  }
}

/// What was measured for a system.
struct BenchmarkRow {
  let system: String
  let batch: Int
  let mode: String
  let milliseconds: Double
  let gflops: Double
  let floorMilliseconds: Double
  let threads: Int
  let arenaBytes: Int
  /// Where the time goes; empty where it was not asked for.
  let layers: [StepTime]

  var json: JSON {
    [
      "event": "row", "system": .string(system), "batch": .integer(batch), "mode": .string(mode),
      "milliseconds": .number(milliseconds), "gflops": .number(gflops),
      "floor_milliseconds": .number(floorMilliseconds), "threads": .integer(threads),
      "arena_bytes": .integer(arenaBytes),
    ]
  }

  static func table(_ rows: [BenchmarkRow]) -> String {
    var table = Table([
      .init("System"), .init("Mode"), .init("Batch", isNumeric: true), .init("Threads", isNumeric: true),
      .init("ms (median)", isNumeric: true), .init("GFLOP/s", isNumeric: true),
      .init("Floor ms", isNumeric: true),
      .init("Arena", isNumeric: true),
    ])
    for row in rows {
      table.append([
        row.system, row.mode, "\(row.batch)", "\(row.threads)", String(format: "%.2f", row.milliseconds),
        String(format: "%.1f", row.gflops), String(format: "%.2f", row.floorMilliseconds),
        megabytes(row.arenaBytes),
      ])
    }
    return table.text
  }
}

extension RunConfiguration {
  /// The operations of predicting a batch.
  fileprivate func networkFlops(batch: Int) -> Int {
    ((try? network())?.summary(batchSize: batch).flops ?? 0) * batch
  }
}
