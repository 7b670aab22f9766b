import MartletCompilation
import MartletGraphs

/// One kernel for each kind of step.
extension ExecutablePlan {
  mutating func flatKernel(_ step: Step) -> any FlatKernel {
    let inputs = zip(step.inputs, step.inputShapes).map { operand($0, $1, images: 0) }
    let outputs = zip(step.outputs, step.outputShapes).map { operand($0, $1, images: 0) }
    var own = ScratchLayout()
    defer { workerScratchBytes = max(workerScratchBytes, own.byteCount) }
    switch step.kind {
    case .matrix(let matrix):
      return MatrixKernel(Self.product(matrix, step, inputs), a: inputs[0], output: outputs[0])
    case .pointwise(let code):
      return PointwiseKernel(code, imagewise: false, inputs: inputs, outputs: outputs, scratch: &own)
    case .reduction(let op):
      let shape = step.inputShapes[0]
      return WholeReduction(
        reduction: Reduction(kind: op.kind, shape: shape, axes: op.axes),
        total: op.axes.reduce(1) { $0 * shape[$1] }, input: inputs[0], output: outputs[0])
    case .convolution, .kernelGradient, .inputGradient, .pooling, .structure, .normalization,
      .normalizedPooling, .normalizedGradient, .classification:
      preconditionFailure("\(step.kind.name) runs on images")
    }
  }

  /// The kernel of a small step that runs in a chain.
  mutating func chainKernel(_ step: Step) -> any FlatKernel {
    guard let images = step.flatImages else { return flatKernel(step) }
    var own = ScratchLayout()
    let shards = Shards(images: images, partialBytes: 0)
    let (kernel, completion) = imageKernel(step, images: images, shards: shards, kept: 0, scratch: &own)
    precondition(completion.isEmpty, "\(step.name) sums over a batch and cannot be chained")
    workerScratchBytes = max(workerScratchBytes, own.byteCount)
    return WholeKernel(kernel: kernel, images: images)
  }

  /// - Parameter kept: Where the step's `keptFloats` lie in scratch memory.
  mutating func imageKernel(
    _ step: Step, images: Int, shards: Shards, kept: Int, scratch: inout ScratchLayout
  ) -> (any ImageKernel, [any FlatKernel]) {
    if case .convolution(let conv) = step.kind {
      return (forward(conv, step, images: images, scratch: &scratch), [])
    }
    let inputs = zip(step.inputs, step.inputShapes).map { operand($0, $1, images: images) }
    let outputs = zip(step.outputs, step.outputShapes).map { operand($0, $1, images: images) }
    for output in step.outputs where step.partialBytes > 0 { touch(output, phaseIndex + 1) }
    switch step.kind {
    case .inputGradient(let conv, _):
      return (inputGradient(conv, step, dy: inputs[0], output: outputs[0], images: images, &scratch), [])
    case .kernelGradient(let conv, let shape):
      let layout = PartialLayout(conv, kernelShape: shape)
      let partials = partials(shards, bytes: layout.count * 4)
      let kernel = kernelGradient(conv, layout, inputs, partials: partials, kept: kept, &scratch)
      let finish = KernelGradientFinish(
        layout: layout, partials: partials, shards: shards.count, kernel: outputs[0],
        bias: conv.hasBias ? outputs[1] : nil, scratch: &scratch)
      return (kernel, [finish])
    case .pointwise(let code):
      return (PointwiseKernel(code, imagewise: true, inputs: inputs, outputs: outputs, scratch: &scratch), [])
    case .pooling(let op):
      let (image, result) = op.shapes(step)
      return (PoolingKernel(op, image: image, result: result, inputs: inputs, output: outputs[0]), [])
    case .structure(let op):
      let isWhole = images == 1 && !step.isImagewise
      return (
        CopyKernel(
          op, imagewise: !isWhole, shapes: step.inputShapes, result: step.outputShapes[0],
          element: program.buffers[step.outputs[0]].element, inputs: inputs, output: outputs[0]), []
      )
    case .classification(let op):
      let classes = step.inputShapes[0].count == 2 ? step.inputShapes[0][1] : 1
      let labels = op.labelInput.map { program.buffers[step.inputs[$0]].element } ?? .int32
      return (
        ClassificationKernel(
          op: op, classes: classes, labelElement: labels, inputs: inputs, output: outputs[0]), []
      )
    case .reduction(let op): return reductionKernel(op, step, inputs[0], outputs[0], shards)
    case .normalization(let op): return normalizationKernel(op, step, inputs, outputs[0], shards, &scratch)
    case .normalizedPooling(let pooling):
      return normalizedPoolingKernel(pooling, step, inputs, outputs, shards, &scratch)
    case .normalizedGradient(let gradient):
      return normalizedGradientKernel(gradient, step, inputs, outputs[0], shards, &scratch)
    case .matrix(let matrix):
      return (imageMatrix(matrix, step, inputs, output: outputs[0]), [])
    case .convolution: preconditionFailure("\(step.kind.name) has a kernel of its own")
    }
  }

