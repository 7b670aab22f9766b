import CMartletKernels
import MartletGraphs

/// Reduces one block of memory over some of its axes; the core of every reduction step.
struct Reduction {
  let kind: ReductionOp.Kind
  /// Extents after neighbouring axes of the same fate were joined, with whether each is reduced.
  private let extents: [Int]
  private let isReduced: [Bool]
  let resultCount: Int
  private let kernels = InstructionSet.kernels

  init(kind: ReductionOp.Kind, shape: [Int], axes: [Int]) {
    self.kind = kind
    var extents: [Int] = []
    var isReduced: [Bool] = []
    for (axis, extent) in shape.enumerated() where extent != 1 {
      let reduced = axes.contains(axis)
      if isReduced.last == reduced {
        extents[extents.count - 1] *= extent
      } else {
        extents.append(extent)
        isReduced.append(reduced)
      }
    }
    self.extents = extents
    self.isReduced = isReduced
    resultCount = zip(extents, isReduced).reduce(1) { $1.1 ? $0 : $0 * $1.0 }
  }

  /// What an empty sum or maximum is.
  var neutral: Float { kind == .max ? -.infinity : 0 }

  /// Reduces `x`; norms are left as sums of squares until `finish`.
  ///
  /// - Parameter accumulates: Adds to (or takes the maximum with) what is there.
  func reduce(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, accumulates: Bool) {
    let flag: Int32 = accumulates ? 1 : 0
    switch (isReduced, kind) {
    case ([true], .sum), ([true], .mean): merge(kernels.sum(x, extents[0]), out, accumulates)
    case ([true], .norm2): merge(Float(kernels.sum_of_squares(x, extents[0])), out, accumulates)
    case ([true, false], .sum), ([true, false], .mean):
      kernels.sum_rows(x, extents[0], Int32(extents[1]), extents[1], flag, out)
    case ([true, false], .max): kernels.max_rows(x, extents[0], Int32(extents[1]), extents[1], flag, out)
    case ([false, true], .sum) where !accumulates, ([false, true], .mean) where !accumulates:
      kernels.sum_columns(x, extents[0], Int32(extents[1]), extents[1], out)
    case ([false, true], .max) where !accumulates:
      kernels.max_columns(x, extents[0], Int32(extents[1]), extents[1], out)
    case ([false, true, false], .sum), ([false, true, false], .mean):
      for index in 0..<extents[0] {
        kernels.sum_rows(
          x + index * extents[1] * extents[2], extents[1], Int32(extents[2]), extents[2], flag,
          out + index * extents[2])
      }
    default: reduceAny(x, into: out, accumulates: accumulates)
    }
  }

  /// Turns sums into means and norms.
  func finish(_ out: UnsafeMutablePointer<Float>, total: Int) {
    switch kind {
    case .sum, .max: return
    case .mean: for index in 0..<resultCount { out[index] *= 1 / Float(total) }
    case .norm2: for index in 0..<resultCount { out[index] = out[index].squareRoot() }
    }
  }

  private func merge(_ value: Float, _ out: UnsafeMutablePointer<Float>, _ accumulates: Bool) {
    out[0] = accumulates ? out[0] + value : value
  }

  /// Any order of axes, element by element in scan order.
  private func reduceAny(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, accumulates: Bool)
  {
    if !accumulates { out.update(repeating: neutral, count: resultCount) }
    var strides = [Int](repeating: 0, count: extents.count)
    var stride = 1
    for axis in extents.indices.reversed() where !isReduced[axis] {
      strides[axis] = stride
      stride *= extents[axis]
    }
    for index in 0..<extents.reduce(1, *) {
      var rest = index
      var place = 0
      for axis in extents.indices.reversed() {
        place += rest % extents[axis] * strides[axis]
        rest /= extents[axis]
      }
      switch kind {
      case .sum, .mean: out[place] += x[index]
      case .norm2: out[place] += x[index] * x[index]
      case .max: out[place] = x[index] > out[place] || x[index].isNaN ? x[index] : out[place]
      }
    }
  }
}

/// A reduction within each image.
struct ImageReduction: ImageKernel {
  let reduction: Reduction
  /// Elements that go into one result.
  let total: Int
  let input: Operand
  let output: Operand

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    for image in images {
      let out = output.floats(context, image: image)
      reduction.reduce(input.floats(context, image: image), into: out, accumulates: false)
      reduction.finish(out, total: total)
    }
  }
}

/// A reduction over the batch: each shard reduces its images, `BatchReductionFinish` adds the shards.
struct BatchReduction: ImageKernel {
  let reduction: Reduction
  let input: Operand
  let partials: Operand

  func begin(shard: Int, _ context: Context) {
    partials.floats(context, image: shard).update(repeating: reduction.neutral, count: reduction.resultCount)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    for image in images {
      reduction.reduce(
        input.floats(context, image: image), into: partials.floats(context, image: shard), accumulates: true)
    }
  }
}

/// Adds the shards' sums in a fixed tree.
struct BatchReductionFinish: FlatKernel {
  let reduction: Reduction
  let total: Int
  let shards: Int
  let partials: Operand
  let output: Operand
  let taskCount = 1

  func run(task: Int, _ context: Context) {
    let from = partials.floats(context)
    let stride = partials.imageStride / MemoryLayout<Float>.stride
    let out = output.floats(context)
    if reduction.kind == .max {
      InstructionSet.kernels.max_rows(from, shards, Int32(reduction.resultCount), stride, 0, out)
    } else {
      InstructionSet.kernels.sum_partials(from, Int32(shards), stride, reduction.resultCount, out)
    }
    reduction.finish(out, total: total)
  }
}

/// A reduction of a value that has no batch axis, in one task.
struct WholeReduction: FlatKernel {
  let reduction: Reduction
  let total: Int
  let input: Operand
  let output: Operand
  let taskCount = 1

  func run(task: Int, _ context: Context) {
    let out = output.floats(context)
    reduction.reduce(input.floats(context), into: out, accumulates: false)
    reduction.finish(out, total: total)
  }
}

extension mk_kernels {
  /// The sum of consecutive elements.
  fileprivate func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var out: Float = 0
    sum_columns(x, 1, Int32(count), count, &out)
    return out
  }
}
