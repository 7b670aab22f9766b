import MartletGraphs
import MartletNetworks
import MartletTensors

extension ONNXImporter {
  /// Translates one node.
  mutating func translate(_ node: ONNXModel.Node, _ index: Int) throws(InterchangeError) {
    switch node.op {
    case "Conv": try convolution(node)
    case "ConvTranspose": try transposedConvolution(node)
    case "Gemm", "MatMul": try dense(node, index)
    case "BatchNormalization": try batchNormalization(node)
    case "MaxPool", "AveragePool": try pooling(node)
    case "GlobalAveragePool", "GlobalMaxPool":
      let isMaximum = node.op == "GlobalMaxPool"
      let x = try images(node)
      let pooled = add([x]) {
        isMaximum ? $0[0].max(axes: [1, 2], keepsAxes: true) : $0[0].mean(axes: [1, 2], keepsAxes: true)
      }
      try set(node, pooled, .images)
    case "Constant": try constant(node)
    case "Relu", "Sigmoid", "Tanh", "Softplus", "Exp", "Log", "Sqrt", "Neg", "Abs", "Sign", "Reciprocal",
      "Erf", "LeakyRelu", "Elu", "Gelu", "Cast", "Identity", "Dropout":
      try unary(node)
    case "PRelu": try slopes(node)
    case "Add", "Sub", "Mul", "Div", "Max", "Min", "Pow": try binary(node)
    case "Softmax": try softmax(node)
    case "LRN": try localResponse(node)
    case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2": try reduction(node)
    case "Flatten", "Reshape", "Transpose", "Concat", "Slice", "Pad", "Expand", "Resize", "Squeeze",
      "Unsqueeze":
      try structure(node)
    default:
      throw fault(node, "a supported operator (see the guide on interchange)", "\"\(node.op)\"")
    }
  }

  private mutating func constant(_ node: ONNXModel.Node) throws(InterchangeError) {
    let value: AnyTensor
    switch (node.attributes.first?.key, node.attributes.first?.value) {
    case ("value", .tensor(let tensor)?): value = tensor
    case ("value_float", .float(let number)?): value = .float32(Tensor(shape: [], scalars: [number]))
    case ("value_int", .integer(let number)?): value = .int64(Tensor(shape: [], scalars: [Int64(number)]))
    case ("value_ints", .integers(let numbers)?):
      value = .int64(Tensor(shape: [numbers.count], scalars: numbers.map { Int64($0) }))
    case ("value_floats", .floats(let numbers)?):
      value = .float32(Tensor(shape: [numbers.count], scalars: numbers))
    case (let name, _): throw fault(node, "a tensor or numbers", "\"\(name ?? "nothing")\"")
    }
    guard let name = node.outputs.first, items.updateValue(.constant(value), forKey: name) == nil else {
      throw fault(node, "a new name", "one that is taken")
    }
  }

  private mutating func unary(_ node: ONNXModel.Node) throws(InterchangeError) {
    if node.op == "Identity", let item = items[node.inputs.first ?? ""], let name = node.outputs.first,
      items[name] == nil
    {
      items[name] = item
      return
    }
    try allow(node, "alpha", "approximate", "to", "saturate", "seed", "ratio")
    let (x, order) = try value(node)
    let function: @Sendable (Value) -> Value
    switch node.op {
    case "Relu": function = { $0.relu() }
    case "Sigmoid": function = { $0.sigmoid() }
    case "Tanh": function = { $0.tanh() }
    case "Softplus": function = { $0.softplus() }
    case "Exp": function = { $0.exp() }
    case "Log": function = { $0.log() }
    case "Sqrt": function = { $0.squareRoot() }
    case "Neg": function = { -$0 }
    case "Abs": function = { $0.abs() }
    case "Sign": function = { $0.sign() }
    case "Reciprocal": function = { $0.reciprocal() }
    case "Erf": function = { $0.erf() }
    case "LeakyRelu":
      let slope = try number(node, "alpha", default: 0.01)
      function = { $0.leakyReLU(slope: slope) }
    case "Elu":
      let layer = ELU(alpha: try number(node, "alpha", default: 1))
      function = { layer($0) }
    case "Gelu":
      let layer = GELU(approximate: try text(node, "approximate", default: "none") == "tanh")
      function = { layer($0) }
    case "Cast":
      let code = try integer(node, "to", default: 1)
      guard code == 1 else { throw fault(node, "a cast to FLOAT", ONNXModel.elementName(code)) }
      function = { $0.toFloat() }
    default:
      // Dropout: its rate is an attribute in old opsets and an input in new ones.
      var rate = try number(node, "ratio", default: 0.5)
      if case .constant(let given)? = items[node.inputs.count > 1 ? node.inputs[1] : ""],
        let ratio = given.weights?.scalars.first
      {
        rate = Double("\(ratio)") ?? Double(ratio)
      }
      let layer = Dropout(rate)
      function = { layer($0) }
    }
    try set(node, add([x]) { function($0[0]) }, order)
  }

