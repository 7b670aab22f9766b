import MartletGraphs
import Synchronization

/// What a kernel computes, for measurements.
struct KernelLabel: Hashable {
  /// The step's name, or what the backend does besides, such as `pack weights`.
  var name: String
  /// The layer's path; empty where it is no layer's.
  var path = ""
  var cost = Cost()
  /// How much of the cost is computed.
  var arithmetic = Arithmetic.direct
}

/// What runs between two barriers.
struct Phase {
  enum Work {
    /// A chain of kernels over chunks of images; a task is a shard.
    case images(kernels: [any ImageKernel], shards: Shards, chunk: Int)
    /// Independent kernels; a task is a part of one of them.
    case flat(kernels: [any FlatKernel])
  }

  let work: Work
  /// What each kernel does, in their order.
  let labels: [KernelLabel]
  /// The shared buffers that are complete after the phase, with the names of the steps that store them.
  var stored: [(step: String, buffer: Int)] = []

  var taskCount: Int {
    switch work {
    case .images(_, let shards, _): shards.count
    case .flat(let kernels): kernels.reduce(0) { $0 + $1.taskCount }
    }
  }

  func run(task: Int, _ context: Context) { run(task: task, context) { _, kernel in kernel() } }

  /// Runs a task and adds the time of each kernel to its element of `times`.
  func run(task: Int, _ context: Context, times: inout [Duration]) {
    let clock = ContinuousClock()
    run(task: task, context) { index, kernel in times[index] += clock.measure(kernel) }
  }

  /// Runs a task; `call` runs each kernel's part of it, knowing the kernel's place among the labels.
  @inline(__always)
  private func run(task: Int, _ context: Context, _ call: (_ index: Int, _ kernel: () -> Void) -> Void) {
    switch work {
    case .images(let kernels, let shards, let chunk):
      for (index, kernel) in kernels.enumerated() { call(index) { kernel.begin(shard: task, context) } }
      let range = shards.ranges[task]
      for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
        var context = context
        context.chunkStart = start
        let images = start..<min(start + chunk, range.upperBound)
        for (index, kernel) in kernels.enumerated() {
          call(index) { kernel.run(images, shard: task, context) }
        }
      }
      for (index, kernel) in kernels.enumerated() { call(index) { kernel.end(shard: task, context) } }
    case .flat(let kernels):
      var rest = task
      for (index, kernel) in kernels.enumerated() {
        let count = kernel.taskCount
        if rest < count { return call(index) { kernel.run(task: rest, context) } }
        rest -= count
      }
    }
  }
}

/// The next task of each phase, shared by the workers.
final class TaskCounters {
  private let next: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  init(phases: Int) {
    count = phases
    next = .allocate(capacity: max(phases, 1))
    for index in 0..<phases { (next + index).initialize(to: Atomic(0)) }
  }

  deinit {
    (next).deinitialize(count: count)
    next.deallocate()
  }

  func reset() {
    for index in 0..<count { next[index].store(0, ordering: .relaxed) }
  }

  func take(_ phase: Int) -> Int { next[phase].add(1, ordering: .relaxed).oldValue }
}
