import CMartletKernels
import Testing

/// A depthwise convolution's sizes.
struct DepthwiseShape: CustomTestStringConvertible {
  var taps: (Int, Int)
  var channels: Int
  var image: (Int, Int)
  var stride = (1, 1)
  var step = 1
  /// Above and to the left; as much below and to the right.
  var padding = (0, 0)

  var testDescription: String {
    "\(taps) \(channels) @\(image) stride \(stride) step \(step) padding \(padding)"
  }
  var output: (Int, Int) {
    (
      (image.0 + 2 * padding.0 - (taps.0 - 1) * step - 1) / stride.0 + 1,
      (image.1 + 2 * padding.1 - (taps.1 - 1) * step - 1) / stride.1 + 1
    )
  }
  var inputCount: Int { image.0 * image.1 * channels }
  var outputCount: Int { output.0 * output.1 * channels }

  /// The whole kernel; turned round where `isTurned` is set.
  func geometry(isTurned: Bool) -> mk_depthwise {
    let sign = isTurned ? -1 : 1
    return mk_depthwise(
      rows: Int32(image.0), columns: Int32(image.1), channels: Int32(channels), out_rows: Int32(output.0),
      out_columns: Int32(output.1), taps_y: Int32(taps.0), taps_x: Int32(taps.1), stride_y: Int32(stride.0),
      stride_x: Int32(stride.1), step_y: Int32(step), step_x: Int32(step), pad_top: Int32(padding.0),
      pad_left: Int32(padding.1), w_y: sign * taps.1 * channels, w_x: sign * channels,
      y_row: output.1 * channels, y_pixel: channels)
  }

  /// Calls `body` with each product's places in image, kernel and result.
  func eachProduct(_ body: (Int, Int, Int) -> Void) {
    for row in 0..<output.0 {
      for column in 0..<output.1 {
        for i in 0..<taps.0 {
          for j in 0..<taps.1 {
            let y = row * stride.0 - padding.0 + i * step
            let x = column * stride.1 - padding.1 + j * step
            guard (0..<image.0).contains(y), (0..<image.1).contains(x) else { continue }
            for c in 0..<channels {
              body(
                (y * image.1 + x) * channels + c, (i * taps.1 + j) * channels + c,
                (row * output.1 + column) * channels + c)
            }
          }
        }
      }
    }
  }
}

private let shapes: [DepthwiseShape] = [
  DepthwiseShape(taps: (3, 3), channels: 32, image: (8, 19), padding: (1, 1)),
  DepthwiseShape(taps: (3, 3), channels: 37, image: (9, 8), stride: (2, 2), padding: (1, 1)),
  DepthwiseShape(taps: (3, 3), channels: 8, image: (2, 1), padding: (1, 1)),
  DepthwiseShape(taps: (5, 2), channels: 6, image: (7, 12), stride: (1, 3), padding: (2, 0)),
  DepthwiseShape(taps: (7, 7), channels: 64, image: (5, 6), padding: (3, 3)),
  DepthwiseShape(taps: (3, 3), channels: 16, image: (9, 11), step: 2, padding: (2, 3)),
  DepthwiseShape(taps: (2, 2), channels: 9, image: (5, 5), padding: (4, 4)),
  DepthwiseShape(taps: (3, 3), channels: 8, image: (9, 9), padding: (-1, -2)),
]

@Suite struct DepthwiseKernelTests {
  @Test(arguments: instructionSets, shapes)
  func forwardEqualsPlainLoops(set: UInt32, shape: DepthwiseShape) throws {
    let table = try kernels(set)
    var random = Generator(11)
    let x = random.floats(shape.inputCount)
    let count = shape.taps.0 * shape.taps.1 * shape.channels
    let weights = random.floats(count)
    let bias = random.floats(shape.channels)
    for isTurned in [false, true] {
      var expected = (0..<shape.outputCount).map { Double(bias[$0 % shape.channels]) }
      shape.eachProduct { from, place, to in
        let tap = place / shape.channels
        let turned = (shape.taps.0 * shape.taps.1 - 1 - tap) * shape.channels + place % shape.channels
        expected[to] += Double(x[from]) * Double(weights[isTurned ? turned : place])
      }
      var y = [Float](repeating: 7, count: shape.outputCount)
      var geometry = shape.geometry(isTurned: isTurned)
      weights.withUnsafeBufferPointer { weights in
        let start = weights.baseAddress! + (isTurned ? count - shape.channels : 0)
        table.depthwise_forward(&geometry, x, start, bias, Int32(MK_LEAKY_RELU.rawValue), 0.25, &y)
      }
      #expect(agree(y, expected.map { $0 > 0 ? $0 : 0.25 * $0 }))
    }
  }

  @Test(arguments: instructionSets, shapes)
  func kernelGradientEqualsPlainLoops(set: UInt32, shape: DepthwiseShape) throws {
    let table = try kernels(set)
    var random = Generator(12)
    // The kernel reads an image with its border: the same sizes without padding.
    var shape = shape
    shape.padding = (0, 0)
    shape.image = (shape.image.0 + 6, shape.image.1 + 6)
    let x = random.floats(shape.inputCount)
    let dy = random.floats(shape.outputCount)
    let padded = roundedUp(shape.channels)
    var gradient = random.floats(shape.taps.0 * shape.taps.1 * padded)
    var expected = gradient.map(Double.init)
    shape.eachProduct { from, place, to in
      expected[place / shape.channels * padded + place % shape.channels] += Double(x[from]) * Double(dy[to])
    }
    let line = shape.image.1 * shape.channels
    var conv = mk_conv(
      taps_y: Int32(shape.taps.0), taps_x: Int32(shape.taps.1), channels: Int32(shape.channels),
      filters: Int32(shape.channels), rows: Int32(shape.output.0), columns: Int32(shape.output.1),
      x_row: shape.stride.0 * line, x_pixel: shape.stride.1 * shape.channels, tap_y: shape.step * line,
      tap_x: shape.step * shape.channels, y_row: shape.output.1 * shape.channels, y_pixel: shape.channels)
    table.depthwise_kernel_gradient(&conv, x, dy, &gradient)
    #expect(agree(gradient, expected))
  }
}