  /// The elements of a constant or weight, in the order of a value's axes that they are combined with.
  private func arranged(
    _ node: ONNXModel.Node, _ tensor: Tensor<Float>, _ order: Order, _ shape: [Int]
  ) throws(InterchangeError) -> Tensor<Float> {
    if tensor.count == 1 { return tensor.reshaped([]) }
    guard tensor.shape.count <= max(shape.count, 1) else {
      throw fault(node, "at most \(shape.count) axes", "a constant of shape \(tensor.shape)")
    }
    switch order {
    case .same: return tensor
    case .images:
      let wide = tensor.reshaped([Int](repeating: 1, count: 4 - tensor.shape.count) + tensor.shape)
      let turned = wide.transposed([0, 2, 3, 1])
      // Without the batch's axis, and for channels alone as a vector.
      let isVector = turned.shape.dropLast().allSatisfy { $0 == 1 }
      return turned.shape[0] == 1 ? turned.reshaped(Array(turned.shape[(isVector ? 3 : 1)...])) : turned
    case .flattened(let image):
      guard tensor.count == image.reduce(1, *) else {
        throw fault(node, "a constant of \(image.reduce(1, *))", "shape \(tensor.shape)")
      }
      return Arrangement(view: image, order: [2, 0, 1], shape: [tensor.count]).undone(
        tensor.reshaped([tensor.count]), shape: [tensor.count])
    }
  }

