import MartletGraphs
import MartletNetworks
import MartletTensors

extension ONNXImporter {
  /// A layer with weights: the one that an equal node made of the same weights, else a new one.
  ///
  /// - Parameters:
  ///   - first: The weight that names a new layer.
  ///   - detail: What the layer depends on besides the node's operator, weights and attributes.
  private mutating func layer(
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

  private mutating func use(_ layer: any Layer, _ value: Int) -> Int { add([value]) { layer($0[0]) } }

  /// The four paddings, as rows and columns.
  private func margins(
    _ node: ONNXModel.Node, _ value: Int, _ window: ConvolutionWindow
  ) throws(InterchangeError) -> Margins {
    let pads = try integers(node, "pads") ?? [0, 0, 0, 0]
    guard pads.count == 4, pads.allSatisfy({ $0 >= 0 && $0 < 1 << 10 }) else {
      throw fault(node, "four paddings from 0", "\(pads)")
    }
    switch try text(node, "auto_pad", default: "NOTSET") {
    case "NOTSET": return Margins(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
    case "VALID": return Margins()
    case "SAME_UPPER":
      let size = shape(value)
      return Padding.same.margins(
        input: Extent(size[1], size[2]), kernel: window.kernel, stride: window.stride,
        dilation: window.dilation)
    case let other: throw fault(node, "the paddings NOTSET, VALID or SAME_UPPER", other)
    }
  }

  private func window(
    _ node: ONNXModel.Node, kernel: [Int]?
  ) throws(InterchangeError) -> ConvolutionWindow {
    let kernel = try integers(node, "kernel_shape") ?? kernel ?? []
    let strides = try integers(node, "strides") ?? [1, 1]
    let dilations = try integers(node, "dilations") ?? [1, 1]
    for (values, what) in [(kernel, "kernel"), (strides, "strides"), (dilations, "dilations")] {
      guard values.count == 2, values.allSatisfy({ $0 > 0 && $0 < 1 << 10 }) else {
        throw fault(node, "two extents from 1 as \(what)", "\(values)")
      }
    }
    return ConvolutionWindow(
      kernel: Extent(kernel[0], kernel[1]), stride: Extent(strides[0], strides[1]),
      dilation: Extent(dilations[0], dilations[1]), groups: try integer(node, "group", default: 1))
  }

  /// The padding of a layer that means these margins, nil where it has none for them.
  ///
  /// One that holds for other extents too comes first, so that a layer fits wherever its node is repeated.
  private func padding(
    _ node: ONNXModel.Node, _ margins: Margins, _ window: ConvolutionWindow, _ value: Int
  ) throws(InterchangeError) -> Padding? {
    if try text(node, "auto_pad", default: "NOTSET") == "SAME_UPPER" { return .same }
    if margins.isZero { return .valid }
    let isEqual = margins.top == margins.left && margins.top == margins.bottom && margins.top == margins.right
    if isEqual { return .explicit(margins.top) }
    let size = shape(value)
    let same = Padding.same.margins(
      input: Extent(size[1], size[2]), kernel: window.kernel, stride: window.stride, dilation: window.dilation
    )
    return margins == same ? .same : nil
  }

  mutating func convolution(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "kernel_shape", "strides", "dilations", "pads", "group", "auto_pad")
    var x = try images(node)
    guard let (name, kernel) = try weight(node, 1), kernel.shape.count == 4 else {
      throw fault(node, "a kernel [out, in, height, width]", "another")
    }
    let bias = try weight(node, 2)?.tensor
    let window = try window(node, kernel: Array(kernel.shape[2...]))
    let margins = try margins(node, x, window)
    guard [window.kernel.height, window.kernel.width] == Array(kernel.shape[2...]), window.groups > 0,
      bias.map({ $0.shape == [kernel.shape[0]] }) ?? true
    else { throw fault(node, "a kernel and bias that agree", "\(kernel.shape) and \(bias?.shape ?? [])") }
    let known = try padding(node, margins, window, x)
    let padding = known ?? .valid
    if known == nil {
      let border = ZeroPadding2D((margins.top, margins.bottom), (margins.left, margins.right))
      x = use(border, x)
    }
    let layer = layer(name, node, "\(padding)") { name in
      var values = ["kernel": kernel.transposed([2, 3, 1, 0])]
      values["bias"] = bias
      let layer = Conv2D(
        kernel.shape[0], kernelSize: window.kernel, strides: window.stride, padding: padding,
        dilation: window.dilation, groups: window.groups, useBias: bias != nil, name: name)
      return (layer, values)
    }
    try set(node, use(layer, x), .images)
  }

  mutating func transposedConvolution(_ node: ONNXModel.Node) throws(InterchangeError) {
    try allow(node, "kernel_shape", "strides", "dilations", "pads", "group", "output_padding")
    let x = try images(node)
    guard let (name, kernel) = try weight(node, 1), kernel.shape.count == 4 else {
      throw fault(node, "a kernel [in, out, height, width]", "another")
    }
    let bias = try weight(node, 2)?.tensor
    var window = try window(node, kernel: Array(kernel.shape[2...]))
    guard window.groups == 1 else { throw fault(node, "one group", "\(window.groups)") }
    window.padding = try margins(node, x, window)
    let added = try integers(node, "output_padding") ?? [0, 0]
    guard added.count == 2, added.allSatisfy({ $0 >= 0 && $0 < 1 << 10 }) else {
      throw fault(node, "two output paddings from 0", "\(added)")
    }
    @Sendable func extent(
      _ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ cut: Int, _ added: Int
    ) -> Int {
      (input - 1) * stride + (kernel - 1) * dilation + 1 - cut + added
    }
    let filters = kernel.shape[1]
    let parts = layer(name, node) { name in
      var values = ["kernel/value": kernel.transposed([2, 3, 1, 0])]
      values["bias/value"] = bias
      let weight = Weight(.glorotUniform, name: "kernel")
      let shift = bias.map { _ in Weight(.zeros, name: "bias") }
      let geometry = window
      let layer = Lambda(name: name) { x in
        guard x.isValid else { return x }
        let kernel = weight(
          shape: [geometry.kernel.height, geometry.kernel.width, filters, x.shape[3]], for: x)
        let height = extent(
          x.shape[1], geometry.kernel.height, geometry.stride.height, geometry.dilation.height,
          geometry.padding.top + geometry.padding.bottom, added[0])
        let width = extent(
          x.shape[2], geometry.kernel.width, geometry.stride.width, geometry.dilation.width,
          geometry.padding.left + geometry.padding.right, added[1])
        let result = [x.shape[0], height, width, filters]
        let y = x.graph.apply(.convolution(.inputGradient(geometry, inputShape: result)), [x, kernel])
        guard let shift else { return y }
        return y + shift(shape: [filters], for: x)
      }
      return (layer, values)
    }
    try set(node, use(parts, x), .images)
  }

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
    guard let (name, given) = try weight(node, 1), given.shape.count == 2, shape(x).count == 2 else {
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
    let readers = nodes.indices.filter { nodes[$0].inputs.contains(node.outputs.first ?? "") }
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
