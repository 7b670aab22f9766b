import MartletGraphs

extension RandomConvolution {
  /// Draws a convolution of each channel on its own: kernels of 1 to 7, strides of 1 to 3, dilations of 1 to 3,
  /// any padding, mostly one result for each channel.
  package init(depthwiseSeed seed: Int, work: Int = 200_000) {
    var draws = Draws(seed: Hash.seed("random depthwise convolution \(seed)"))
    self.seed = seed
    takesBytes = draws.below(8) == 0
    let kernel = draws.below(2) == 0 ? Extent(3) : Extent(draws.between(1, 7), draws.between(1, 7))
    let stride = draws.below(2) == 0 ? Extent(1) : Extent(draws.between(1, 3), draws.between(1, 3))
    let dilation = draws.below(4) == 0 ? Extent(draws.between(1, 3), draws.between(1, 3)) : Extent(1)
    let whole = draws.below(3) == 0
    channels =
      takesBytes ? draws.between(2, 4) : whole ? draws.element([8, 16, 32, 64]) : draws.between(2, 67)
    filters = channels * (draws.below(4) == 0 ? draws.between(2, 9) : 1)
    images = draws.below(3) == 0 ? draws.between(1, 40) : draws.between(1, 6)
    let side = max(
      1, Int((Double(work) / Double(images * filters * kernel.height * kernel.width)).squareRoot()))
    func extent(_ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      (kernel - 1) * dilation + 1 + draws.between(0, max(1, min(side * stride, 33)))
    }
    size = Extent(
      extent(kernel.height, stride.height, dilation.height),
      extent(kernel.width, stride.width, dilation.width))
    let padding: Margins =
      switch draws.below(4) {
      case 0: Margins()
      case 1:
        Margins(
          top: draws.between(0, kernel.height), left: draws.between(0, kernel.width),
          bottom: draws.between(0, kernel.height), right: draws.between(0, kernel.width))
      default: Padding.same.margins(input: size, kernel: kernel, stride: stride, dilation: dilation)
      }
    window = ConvolutionWindow(
      kernel: kernel, stride: stride, dilation: dilation, padding: padding, groups: channels)
    let follower = draws.element(Follower.allCases)
    let positions = images * size.height * size.width / (stride.height * stride.width)
    self.follower = follower.normalizes && positions < 64 ? .biasTanh : follower
  }
}
