import CMartletKernels
import Testing

private let shapes: [Shape] = [
  Shape(taps: (3, 3), channels: 32, filters: 64, output: (7, 14)),
  Shape(taps: (3, 3), channels: 5, filters: 17, output: (5, 7)),
  Shape(taps: (5, 5), channels: 3, filters: 24, output: (4, 9)),
  // Few channels, in whole vectors of filters.
  Shape(taps: (3, 3), channels: 1, filters: 32, output: (5, 7)),
  Shape(taps: (3, 3), channels: 3, filters: 24, output: (2, 9)),
  Shape(taps: (5, 5), channels: 1, filters: 8, output: (3, 4)),
  Shape(taps: (1, 1), channels: 17, filters: 1, output: (3, 3)),
  Shape(taps: (3, 2), channels: 1, filters: 3, output: (1, 1)),
  Shape(taps: (2, 3), channels: 8, filters: 5, output: (6, 5)),
  Shape(taps: (3, 3), channels: 6, filters: 40, output: (4, 5), stride: 2),
  Shape(taps: (3, 3), channels: 6, filters: 8, output: (5, 4), dilation: 2),
  Shape(taps: (11, 11), channels: 3, filters: 9, output: (3, 5), stride: 4),
  Shape(taps: (3, 3), channels: 4, filters: 11, output: (5, 5), stride: 2, dilation: 3, groups: 2),
  Shape(taps: (3, 3), channels: 160, filters: 16, output: (3, 4)),
]

@Suite struct ConvolutionKernelTests {
  @Test(arguments: instructionSets, shapes)
  func forwardEqualsPlainLoops(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(1)
    let padded = roundedUp(shape.filters)
    let x = random.floats(shape.inputCount)
    let weights = random.floats(shape.weightRows * padded)
    let bias = random.floats(shape.filters)
    var sums = [Double](repeating: 0, count: shape.outputCount)
    shape.eachProduct { from, row, to in
      for k in 0..<shape.filters { sums[to + k] += Double(x[from]) * Double(weights[row * padded + k]) }
    }
    for (activation, slope) in [(MK_IDENTITY, 0), (MK_RELU, 0), (MK_LEAKY_RELU, Float(0.25))] {
      var expected = [Double](repeating: 7, count: shape.outputCount)
      for pixel in 0..<shape.output.0 * shape.output.1 {
        for k in 0..<shape.filters {
          let place = pixel * shape.outputChannels + k
          let sum = sums[place] + Double(bias[k])
          expected[place] = activation == MK_IDENTITY || sum > 0 ? sum : sum * Double(slope)
        }
      }
      var y = [Float](repeating: 7, count: shape.outputCount)
      var conv = shape.conv
      table.conv_forward(&conv, x, weights, bias, Int32(activation.rawValue), slope, &y)
      #expect(agree(y, expected))
    }
  }

  @Test(arguments: instructionSets, shapes)
  func rowsDoNotDependOnHowTheCallIsSplit(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(2)
    let x = random.floats(shape.inputCount)
    let weights = random.floats(shape.weightRows * roundedUp(shape.filters))
    var whole = [Float](repeating: 0, count: shape.outputCount)
    var pieces = whole
    var conv = shape.conv
    table.conv_forward(&conv, x, weights, nil, Int32(MK_IDENTITY.rawValue), 0, &whole)
    conv.rows = 1
    x.withUnsafeBufferPointer { x in
      pieces.withUnsafeMutableBufferPointer { y in
        for row in 0..<shape.output.0 {
          table.conv_forward(
            &conv, x.baseAddress! + row * conv.x_row, weights, nil, 0, 0, y.baseAddress! + row * conv.y_row)
        }
      }
    }
    #expect(whole == pieces)
  }

  @Test(arguments: instructionSets, shapes)
  func kernelGradientEqualsPlainLoops(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(3)
    let padded = roundedUp(shape.filters)
    let x = random.floats(shape.inputCount)
    let dy = random.floats(shape.outputCount)
    var gradient = random.floats(shape.weightRows * padded)
    var expected = gradient.map(Double.init)
    shape.eachProduct { from, row, to in
      for k in 0..<shape.filters { expected[row * padded + k] += Double(x[from]) * Double(dy[to + k]) }
    }
    var conv = shape.conv
    table.conv_kernel_gradient(&conv, x, dy, &gradient)
    #expect(agree(gradient, expected))
  }
}
