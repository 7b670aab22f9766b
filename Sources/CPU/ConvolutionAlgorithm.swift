import CMartletKernels
import MartletCompilation
import MartletGraphs

/// How a convolution or one of its gradients is computed; the compiler's table of algorithms.
///
/// The first row that fits is taken. Winograd's sums round otherwise than the direct one, so a step that is
/// to be exact has none.
///
/// | part | step | channels in | filters | algorithm |
/// |---|---|---|---|---|
/// | all | as many groups as channels | any | fewer than 8 for each channel | depthwise |
/// | forward | conv + ReLU + 2x2 pool | 1...4 | multiple of 8 | tiny: one pass, pooled in registers |
/// | kernel gradient | the same | 1...4 | multiple of 8 | tiny: of each window one patch |
/// | gradients | any + 2x2 pool | multiple of 8 | any | sparse: lists of the non-zero gradients |
/// | gradients | any + 2x2 pool | other | any | direct, with the mask spread out |
/// | forward | 3x3 to 5x5 with a large kernel, few tiles | any | any | direct: the transformed kernel is larger |
/// | all | 3x3 to 5x5, stride 1, see `Winograd.suits` | multiple of 8, from 16 | the same | Winograd |
/// | all | any other | any | any | direct on a bordered image |
enum ConvolutionAlgorithm: String {
  case tiny, sparse, winograd, depthwise, direct

  /// The three computations of a convolution.
  enum Part { case forward, inputGradient, kernelGradient }

  init(_ step: ConvolutionStep, _ part: Part) {
    let lanes = Int(MK_LANES)
    let (channels, filters) = (step.imageShape[3], step.resultShape[3])
    let isDepthwise =
      step.window.groups > 1 && step.window.groups == channels && filters / channels < lanes
    let isTiny = step.isPooled && channels <= 4 && filters % lanes == 0 && step.epilogue == .relu
    if isDepthwise {
      self = .depthwise
    } else if isTiny && part != .inputGradient {
      self = .tiny
    } else if step.isPooled && part != .forward {
      self = channels % lanes == 0 ? .sparse : .direct
    } else {
      self = !step.isExact && Self.suitsWinograd(step, part) ? .winograd : .direct
    }
  }

  private static func suitsWinograd(_ step: ConvolutionStep, _ part: Part) -> Bool {
    let (image, result, padding) = (step.imageShape, step.resultShape, step.window.padding)
    let suits = Winograd.suits(step.window, channels: image[3], result: result)
    switch part {
    case .forward:
      return suits
        && !Winograd.readsTooMuch(taps: step.window.kernel.height, channels: image[3], result: result)
    case .kernelGradient: return suits
    case .inputGradient:
      // The way back reads the filters and writes the channels.
      return max(padding.top, padding.left, padding.bottom, padding.right) < step.window.kernel.height
        && Winograd.suits(step.window, channels: result[3], result: image)
    }
  }
}

/// How many of the products that the graph counts a step computes.
package enum Arithmetic: Sendable {
  /// All of them.
  case direct
  /// Fewer, by Winograd's sums.
  case winograd
  /// A quarter: a gradient that has passed back through 2x2 max pooling is zero elsewhere.
  case sparse
}

extension Step {
  /// What of the step's cost is computed.
  var arithmetic: Arithmetic {
    switch (algorithm, kind) {
    case (.winograd, _): .winograd
    case (.sparse, _), (.tiny, .kernelGradient): .sparse
    default: .direct
    }
  }

  /// The algorithm of a convolution or of its gradients; nil for other steps.
  private var algorithm: ConvolutionAlgorithm? {
    switch kind {
    case .convolution(let step): ConvolutionAlgorithm(step, .forward)
    case .inputGradient(let step, _): ConvolutionAlgorithm(step, .inputGradient)
    case .kernelGradient(let step, _): ConvolutionAlgorithm(step, .kernelGradient)
    case .matrix, .pointwise, .pooling, .reduction, .structure, .normalization, .normalizedPooling,
      .normalizedGradient, .classification:
      nil
    }
  }

  /// What the backend says about the step besides its name, such as ` [winograd]`; empty where it had no choice.
  package var choice: String { algorithm.map { " [\($0.rawValue)]" } ?? "" }
}