  private mutating func slopes(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node)
    let (x, order) = try value(node)
    guard let (name, given) = try weight(node, 1) else { throw fault(node, "slopes", "none") }
    let slopes = try arranged(node, given, order, shape(x))
    let path = layerName(name, node)
    weights["\(path)/value"] = slopes
    let alpha = Weight(.constant(0.25), name: path)
    let extents = slopes.shape
    let result = add([x]) {
      $0[0].relu() - alpha(shape: extents.isEmpty ? [1] : extents, for: $0[0]) * (-$0[0]).relu()
    }
    if extents.isEmpty { weights["\(path)/value"] = slopes.reshaped([1]) }
    try set(node, result, order)
  }

  private mutating func binary(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node)
    guard node.inputs.count == 2 else { throw fault(node, "two inputs", "\(node.inputs.count)") }
    let op = node.op
    let combine: @Sendable (Value, Value) -> Value = { a, b in
      switch op {
      case "Add": a + b
      case "Sub": a - b
      case "Mul": a * b
      case "Div": a / b
      case "Max": a.maximum(b)
      case "Min": a.minimum(b)
      default: a.power(b)
      }
    }
    switch (try item(node, 0), try item(node, 1)) {
    case (.value(let a, let first), .value(let b, let second)):
      if first == second { return try set(node, add([a, b]) { combine($0[0], $0[1]) }, first) }
      let (x, y) = (nominal(a, first), nominal(b, second))
      try set(node, add([x, y]) { combine($0[0], $0[1]) }, .same)
    case (.value(let a, let order), .constant(let number)) where number.shape.reduce(1, *) == 1:
      guard let constant = number.weights?.scalars.first.map({ Double("\($0)") ?? Double($0) }) else {
        throw fault(node, "a floating-point number", "another")
      }
      try set(node, add([a]) { Self.apply(op, $0[0], constant) }, order)
    case (.value(let a, let order), let other):
      let maker = try operand(node, other, order, a)
      try set(node, add([a]) { combine($0[0], maker($0[0])) }, order)
    case (let other, .value(let b, let order)):
      let maker = try operand(node, other, order, b)
      try set(node, add([b]) { combine(maker($0[0]), $0[0]) }, order)
    case (_, _): throw fault(node, "a computed value", "two constants")
    }
  }

  /// A value with one number.
  private static func apply(_ op: String, _ x: Value, _ number: Double) -> Value {
    guard x.isValid else { return x }
    let constant = { x.graph.constant(number) }
    return switch op {
    case "Add": x + number
    case "Sub": x - number
    case "Mul": x * number
    case "Div": x / constant()
    case "Max": x.maximum(constant())
    case "Min": x.minimum(constant())
    default: x.power(constant())
    }
  }

  /// What makes the constant or weight beside a value.
  private mutating func operand(
    _ node: ONNXModel.Node, _ item: Item, _ order: Order, _ value: Int
  ) throws(InterchangeError) -> @Sendable (Value) -> Value {
    switch item {
    case .value: throw fault(node, "a constant", "a value")
    case .constant(let tensor):
      guard let floats = tensor.weights else {
        throw fault(node, "floating-point numbers", "others")
      }
      let table = try arranged(node, floats, order, shape(value))
      let numbers = table.scalars.map { Double("\($0)") ?? Double($0) }
      let extents = table.shape
      return { x in
        guard x.isValid else { return x }
        return extents.isEmpty ? x.graph.constant(numbers[0]) : x.graph.table(numbers, shape: extents)
      }
    case .weight(let name, let tensor):
      let arranged = try arranged(node, tensor, order, shape(value))
      let path = layerName(name, node)
      weights["\(path)/value"] = arranged
      let weight = Weight(.zeros, name: path)
      return { weight(shape: arranged.shape, for: $0) }
    }
  }

  private mutating func softmax(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "axis")
    let (x, order) = try value(node)
    let plain = nominal(x, order)
    let axis = try integer(node, "axis", default: model.opset < 13 ? 1 : -1)
    guard shape(plain).count == 2, axis == 1 || axis == -1 else {
      throw fault(node, "rows [batch, classes] and axis 1", "shape \(shape(plain)) and axis \(axis)")
    }
    try set(node, add([plain]) { $0[0].softmax() }, .same)
  }

  private mutating func localResponse(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "size", "alpha", "beta", "bias")
    let x = try images(node)
    let size = try integer(node, "size", default: 0)
    guard size > 0, size % 2 == 1, size < 1 << 16 else { throw fault(node, "an odd size", "\(size)") }
    let attributes = LocalResponse(
      size: size, alpha: try number(node, "alpha", default: 1e-4) / Double(size),
      beta: try number(node, "beta", default: 0.75), bias: try number(node, "bias", default: 1))
    let result = add([x]) { values in
      guard values[0].isValid else { return values[0] }
      return values[0].graph.apply(.normalization(.localResponse(attributes)), [values[0]])
    }
    try set(node, result, .images)
  }

  private mutating func reduction(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "axes", "keepdims", "noop_with_empty_axes")
    var (x, order) = try value(node)
    let rank = shape(x).count
    var given = try integers(node, "axes", input: 1) ?? []
    if given.isEmpty, try integer(node, "noop_with_empty_axes", default: 0) == 0 { given = Array(0..<rank) }
    let axes = given.map { $0 < 0 ? $0 + rank : $0 }
    guard axes.allSatisfy({ $0 > 0 && $0 < rank }), Set(axes).count == axes.count else {
      throw fault(node, "axes of one sample", "\(given)")
    }
    let keeps = try integer(node, "keepdims", default: 1) == 1
    // Whole rows and columns, or whole channels, leave the same order in both layouts.
    let isFree = order == .images && (keeps || Set(axes) == [2, 3] || axes == [1])
    if order != .same, !isFree { (x, order) = (nominal(x, order), .same) }
    let actual = axes.map { isFree ? Self.actualAxes[$0] : $0 }.sorted()
    let op = node.op
    let result = add([x]) { values in
      let x = values[0]
      return switch op {
      case "ReduceMean": x.mean(axes: actual, keepsAxes: keeps)
      case "ReduceSum": x.sum(axes: actual, keepsAxes: keeps)
      case "ReduceMax": x.max(axes: actual, keepsAxes: keeps)
      default: x.squared().sum(axes: actual, keepsAxes: keeps).squareRoot()
      }
    }
    try set(node, result, isFree && keeps ? .images : .same)
  }
}
