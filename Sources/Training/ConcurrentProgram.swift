import MartletCPU
import MartletCompilation
import MartletDatasets
import MartletGraphs
import MartletTensors

/// The worker threads of a predictor, lent to one call at a time; calls beside it run on their own thread.
final class PredictorThreads: Sendable {
  let pool: WorkerPool
  private let isLent = Guarded(false)

  init(count: Int) { pool = WorkerPool(threads: count) }

  /// Takes the pool, if nobody has it.
  func take() -> Bool {
    isLent.withLock { isLent in
      defer { isLent = true }
      return !isLent
    }
  }

  func giveBack() { isLent.withLock { $0 = false } }
}

/// Where an input's samples lie: a number, because a pointer may not cross into the lock of a runner.
struct InputAddress: Sendable {
  let name: String
  let address: UInt

  init(_ name: String, _ address: UnsafeRawPointer?) {
    self.name = name
    self.address = UInt(bitPattern: address)
  }
}

/// A program with weights that stay, which several threads run at once.
///
/// Weights are packed once and shared; each call has memory of its own, which later calls take over.
final class ConcurrentProgram: Sendable {
  private let program: Program
  private let weights: WeightSnapshot
  private let threads: PredictorThreads
  /// Packed weights and what depends on weights alone.
  let prepared: Arena
  /// What is in `prepared`: programs with equal texts share it.
  let preparation: [String]
  /// Bytes of packed weights, and of one call on all threads.
  let bytes: (prepared: Int, arena: Int)
  private let free: Guarded<[Runner]>

  /// Free runners that are kept for later calls.
  private static let mostFree = 16

  /// - Parameter known: What other programs on the same weights have prepared.
  init(
    _ program: Program, _ weights: WeightSnapshot, _ threads: PredictorThreads, known: [[String]: Arena]
  ) {
    self.program = program
    self.weights = weights
    self.threads = threads
    let first = Executable(program, pool: threads.pool, arena: Arena(workers: threads.pool.count))
    preparation = first.preparation
    bytes = (first.preparedBytes, first.arenaBytes)
    if let known = known[preparation] {
      prepared = known
    } else {
      // Another call may be at work on the pool.
      let hasThreads = threads.take()
      defer { if hasThreads { threads.giveBack() } }
      let packer =
        hasThreads ? first : Executable(program, pool: WorkerPool(threads: 1), arena: Arena(workers: 1))
      packer.bind { weights.address($0) }
      packer.prepare()
      prepared = packer.prepared
    }
    free = Guarded([Runner(program, weights, prepared, threads.pool, ownsThreads: false)])
  }

  /// The outputs by name for inputs, which stay in place meanwhile.
  func run(_ inputs: [InputAddress]) -> [String: Tensor<Float>] { withRunner { $0.run(inputs) } }

  /// One output for one input, which stays in place meanwhile.
  func run(_ input: InputAddress, output: String) -> Tensor<Float> {
    withRunner { $0.run(input, output: output) }
  }

  private func withRunner<Result>(_ body: (Runner) -> Result) -> Result {
    let hasThreads = threads.take()
    defer { if hasThreads { threads.giveBack() } }
    let runner = takeRunner(ownsThreads: !hasThreads)
    defer { giveBack(runner) }
    return body(runner)
  }

  /// The time of each step of the program, measured; the pool of threads must be free.
  func profile(_ inputs: [InputAddress], repeats: Int) -> [StepTime] {
    let runner = takeRunner(ownsThreads: false)
    defer { giveBack(runner) }
    return runner.profile(inputs, repeats: repeats)
  }

  private func takeRunner(ownsThreads: Bool) -> Runner {
    let found = free.withLock { free -> Runner? in
      guard let index = free.lastIndex(where: { $0.ownsThreads == ownsThreads }) else { return nil }
      return free.remove(at: index)
    }
    return found
      ?? Runner(
        program, weights, prepared, ownsThreads ? WorkerPool(threads: 1) : threads.pool,
        ownsThreads: ownsThreads)
  }

  private func giveBack(_ runner: Runner) {
    free.withLock { free in if free.count < Self.mostFree { free.append(runner) } }
  }
}

/// What one call at a time runs on.
private final class Runner: Sendable {
  /// Whether it has a pool of its own, of the calling thread alone.
  let ownsThreads: Bool
  private let executable: Guarded<Executable>

  init(
    _ program: Program, _ weights: WeightSnapshot, _ prepared: Arena, _ pool: WorkerPool, ownsThreads: Bool
  ) {
    self.ownsThreads = ownsThreads
    let executable = Executable(program, pool: pool, arena: Arena(workers: pool.count), prepared: prepared)
    executable.bind { weights.address($0) }
    self.executable = Guarded(executable)
  }

  func run(_ inputs: [InputAddress]) -> [String: Tensor<Float>] {
    executable.withLock { executable in
      for input in inputs { Self.set(input, executable) }
      executable.compute()
      let outputs = executable.program.outputs.keys.map { ($0, executable.tensor($0)) }
      return Dictionary(uniqueKeysWithValues: outputs)
    }
  }

  func run(_ input: InputAddress, output: String) -> Tensor<Float> {
    executable.withLock { executable in
      Self.set(input, executable)
      executable.compute()
      return executable.tensor(output)
    }
  }

  func profile(_ inputs: [InputAddress], repeats: Int) -> [StepTime] {
    executable.withLock { executable in
      for input in inputs { Self.set(input, executable) }
      executable.compute()
      return executable.profile(repeats: repeats)
    }
  }

  private static func set(_ input: InputAddress, _ executable: Executable) {
    guard let address = UnsafeRawPointer(bitPattern: input.address) else { return }
    executable.setInput(input.name, address)
  }
}
