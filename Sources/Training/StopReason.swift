extension History {
  /// Why a training ended.
  public enum StopReason: Sendable, Equatable {
    /// All epochs were trained.
    case finished
    /// Somebody asked to stop; the training can be resumed.
    case interrupted
    /// What early stopping watches did not improve for as long as its patience lasts.
    case earlyStopping
    /// A figure reached the bound that was set for it.
    case threshold
    /// A step's numbers were not finite, and `terminateOnNaN` was there to end the training.
    case notFinite
    /// A callback of one's own asked to stop, with this reason.
    case callback(String)

    /// The reason in machine output: `finished`, `interrupted`, `early_stopping`, `threshold`,
    /// `not_finite`, or `callback: ` and its text.
    public var text: String {
      switch self {
      case .finished: "finished"
      case .interrupted: "interrupted"
      case .earlyStopping: "early_stopping"
      case .threshold: "threshold"
      case .notFinite: "not_finite"
      case .callback(let reason): Self.callbackPrefix + reason
      }
    }

    private static let callbackPrefix = "callback: "

    /// Reads a reason's text; nil where it is none.
    package init?(text: String) {
      let plain: [StopReason] = [.finished, .interrupted, .earlyStopping, .threshold, .notFinite]
      if let reason = plain.first(where: { $0.text == text }) {
        self = reason
      } else if text.hasPrefix(Self.callbackPrefix) {
        self = .callback(String(text.dropFirst(Self.callbackPrefix.count)))
      } else {
        return nil
      }
    }
  }
}
