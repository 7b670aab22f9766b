import Synchronization

/// Asks a training to stop at the next boundary between two steps; may be used from any thread and from a
/// signal handler.
public final class StopToken: Sendable {
  private let flag = Atomic<Bool>(false)

  /// Creates a token that has not been used.
  public init() {}

  /// Asks to stop.
  public func request() { flag.store(true, ordering: .relaxed) }

  /// Whether somebody has asked.
  public var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Takes the request back, so that training can go on.
  public func reset() { flag.store(false, ordering: .relaxed) }
}
