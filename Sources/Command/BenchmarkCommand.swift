import ArgumentParser
import Foundation
import MartletExperiments
import MartletTensors

/// `martlet benchmark`: the time of training steps and predictions.
struct BenchmarkCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure the time of training steps, or of predictions.",
    discussion: """
      Steps 20 to 120 are timed on 32 different batches in turn: of the data set where it is at hand, else of \
      random pixels. The floor is the time of the program's arithmetic, as the graph counts it, at the peak \
      rate; what skips zeros can lie below it. The peak is measured with 3x3 convolutions of 64 channels; \
      the floors of --layers are by the rate that each step's algorithm can reach.

      The mode fit compares the steps within fit, with flips and crops, with bare steps on batches that are \
      ready, in turns.

      Besides systems and models there are networks that nobody tuned for: \
      \(BenchmarkNetwork.all.map(\.name).joined(separator: ", ")).

      EXAMPLES
        martlet benchmark
        martlet benchmark convnet attention --batch-size 64
        martlet benchmark attention-fashion --layers
        martlet benchmark convnet resnet-like --mode inference
        martlet benchmark convnet --mode fit
        martlet benchmark custom-cnn-mnist --mode inference --batch-size 1 --threads 1 --json
      """)

  @Argument(help: "Systems' ids, models' or networks' names; the convnet if none is given.")
  var names: [String] = []
  @Option(help: "What is timed.")
  var mode = BenchmarkMode.train
  @Option(
    help: ArgumentHelp(
      "The images of a step; if not given the system's own, for predictions 256 and a single one.",
      valueName: "n"))
  var batchSize: Int?
  @Option(help: ArgumentHelp("The last step that is timed; 120 if not given.", valueName: "n"))
  var steps: Int?
  @Option(
    help: ArgumentHelp(
      "Rates instead of measured ones: GFLOP/s of Winograd's and of direct sums, GB/s of memory.",
      valueName: "n,n,n"))
  var rates: String?
  @Flag(help: "Use random pixels where real images are at hand too.")
  var random = false
  @OptionGroup var exact: ExactOptions
  @Flag(help: "Show where the time goes, step by step of the program.")
  var layers = false
  @OptionGroup var common: CommonOptions

  /// The batches of predictions where none is given.
  private static let predictionBatches = [256, 1]

  func perform() throws {
    try requirePositive(batchSize, "--batch-size", atMost: SettingLimit.batch)
    guard lastStep > BenchmarkRun.warmUp else {
      throw Failure(
        .usage, at: "--steps", expected: "more than \(BenchmarkRun.warmUp), as those before are not timed",
        received: "\(lastStep)", hint: "120 is a good choice")
    }
    try checkFit()
    let known = try rates.map(MachineRates.init(parsing:))
    let seed = try common.checkedSeed()
    let exact = try exact.layers()
    let subjects = try (names.isEmpty ? [TrainingSystem.defaultModel] : names).map {
      try BenchmarkSubject.named($0, seed: seed, exact: exact)
    }
    if mode == .fit { return try compareFit(subjects) }
    let rates = try known ?? MachineRates.measured(threads: common.threadCount, ofSteps: layers)
    let rows = try subjects.flatMap { try measure($0, rates) }
    if common.json {
      return Output.json([
        "event": "result", "rows": .integer(rows.count), "peak_gflops": .number(rates.arithmetic),
        "direct_gflops": rates.direct.map(JSON.number) ?? .null,
        "memory_gigabytes_per_second": rates.memory.map(JSON.number) ?? .null,
      ])
    }
    for row in rows where layers {
      Output.line("\(row.system), \(row.mode.rawValue), batch \(row.batch):\n\(row.layerTable(rates))")
    }
    Output.write(BenchmarkRow.table(rows))
    for text in rows.compactMap(\.densityText) { Output.line(text) }
    let direct = rates.direct.map { String(format: " (direct sums %.0f)", $0) } ?? ""
    let memory = rates.memory.map { String(format: ", memory %.1f GB/s", $0) } ?? ""
    Output.line(
      String(format: "Peak rate %.0f GFLOP/s", rates.arithmetic) + direct + memory
        + " with \(common.threadCount) thread(s).")
  }

  private var lastStep: Int { steps ?? 120 }

  private func checkFit() throws {
    let other = [("--steps", steps != nil), ("--rates", rates != nil), ("--layers", layers)].first { $0.1 }
    guard mode == .fit, let (name, _) = other else { return }
    throw Failure(
      .usage, at: name, expected: "none with --mode fit, which times whole epochs", received: name,
      hint: "leave it out")
  }

  private func compareFit(_ subjects: [BenchmarkSubject]) throws {
    let rows = try subjects.map { subject in
      let size = batchSize ?? subject.batchSize
      let data = try BenchmarkData(subject, batch: size, random: random, common)
      let row = try FitOverhead(subject, data, batch: size, threads: common.threadCount)
      if common.json { Output.json(row.json) }
      return row
    }
    if common.json { return Output.json(["event": "result", "rows": .integer(rows.count)]) }
    Output.write(FitOverhead.table(rows))
  }

  private func measure(_ subject: BenchmarkSubject, _ rates: MachineRates) throws -> [BenchmarkRow] {
    let given = batchSize.map { [$0] }
    let sizes = given ?? (mode == .train ? [subject.batchSize] : Self.predictionBatches)
    return try sizes.map { size in
      let data = try BenchmarkData(subject, batch: size, random: random, common)
      let run = BenchmarkRun(
        subject: subject, batch: size, steps: lastStep, threads: common.threadCount,
        wantsLayers: layers)
      let row = try mode == .train ? run.train(data, rates: rates) : run.predict(data, rates: rates)
      if common.json {
        for json in row.layerJSON(rates) { Output.json(json) }
        Output.json(row.json)
      }
      return row
    }
  }
}
