import CMartletKernels
import MartletGraphs

/// Pooling over any window, image by image.
struct PoolingKernel: ImageKernel {
  private let op: PoolingOp
  private let geometry: mk_pool
  private let inputs: [Operand]
  private let output: Operand
  private let kernels = InstructionSet.kernels

  /// - Parameters:
  ///   - image: `[N, H, W, C]` of the pooled image.
  ///   - result: `[N, H', W', C]` after pooling.
  init(_ op: PoolingOp, image: [Int], result: [Int], inputs: [Operand], output: Operand) {
    self.op = op
    self.inputs = inputs
    self.output = output
    let window = op.window
    geometry = mk_pool(
      rows: Int32(image[1]), columns: Int32(image[2]), channels: Int32(image[3]), out_rows: Int32(result[1]),
      out_columns: Int32(result[2]), size_y: Int32(window.size.height), size_x: Int32(window.size.width),
      stride_y: Int32(window.stride.height), stride_x: Int32(window.stride.width),
      pad_top: Int32(window.padding.top),
      pad_left: Int32(window.padding.left), count_padding: window.countsPadding ? 1 : 0)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    var geometry = geometry
    for image in images {
      let x = inputs[0].floats(context, image: image)
      let y = output.floats(context, image: image)
      switch op {
      case .max: kernels.max_pool(&geometry, x, y)
      case .maxGradient: kernels.max_pool_gradient(&geometry, x, inputs[1].floats(context, image: image), y)
      case .average: kernels.average_pool(&geometry, x, y)
      case .averageGradient: kernels.average_pool_gradient(&geometry, x, y)
      }
    }
  }
}

/// Local response normalisation and its gradient, image by image.
struct LocalResponseKernel: ImageKernel {
  let attributes: LocalResponse
  let channels: Int
  /// Pixels of one image.
  let rows: Int
  /// x, and dy for the gradient.
  let inputs: [Operand]
  let output: Operand

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let kernels = InstructionSet.kernels
    let (alpha, beta, bias) = (Float(attributes.alpha), Float(attributes.beta), Float(attributes.bias))
    for image in images {
      let x = inputs[0].floats(context, image: image)
      let y = output.floats(context, image: image)
      if inputs.count == 1 {
        kernels.lrn(x, rows, Int32(channels), Int32(attributes.size), alpha, beta, bias, y)
      } else {
        kernels.lrn_gradient(
          x, inputs[1].floats(context, image: image), rows, Int32(channels), Int32(attributes.size), alpha,
          beta, bias, y)
      }
    }
  }
}
