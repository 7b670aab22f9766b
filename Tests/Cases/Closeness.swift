/// How near a computed tensor must be to the exact one.
package enum Closeness: Hashable, Sendable {
  /// Equal in every element (as numbers: 0 and -0 are equal).
  case exact
  /// |a - r| ≤ absolute + relative·|r| in every element.
  case elementwise(relative: Double, absolute: Double)
  /// ‖a - r‖ ≤ relative·‖r‖ and no element farther than `maximum` times the root mean square of r.
  case norm(relative: Double, maximum: Double)

  /// The same operation on single elements in single precision.
  package static let elementwise = Closeness.elementwise(relative: 1.3e-6, absolute: 1e-5)
  /// Long sums whose terms are products: convolution and matrix product, forward.
  package static let forward = Closeness.norm(relative: 2e-6, maximum: 5e-5)
  /// Their gradients.
  package static let gradient = Closeness.norm(relative: 1e-5, maximum: 5e-5)

  /// The worst difference as a fraction of what is allowed (1 or less passes), and where it is.
  package func worst(of actual: [Double], against expected: [Double]) -> (fraction: Double, place: String) {
    guard actual.count == expected.count else {
      return (.infinity, "\(actual.count) elements, expected \(expected.count)")
    }
    switch self {
    case .exact:
      let different = actual.indices.filter { !same(actual[$0], expected[$0]) }
      guard let first = different.first else { return (0, "equal") }
      return (.infinity, "\(different.count) differ, first \(line(first, actual, expected))")
    case .elementwise(let relative, let absolute):
      return largest(actual, expected) { absolute + relative * abs(expected[$0]) }
    case .norm(let relative, let maximum):
      let size = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let distance = zip(actual, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      let scale = size / Double(max(expected.count, 1)).squareRoot()
      let whole = distance == 0 ? 0 : distance / (relative * size)
      let (element, place) = largest(actual, expected) { _ in maximum * scale }
      if whole.isNaN { return (.infinity, "not a number") }
      return whole >= element ? (whole, "norm \(distance) of \(size)") : (element, place)
    }
  }

  private func same(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }

  private func largest(
    _ actual: [Double], _ expected: [Double], _ allowed: (Int) -> Double
  ) -> (Double, String) {
    var worst = (fraction: 0.0, index: 0)
    for index in actual.indices where !same(actual[index], expected[index]) {
      let fraction = abs(actual[index] - expected[index]) / allowed(index)
      if fraction.isNaN { return (.infinity, line(index, actual, expected)) }
      if fraction > worst.fraction { worst = (fraction, index) }
    }
    return actual.isEmpty ? (0, "empty") : (worst.fraction, line(worst.index, actual, expected))
  }

  private func line(_ index: Int, _ actual: [Double], _ expected: [Double]) -> String {
    "[\(index)] \(actual[index]), expected \(expected[index])"
  }
}

extension Double {
  /// The number, and infinity where it is none: a comparison must not pass over it.
  package var infiniteIfNaN: Double { isNaN ? .infinity : self }
}

extension Sequence<Double> {
  /// The greatest difference; infinite where one is not a number, and where there are none.
  package var worst: Double { map(\.infiniteIfNaN).max() ?? .infinity }
}
