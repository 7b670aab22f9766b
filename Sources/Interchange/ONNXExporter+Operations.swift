import MartletGraphs
import MartletTensors

extension ONNXExporter {
  /// Writes one operation.
  mutating func emit(_ node: Graph.Node, _ id: Int) throws(InterchangeError) {
    switch node.op {
    case .source(let source): emit(source, id)
    case .convolution, .matrix: try product(node, id, id)
    case .pooling(let pooling): try emit(pooling, node, id)
    case .pointwise(.cast): add("Cast", id, [name(node.inputs[0])], ["to": .integer(1)])
    case .pointwise(.unary(let function)): emit(function, name(node.inputs[0]), id)
    case .pointwise(.binary(let function)):
      emit(function, operand(node.inputs[0], id), operand(node.inputs[1], id), id)
    case .reduction(let reduction): emit(reduction, node.inputs[0], id)
    case .structure(let structure): try emit(structure, node, id)
    case .normalization(.localResponse(let attributes)):
      add(
        "LRN", id, [name(node.inputs[0])],
        [
          "size": .integer(attributes.size),
          "alpha": .float(Float(attributes.alpha * Double(attributes.size))),
          "beta": .float(Float(attributes.beta)), "bias": .float(Float(attributes.bias)),
        ])
    case .classification(.softmax):
      let last = axis(node.shape.count - 1, of: id)
      add("Softmax", id, [name(node.inputs[0])], ["axis": .integer(last)])
    case .classification(.argmax):
      let index = step(
        "ArgMax", id, [name(node.inputs[0])], ["axis": .integer(1), "keepdims": .integer(0)])
      add("Cast", id, [index], ["to": .integer(1)])
    case .normalization, .classification, .random: throw unsupported(id)
    }
  }

  private mutating func emit(_ source: SourceOp, _ id: Int) {
    // Weights and fixed numbers are written where they are read.
    guard case .input(let name, _, _) = source else { return }
    names[id] = name
    model.graph.inputs.append(info(name, id))
  }

  private mutating func emit(
    _ pooling: PoolingOp, _ node: Graph.Node, _ id: Int
  ) throws(InterchangeError) {
    let (op, window): (String, PoolingWindow)
    switch pooling {
    case .max(let geometry): (op, window) = ("MaxPool", geometry)
    case .average(let geometry): (op, window) = ("AveragePool", geometry)
    case .maxGradient, .averageGradient: throw unsupported(id)
    }
    var attributes: [String: ONNXModel.Attribute] = [
      "kernel_shape": .integers([window.size.height, window.size.width]),
      "strides": .integers([window.stride.height, window.stride.width]), "pads": pads(window.padding),
    ]
    if op == "AveragePool" { attributes["count_include_pad"] = .integer(window.countsPadding ? 1 : 0) }
    add(op, id, [name(node.inputs[0])], attributes)
  }

  private mutating func emit(_ function: PointwiseOp.Unary, _ x: String, _ id: Int) {
    switch function {
    case .negate: add("Neg", id, [x])
    case .abs: add("Abs", id, [x])
    case .sign: add("Sign", id, [x])
    case .exp: add("Exp", id, [x])
    case .log: add("Log", id, [x])
    case .sqrt: add("Sqrt", id, [x])
    case .square: add("Mul", id, [x, x])
    case .reciprocal: add("Reciprocal", id, [x])
    case .tanh: add("Tanh", id, [x])
    case .sigmoid: add("Sigmoid", id, [x])
    case .relu: add("Relu", id, [x])
    case .softplus: add("Softplus", id, [x])
    case .erf: add("Erf", id, [x])
    case .leakyReLU(let slope): add("LeakyRelu", id, [x], ["alpha": .float(Float(slope))])
    case .step(let below):
      let isPositive = step("Greater", id, [x, constant(0, id)])
      add("Where", id, [isPositive, constant(1, id), constant(below, id)])
    case .add(let number): add("Add", id, [x, constant(number, id)])
    case .multiply(let number): add("Mul", id, [x, constant(number, id)])
    }
  }

  private mutating func emit(_ function: PointwiseOp.Binary, _ a: String, _ b: String, _ id: Int) {
    switch function {
    case .add: add("Add", id, [a, b])
    case .subtract: add("Sub", id, [a, b])
    case .multiply: add("Mul", id, [a, b])
    case .divide: add("Div", id, [a, b])
    case .maximum: add("Max", id, [a, b])
    case .minimum: add("Min", id, [a, b])
    case .power: add("Pow", id, [a, b])
    case .divideNoNaN:
      let isZero = step("Equal", id, [b, constant(0, id)])
      let quotient = step("Div", id, [a, b])
      add("Where", id, [isZero, constant(0, id), quotient])
    case .greater: add("Cast", id, [step("Greater", id, [a, b])], ["to": .integer(1)])
    case .equal: add("Cast", id, [step("Equal", id, [a, b])], ["to": .integer(1)])
    }
  }

