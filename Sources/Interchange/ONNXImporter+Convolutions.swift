import MartletGraphs
import MartletNetworks
import MartletTensors

/// Convolutions and what they share with pooling: windows and paddings.
extension ONNXImporter {
  /// A convolution's weights, of at least one element.
  private func kernel(
    _ node: ONNXModel.Node, _ axes: String
  ) throws(InterchangeError) -> (name: String, tensor: Tensor<Float>) {
    let found = try weight(node, 1)
    guard let found, found.tensor.shape.count == 4, found.tensor.count > 0 else {
      throw fault(node, "a kernel \(axes)", found.map { "shape \($0.tensor.shape)" } ?? "none")
    }
    return found
  }

  /// The four paddings, as rows and columns.
  func margins(
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

  func window(
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
    let (name, kernel) = try kernel(node, "[out, in, height, width]")
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
    try allow(node, "kernel_shape", "strides", "dilations", "pads", "group", "output_padding", "auto_pad")
    let x = try images(node)
    let (name, kernel) = try kernel(node, "[in, out, height, width]")
    let bias = try weight(node, 2)?.tensor
    var window = try window(node, kernel: Array(kernel.shape[2...]))
    guard window.groups == 1 else { throw fault(node, "one group", "\(window.groups)") }
    let automatic = try text(node, "auto_pad", default: "NOTSET")
    guard automatic == "NOTSET" else { throw fault(node, "the padding NOTSET", automatic) }
    window.padding = try margins(node, x, window)
    let added = try integers(node, "output_padding") ?? [0, 0]
    // More would leave rows that no pixel reaches; ONNX Runtime takes no such file either.
    guard added.count == 2, added[0] >= 0, added[1] >= 0, added[0] < window.stride.height,
      added[1] < window.stride.width
    else {
      throw fault(node, "two output paddings from 0, below the strides \(window.stride)", "\(added)")
    }
    let geometry = window
    @Sendable func result(_ input: [Int]) -> Extent {
      func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ cut: Int) -> Int {
        (input - 1) * stride + (kernel - 1) * dilation + 1 - cut
      }
      let (kernel, stride, dilation) = (geometry.kernel, geometry.stride, geometry.dilation)
      let cut = geometry.padding
      return Extent(
        extent(input[1], kernel.height, stride.height, dilation.height, cut.top + cut.bottom) + added[0],
        extent(input[2], kernel.width, stride.width, dilation.width, cut.left + cut.right) + added[1])
    }
    let size = result(shape(x))
    guard size.height > 0, size.width > 0 else {
      throw fault(node, "a result of at least one pixel", "\(size)")
    }
    let filters = kernel.shape[1]
    let parts = layer(name, node) { name in
      var values = ["kernel/value": kernel.transposed([2, 3, 1, 0])]
      values["bias/value"] = bias
      let weight = Weight(.glorotUniform, name: "kernel")
      let shift = bias.map { _ in Weight(.zeros, name: "bias") }
      let layer = Lambda(name: name) { x in
        guard x.isValid else { return x }
        let kernel = weight(
          shape: [geometry.kernel.height, geometry.kernel.width, filters, x.shape[3]], for: x)
        let size = result(x.shape)
        let result = [x.shape[0], size.height, size.width, filters]
        let y = x.graph.apply(.convolution(.inputGradient(geometry, inputShape: result)), [x, kernel])
        guard let shift else { return y }
        return y + shift(shape: [filters], for: x)
      }
      return (layer, values)
    }
    try set(node, use(parts, x), .images)
  }
}
