/// The distance between neighbours along each axis of a row-major array.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// The places Σ index·stride + offset of all elements of `shape`, in row-major order.
func indices(of shape: [Int], strides: [Int], offset: Int = 0) -> [Int] {
  var places = [offset]
  for (extent, stride) in zip(shape, strides) {
    var next: [Int] = []
    next.reserveCapacity(places.count * extent)
    for place in places {
      for index in 0..<extent { next.append(place + index * stride) }
    }
    places = next
  }
  return places
}

/// For each element of `target`, the element of an array of `shape` that broadcasting puts there.
func indices(broadcasting shape: [Int], to target: [Int]) -> [Int] {
  let extra = target.count - shape.count
  let strides = rowMajorStrides(shape)
  let steps = target.indices.map { $0 < extra || shape[$0 - extra] == 1 ? 0 : strides[$0 - extra] }
  return indices(of: target, strides: steps)
}
