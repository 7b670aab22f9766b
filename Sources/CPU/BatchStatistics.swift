import CMartletKernels

/// Sums over the batch for batch normalisation, in double precision: Σx and Σx², or Σdy and Σdy·x̂.
struct BatchStatistics: ImageKernel {
  /// x, or dy, x and moments for the gradient's sums.
  private let inputs: [Operand]
  private let epsilon: Double
  private let channels: Int
  private let pixels: Int
  private let partials: Operand
  private let scaleOffset: Int
  private let kernels = InstructionSet.kernels

  init(
    inputs: [Operand], epsilon: Double, channels: Int, pixels: Int, partials: Operand,
    scratch: inout ScratchLayout
  ) {
    self.inputs = inputs
    self.epsilon = epsilon
    self.channels = channels
    self.pixels = pixels
    self.partials = partials
    scaleOffset = scratch.reserve(Float.self, inputs.count == 1 ? 0 : channels)
  }

  func begin(shard: Int, _ context: Context) {
    partials.doubles(context, image: shard).update(repeating: 0, count: 2 * channels)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let sums = partials.doubles(context, image: shard)
    if inputs.count == 1 {
      for image in images {
        kernels.moment_sums(inputs[0].floats(context, image: image), pixels, Int32(channels), sums)
      }
      return
    }
    let moments = inputs[2].floats(context)
    let scale = (context.scratch + scaleOffset).assumingMemoryBound(to: Float.self)
    for channel in 0..<channels {
      scale[channel] = 1 / (moments[channels + channel] + Float(epsilon)).squareRoot()
    }
    for image in images {
      kernels.norm_gradient_sums(
        inputs[0].floats(context, image: image), inputs[1].floats(context, image: image), moments, scale,
        nil, pixels, Int32(channels), sums)
    }
  }
}

/// Adds the shards' sums in a fixed tree and stores `[2, C]`: mean and population variance, or the two sums.
struct BatchStatisticsFinish: FlatKernel {
  let channels: Int
  /// Elements of a channel in the whole batch; nil to store the sums themselves.
  let count: Int?
  let shards: Int
  let partials: Operand
  let output: Operand
  let sumOffset: Int
  let taskCount = 1

  init(
    channels: Int, count: Int?, shards: Int, partials: Operand, output: Operand, scratch: inout ScratchLayout
  ) {
    self.channels = channels
    self.count = count
    self.shards = shards
    self.partials = partials
    self.output = output
    sumOffset = scratch.reserve(Double.self, 2 * channels)
  }

  func run(task: Int, _ context: Context) {
    let sums = (context.scratch + sumOffset).assumingMemoryBound(to: Double.self)
    let out = output.floats(context)
    InstructionSet.kernels.sum_partials_double(
      partials.doubles(context), Int32(shards), partials.imageStride / MemoryLayout<Double>.stride,
      2 * channels, sums)
    for channel in 0..<channels {
      let (first, second) = (sums[channel], sums[channels + channel])
      if let count {
        let mean = first / Double(count)
        // Rounding may make a variance negative; a NaN still shows in the mean.
        out[channel] = Float(mean)
        out[channels + channel] = Float(max(0, second / Double(count) - mean * mean))
      } else {
        out[channel] = Float(first)
        out[channels + channel] = Float(second)
      }
    }
  }
}
