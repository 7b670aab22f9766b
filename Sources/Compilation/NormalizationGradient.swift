import MartletGraphs

/// The way back through a normalisation y = x · scale + shift.
///
/// From the gradient D of y:
///
///     sums = batch_gradient_sums(D, x, moments)
///     dx = D · scale + offset + x · bend
///
/// Nothing else reads D.
struct NormalizationGradient {
  private(set) var sums: Int?
  private(set) var input: Input?
  /// What lies between D and dx, never stored.
  private(set) var hidden: Set<Int> = []

  /// dx, and the coefficients it takes besides `scale`.
  struct Input {
    var node: Int
    var offset: Int
    var bend: Int
  }

  init?(of gradient: Int, x: Int, scale: Int, in code: GraphCode, uses: [[Int]]) {
    for id in uses[gradient] {
      switch code.nodes[id].op {
      case .normalization(.batchGradientSums)
      where code.nodes[id].inputs[..<2] == [gradient, x] && sums == nil:
        sums = id
      case .pointwise(.binary(.multiply)) where input == nil:
        guard let factors = code.perChannel(.multiply, at: id), factors == (gradient, scale),
          matchInput(scaled: id, x: x, code: code, uses: uses)
        else { return nil }
      default: return nil
      }
    }
  }

  private mutating func matchInput(scaled: Int, x: Int, code: GraphCode, uses: [[Int]]) -> Bool {
    guard uses[scaled].count == 1, case let straight = uses[scaled][0],
      let (term, offset) = code.perChannel(.add, at: straight), term == scaled,
      uses[straight].count == 1, case let result = uses[straight][0],
      case .pointwise(.binary(.add)) = code.nodes[result].op, code.nodes[result].inputs[0] == straight,
      case let bent = code.nodes[result].inputs[1], uses[bent] == [result],
      let (base, bend) = code.perChannel(.multiply, at: bent), base == x
    else { return false }
    hidden = [scaled, straight, bent]
    input = Input(node: result, offset: offset, bend: bend)
    return true
  }
}
