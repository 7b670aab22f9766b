import Foundation
import MartletDatasets
import MartletTensors
import Synchronization

/// Compares a cached data set with its checksum on a thread of its own, while the first epoch is trained.
final class DataVerification {
  private final class Outcome: Sendable {
    let error = Guarded<DatasetError?>(nil)
    let isDone = Atomic<Bool>(false)
    let done = DispatchSemaphore(value: 0)
  }

  private let outcome = Outcome()
  private var isChecked = false

  /// Begins; nil where there is nothing to compare with.
  init?(_ data: ImageDataset) {
    guard data.isVerifiable else { return nil }
    let thread = Thread { [outcome] in
      do throws(DatasetError) {
        try data.verify()
      } catch {
        outcome.error.withLock { $0 = error }
      }
      outcome.isDone.store(true, ordering: .releasing)
      outcome.done.signal()
    }
    thread.name = "martlet-verify"
    thread.start()
  }

  /// Throws what was found; with `waiting` only after all has been compared.
  func check(waiting: Bool) throws(DatasetError) {
    guard !isChecked, waiting || outcome.isDone.load(ordering: .acquiring) else { return }
    outcome.done.wait()
    isChecked = true
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }
}
