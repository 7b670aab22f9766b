import CMartletKernels
import MartletCompilation

/// The two passes back through a normalisation and its rectifier, which read x instead of the rectifier's
/// gradient.
struct NormalizedGradientKernel: ImageKernel {
  private let step: NormalizedGradientStep
  private let inputs: [Operand]
  /// The shards' sums, or dx.
  private let output: Operand
  private let channels: Int
  private let pixels: Int
  private let inverseOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter output: Where the shards' sums go, or dx.
  init(
    _ step: NormalizedGradientStep, inputs: [Operand], output: Operand, scratch: inout ScratchLayout
  ) {
    self.step = step
    self.inputs = inputs
    self.output = output
    channels = step.shape[step.shape.count - 1]
    pixels = step.shape.dropFirst().dropLast().reduce(1, *)
    inverseOffset = scratch.reserve(Float.self, step.sumsOverBatch ? channels : 0)
  }

  func begin(shard: Int, _ context: Context) {
    guard step.sumsOverBatch else { return }
    output.doubles(context, image: shard).update(repeating: 0, count: 2 * channels)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    var sign = mk_rectifier(
      scale: inputs[2].floats(context), shift: inputs[3].floats(context), slope: Float(step.slope))
    switch step.part {
    case .sums(let epsilon):
      let moments = inputs[4].floats(context)
      let inverse = (context.scratch + inverseOffset).assumingMemoryBound(to: Float.self)
      for channel in 0..<channels {
        inverse[channel] = 1 / (moments[channels + channel] + Float(epsilon)).squareRoot()
      }
      for image in images {
        kernels.norm_gradient_sums(
          inputs[0].floats(context, image: image), inputs[1].floats(context, image: image), moments, inverse,
          &sign, pixels, Int32(channels), output.doubles(context, image: shard))
      }
    case .input:
      let (first, second) = (inputs[4].floats(context), inputs[5].floats(context))
      for image in images {
        kernels.rectified_norm_gradient(
          inputs[0].floats(context, image: image), inputs[1].floats(context, image: image), &sign, first,
          second, pixels, Int32(channels), output.floats(context, image: image))
      }
    }
  }
}
