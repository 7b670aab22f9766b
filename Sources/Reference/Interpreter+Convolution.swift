import MartletGraphs

extension Interpreter {
  func convolution(_ op: ConvolutionOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    switch op {
    case .forward(let window):
      accumulate(
        window, input: x[0].shape, kernel: x[1].shape, output: shape, count: shape.reduce(1, *),
        x[0].numbers, x[1].numbers
      ) { y, x, w, at in
        y[at.output] += x[at.input] * w[at.kernel]
      }
    case .inputGradient(let window, let inputShape):
      accumulate(
        window, input: inputShape, kernel: x[1].shape, output: x[0].shape, count: shape.reduce(1, *),
        x[0].numbers, x[1].numbers
      ) { dx, dy, w, at in
        dx[at.input] += dy[at.output] * w[at.kernel]
      }
    case .kernelGradient(let window, let kernelShape):
      accumulate(
        window, input: x[0].shape, kernel: kernelShape, output: x[1].shape, count: shape.reduce(1, *),
        x[0].numbers, x[1].numbers
      ) { dw, x, dy, at in
        dw[at.kernel] += x[at.input] * dy[at.output]
      }
    }
  }

  /// The elements of input, kernel and output that meet in one multiply-add.
  private typealias Meeting = (input: Int, kernel: Int, output: Int)

  /// Visits every multiply-add of a convolution: the three operations differ in what they add to what.
  private func accumulate(
    _ window: ConvolutionWindow, input x: [Int], kernel w: [Int], output y: [Int], count: Int,
    _ first: [Scalar], _ second: [Scalar],
    _ body: (
      UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>, Meeting
    ) -> Void
  ) -> [Scalar] {
    let groupChannels = w[2]
    let filters = w[3]
    let groupFilters = filters / window.groups
    var result = [Scalar](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { result in
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
          guard let result = result.baseAddress, let first = first.baseAddress,
            let second = second.baseAddress
          else { return }
          forEachTap(window, x, y) { pixel, output, tap in
            for group in 0..<window.groups {
              for channel in 0..<groupChannels {
                let input = pixel * x[3] + group * groupChannels + channel
                let kernel = (tap * groupChannels + channel) * filters
                for filter in group * groupFilters..<(group + 1) * groupFilters {
                  body(result, first, second, (input, kernel + filter, output * filters + filter))
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Visits every (input pixel, output pixel, position in the window) that lies inside the image.
  private func forEachTap(
    _ window: ConvolutionWindow, _ x: [Int], _ y: [Int],
    _ body: (_ pixel: Int, _ output: Int, _ tap: Int) -> Void
  ) {
    let (height, width) = (x[1], x[2])
    for image in 0..<y[0] {
      for outputRow in 0..<y[1] {
        for outputColumn in 0..<y[2] {
          let output = (image * y[1] + outputRow) * y[2] + outputColumn
          for kernelRow in 0..<window.kernel.height {
            let row =
              outputRow * window.stride.height + kernelRow * window.dilation.height - window.padding.top
            guard row >= 0, row < height else { continue }
            for kernelColumn in 0..<window.kernel.width {
              let column =
                outputColumn * window.stride.width + kernelColumn * window.dilation.width
                - window.padding.left
              guard column >= 0, column < width else { continue }
              body(
                (image * height + row) * width + column, output,
                kernelRow * window.kernel.width + kernelColumn)
            }
          }
        }
      }
    }
  }
}
