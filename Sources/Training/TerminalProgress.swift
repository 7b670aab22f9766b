/// Writes the course of a training as text: a bar that moves on a terminal, else a line for each epoch.
public final class TerminalProgress {
  private let isTerminal: Bool
  private let width: Int
  private let write: (String) -> Void

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether lines can be written over; without, no control characters are written.
  ///   - width: The columns of the terminal.
  ///   - write: Writes a piece of text as it is.
  public init(isTerminal: Bool, width: Int = 80, write: @escaping (String) -> Void) {
    self.isTerminal = isTerminal
    self.width = width
    self.write = write
  }

  /// Takes note of an event; give it to `fit(progress:)`.
  public func report(_ event: TrainingEvent) {}
}
