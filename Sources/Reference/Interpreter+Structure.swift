import MartletGraphs

extension Interpreter {
  func structure(_ op: StructureOp, _ x: [Operand], _ shape: [Int]) -> HostTensor<Scalar> {
    let shapes = x.map(\.shape)
    switch x[0].value {
    case .numbers: return .numbers(rearranged(op, x.map(\.numbers), shapes, shape, zero: 0))
    case .bytes:
      let parts = x.map { operand -> [UInt8] in
        guard case .bytes(let elements) = operand.value else {
          preconditionFailure("\(op) mixes element types")
        }
        return elements
      }
      return .bytes(rearranged(op, parts, shapes, shape, zero: 0))
    case .integers:
      let parts = x.map { operand -> [Int32] in
        guard case .integers(let elements) = operand.value else {
          preconditionFailure("\(op) mixes element types")
        }
        return elements
      }
      return .integers(rearranged(op, parts, shapes, shape, zero: 0))
    }
  }

  private func rearranged<Element>(
    _ op: StructureOp, _ x: [[Element]], _ shapes: [[Int]], _ shape: [Int], zero: Element
  ) -> [Element] {
    switch op {
    case .reshape: return x[0]
    case .transpose(let order):
      let strides = rowMajorStrides(shapes[0])
      return indices(of: shape, strides: order.map { strides[$0] }).map { x[0][$0] }
    case .broadcast: return indices(broadcasting: shapes[0], to: shape).map { x[0][$0] }
    case .slice(let axis, let start, _):
      let strides = rowMajorStrides(shapes[0])
      return indices(of: shape, strides: strides, offset: start * strides[axis]).map { x[0][$0] }
    case .pad(let axis, let before, _):
      return placed(x, shapes, along: axis, from: before, shape, zero)
    case .concatenate(let axis):
      return placed(x, shapes, along: axis, from: 0, shape, zero)
    }
  }

  /// Puts parts one after the other along an axis of an array of zeros.
  private func placed<Element>(
    _ parts: [[Element]], _ shapes: [[Int]], along axis: Int, from start: Int, _ shape: [Int], _ zero: Element
  ) -> [Element] {
    var result = [Element](repeating: zero, count: shape.reduce(1, *))
    let strides = rowMajorStrides(shape)
    var start = start
    for (part, extents) in zip(parts, shapes) {
      let places = indices(of: extents, strides: strides, offset: start * strides[axis])
      for (place, element) in zip(places, part) { result[place] = element }
      start += extents[axis]
    }
    return result
  }
}
