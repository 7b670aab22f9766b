import MartletCompilation
import MartletGraphs

/// How a shard's sum of a convolution's kernel gradient (and bias gradient, which follows it) lies in memory.
struct PartialLayout {
  let kernelShape: [Int]
  let hasBias: Bool
  /// The groups' filters in blocks, each block `[kh][kw][C/groups][padded filters]`; nil where the sum lies by
  /// filter, `[K][kh][kw][C]`.
  let packing: (blocks: FilterBlocks, groups: Int)?
  /// Floats of scratch memory that are kept from one chunk of a shard to the next.
  let keptFloats: Int

  init(_ step: ConvolutionStep, kernelShape: [Int]) {
    self.kernelShape = kernelShape
    hasBias = step.hasBias
    let depth = kernelShape[..<3].reduce(1, *)
    let whole = FilterBlocks(whole: kernelShape[3], depth: depth)
    var kept = 0
    switch ConvolutionAlgorithm(step, .kernelGradient) {
    case .sparse: packing = nil
    // `tiny` adds to all filters at once, as it does forward.
    case .depthwise, .tiny: packing = (whole, 1)
    case .winograd:
      packing = (whole, 1)
      // A small kernel's transformed gradient is summed over a whole shard; a large one's, which does not
      // stay in a cache, block by block for some channels at a time.
      if !Winograd.isLarge(channels: kernelShape[2], filters: kernelShape[3]) {
        kept = Winograd.positions * kernelShape[2] * kernelShape[3]
      }
    case .direct:
      let groups = step.window.groups
      packing = (FilterBlocks(filters: kernelShape[3] / groups, depth: depth), groups)
    }
    keptFloats = kept
  }

  var taps: Int { kernelShape[0] * kernelShape[1] }
  /// Floats of the kernel's sum.
  var kernelCount: Int {
    packing.map { $0.groups * $0.blocks.floats } ?? kernelShape.reduce(1, *)
  }
  var count: Int { kernelCount + (hasBias ? kernelShape[3] : 0) }
}
