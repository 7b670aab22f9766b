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
  private var moves = 0
  private var onlyPlans = false
  private static let hugePage = 2 << 20

  package init(workers: Int) {
    shared = Self.allocate(MemoryPlan.alignment)
    self.workers = (0..<workers).map { _ in Self.allocate(MemoryPlan.alignment) }
  }

  deinit {
    free(shared)
    for worker in workers { free(worker) }
  }

  /// Counts the moves: addresses taken before one are void.
  ///
  /// Who runs a program asks for it first.
  var generation: Int {
    precondition(!onlyPlans, "an arena that only plans has no memory to run in")
    return moves
  }

  /// Takes no memory from now on, and only counts it: for programs that are looked at and never run.
  package func planOnly() { onlyPlans = true }

  /// All bytes of the arena.
  package var byteCount: Int { sharedBytes + workers.count * workerBytes }

  /// Makes room for a program; what the arena held is lost if it has to move.
  package func reserve(shared bytes: Int, worker: Int) {
    if bytes > sharedBytes {
      sharedBytes = bytes
      if !onlyPlans {
        free(shared)
        shared = Self.allocate(bytes)
        moves += 1
      }
    }
    if worker > workerBytes {
      workerBytes = worker
      if !onlyPlans {
        for index in workers.indices {
          free(workers[index])
          workers[index] = Self.allocate(worker)
        }
        moves += 1
      }
    }
  }

  /// Whether the system would give so many bytes and could keep its word.
  package static func isAvailable(_ bytes: Int) -> Bool {
    // Some systems promise any number; with what they swap, none has several times its memory.
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard bytes / 4 <= memory, let block = block(bytes) else { return false }
    free(block)
    return true
  }

  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    // A precondition's text is lost in a release build.
    guard let memory = block(bytes) else {
      fatalError("out of memory: \(bytes) bytes for the arena; use a smaller batch")
    }
    return memory
  }

  /// Memory for so many bytes; nil where the system gives none.
  private static func block(_ bytes: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    let isLarge = bytes >= 2 * hugePage
    let alignment = isLarge ? hugePage : 4096
    let size = (bytes + alignment - 1) / alignment * alignment
    let status = posix_memalign(&memory, alignment, size)
    guard status == 0, let memory else { return nil }
    #if os(Linux)
      // Few table entries map a large block then; where the system has no huge pages, nothing changes.
      if isLarge { madvise(memory, size, MADV_HUGEPAGE) }
    #endif
    return memory
  }
}
