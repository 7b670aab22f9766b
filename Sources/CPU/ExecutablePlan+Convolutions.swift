import MartletCompilation
import MartletGraphs

/// The kernel type that `ConvolutionAlgorithm` selects for a convolution and its gradients.
extension ExecutablePlan {
  /// A convolution; where its weights are read packed the kernel itself is no operand.
  mutating func forward(
    _ conv: ConvolutionStep, _ step: Step, images: Int, scratch: inout ScratchLayout
  ) -> any DivisibleConvolution {
    let kernel = conv.sourceCount
    let image = (0..<kernel).map { operand(step.inputs[$0], step.inputShapes[$0], images: images) }
    let bias =
      conv.hasBias ? operand(step.inputs[kernel + 1], step.inputShapes[kernel + 1], images: images) : nil
    let outputs = zip(step.outputs, step.outputShapes).map { operand($0, $1, images: images) }
    let (buffer, shape) = (step.inputs[kernel], step.inputShapes[kernel])
    let read: Operand
    switch ConvolutionAlgorithm(conv, .forward) {
    case .depthwise:
      return DepthwiseForward(
        conv, inputs: image, weights: operand(buffer, shape, images: 0), bias: bias, output: outputs[0],
        scratch: &scratch)
    case .tiny: read = operand(buffer, shape, images: 0)
    case .winograd: read = weights(buffer, shape, .winograd, groups: conv.window.groups)
    case .direct: read = weights(buffer, shape, .forward, groups: conv.window.groups)
    case .sparse: preconditionFailure("only gradients are sparse")
    }
    return ConvolutionForward(
      conv, inputs: image, weights: read, bias: bias, output: outputs[0],
      mask: conv.isPooled && conv.keepsMask ? outputs[1] : nil, scratch: &scratch)
  }

  mutating func inputGradient(
    _ conv: ConvolutionStep, _ step: Step, dy: Operand, output: Operand, images: Int,
    _ scratch: inout ScratchLayout
  ) -> any ImageKernel {
    let mask = conv.isPooled ? operand(step.inputs[2], step.inputShapes[2], images: images) : nil
    func packed(_ plan: inout ExecutablePlan, _ order: WeightPacking.Order) -> Operand {
      plan.weights(step.inputs[1], step.inputShapes[1], order, groups: conv.window.groups)
    }
    switch ConvolutionAlgorithm(conv, .inputGradient) {
    case .depthwise:
      let weights = operand(step.inputs[1], step.inputShapes[1], images: 0)
      return DepthwiseInputGradient(conv, dy: dy, weights: weights, output: output, scratch: &scratch)
    case .winograd:
      return WinogradInputGradient(
        conv, dy: dy, weights: packed(&self, .turnedWinograd), output: output, scratch: &scratch)
    case .sparse:
      guard let mask else { preconditionFailure("a sparse gradient is that of a pooled convolution") }
      return SparseInputGradient(
        conv, dy: dy, weights: packed(&self, .byFilter), mask: mask, output: output, scratch: &scratch)
    case .direct:
      return DirectInputGradient(
        conv, dy: dy, weights: packed(&self, DirectInputGradient.order(conv)), mask: mask, output: output,
        scratch: &scratch)
    case .tiny: preconditionFailure("no gradient of an input is tiny")
    }
  }

  /// - Parameters:
  ///   - inputs: The image, dy and, where the convolution is pooled, the mask.
  ///   - kept: Where the step's `keptFloats` lie in scratch memory.
  mutating func kernelGradient(
    _ conv: ConvolutionStep, _ layout: PartialLayout, _ inputs: [Operand], partials: Operand, kept: Int,
    _ scratch: inout ScratchLayout
  ) -> any ImageKernel {
    let image = Array(inputs[..<conv.sourceCount])
    let dy = inputs[conv.sourceCount]
    let mask = conv.isPooled ? inputs[conv.sourceCount + 1] : nil
    let algorithm = ConvolutionAlgorithm(conv, .kernelGradient)
    switch algorithm {
    case .depthwise:
      return DepthwiseKernelGradient(
        conv, layout: layout, inputs: image, dy: dy, partials: partials, scratch: &scratch)
    case .winograd:
      return WinogradKernelGradient(
        conv, layout: layout, inputs: image, dy: dy, partials: partials, kept: kept, scratch: &scratch)
    case .tiny, .sparse:
      guard let mask else { preconditionFailure("a \(algorithm) gradient is that of a pooled convolution") }
      return PooledKernelGradient(
        conv, isSparse: algorithm == .sparse, layout: layout, inputs: image, dy: dy, mask: mask,
        partials: partials, scratch: &scratch)
    case .direct:
      return DirectKernelGradient(
        conv, layout: layout, inputs: image, dy: dy, mask: mask, partials: partials, scratch: &scratch)
    }
  }
}
