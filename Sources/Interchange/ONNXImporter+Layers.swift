import MartletGraphs
import MartletNetworks
import MartletTensors

extension ONNXImporter {
  /// A layer with weights: the one that an equal node made of the same weights, else a new one.
  ///
  /// - Parameters:
  ///   - first: The weight that names a new layer.
  ///   - detail: What the layer depends on besides the node's operator, weights and attributes.
  mutating func layer(
    _ first: String, _ node: ONNXModel.Node, _ detail: String = "",
    _ make: (String) -> (any Layer, WeightValues)
  ) -> any Layer {
    // A weight may have come under another name by an Identity.
    let names = node.inputs.dropFirst().map { input in
      if case .weight(let name, _)? = items[input] { name } else { input }
    }
    let attributes = node.attributes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let key = "\(node.op) \(names) \(attributes) \(detail)"
    if let known = layers[key] { return known }
    let name = layerName(first, node)
    let (layer, values) = make(name)
    for (part, value) in values { weights["\(name)/\(part)"] = value }
    layers[key] = layer
    return layer
  }

  mutating func use(_ layer: any Layer, _ value: Int) -> Int { add([value]) { layer($0[0]) } }

  /// A product with a weight, `[out, in]` or `[in, out]`, and a bias.
  mutating func dense(_ node: ONNXModel.Node, _ index: Int) throws(InterchangeError) {
    try allow(node, "alpha", "beta", "transA", "transB")
    let isGemm = node.op == "Gemm"
    for (name, wanted) in [("alpha", 1.0), ("beta", 1.0)] {
      let found = try number(node, name, default: 1)
      guard found == wanted else { throw fault(node, "1 for \"\(name)\"", "\(found)") }
    }
    guard try integer(node, "transA", default: 0) == 0 else { throw fault(node, "0 for \"transA\"", "1") }
    var (x, order) = try value(node)
    guard let (name, given) = try weight(node, 1), given.shape.count == 2, given.count > 0,
      shape(x).count == 2
    else {
      throw fault(node, "rows times a weight of two axes", "\(shape(x)) times another")
    }
    let kernel = try integer(node, "transB", default: 0) == 1 ? given : given.transposed([1, 0])
    var bias = isGemm ? try weight(node, 2)?.tensor : nil
    var target = node
    var biasName = ""
    if !isGemm, let (sum, name, added) = biasAfter(node, index, units: kernel.shape[0]) {
      (biasName, bias) = (name, added)
      consumed.insert(sum)
      target.outputs = model.graph.nodes[sum].outputs
    }
    let (outputs, inputs) = (kernel.shape[0], kernel.shape[1])
    if let shift = bias {
      guard shift.count == outputs || shift.count == 1 else {
        throw fault(node, "a bias of \(outputs)", "\(shift.shape)")
      }
      bias = Tensor(
        shape: [outputs],
        scalars: shift.count == 1 ? [Float](repeating: shift.scalars[0], count: outputs) : shift.scalars)
    }
    if case .flattened(let image) = order, image.reduce(1, *) != inputs {
      (x, order) = (nominal(x, order), .same)
    }
    let rows: Tensor<Float> =
      switch order {
      case .flattened(let image):
        Arrangement(view: image + [outputs], order: [3, 2, 0, 1], shape: kernel.shape)
          .undone(kernel, shape: [inputs, outputs])
      case .same, .images: kernel.transposed([1, 0])
      }
    let layer = layer(name, node, "\(order) \(biasName)") { name in
      var values = ["kernel": rows]
      values["bias"] = bias
      return (Dense(outputs, useBias: bias != nil, name: name), values)
    }
    try set(target, use(layer, x), .same)
  }

  /// The sum with a bias that alone reads a product, as exporters without Gemm write it.
  private func biasAfter(
    _ node: ONNXModel.Node, _ index: Int, units: Int
  ) -> (index: Int, name: String, bias: Tensor<Float>)? {
    let nodes = model.graph.nodes
    let readers = readers[node.outputs.first ?? ""] ?? []
    guard readers.count == 1, let reader = readers.first, reader > index, nodes[reader].op == "Add",
      !model.graph.outputs.contains(where: { $0.name == node.outputs.first })
    else { return nil }
    for name in nodes[reader].inputs {
      if case .weight(let weight, let tensor)? = items[name], tensor.count == units,
        tensor.shape.last == units
      {
        return (reader, weight, tensor)
      }
    }
    return nil
  }

  mutating func batchNormalization(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "epsilon", "momentum", "training_mode", "spatial")
    guard try integer(node, "training_mode", default: 0) == 0, try integer(node, "spatial", default: 1) == 1
    else { throw fault(node, "a network exported for predictions", "training_mode") }
    var (x, order) = try value(node)
    if shape(x).count == 4 { (x, order) = (try images(node), .images) }
    guard shape(x).count == 2 || shape(x).count == 4 else {
      throw fault(node, "images or rows", "shape \(shape(x))")
    }
    var vectors: [Tensor<Float>] = []
    var first = ""
    let channels = shape(x).last ?? 0
    for index in 1...4 {
      guard let (name, vector) = try weight(node, index), vector.shape == [channels] else {
        throw fault(node, "a vector of \(channels) as input \(index)", "another")
      }
      if index == 1 { first = name }
      if case .flattened(let image) = order {
        vectors.append(
          Arrangement(view: image, order: [2, 0, 1], shape: [channels]).undone(vector, shape: [channels]))
      } else {
        vectors.append(vector)
      }
    }
    let epsilon = try number(node, "epsilon", default: 1e-5)
    let momentum = try number(node, "momentum", default: 0.9)
    let layer = layer(first, node, "\(order)") { name in
      let names = ["gamma", "beta", "moving_mean", "moving_variance"]
      return (
        BatchNormalization(momentum: momentum, epsilon: epsilon, name: name),
        Dictionary(uniqueKeysWithValues: zip(names, vectors))
      )
    }
    try set(node, use(layer, x), order)
  }

  mutating func pooling(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(
      node, "kernel_shape", "strides", "dilations", "pads", "auto_pad", "ceil_mode", "count_include_pad",
      "storage_order")
    let x = try images(node)
    let window = try window(node, kernel: nil)
    guard window.dilation == 1 else { throw fault(node, "dilations of 1", "\(window.dilation)") }
    let margins = try margins(node, x, window)
    let size = shape(x)
    func leavesRest(_ extent: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> Bool {
      extent + padding < kernel || (extent + padding - kernel) % stride != 0
    }
    if try integer(node, "ceil_mode", default: 0) == 1,
      leavesRest(size[1], window.kernel.height, window.stride.height, margins.top + margins.bottom)
        || leavesRest(size[2], window.kernel.width, window.stride.width, margins.left + margins.right)
    {
      throw fault(node, "windows rounded down", "ceil_mode 1")
    }
    let counts = try integer(node, "count_include_pad", default: 0) == 1
    let pool = PoolingWindow(
      size: window.kernel, stride: window.stride, padding: margins, countsPadding: counts)
    let isMaximum = node.op == "MaxPool"
    let whole = add([x]) { values in
      guard values[0].isValid else { return values[0] }
      return values[0].graph.apply(.pooling(isMaximum ? .max(pool) : .average(pool)), [values[0]])
    }
    try set(node, whole, .images)
  }
}
