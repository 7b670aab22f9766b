import MartletGraphs

extension LayerScope {
  /// Requires a window that can be placed.
  package func requireWindow(
    kernel: Extent, strides: Extent, dilation: Extent, padding: Padding
  ) throws(ModelError) {
    try requirePositive(kernel, "kernel")
    try requirePositive(strides, "stride")
    try requirePositive(dilation, "dilation")
    try requireValid(padding)
  }

  /// Requires at least one filter.
  package func requireFilters(_ filters: Int) throws(ModelError) {
    try require(
      filters > 0, "a positive number of filters", received: "\(filters)",
      hint: "It is the number of output channels.")
  }

  /// The convolution of images `[N, H, W, C]` with a kernel `[kh, kw, C / groups, K]`.
  package func convolution(
    _ x: Value, _ kernel: Value, size: Extent, strides: Extent = 1, padding: Padding = .valid,
    dilation: Extent = 1, groups: Int = 1
  ) -> Value {
    guard x.isValid else { return x }
    let margins = padding.margins(
      input: Extent(x.shape[1], x.shape[2]), kernel: size, stride: strides, dilation: dilation)
    let window = ConvolutionWindow(
      kernel: size, stride: strides, dilation: dilation, padding: margins, groups: groups)
    return graph.apply(.convolution(.forward(window)), [x, kernel])
  }
}
