import Synchronization

/// What runs between two barriers.
enum Phase {
  /// Chain of kernels over chunks of images; a task is a shard.
  case images(kernels: [any ImageKernel], shards: Shards, chunk: Int, name: String)
  /// Independent kernels; a task is a part of one of them.
  case flat(kernels: [any FlatKernel], name: String)

  var taskCount: Int {
    switch self {
    case .images(_, let shards, _, _): shards.count
    case .flat(let kernels, _): kernels.reduce(0) { $0 + $1.taskCount }
    }
  }

  var name: String {
    switch self {
    case .images(_, _, _, let name), .flat(_, let name): name
    }
  }

  func run(task: Int, _ context: Context) {
    switch self {
    case .images(let kernels, let shards, let chunk, _):
      var context = context
      for kernel in kernels { kernel.begin(shard: task, context) }
      let range = shards.ranges[task]
      for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
        context.chunkStart = start
        let images = start..<min(start + chunk, range.upperBound)
        for kernel in kernels { kernel.run(images, shard: task, context) }
      }
    case .flat(let kernels, _):
      var rest = task
      for kernel in kernels {
        let count = kernel.taskCount
        if rest < count { return kernel.run(task: rest, context) }
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