  /// An operand of an element-wise operation, its axes in the order of the result's.
  private mutating func operand(_ source: Int, _ id: Int) -> String {
    let node = graph.nodes[source]
    guard isImages(id), !isImages(source), node.shape.reduce(1, *) > 1 || node.shape.count == 4 else {
      return name(source)
    }
    let view = [Int](repeating: 1, count: 4 - node.shape.count) + node.shape
    switch node.op {
    case .source(.parameter(let path, _)):
      return parameter(path, Arrangement(view: view, order: Self.channelsFirst))
    case .source(.table(let numbers, _)):
      let table = Tensor(shape: view, scalars: numbers.map { Float($0) })
      return constant(.float32(table.transposed(Self.channelsFirst)), id)
    case .source, .convolution, .pooling, .matrix, .pointwise, .reduction, .structure, .normalization,
      .classification, .random:
      // Values that are computed take their axes when they are used.
      var extents = view
      if isData(source) { extents[0] = node.shape.count == 4 ? 0 : extents[0] }
      let wide = step("Reshape", id, [name(source), integers(extents, id)])
      return step("Transpose", id, [wide], ["perm": .integers(Self.channelsFirst)])
    }
  }

  private mutating func emit(_ reduction: ReductionOp, _ source: Int, _ id: Int) {
    let axes = reduction.axes.map { axis($0, of: source) }.sorted()
    let keeps = ONNXModel.Attribute.integer(reduction.keepsAxes ? 1 : 0)
    let left = graph.nodes[source].shape.indices.filter { !reduction.axes.contains($0) }
    // What is left of an image need not stand in the same order.
    let order = left.map { axis($0, of: source) }
    let isSorted = order == order.sorted() || reduction.keepsAxes
    let op =
      switch reduction.kind {
      case .sum: "ReduceSum"
      case .mean: "ReduceMean"
      case .max: "ReduceMax"
      case .norm2: "ReduceL2"
      }
    let inputs = [name(source)] + (op == "ReduceSum" ? [integers(axes, id)] : [])
    var attributes = ["keepdims": keeps]
    if op != "ReduceSum" { attributes["axes"] = .integers(axes) }
    guard !isSorted else { return add(op, id, inputs, attributes) }
    let reduced = step(op, id, inputs, attributes)
    let sorted = order.sorted()
    add("Transpose", id, [reduced], ["perm": .integers(order.map { sorted.firstIndex(of: $0) ?? 0 })])
  }

  private mutating func emit(
    _ structure: StructureOp, _ node: Graph.Node, _ id: Int
  ) throws(InterchangeError) {
    let source = node.inputs[0]
    switch structure {
    case .reshape: reshape(source, id)
    case .transpose(let order):
      let (to, from) = (isImages(id), isImages(source))
      let perm = node.shape.indices.map { axis in
        let origin = order[to ? Self.channelsFirst[axis] : axis]
        return from ? Self.channelsLast[origin] : origin
      }
      add("Transpose", id, [name(source)], ["perm": .integers(perm)])
    case .broadcast:
      // An extent of 1 keeps that of the value, so that the batch stays open.
      var extents = shape(id)
      if isData(id) { extents[0] = 1 }
      add("Expand", id, [operand(source, id), integers(extents, id)])
    case .concatenate(let axis):
      var parts: [String] = []
      for input in node.inputs { parts.append(operand(input, id)) }
      add("Concat", id, parts, ["axis": .integer(self.axis(axis, of: id))])
    case .slice(let axis, let start, let count):
      let place = integers([self.axis(axis, of: source)], id)
      add(
        "Slice", id, [name(source), integers([start], id), integers([start + count], id), place])
    case .pad(let axis, let before, let after):
      var pads = [Int](repeating: 0, count: 2 * node.shape.count)
      pads[self.axis(axis, of: source)] = before
      pads[node.shape.count + self.axis(axis, of: source)] = after
      add("Pad", id, [name(source), integers(pads, id)])
    }
  }

  private mutating func reshape(_ source: Int, _ id: Int) {
    let (old, new) = (graph.nodes[source].shape, graph.nodes[id].shape)
    func extents(_ shape: [Int]) -> [Int] {
      isData(source) && old.first == new.first ? [0] + shape.dropFirst() : shape
    }
    var x = name(source)
    let isSingle = { (shape: [Int]) in shape[1] * shape[2] == 1 || shape[3] == 1 }
    if isImages(source) {
      if outline.features.values[id] != nil || new.count == 2 && isSingle(old) {
        return add("Flatten", id, [x], ["axis": .integer(1)])
      }
      if !(isImages(id) && isSingle(old)) {
        x = step("Transpose", id, [x], ["perm": .integers(Self.channelsLast)])
      }
    }
    guard isImages(id) else { return add("Reshape", id, [x, integers(extents(new), id)]) }
    if isSingle(new) {
      return add("Reshape", id, [x, integers(extents(Self.channelsFirst.map { new[$0] }), id)])
    }
    let wide = step("Reshape", id, [x, integers(extents(new), id)])
    add("Transpose", id, [wide], ["perm": .integers(Self.channelsFirst)])
  }
}
