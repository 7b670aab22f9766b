import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's input: Winograd's convolution of dy with the kernel turned round.
struct WinogradInputGradient: ImageKernel {
  private let image: BorderedImage
  private let winograd: Winograd
  private let weights: Operand
  private let output: Operand

  /// - Parameter weights: The kernel in the order `.turnedWinograd`.
  init(
    _ step: ConvolutionStep, dy: Operand, weights: Operand, output: Operand, scratch: inout ScratchLayout
  ) {
    self.weights = weights
    self.output = output
    let padding = step.window.padding
    let taps = step.window.kernel.height
    let margins = Winograd.margins(
      Margins(top: taps - 1 - padding.top, left: taps - 1 - padding.left), taps: taps,
      result: step.imageShape, image: step.resultShape)
    image = BorderedImage(
      shape: step.resultShape, margins: margins, code: nil, inputs: [dy], scratch: &scratch)
    winograd = Winograd(
      taps: taps, channels: step.resultShape[3], result: step.imageShape, pitch: image.pitch,
      scratch: &scratch)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    winograd.blocks(of: images) { block in
      for index in block {
        winograd.transform(image.load(index, context), slot: index - block.lowerBound, context)
      }
      winograd.multiply(block.count, by: weights.floats(context), context)
      for index in block {
        winograd.store(
          slot: index - block.lowerBound, bias: nil, .identity, into: output.floats(context, image: index),
          context)
      }
    }
  }
}
