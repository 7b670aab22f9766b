import MartletCompilation
import MartletGraphs

extension Step {
  /// For a step of a flat region that still runs image by image: the number of its images.
  ///
  /// This happens where a value that is no batch (a parameter, say) is convolved, pooled or normalised.
  var flatImages: Int? {
    switch kind {
    case .matrix, .pointwise, .reduction: nil
    case .structure: 1
    case .convolution(let step): step.imageShape[0]
    case .kernelGradient(let step, _): step.imageShape[0]
    case .inputGradient(let step, _): step.imageShape[0]
    case .pooling, .normalization, .normalizedPooling, .normalizedGradient,
      .classification:
      inputShapes[0][0]
    }
  }

  /// The images that a convolution wants together, as they share each block of a large kernel.
  var imagesTogether: Int {
    switch kind {
    case .convolution(let step):
      let shape = inputShapes[step.sourceCount]
      switch ConvolutionAlgorithm(step, .forward) {
      case .winograd:
        return Winograd.images(
          taps: step.window.kernel.height, channels: step.imageShape[3], result: step.resultShape)
      case .tiny, .sparse, .direct: return FilterBlocks.imagesTogether(.forward, shape, step)
      case .depthwise: return 1
      }
    case .kernelGradient(let step, let shape):
      switch ConvolutionAlgorithm(step, .kernelGradient) {
      case .winograd:
        return Winograd.images(
          taps: step.window.kernel.height, channels: step.imageShape[3], result: step.resultShape)
      case .tiny, .sparse, .direct: return FilterBlocks.imagesTogether(.forward, shape, step)
      case .depthwise: return 1
      }
    case .inputGradient(let step, _):
      switch ConvolutionAlgorithm(step, .inputGradient) {
      case .winograd:
        return Winograd.images(
          taps: step.window.kernel.height, channels: step.resultShape[3], result: step.imageShape)
      case .tiny, .sparse, .direct:
        return FilterBlocks.imagesTogether(DirectInputGradient.order(step), inputShapes[1], step)
      case .depthwise: return 1
      }
    case .matrix, .pointwise, .pooling, .reduction, .structure, .normalization, .normalizedPooling,
      .normalizedGradient, .classification:
      return 1
    }
  }

  /// Floats of scratch memory that the step keeps from one chunk of a shard to the next.
  var keptFloats: Int {
    guard case .kernelGradient(let step, let shape) = kind else { return 0 }
    return PartialLayout(step, kernelShape: shape).keptFloats
  }

  /// Bytes of one shard's partial sums; 0 where the step stores image by image.
  var partialBytes: Int {
    switch kind {
    case .kernelGradient(let step, let shape):
      PartialLayout(step, kernelShape: shape).count * 4
    case .reduction(let op): op.axes.contains(0) ? outputShapes[0].reduce(4, *) : 0
    case .normalization(.batchMoments), .normalization(.batchGradientSums):
      outputShapes[0].reduce(MemoryLayout<Double>.stride, *)
    case .normalizedPooling(let step): step.sumsOverBatch ? outputShapes[0].reduce(8, *) : 0
    case .normalizedGradient(let step): step.sumsOverBatch ? outputShapes[0].reduce(8, *) : 0
    case .normalization, .convolution, .inputGradient, .matrix, .pointwise, .pooling, .structure,
      .classification:
      0
    }
  }
}

extension FilterBlocks {
  /// The images that share each block of a kernel.
  fileprivate static func imagesTogether(
    _ order: WeightPacking.Order, _ shape: [Int], _ step: ConvolutionStep
  ) -> Int {
    WeightPacking.blocks(order: order, shape: shape, groups: step.window.groups).count > 1 ? images : 1
  }
}

extension PoolingOp {
  /// The shapes before and after pooling, from a step's operands.
  func shapes(_ step: Step) -> (image: [Int], result: [Int]) {
    switch self {
    case .max, .average: (step.inputShapes[0], step.outputShapes[0])
    case .maxGradient: (step.inputShapes[0], step.inputShapes[1])
    case .averageGradient: (step.outputShapes[0], step.inputShapes[0])
    }
  }
}
