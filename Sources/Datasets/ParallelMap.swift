import Foundation
import MartletTensors
import Synchronization

/// The results of `body` for 0..<count, in this order, computed by several threads.
///
/// - Parameters:
///   - threads: How many threads at most; they take the next number whenever they are free.
///   - body: Called once for each number, on any thread.
package func parallelMap<Result: Sendable>(
  count: Int, threads: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
  if threads <= 1 || count <= 1 { return (0..<count).map(body) }
  let results = Guarded([Result?](repeating: nil, count: count))
  let next = Atomic<Int>(0)
  DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let result = body(index)
      results.withLock { $0[index] = result }
    }
  }
  return results.withLock { $0.compactMap(\.self) }
}
