import ArgumentParser
import Foundation
import MartletCPU
import MartletNetworks
import MartletTensors
import MartletTraining

/// What is timed of a network.
enum BenchmarkMode: String, ExpressibleByArgument, CaseIterable {
  case train
  case inference
  case fit
}

/// Times a subject step by step.
struct BenchmarkRun {
  let subject: BenchmarkSubject
  let batch: Int
  /// The last step that is timed.
  let steps: Int
  let threads: Int
  let wantsLayers: Bool

  /// The steps before those that are timed.
  static let warmUp = 20
  /// The executions of which the times step by step are the median.
  private static let profiles = 21

  /// Forward, backward and update on the batches in turn.
  func train(_ data: BenchmarkData, rates: MachineRates) throws -> BenchmarkRow {
    let trainer = try subject.trainer(threads)
    func step(_ input: BenchmarkData.Batch) throws -> Executable {
      try input.images.scalars.withUnsafeBytes {
        try trainer.step.advance($0, shape: input.images.shape, .uint8, input.labels)
      }
    }
    let times = try timed { index in _ = try step(data.batches[index % data.batches.count]) }
    let program = try trainer.step.program(batch: batch)
    var row = row(.train, data, times, flops: program.program.cost.flops, rates: rates)
    row.arenaBytes = trainer.arenaBytes
    let last = data.batches[(steps - 1) % data.batches.count]
    row.densities = try trainer.step.gradientDensities(last.images, last.labels)
    if wantsLayers {
      _ = try step(last)
      row.layers = program.profile(repeats: Self.profiles)
    }
    return row
  }

  /// Predictions of the batches in turn; of a single image by the call for one.
  func predict(_ data: BenchmarkData, rates: MachineRates) throws -> BenchmarkRow {
    let predictor = try Self.predictor(subject.network, batch: batch, threads: threads, exact: subject.exact)
    let images = data.batches.map { given in
      batch == 1 ? Tensor(shape: subject.imageShape, scalars: given.images.scalars) : given.images
    }
    let times = try timed { index in _ = try predictor(images[index % images.count]) }
    var row = row(.inference, data, times, flops: subject.predictionFlops(batch: batch), rates: rates)
    let memory = try predictor.memory(batch: batch)
    row.arenaBytes = memory.arena
    row.preparedBytes = memory.prepared
    if wantsLayers {
      row.layers = try predictor.profile(data.batches[0].images, repeats: Self.profiles)
    }
    return row
  }

  private static func predictor(
    _ network: some Network, batch: Int, threads: Int, exact: ExactLayers
  ) throws -> Predictor {
    try Predictor(network, batchSize: batch, threads: threads, exact: exact)
  }

  private typealias Times = (elapsed: [Double], processor: [Double])

  /// The milliseconds of the steps after the first ones, elapsed and of all threads' work.
  private func timed(_ step: (Int) throws -> Void) rethrows -> Times {
    var times: Times = ([], [])
    for index in 0..<steps {
      let (start, work) = (ContinuousClock.now, Self.processorMilliseconds)
      try step(index)
      guard index >= Self.warmUp else { continue }
      times.elapsed.append((ContinuousClock.now - start) / .milliseconds(1))
      times.processor.append(Self.processorMilliseconds - work)
    }
    return times
  }

  private static var processorMilliseconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
  }

  private func row(
    _ mode: BenchmarkMode, _ data: BenchmarkData, _ times: Times, flops: Int, rates: MachineRates
  ) -> BenchmarkRow {
    let median = times.elapsed.sorted()[times.elapsed.count / 2]
    return BenchmarkRow(
      system: subject.name, batch: batch, mode: mode, isReal: data.isReal, milliseconds: median,
      processorMilliseconds: times.processor.sorted()[times.processor.count / 2],
      gflops: Double(flops) / median / 1e6, floorMilliseconds: Double(flops) / rates.arithmetic / 1e6,
      threads: threads,
      peakMemoryBytes: ProcessMeter.anonymousBytes.map { max(0, $0 - data.byteCount) })
  }
}
