import MartletGraphs

/// The way back through a rectifier after a batch normalisation, recognised as one group.
///
/// Before, with the gradients' edges on the right:
///
///     x ─ multiply(scale) ─ add(shift) ─ relu (= z) ─ …       dz
///                                        └ step ── multiply ──┘ (= D)
///     sums = batch_gradient_sums(D, x, moments)
///     dx = D · scale + offset + x · bend
///
/// After: one step forms the sums and one dx, both from x and dz; D is never stored, and z is not read. The group
/// is fused only if nothing else looks at an intermediate value.
struct NormalizedRectifier {
  let x: Int
  let scale: Int
  let shift: Int
  let slope: Double
  /// The gradient dz of the rectifier's result.
  let gradient: Int
  /// Two steps: the sums over the batch, and the gradient of x.
  let sums: Int
  let input: NormalizationGradient.Input
  /// Nodes that are never stored.
  let hidden: Set<Int>

  init?(rectifierAt z: Int, in code: GraphCode, uses: [[Int]], wanted: Set<Int>) {
    let nodes = code.nodes
    guard let slope = nodes[z].op.rectifierSlope, slope >= 0, nodes[z].isBatched, nodes[z].shape.count > 2,
      case let sum = nodes[z].inputs[0], let (product, shift) = code.perChannel(.add, at: sum),
      let (x, scale) = code.perChannel(.multiply, at: product),
      let step = uses[z].first(where: { nodes[$0].op == .pointwise(.unary(.step(below: slope))) }),
      uses[step].count == 1, case let masked = uses[step][0],
      case .pointwise(.binary(.multiply)) = nodes[masked].op, nodes[masked].inputs[1] == step,
      nodes[nodes[masked].inputs[0]].shape == nodes[z].shape,
      let back = NormalizationGradient(of: masked, x: x, scale: scale, in: code, uses: uses),
      let sums = back.sums, let input = back.input
    else { return nil }
    (self.x, self.scale, self.shift, self.slope) = (x, scale, shift, slope)
    (gradient, self.sums, self.input) = (nodes[masked].inputs[0], sums, input)
    hidden = back.hidden.union([step, masked])
    guard hidden.isDisjoint(with: wanted) else { return nil }
  }
}
