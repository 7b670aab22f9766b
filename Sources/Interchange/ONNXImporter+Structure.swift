import MartletGraphs
import MartletNetworks
import MartletTensors

extension ONNXImporter {
  /// Translates a change of shape or order.
  mutating func structure(_ node: ONNXModel.Node) throws(InterchangeError) {
    switch node.op {
    case "Flatten": try flatten(node)
    case "Reshape": try reshape(node)
    case "Squeeze", "Unsqueeze": try squeeze(node)
    case "Transpose": try transpose(node)
    case "Concat": try concatenate(node)
    case "Slice": try slice(node)
    case "Pad": try pad(node)
    case "Expand": try expand(node)
    default: try resize(node)
    }
  }

  private mutating func flatten(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "axis")
    guard try integer(node, "axis", default: 1) == 1 else { throw fault(node, "axis 1", "another") }
    let (x, order) = try value(node)
    try setRows(node, x, order)
  }

  /// One row for each sample; images keep their own order and the note says so.
  private mutating func setRows(
    _ node: ONNXModel.Node, _ x: Int, _ order: Order
  ) throws(InterchangeError) {
    let extents = Array(shape(x).dropFirst())
    let rows = add([x]) { values in
      guard values[0].isValid else { return values[0] }
      return values[0].reshaped([values[0].shape[0], extents.reduce(1, *)])
    }
    guard order == .images, extents[2] > 1, extents[0] * extents[1] > 1 else {
      return try set(node, rows, order == .images ? .same : order)
    }
    try set(node, rows, .flattened(extents))
  }

  private mutating func reshape(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "allowzero", "shape")
    let (x, order) = try value(node)
    guard let given = try integers(node, "shape", input: 1), !given.isEmpty, given.count <= 8 else {
      throw fault(node, "a constant shape", "none")
    }
    let old = shape(x)
    let nominalOld = order == .images ? [old[0], old[3], old[1], old[2]] : old
    let count = nominalOld.dropFirst().reduce(1, *)
    // The first extent is the batch, whatever number it was exported with.
    var rest: [Int] = []
    for (axis, extent) in given.enumerated().dropFirst() {
      if extent == 0, axis < nominalOld.count { rest.append(nominalOld[axis]) } else { rest.append(extent) }
    }
    guard rest.allSatisfy({ $0 == -1 || $0 > 0 && $0 <= 1 << 24 }), rest.filter({ $0 == -1 }).count <= 1
    else {
      throw fault(node, "extents of a sample of \(count) elements", "\(given)")
    }
    let known = ScalarFormat.uint8.byteCount(of: rest.filter { $0 > 0 }) ?? 0
    rest = rest.map { $0 == -1 ? (known > 0 && count % known == 0 ? count / known : 0) : $0 }
    guard ScalarFormat.uint8.byteCount(of: rest) == count else {
      throw fault(node, "extents of a sample of \(count) elements", "\(given)")
    }
    try setShape(node, x, order, rest)
  }

  private mutating func setShape(
    _ node: ONNXModel.Node, _ x: Int, _ order: Order, _ sample: [Int]
  ) throws(InterchangeError) {
    if sample.count == 1, order == .images { return try setRows(node, x, order) }
    let isPixel = sample.count == 3 && sample[1] == 1 && sample[2] == 1
    var source = nominal(x, order)
    if case .flattened = order, sample.count == 1 { source = x }
    let extents = isPixel ? [1, 1, sample[0]] : sample
    let shaped = add([source]) { values in
      guard values[0].isValid else { return values[0] }
      return values[0].reshaped([values[0].shape[0]] + extents)
    }
    try set(node, shaped, isPixel ? .images : source == x && order != .images ? order : .same)
  }

  private mutating func squeeze(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "axes")
    let (x, order) = try value(node)
    let old = shape(x)
    var sample = order == .images ? [old[3], old[1], old[2]] : Array(old.dropFirst())
    let isSqueeze = node.op == "Squeeze"
    let rank = sample.count + 1
    let result = isSqueeze ? rank : rank + 1
    guard let axes = try integers(node, "axes", input: 1), !axes.isEmpty, axes.count <= 4 else {
      throw fault(node, "constant axes", "none")
    }
    let places = axes.map { $0 < 0 ? $0 + (isSqueeze ? rank : result + axes.count - 1) : $0 }.sorted()
    for axis in isSqueeze ? places.reversed() : places {
      guard axis > 0, isSqueeze ? axis <= sample.count && sample[axis - 1] == 1 : axis <= sample.count + 1
      else {
        throw fault(node, "axes of one element", "\(axes)")
      }
      if isSqueeze { sample.remove(at: axis - 1) } else { sample.insert(1, at: axis - 1) }
    }
    try setShape(node, x, order, sample)
  }

  private mutating func transpose(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "perm")
    var (x, order) = try value(node)
    if case .flattened = order { (x, order) = (nominal(x, order), .same) }
    let rank = shape(x).count
    let perm = try integers(node, "perm") ?? (0..<rank).reversed()
    guard perm.sorted() == Array(0..<rank), perm.first == 0 else {
      throw fault(node, "an order that leaves the batch first", "\(perm)")
    }
    // Where each axis that ONNX now means lies.
    let actual = order == .images ? perm.map { Self.actualAxes[$0] } : perm
    if actual == Array(0..<rank) { return try set(node, x, .same) }
    if actual == [0, 3, 1, 2] { return try set(node, x, .images) }
    try set(node, add([x]) { $0[0].transposed(actual) }, .same)
  }

  private mutating func concatenate(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "axis")
    var parts: [(Int, Order)] = []
    for index in node.inputs.indices { parts.append(try value(node, index)) }
    guard let first = parts.first else { throw fault(node, "inputs", "none") }
    let isImages = parts.allSatisfy { $0.1 == .images }
    let rank = shape(first.0).count
    let given = try integer(node, "axis", default: 1)
    let axis = given < 0 ? given + rank : given
    guard axis > 0, axis < rank else { throw fault(node, "an axis of one sample", "\(given)") }
    let values = isImages ? parts.map(\.0) : parts.map { nominal($0.0, $0.1) }
    let place = isImages ? Self.actualAxes[axis] : axis
    try set(node, add(values) { MartletGraphs.concatenate($0, axis: place) }, isImages ? .images : .same)
  }

  private mutating func slice(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "starts", "ends", "axes")
    var (x, order) = try value(node)
    if case .flattened = order { (x, order) = (nominal(x, order), .same) }
    let starts = try integers(node, "starts", input: 1) ?? []
    let ends = try integers(node, "ends", input: 2) ?? []
    let axes = try integers(node, "axes", input: 3) ?? Array(starts.indices)
    let steps = try integers(node, "steps", input: 4) ?? starts.map { _ in 1 }
    guard starts.count == ends.count, starts.count == axes.count, steps.allSatisfy({ $0 == 1 }) else {
      throw fault(
        node, "as many starts, ends and axes, and steps of 1", "\(starts), \(ends), \(axes), \(steps)")
    }
    let rank = shape(x).count
    for (index, given) in axes.enumerated() {
      let nominalAxis = given < 0 ? given + rank : given
      guard nominalAxis > 0, nominalAxis < rank else { throw fault(node, "axes of one sample", "\(axes)") }
      let axis = order == .images ? Self.actualAxes[nominalAxis] : nominalAxis
      let extent = shape(x)[axis]
      let bounds = [starts[index], ends[index]].map { max(0, min($0 < 0 ? $0 + extent : $0, extent)) }
      guard bounds[0] < bounds[1] else { throw fault(node, "at least one element", "\(bounds)") }
      x = add([x]) { $0[0].slice(axis: axis, start: bounds[0], count: bounds[1] - bounds[0]) }
    }
    try set(node, x, order)
  }

  private mutating func pad(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "pads", "mode", "value")
    let mode = try text(node, "mode", default: "constant")
    guard mode == "constant", try number(node, "value", default: 0) == 0 else {
      throw fault(node, "a border of zeros", mode)
    }
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard case .constant(let fill) = try item(node, 2), fill.weights?.scalars == [0] else {
        throw fault(node, "a border of zeros", "another")
      }
    }
    var (x, order) = try value(node)
    if case .flattened = order { (x, order) = (nominal(x, order), .same) }
    let rank = shape(x).count
    guard let pads = try integers(node, "pads", input: 1), pads.count == 2 * rank,
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 10 }), pads[0] == 0, pads[rank] == 0
    else { throw fault(node, "\(2 * rank) paddings from 0, none of the batch", "others") }
    for axis in 1..<rank where pads[axis] + pads[rank + axis] > 0 {
      let place = order == .images ? Self.actualAxes[axis] : axis
      x = add([x]) { $0[0].padded(axis: place, before: pads[axis], after: pads[rank + axis]) }
    }
    try set(node, x, order)
  }

  private mutating func expand(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node)
    let (x, order) = try value(node)
    guard let given = try integers(node, "shape", input: 1), given.count == shape(x).count,
      given.allSatisfy({ $0 > 0 }), given.first == 1,
      let size = ScalarFormat.uint8.byteCount(of: given), size <= Self.maximumElements
    else { throw fault(node, "a constant shape of as many axes, 1 for the batch", "another") }
    let wanted = order == .images ? [0, 2, 3, 1].map { given[$0] } : given
    if case .flattened = order { throw fault(node, "images or plain values", "a flattened image") }
    let result = add([x]) { values in
      guard values[0].isValid else { return values[0] }
      let extents = zip(values[0].shape, wanted).map { $0 == 1 ? $1 : $0 }
      return values[0].broadcast(to: [values[0].shape[0]] + extents.dropFirst())
    }
    try set(node, result, order)
  }

  private mutating func resize(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "mode", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a")
    let x = try images(node)
    let mode = try text(node, "mode", default: "nearest")
    let centers = try text(node, "coordinate_transformation_mode", default: "half_pixel")
    let isNearest = mode == "nearest" && centers == "asymmetric"
    guard isNearest || mode == "linear" && centers == "half_pixel" else {
      throw fault(node, "nearest and asymmetric, or linear and half_pixel", "\(mode) and \(centers)")
    }
    var factors: [Int] = []
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      let scales = try weight(node, 2)?.tensor.scalars ?? []
      factors = scales.compactMap { Int(exactly: $0) }
    } else if let sizes = try integers(node, "sizes", input: 3), sizes.count == 4 {
      let old = shape(x)
      factors = [
        1, 1, sizes[2] % old[1] == 0 ? sizes[2] / old[1] : 0, sizes[3] % old[2] == 0 ? sizes[3] / old[2] : 0,
      ]
    }
    guard factors.count == 4, factors[0] == 1, factors[1] == 1, factors.allSatisfy({ $0 > 0 && $0 < 1 << 10 })
    else {
      throw fault(node, "whole factors for rows and columns", "\(factors)")
    }
    if isNearest { try requireFloor(node, factors: Array(factors[2...]), extents: Array(shape(x)[1...2])) }
    let layer = UpSampling2D(Extent(factors[2], factors[3]), interpolation: isNearest ? .nearest : .bilinear)
    try set(node, add([x]) { layer($0[0]) }, .images)
  }

  /// Refuses an enlargement whose rounding takes other pixels than those that rounding down takes.
  private func requireFloor(
    _ node: ONNXModel.Node, factors: [Int], extents: [Int]
  ) throws(InterchangeError) {
    let rounding = try text(node, "nearest_mode", default: "round_prefer_floor")
    let isFloor = zip(factors, extents).allSatisfy { factor, extent in
      // Places between two pixels are a half by factor 2; a single pixel is taken however one rounds.
      factor == 1 || extent == 1 || rounding == "floor" || rounding == "round_prefer_floor" && factor == 2
    }
    guard isFloor else {
      throw fault(node, "the nearest_mode floor for the factors \(factors)", rounding)
    }
  }
}
