import CMartletKernels
import MartletGraphs

/// Brings a kernel `[kh, kw, C/groups, K]` into the order a convolution reads, once a step.
struct WeightPacking: FlatKernel {
  enum Order: Hashable {
    /// `[groups][kh][kw][C/groups][padded K/groups]`.
    case forward
    /// `[groups][kh][kw][K/groups][padded C/groups]` with the taps turned round: the way back is a
    /// convolution with this kernel.
    case backward
    /// `[K][kh][kw][C]`, for the sparse way back.
    case byFilter
  }

  let order: Order
  let shape: [Int]
  let groups: Int
  let kernel: Operand
  let packed: Operand
  private let kernels = InstructionSet.kernels

  init(order: Order, shape: [Int], groups: Int, kernel: Operand, packed: Operand) {
    self.order = order
    self.shape = shape
    self.groups = groups
    self.kernel = kernel
    self.packed = packed
  }

  /// Floats of the packed kernel.
  static func count(order: Order, shape: [Int], groups: Int) -> Int {
    let taps = shape[0] * shape[1]
    switch order {
    case .forward: return groups * taps * shape[2] * padded(shape[3] / groups)
    case .backward: return taps * shape[3] * padded(shape[2])
    case .byFilter: return shape.reduce(1, *)
    }
  }

  private var taps: Int { shape[0] * shape[1] }

  var taskCount: Int { order == .byFilter ? 1 : taps }

  func run(task tap: Int, _ context: Context) {
    let from = kernel.floats(context)
    let to = packed.floats(context)
    let (channels, filters) = (shape[2], shape[3] / groups)
    switch order {
    case .byFilter:
      kernels.transpose(
        from, Int32(taps * channels), Int32(shape[3]), shape[3], taps * channels, to)
    case .forward:
      let width = padded(filters)
      for group in 0..<groups {
        for channel in 0..<channels {
          let target = to + ((group * taps + tap) * channels + channel) * width
          target.update(from: from + (tap * channels + channel) * shape[3] + group * filters, count: filters)
          (target + filters).update(repeating: 0, count: width - filters)
        }
      }
    case .backward:
      let width = padded(channels)
      for group in 0..<groups {
        let target = to + (group * taps + taps - 1 - tap) * filters * width
        if width != channels { target.update(repeating: 0, count: filters * width) }
        kernels.transpose(
          from + tap * channels * shape[3] + group * filters, Int32(channels), Int32(filters), shape[3],
          width, target)
      }
    }
  }
}
