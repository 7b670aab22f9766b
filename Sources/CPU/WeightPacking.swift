import CMartletKernels
import MartletGraphs

/// Brings a kernel `[kh, kw, C/groups, K]` into the order a convolution reads, once a step.
struct WeightPacking: FlatKernel {
  enum Order: Hashable {
    /// `[groups][panels][kh][kw][C/groups][padded filters of the panel]`.
    case forward
    /// `[groups][panels][taps][K/groups][padded channels of the panel]` with the taps in this order: the way
    /// back is convolutions with this kernel.
    case backward(taps: [Int])
    /// `[K][kh][kw][C]`, for the sparse way back.
    case byFilter
    /// `[blocks][K][padded rows of the block]`, for a product with the transposed matrix of C rows.
    case turnedRows
    /// `[36][C][K]`, transformed for Winograd's tiles.
    case winograd
    /// `[36][K][C]`, transformed, with the taps turned round.
    case turnedWinograd
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
    switch order {
    case .byFilter: shape.reduce(1, *)
    case .winograd, .turnedWinograd: Winograd.positions * shape[2] * shape[3]
    case .forward, .backward, .turnedRows: groups * blocks(order: order, shape: shape, groups: groups).floats
    }
  }

  /// The blocks of a group's results: of its filters forward, of its channels backward, of a matrix's rows.
  static func blocks(order: Order, shape: [Int], groups: Int) -> FilterBlocks {
    let filters = shape[3] / groups
    if case .backward(let taps) = order {
      return FilterBlocks.backward(channels: shape[2], depth: taps.count * filters)
    }
    if order == .turnedRows { return FilterBlocks(filters: shape[2], depth: filters, size: 64) }
    return .forward(filters: filters, depth: shape[0] * shape[1] * shape[2])
  }

  private var taps: Int { shape[0] * shape[1] }

  var taskCount: Int {
    switch order {
    case .byFilter: 1
    case .winograd, .turnedWinograd: shape[2] / Int(MK_LANES)
    case .turnedRows: Self.blocks(order: order, shape: shape, groups: groups).count
    case .forward: taps
    case .backward(let order): order.count
    }
  }

  func run(task: Int, _ context: Context) {
    let from = kernel.floats(context)
    let to = packed.floats(context)
    let (channels, filters) = (shape[2], shape[3] / groups)
    switch order {
    case .winograd, .turnedWinograd:
      let lanes = Int32(MK_LANES)
      (order == .winograd ? kernels.winograd_kernel : kernels.winograd_turned_kernel)(
        Int32(shape[0]), from, Int32(channels), Int32(filters), Int32(task) * lanes, lanes, to)
    case .byFilter:
      kernels.transpose(
        from, Int32(taps * channels), Int32(shape[3]), shape[3], taps * channels, to)
    case .turnedRows:
      let blocks = Self.blocks(order: order, shape: shape, groups: groups)
      let range = blocks.range(task)
      let (width, target) = (padded(range.count), to + blocks.offset(task))
      if width != range.count { target.update(repeating: 0, count: filters * width) }
      kernels.transpose(
        from + range.lowerBound * filters, Int32(range.count), Int32(filters), filters, width, target)
    case .forward:
      panels { group, range, width, panel in
        let target = panel + task * channels * width
        for channel in 0..<channels {
          let source = from + ((task * channels + channel) * shape[3] + group * filters + range.lowerBound)
          (target + channel * width).update(from: source, count: range.count)
          (target + (channel * width + range.count)).update(repeating: 0, count: width - range.count)
        }
      }
    case .backward(let order):
      panels { group, range, width, panel in
        let target = panel + task * filters * width
        if width != range.count { target.update(repeating: 0, count: filters * width) }
        kernels.transpose(
          from + ((order[task] * channels + range.lowerBound) * shape[3] + group * filters),
          Int32(range.count), Int32(filters), shape[3], width, target)
      }
    }

    func panels(_ pack: (_ group: Int, Range<Int>, _ width: Int, UnsafeMutablePointer<Float>) -> Void) {
      let blocks = Self.blocks(order: order, shape: shape, groups: groups)
      for group in 0..<groups {
        for block in 0..<blocks.count {
          for range in blocks.panels(block) {
            pack(
              group, range, padded(range.count),
              to + (group * blocks.floats + blocks.offset(filter: range.lowerBound)))
          }
        }
      }
    }
  }
}
