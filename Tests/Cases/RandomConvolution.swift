import MartletGraphs

/// A convolution of random geometry with what may follow it, drawn from a seed.
///
/// Kernels of 1 to 7, strides of 1 to 3, 1 to 67 channels, odd maps, batches of 1 to 70: what no table of
/// hand-made cases covers. The work is bounded, because the reference computes it too.
package struct RandomConvolution: Sendable, CustomStringConvertible {
  /// What the convolution's result goes through.
  package enum Follower: String, CaseIterable, Sendable {
    case nothing, bias, biasReLU, biasReLUPool, biasPool, biasReLUOverlappingPool, biasLeakyReLUPool
    case reLUAveragePool
    /// Smooth, so no rounding decides a comparison.
    case biasTanh, batchNormalization, batchNormalizationSigmoid

    /// Whether whole operands give whole results, or dyadic fractions.
    package var isExactOnWholeNumbers: Bool {
      switch self {
      case .biasTanh: false
      default: !normalizes
      }
    }

    package var normalizes: Bool { self == .batchNormalization || self == .batchNormalizationSigmoid }

    /// Whether a rounding can decide which of two cells gets the gradient.
    package var hasKinks: Bool {
      switch self {
      case .nothing, .bias, .biasTanh: false
      default: !normalizes
      }
    }
  }

  package let seed: Int
  package let images: Int
  package let size: Extent
  package let channels: Int
  package let filters: Int
  package let window: ConvolutionWindow
  package let follower: Follower
  /// Bytes that are rescaled, as at a network's head, instead of numbers with a gradient.
  package let takesBytes: Bool

  /// Draws a geometry whose forward pass is at most about `work` multiplications.
  package init(seed: Int, work: Int = 2_000_000) {
    var draws = Draws(seed: Hash.seed("random convolution \(seed)"))
    self.seed = seed
    takesBytes = draws.below(4) == 0
    let follower = draws.element(Follower.allCases)
    let (kernel, stride) = draws.kernelAndStride()
    let dilation = draws.below(8) == 0 ? Extent(draws.between(1, 2), draws.between(1, 2)) : Extent(1)
    var channels = takesBytes ? draws.between(1, 4) : draws.between(1, 67)
    var filters = draws.between(1, 67)
    if draws.below(3) == 0 {  // the widths of real networks
      channels = takesBytes ? draws.element([1, 3]) : draws.element([8, 16, 32, 64])
      filters = draws.element([8, 16, 32, 64])
    }
    var groups = 1
    if draws.below(6) == 0 {
      groups = draws.element((1...channels).filter { channels % $0 == 0 })
      filters = groups * draws.between(1, max(1, 67 / groups))
    }
    images = draws.below(3) == 0 ? draws.between(1, 70) : draws.between(1, 6)
    let each = images * channels / groups * filters * kernel.height * kernel.width
    self.channels = channels
    self.filters = filters
    var window = ConvolutionWindow(kernel: kernel, stride: stride, dilation: dilation, groups: groups)
    size = draws.place(&window, work: Double(work) / Double(each))
    self.window = window
    self.follower = Self.follower(follower, images: images, size: size, stride: stride)
  }

  /// Draws a convolution of each channel on its own: kernels of 1 to 7, strides of 1 to 3, dilations of 1 to 3,
  /// any padding, mostly one result for each channel.
  package init(depthwiseSeed seed: Int, work: Int = 200_000) {
    var draws = Draws(seed: Hash.seed("random depthwise convolution \(seed)"))
    self.seed = seed
    takesBytes = draws.below(8) == 0
    let (kernel, stride) = draws.kernelAndStride()
    let dilation = draws.below(4) == 0 ? Extent(draws.between(1, 3), draws.between(1, 3)) : Extent(1)
    let whole = draws.below(3) == 0
    channels =
      takesBytes ? draws.between(2, 4) : whole ? draws.element([8, 16, 32, 64]) : draws.between(2, 67)
    filters = channels * (draws.below(4) == 0 ? draws.between(2, 9) : 1)
    images = draws.below(3) == 0 ? draws.between(1, 40) : draws.between(1, 6)
    var window = ConvolutionWindow(kernel: kernel, stride: stride, dilation: dilation, groups: channels)
    size = draws.place(
      &window, work: Double(work) / Double(images * filters * kernel.height * kernel.width))
    self.window = window
    follower = Self.follower(draws.element(Follower.allCases), images: images, size: size, stride: stride)
  }

  /// Draws many filters, 128 to 904, with kernels of 3 to 11 and mostly few channels: kernels that no cache holds
  /// are worked on in blocks.
  package init(wideSeed seed: Int, work: Int = 2_000_000) {
    var draws = Draws(seed: Hash.seed("random wide convolution \(seed)"))
    self.seed = seed
    takesBytes = draws.below(4) == 0
    channels = takesBytes || draws.below(3) > 0 ? draws.between(1, 4) : draws.between(5, 40)
    filters = draws.below(4) == 0 ? draws.between(128, 400) : 8 * draws.between(16, 113)
    images = draws.between(1, 4)
    var window = ConvolutionWindow(
      kernel: Extent(draws.between(3, 11), draws.between(3, 11)), stride: Extent(draws.below(4) == 0 ? 2 : 1))
    let each = images * channels * filters * window.kernel.height * window.kernel.width
    size = draws.place(&window, work: Double(work) / Double(each))
    self.window = window
    let drawn = draws.below(2) == 0 ? .biasReLUPool : draws.element(Follower.allCases)
    follower = Self.follower(drawn, images: images, size: size, stride: window.stride)
  }

  /// Of two values a channel, batch normalization leaves ±1 and gradients that cancel to rounding.
  private static func follower(_ drawn: Follower, images: Int, size: Extent, stride: Extent) -> Follower {
    let positions = images * size.height * size.width / (stride.height * stride.width)
    return drawn.normalizes && positions < 64 ? .biasTanh : drawn
  }

  package var description: String {
    "#\(seed): \(images)x\(size)x\(channels)\(takesBytes ? " bytes" : "") > \(filters), \(window), \(follower)"
  }

  /// The case: operands whose numbers depend on the seed too, and the graph.
  ///
  /// - Parameter draw: Another draw of the numbers of the same geometry.
  package func opCase(draw: Int = 0, forward: Closeness, gradient: Closeness) -> OpCase {
    func name(_ operand: String) -> String { "\(operand) \(seed).\(draw)" }
    let shape = [images, size.height, size.width, channels]
    let kernel = [window.kernel.height, window.kernel.width, channels / window.groups, filters]
    let operands: [CaseOperand] = [
      takesBytes ? .data(name("images"), shape, .bytes, .uint8) : .input(name("images"), shape),
      .parameter(name("kernel"), kernel), .parameter(name("bias"), [filters]),
      .parameter(name("gamma"), [filters], .positive),
    ]
    let used = operands.prefix(
      follower == .nothing || follower == .reLUAveragePool ? 2 : follower.normalizes ? 4 : 3)
    return OpCase(description, Array(used), forward: forward, gradient: gradient) { graph, values in
      let x = takesBytes ? values[0].toFloat() * (1 / 128) - graph.constant(1) : values[0]
      return follow(graph.apply(.convolution(.forward(window)), [x, values[1]]), values)
    }
  }

  private func follow(_ y: Value, _ values: [Value]) -> Value {
    func pool(_ x: Value, size: Int = 2, stride: Int = 2, isMaximum: Bool = true) -> Value {
      guard x.shape[1] >= size, x.shape[2] >= size else { return x }
      let window = PoolingWindow(size: Extent(size), stride: Extent(stride))
      return x.graph.apply(.pooling(isMaximum ? .max(window) : .average(window)), [x])
    }
    func normalized() -> Value {
      let moments = y.graph.apply(.normalization(.batchMoments), [y])
      return y.graph.apply(
        .normalization(.batchNormalize(epsilon: 1e-3)), [y, moments, values[3], values[2]])
    }
    switch follower {
    case .nothing: return y
    case .bias: return y + values[2]
    case .biasReLU: return (y + values[2]).relu()
    case .biasReLUPool: return pool((y + values[2]).relu())
    case .biasPool: return pool(y + values[2])
    case .biasReLUOverlappingPool: return pool((y + values[2]).relu(), size: 3)
    case .biasLeakyReLUPool: return pool((y + values[2]).leakyReLU(slope: 0.25))
    case .reLUAveragePool: return pool(y.relu(), isMaximum: false)
    // A small factor: a saturated tanh would hide everything.
    case .biasTanh: return ((y + values[2]) * 0.0625).tanh()
    case .batchNormalization: return normalized()
    case .batchNormalizationSigmoid: return normalized().sigmoid()
    }
  }
}

