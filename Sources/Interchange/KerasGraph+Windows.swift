import MartletGraphs
import MartletTensors

/// Convolutions, products and pooling.
extension KerasGraph {
  /// The padding in Keras's words; nil where it has none for these margins.
  private func padding(
    _ margins: Margins, _ source: Int, _ kernel: Extent, _ stride: Extent, _ dilation: Extent = 1
  ) -> JSON? {
    if margins.isZero { return "valid" }
    let shape = graph.nodes[source].shape
    let same = Padding.same.margins(
      input: Extent(shape[1], shape[2]), kernel: kernel, stride: stride, dilation: dilation)
    return margins == same ? "same" : nil
  }

  mutating func pool(
    _ type: String, _ window: PoolingWindow, _ source: Int, _ id: Int
  ) throws(InterchangeError) {
    let countsZeros = window.countsPadding && !window.padding.isZero
    let padding = countsZeros ? "valid" : padding(window.padding, source, window.size, window.stride)
    // A border of zeros would not do: the greatest of negative numbers, the mean of fewer.
    guard let padding else { throw unsupported(id) }
    let settings = [("pool_size", pair(window.size)), ("strides", pair(window.stride)), ("padding", padding)]
    add(
      KerasLayers.Kind(type: type, settings: settings), id,
      [countsZeros ? bordered(source, window.padding, for: id) : output(source)])
  }

  /// Appends a convolution or product with its bias as the value `id`.
  mutating func product(_ node: Graph.Node, _ id: Int, bias: Int?) throws(InterchangeError) {
    let source = node.inputs[0]
    guard let kernel = weight(node.inputs[1]) else { throw unsupported(id) }
    let variables = [kernel] + (bias.flatMap { weight($0) }.map { [$0] } ?? [])
    let common: [(String, JSON)] = [("activation", "linear"), ("use_bias", .bool(variables.count == 2))]
    switch node.op {
    case .matrix(.multiply(false, false)):
      let settings = [("units", JSON.integer(kernel.shape[1]))] + common
      add(KerasLayers.Kind(type: "Dense", settings: settings, variables: variables), id, [output(source)])
    case .convolution(.forward(let window)):
      try convolution(window, source, id, common, variables)
    case .source, .convolution, .pooling, .matrix, .pointwise, .reduction, .structure, .normalization,
      .classification, .random:
      throw unsupported(id)
    }
  }

  private mutating func convolution(
    _ window: ConvolutionWindow, _ source: Int, _ id: Int, _ common: [(String, JSON)],
    _ variables: [Tensor<Float>]
  ) throws(InterchangeError) {
    let (stride, dilation) = (window.stride, window.dilation)
    guard max(stride.height, stride.width) == 1 || max(dilation.height, dilation.width) == 1 else {
      throw unsupported(
        id, expected: "strides or dilations of 1, as Keras takes no others together",
        received: "strides \(stride) and dilations \(dilation)")
    }
    let padding = padding(window.padding, source, window.kernel, stride, dilation)
    let settings: [(String, JSON)] = [
      ("filters", .integer(variables[0].shape[3])), ("kernel_size", pair(window.kernel)),
      ("strides", pair(stride)), ("padding", padding ?? "valid"), ("dilation_rate", pair(dilation)),
      ("groups", .integer(window.groups)),
    ]
    add(
      KerasLayers.Kind(type: "Conv2D", settings: settings + common, variables: variables), id,
      [padding == nil ? bordered(source, window.padding, for: id) : output(source)])
  }
}
