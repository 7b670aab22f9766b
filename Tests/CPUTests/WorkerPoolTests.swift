import MartletCPU
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  /// A pool that nobody holds is gone, which its threads must not prevent: each would stay for ever.
  @Test(arguments: [1, 2, 5]) func aDroppedPoolEnds(threads: Int) {
    weak var dropped: WorkerPool?
    let calls = Atomic<Int>(0)
    do {
      let pool = WorkerPool(threads: threads)
      dropped = pool
      for _ in 0..<3 {
        pool.run { index in
          calls.add(index + 1, ordering: .relaxed)
          pool.barrier()
        }
      }
    }
    #expect(dropped == nil)
    #expect(calls.load(ordering: .relaxed) == 3 * threads * (threads + 1) / 2)
  }
}
