import Foundation
import MartletTensors

/// Batches that are not in use, kept so that the next epoch needs no new memory.
final class BatchPool: Sendable {
  private let batches = Guarded<[Batch]>([])

  /// A batch of so many images, an old one where there is one.
  func take(count: Int, of data: ImageDataset) -> Batch {
    let old = batches.withLock { batches in
      batches.lastIndex { $0.count == count }.map { batches.remove(at: $0) }
    }
    return old ?? Batch(count: count, of: data)
  }

  /// Keeps batches for later, at most `limit` in all.
  func give(_ used: [Batch], limit: Int) {
    batches.withLock { $0 = Array(($0 + used).suffix(limit)) }
  }
}

/// A thread that fills the batches of one epoch ahead of the one who asks for them.
///
/// The ring holds one batch more than are ready at most and one more for the asker; a batch comes round
/// again when the asker has long dropped it, and if not, filling it copies it first.
final class Prefetcher: Sendable {
  private struct State {
    var ready: [Batch] = []
    var isStopped = false
  }

  private let data: ImageDataset
  private let batchSize: Int
  private let steps: Range<Int>
  private let ahead: Int
  private let pool: BatchPool
  private let augmenter: Augmenter?
  private let workers: Int
  private let order: @Sendable () -> [Int32]
  private let state = Guarded(State())
  /// Counts the batches that may still be filled.
  private let room = DispatchSemaphore(value: 0)
  /// Counts the batches filled, and the end.
  private let filled = DispatchSemaphore(value: 0)

  init(
    data: ImageDataset, batchSize: Int, batchCount: Int, from step: Int, ahead: Int, pool: BatchPool,
    augmenter: Augmenter?, workers: Int, order: @escaping @Sendable () -> [Int32]
  ) {
    self.data = data
    self.batchSize = batchSize
    steps = min(step, batchCount)..<batchCount
    self.ahead = ahead
    self.pool = pool
    self.augmenter = augmenter
    self.workers = workers
    self.order = order
  }

  func start() {
    for _ in 0..<ahead { room.signal() }
    let thread = Thread { [self] in run() }
    thread.name = "martlet-batches"
    thread.start()
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    room.signal()
  }

  func next() -> Batch? {
    filled.wait()
    let batch = state.withLock { $0.ready.isEmpty ? nil : $0.ready.removeFirst() }
    // The end stays the end, however often it is asked for.
    if batch == nil { filled.signal() } else { room.signal() }
    return batch
  }

  private func run() {
    let order = order()
    var ring: [Batch] = []
    for (turn, step) in steps.enumerated() {
      room.wait()
      if state.withLock({ $0.isStopped }) { break }
      let chosen = order[step * batchSize..<min((step + 1) * batchSize, order.count)]
      if turn < ahead + 2 {
        ring.append(pool.take(count: chosen.count, of: data))
      }
      let slot = turn % (ahead + 2)
      if ring[slot].count != chosen.count {
        pool.give([ring[slot]], limit: ahead + 3)
        ring[slot] = pool.take(count: chosen.count, of: data)
      }
      ring[slot].fill(from: data, chosen, augmenter: augmenter, threads: workers)
      let batch = ring[slot]
      state.withLock { $0.ready.append(batch) }
      filled.signal()
    }
    pool.give(ring, limit: ahead + 3)
    filled.signal()
  }
}
