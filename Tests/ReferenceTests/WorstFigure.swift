import MartletTensors

/// The worst figure that a parametrised test has reached; printed when it grows, so the log ends with it.
final class WorstFigure: Sendable {
  static let gradient = WorstFigure("gradients, as a fraction of the bound")
  static let forward = WorstFigure("single against double precision, as a fraction of the bound")
  static let backward = WorstFigure("gradients, single against double precision, as a fraction of the bound")

  static let peer = WorstFigure("goldens' gradients, in distances of the peer's single precision")

  private let title: String
  private let worst = Guarded(0.0)

  init(_ title: String) { self.title = title }

  func note(_ figure: Double, _ place: String) {
    worst.withLock { worst in
      guard figure > worst else { return }
      worst = figure
      print("worst of \(title): \(figure) (\(place))")
    }
  }
}