extension Draws {
  /// Half of the kernels are 3x3, the size that has most algorithms, and half of the strides 1.
  fileprivate mutating func kernelAndStride() -> (kernel: Extent, stride: Extent) {
    let kernel = below(2) == 0 ? Extent(3) : Extent(between(1, 7), between(1, 7))
    return (kernel, below(2) == 0 ? Extent(1) : Extent(between(1, 3), between(1, 3)))
  }

  /// Draws the image's size and the window's padding.
  ///
  /// - Parameter work: About the positions that a kernel may have.
  fileprivate mutating func place(_ window: inout ConvolutionWindow, work: Double) -> Extent {
    let (kernel, stride, dilation) = (window.kernel, window.stride, window.dilation)
    let side = max(1, Int(work.squareRoot()))
    func extent(_ kernel: Int, _ stride: Int, _ dilation: Int, _ draws: inout Draws) -> Int {
      // Two windows at least in most draws, so that pools have something to choose from.
      (kernel - 1) * dilation + 1 + draws.between(0, max(1, min(side * stride, 33)))
    }
    let height = extent(kernel.height, stride.height, dilation.height, &self)
    let size = Extent(height, extent(kernel.width, stride.width, dilation.width, &self))
    switch below(4) {
    case 0: break
    case 1:
      window.padding = Margins(
        top: between(0, kernel.height), left: between(0, kernel.width), bottom: between(0, kernel.height),
        right: between(0, kernel.width))
    default:
      window.padding = Padding.same.margins(input: size, kernel: kernel, stride: stride, dilation: dilation)
    }
    return size
  }
}

/// Draws in order from the fixed hash.
struct Draws {
  let seed: UInt64
  private var count = 0

  init(seed: UInt64) { self.seed = seed }

  mutating func below(_ bound: Int) -> Int {
    defer { count += 1 }
    return Int(Hash.word(seed, count) >> 32) % bound
  }

  mutating func between(_ least: Int, _ most: Int) -> Int { least + below(most - least + 1) }

  mutating func element<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