  private static func product(_ matrix: MatrixStep, _ step: Step, _ inputs: [Operand]) -> MatrixProduct {
    MatrixProduct(matrix, shapes: step.inputShapes, b: inputs[1], bias: matrix.hasBias ? inputs[2] : nil)
  }

  /// A product image by image; a transposed matrix is packed, as turning it for a few rows would take longer than
  /// these.
  private mutating func imageMatrix(
    _ matrix: MatrixStep, _ step: Step, _ inputs: [Operand], output: Operand
  ) -> ImageMatrixKernel {
    guard matrix.transposeB else {
      return ImageMatrixKernel(product: Self.product(matrix, step, inputs), a: inputs[0], output: output)
    }
    let shape = [1, 1] + step.inputShapes[1]
    let product = MatrixProduct(
      matrix, shapes: step.inputShapes, b: weights(step.inputs[1], shape, .turnedRows, groups: 1),
      bias: matrix.hasBias ? inputs[2] : nil,
      packedAs: WeightPacking.blocks(order: .turnedRows, shape: shape, groups: 1))
    return ImageMatrixKernel(product: product, a: inputs[0], output: output)
  }

  private mutating func reductionKernel(
    _ op: ReductionOp, _ step: Step, _ input: Operand, _ output: Operand, _ shards: Shards
  ) -> (any ImageKernel, [any FlatKernel]) {
    let shape = step.inputShapes[0]
    let total = op.axes.reduce(1) { $0 * shape[$1] }
    let reduction = Reduction(
      kind: op.kind, shape: Array(shape.dropFirst()), axes: op.axes.filter { $0 > 0 }.map { $0 - 1 })
    guard op.axes.contains(0) else {
      return (ImageReduction(reduction: reduction, total: total, input: input, output: output), [])
    }
    let partials = partials(shards, bytes: step.partialBytes)
    let finish = BatchReductionFinish(
      reduction: reduction, total: total, shards: shards.count, partials: partials, output: output)
    return (BatchReduction(reduction: reduction, input: input, partials: partials), [finish])
  }

  private mutating func normalizedPoolingKernel(
    _ pooling: NormalizedPoolingStep, _ step: Step, _ inputs: [Operand], _ outputs: [Operand],
    _ shards: Shards, _ scratch: inout ScratchLayout
  ) -> (any ImageKernel, [any FlatKernel]) {
    let partials = pooling.sumsOverBatch ? partials(shards, bytes: step.partialBytes) : nil
    let kernel = NormalizedPoolingKernel(
      pooling, inputs: inputs, outputs: outputs, partials: partials, scratch: &scratch)
    guard let partials else { return (kernel, []) }
    let finish = BatchStatisticsFinish(
      channels: pooling.imageShape[3], count: nil, shards: shards.count, partials: partials,
      output: outputs[0], scratch: &scratch)
    return (kernel, [finish])
  }

  private mutating func normalizedGradientKernel(
    _ gradient: NormalizedGradientStep, _ step: Step, _ inputs: [Operand], _ output: Operand,
    _ shards: Shards, _ scratch: inout ScratchLayout
  ) -> (any ImageKernel, [any FlatKernel]) {
    let partials = gradient.sumsOverBatch ? partials(shards, bytes: step.partialBytes) : nil
    let kernel = NormalizedGradientKernel(
      gradient, inputs: inputs, output: partials ?? output, scratch: &scratch)
    guard let partials else { return (kernel, []) }
    let finish = BatchStatisticsFinish(
      channels: gradient.shape[gradient.shape.count - 1], count: nil, shards: shards.count,
      partials: partials, output: output, scratch: &scratch)
    return (kernel, [finish])
  }

  private mutating func normalizationKernel(
    _ op: NormalizationOp, _ step: Step, _ inputs: [Operand], _ output: Operand, _ shards: Shards,
    _ scratch: inout ScratchLayout
  ) -> (any ImageKernel, [any FlatKernel]) {
    let shape = step.inputShapes[0]
    let channels = shape[shape.count - 1]
    let pixels = shape.dropFirst().dropLast().reduce(1, *)
    switch op {
    case .localResponse(let attributes), .localResponseGradient(let attributes):
      return (
        LocalResponseKernel(
          attributes: attributes, channels: channels, rows: pixels, inputs: inputs, output: output), []
      )
    case .batchMoments, .batchGradientSums:
      let partials = partials(shards, bytes: step.partialBytes)
      var epsilon = 0.0
      if case .batchGradientSums(let value) = op { epsilon = value }
      let kernel = BatchStatistics(
        inputs: inputs, epsilon: epsilon, channels: channels, pixels: pixels, partials: partials,
        scratch: &scratch)
      let finish = BatchStatisticsFinish(
        channels: channels, count: op == .batchMoments ? shape.dropLast().reduce(1, *) : nil,
        shards: shards.count,
        partials: partials, output: output, scratch: &scratch)
      return (kernel, [finish])
    case .batchNormalize, .batchInputGradient: preconditionFailure("\(op.name) was taken apart before")
    }
  }
}
