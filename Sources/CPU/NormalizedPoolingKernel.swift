import CMartletKernels
import MartletCompilation

/// Normalisation, leaky ReLU, 2x2 max pooling and dropout in one pass, and the two passes of the way back.
struct NormalizedPoolingKernel: ImageKernel {
  private let step: NormalizedPoolingStep
  private let geometry: mk_normalized_pool
  private let dropout: DropoutDraws?
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
    dropout = step.dropout.map { DropoutDraws(rate: $0.rate, stream: $0.stream) }
    geometry = mk_normalized_pool(
      rows: Int32(shape[1]), columns: Int32(shape[2]), channels: Int32(shape[3]), slope: Float(step.slope),
      kept: dropout?.scale ?? 1)
    inverseOffset = scratch.reserve(Float.self, partials == nil ? 0 : shape[3])
  }

  private var channels: Int { Int(geometry.channels) }

  func begin(shard: Int, _ context: Context) {
    partials?.doubles(context, image: shard).update(repeating: 0, count: 2 * channels)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    var geometry = geometry
    switch step.part {
    case .forward: for image in images { pool(image, context) }
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

  private func pool(_ image: Int, _ context: Context) {
    var geometry = geometry
    let x = inputs[0].floats(context, image: image)
    let (scale, shift) = (inputs[1].floats(context), inputs[2].floats(context))
    let (y, mask) = (outputs[0].floats(context, image: image), outputs[1].bytes(context, image: image))
    let largest = outputs[2].floats(context, image: image)
    guard let dropout else {
      return kernels.normalize_pool(&geometry, x, scale, shift, nil, y, mask, largest)
    }
    let elements = Int(geometry.rows / 2) * Int(geometry.columns / 2) * channels
    var draws = dropout.draws(key: inputs[3].labels(context), first: image * elements)
    kernels.normalize_pool(&geometry, x, scale, shift, &draws, y, mask, largest)
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
