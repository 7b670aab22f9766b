import CMartletKernels
import MartletCompilation

/// Normalisation, leaky ReLU and 2x2 max pooling in one pass, and the two passes of the way back.
struct NormalizedPoolingKernel: ImageKernel {
  private let step: NormalizedPoolingStep
  private let geometry: mk_normalized_pool
  private let inputs: [Operand]
  private let outputs: [Operand]
  /// The shards' sums; nil where the step stores image by image.
  private let partials: Operand?
  private let inverseOffset: Int
  private let kernels = InstructionSet.kernels

  init(
    _ step: NormalizedPoolingStep, inputs: [Operand], outputs: [Operand], partials: Operand?,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    self.inputs = inputs
    self.outputs = outputs
    self.partials = partials
    let shape = step.imageShape
    geometry = mk_normalized_pool(
      rows: Int32(shape[1]), columns: Int32(shape[2]), channels: Int32(shape[3]), slope: Float(step.slope))
    inverseOffset = scratch.reserve(Float.self, partials == nil ? 0 : shape[3])
  }

  private var channels: Int { Int(geometry.channels) }

  func begin(shard: Int, _ context: Context) {
    partials?.doubles(context, image: shard).update(repeating: 0, count: 2 * channels)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    var geometry = geometry
    switch step.part {
    case .forward:
      let (scale, shift) = (inputs[1].floats(context), inputs[2].floats(context))
      for image in images {
        kernels.normalize_pool(
          &geometry, inputs[0].floats(context, image: image), scale, shift,
          outputs[0].floats(context, image: image), outputs[1].bytes(context, image: image))
      }
    case .gradientSums(let epsilon): addSums(images, shard, epsilon, context)
    case .inputGradient:
      let rows = (inputs[3].floats(context), inputs[4].floats(context), inputs[5].floats(context))
      for image in images {
        kernels.normalize_pool_gradient(
          &geometry, inputs[0].floats(context, image: image), inputs[1].bytes(context, image: image),
          inputs[2].floats(context, image: image), rows.0, rows.1, rows.2,
          outputs[0].floats(context, image: image))
      }
    }
  }

  private func addSums(_ images: Range<Int>, _ shard: Int, _ epsilon: Double, _ context: Context) {
    guard let partials else { return }
    var geometry = geometry
    let moments = inputs[3].floats(context)
    let inverse = (context.scratch + inverseOffset).assumingMemoryBound(to: Float.self)
    for channel in 0..<channels {
      inverse[channel] = 1 / (moments[channels + channel] + Float(epsilon)).squareRoot()
    }
    for image in images {
      kernels.normalize_pool_sums(
        &geometry, inputs[0].floats(context, image: image), inputs[1].bytes(context, image: image),
        inputs[2].floats(context, image: image), moments, inverse, partials.doubles(context, image: shard))
    }
  }
}
