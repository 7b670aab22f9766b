import MartletTensors

/// A tensor under the name it has in a file of another program.
package struct ForeignTensor: Sendable, Equatable {
  package var name: String
  package var value: AnyTensor
  /// The name that the other program gives the layer, where its file says it beside the path.
  package var layer: String?

  package init(_ name: String, _ value: AnyTensor, layer: String? = nil) {
    self.name = name
    self.value = value
    self.layer = layer
  }

  /// The name up to its last separator, and what follows.
  package func parts(_ separator: Character) -> (group: String, last: String) {
    guard let cut = name.lastIndex(of: separator) else { return ("", name) }
    return (String(name[..<cut]), String(name[name.index(after: cut)...]))
  }
}

extension Tensor {
  /// The elements with their axes in another order: axis i of the result is axis `order[i]`.
  package func transposed(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<shape.count), "order \(order) for shape \(shape)")
    guard count > 0 else { return Tensor(shape: order.map { shape[$0] }, scalars: []) }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let steps = order.map { strides[$0] }
    let extents = order.map { shape[$0] }
    var index = [Int](repeating: 0, count: extents.count)
    var place = 0
    var result: [Scalar] = []
    result.reserveCapacity(count)
    for _ in 0..<count {
      result.append(scalars[place])
      for axis in index.indices.reversed() {
        index[axis] += 1
        place += steps[axis]
        if index[axis] < extents[axis] { break }
        place -= steps[axis] * extents[axis]
        index[axis] = 0
      }
    }
    return Tensor(shape: extents, scalars: result)
  }
}

extension AnyTensor {
  /// The elements with their axes in another order: axis i of the result is axis `order[i]`.
  package func transposed(_ order: [Int]) -> AnyTensor {
    switch self {
    case .float32(let tensor): .float32(tensor.transposed(order))
    case .float64(let tensor): .float64(tensor.transposed(order))
    case .int32(let tensor): .int32(tensor.transposed(order))
    case .int64(let tensor): .int64(tensor.transposed(order))
    case .uint8(let tensor): .uint8(tensor.transposed(order))
    case .bool(let tensor): .bool(tensor.transposed(order))
    }
  }
}

/// How a tensor of Martlet stands in another program's file: steps that can be undone.
package struct Arrangement: Sendable, Equatable {
  /// The shape that the elements are first seen in.
  package var view: [Int]
  /// The order of that shape's axes in the file.
  package var order: [Int]
  /// The shape in the file.
  package var shape: [Int]

  /// As Martlet has it.
  package init(_ shape: [Int]) { self.init(view: shape, order: Array(shape.indices)) }

  /// - Parameter shape: The shape in the file; nil for the view's extents in their order.
  package init(view: [Int], order: [Int], shape: [Int]? = nil) {
    self.view = view
    self.order = order
    self.shape = shape ?? order.map { view[$0] }
  }

  /// Martlet's tensor as the file has it.
  package func applied(_ tensor: Tensor<Float>) -> Tensor<Float> {
    tensor.reshaped(view).transposed(order).reshaped(shape)
  }

  /// The file's tensor, of `shape`, as Martlet has it.
  package func undone(_ tensor: Tensor<Float>, shape original: [Int]) -> Tensor<Float> {
    var inverse = order
    for (axis, source) in order.enumerated() { inverse[source] = axis }
    return tensor.reshaped(order.map { view[$0] }).transposed(inverse).reshaped(original)
  }
}
