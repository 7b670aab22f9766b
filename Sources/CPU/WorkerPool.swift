import CMartletKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Persistent threads that run one job together, the caller among them.
///
/// Every member calls the job with its own index. Between jobs the others spin for a moment, if there
/// are processors enough, and then sleep. Jobs synchronise themselves with `barrier()`.
package final class WorkerPool: Sendable {
  /// The members, the caller included.
  package let count: Int
  // The threads hold the crew and not the pool: so the pool can go, and ends them.
  private let crew: Crew

  /// - Parameter threads: Members, the caller included; at least 1.
  package init(threads: Int) {
    precondition(threads >= 1, "a pool needs a member, received \(threads)")
    count = threads
    crew = Crew(count: threads)
  }

  deinit { crew.close() }

  /// The processors this process may use, by its affinity mask where the system has one.
  package static var usableProcessors: Int { Int(mk_usable_processors()) }

  /// Runs a job on every member and returns when all have finished it.
  ///
  /// Denormals are flushed to zero meanwhile, on the calling thread too.
  package func run(_ job: some PoolJob) { crew.run(job) }

  /// Runs a closure on every member; it is boxed, which a job in a step must not be.
  package func run(_ job: (Int) -> Void) {
    withoutActuallyEscaping(job) { crew.run(ClosureJob(body: $0)) }
  }

  /// Runs a job on the calling thread alone, with denormals flushed.
  package func runAlone(_ job: () -> Void) {
    let state = mk_denormals_flush()
    defer { mk_denormals_restore(state) }
    job()
  }

  /// Waits until every member has come here.
  package func barrier() { crew.barrier() }
}

/// What every member of a pool does; a value of at most three words is handed over without allocating.
package protocol PoolJob {
  /// Does the part of a member.
  func run(member: Int)
}

private struct ClosureJob: PoolJob {
  let body: (Int) -> Void

  func run(member: Int) { body(member) }
}

/// What the threads of a pool share.
private final class Crew: @unchecked Sendable {
  private let count: Int
  private let spins: Bool
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let passed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let generation = Atomic<Int>(0)
  private let arrived = Atomic<Int>(0)
  private let barrierGeneration = Atomic<Int>(0)
  private var job: (any PoolJob)?
  private var isClosing = false
  private var threads: [pthread_t] = []
  private static let spinLimit = 20_000

  init(count: Int) {
    self.count = count
    spins = count <= WorkerPool.usableProcessors
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(passed, nil)
    for index in 1..<max(count, 1) where count > 1 { start(index) }
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_cond_destroy(passed)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    passed.deallocate()
    mutex.deallocate()
  }

  /// Ends the threads and waits for them.
  func close() {
    pthread_mutex_lock(mutex)
    isClosing = true
    generation.add(1, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
  }

  private func start(_ index: Int) {
    let seat = Unmanaged.passRetained(Seat(crew: self, index: index)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
      let status = pthread_create(&thread, nil, { enter($0) }, seat)
      if let thread { threads.append(thread) }
    #else
      var thread = pthread_t()
      let status = pthread_create(&thread, nil, enter, seat)
      threads.append(thread)
    #endif
    precondition(status == 0, "the system refused thread \(index) (error \(status))")
  }

  fileprivate func serve(_ index: Int) {
    _ = mk_denormals_flush()
    var seen = 0
    while true {
      awaitJob(after: seen)
      seen += 1
      if isClosing { return }
      job?.run(member: index)
      barrier()
    }
  }

  private func awaitJob(after seen: Int) {
    if spins {
      for _ in 0..<Self.spinLimit {
        if generation.load(ordering: .acquiring) != seen { return }
        mk_pause()
      }
    }
    pthread_mutex_lock(mutex)
    while generation.load(ordering: .acquiring) == seen { pthread_cond_wait(wake, mutex) }
    pthread_mutex_unlock(mutex)
  }

  func run(_ job: some PoolJob) {
    let state = mk_denormals_flush()
    defer { mk_denormals_restore(state) }
    guard count > 1 else { return job.run(member: 0) }
    self.job = job
    pthread_mutex_lock(mutex)
    generation.add(1, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    job.run(member: 0)
    barrier()
    self.job = nil
  }

  /// The others spin for a moment and then sleep: where other processes want the processors, a sleeping
  /// thread is woken sooner than one that keeps yielding is scheduled again.
  func barrier() {
    guard count > 1 else { return }
    let current = barrierGeneration.load(ordering: .acquiring)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      pthread_mutex_lock(mutex)
      barrierGeneration.add(1, ordering: .releasing)
      pthread_cond_broadcast(passed)
      pthread_mutex_unlock(mutex)
      return
    }
    if spins {
      for _ in 0..<Self.spinLimit {
        if barrierGeneration.load(ordering: .acquiring) != current { return }
        mk_pause()
      }
    }
    pthread_mutex_lock(mutex)
    while barrierGeneration.load(ordering: .acquiring) == current { pthread_cond_wait(passed, mutex) }
    pthread_mutex_unlock(mutex)
  }
}

/// A thread's place in the crew.
private final class Seat {
  let crew: Crew
  let index: Int

  init(crew: Crew, index: Int) {
    self.crew = crew
    self.index = index
  }
}

private func enter(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  let seat = Unmanaged<Seat>.fromOpaque(raw).takeRetainedValue()
  seat.crew.serve(seat.index)
  return nil
}
