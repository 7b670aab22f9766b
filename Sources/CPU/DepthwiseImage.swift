import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The images of a depthwise convolution, whose kernels keep channels in the lanes.
///
/// Where a channel has several results, the image is computed with each channel repeated as often.
struct DepthwiseImage {
  private let image: BorderedImage
  private let times: Int
  private let offset: Int

  /// - Parameter margins: The border of zeros.
  init(_ step: ConvolutionStep, margins: Margins, inputs: [Operand], scratch: inout ScratchLayout) {
    image = BorderedImage(
      shape: step.imageShape, margins: margins, code: step.source, inputs: inputs, scratch: &scratch)
    times = step.resultShape[3] / step.imageShape[3]
    let rows = step.imageShape[1] + margins.top + margins.bottom
    offset = scratch.reserve(Float.self, times > 1 ? rows * image.pitch * times : 0)
  }

  /// Floats from one row to the next.
  var pitch: Int { image.pitch * times }

  /// The first element of an image, border included.
  ///
  /// - Parameter rows: The rows that are needed, border included.
  func load(_ index: Int, rows: Range<Int>, _ context: Context) -> UnsafePointer<Float> {
    let x = image.load(index, rows: rows, context)
    guard times > 1 else { return UnsafePointer(x) }
    let target = (context.scratch + offset).assumingMemoryBound(to: Float.self)
    InstructionSet.kernels.repeat_each(
      x + rows.lowerBound * image.pitch, Int32(rows.count * pitch), Int32(times),
      target + rows.lowerBound * pitch)
    return UnsafePointer(target)
  }
}
