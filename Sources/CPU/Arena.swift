import MartletCompilation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The memory that all programs of one trainer share.
///
/// It holds buffers that live across regions, and for each worker local buffers and scratch. It grows
/// to the largest program and never shrinks. Who writes it sees to it that nobody else does at the same time:
/// a trainer belongs to one task, and a predictor lends an arena to one call at a time.
package final class Arena: @unchecked Sendable {
  package private(set) var shared: UnsafeMutableRawPointer
  private(set) var workers: [UnsafeMutableRawPointer]
  private(set) var sharedBytes = 0
  private(set) var workerBytes = 0
  /// Counts the moves: addresses taken before one are void.
  private(set) var generation = 0
  private static let hugePage = 2 << 20

  package init(workers: Int) {
    shared = Self.allocate(MemoryPlan.alignment)
    self.workers = (0..<workers).map { _ in Self.allocate(MemoryPlan.alignment) }
  }

  deinit {
    free(shared)
    for worker in workers { free(worker) }
  }

  /// All bytes of the arena.
  package var byteCount: Int { sharedBytes + workers.count * workerBytes }

  /// Makes room for a program; what the arena held is lost if it has to move.
  package func reserve(shared bytes: Int, worker: Int) {
    if bytes > sharedBytes {
      free(shared)
      shared = Self.allocate(bytes)
      sharedBytes = bytes
      generation += 1
    }
    if worker > workerBytes {
      for index in workers.indices {
        free(workers[index])
        workers[index] = Self.allocate(worker)
      }
      workerBytes = worker
      generation += 1
    }
  }

  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let isLarge = bytes >= 2 * hugePage
    let alignment = isLarge ? hugePage : 4096
    let size = (bytes + alignment - 1) / alignment * alignment
    let status = posix_memalign(&memory, alignment, size)
    guard status == 0, let memory else {
      preconditionFailure("out of memory: \(bytes) bytes for the arena; use a smaller batch")
    }
    #if os(Linux)
      // Few table entries map a large block then; where the system has no huge pages, nothing changes.
      if isLarge { madvise(memory, size, MADV_HUGEPAGE) }
    #endif
    return memory
  }
}
