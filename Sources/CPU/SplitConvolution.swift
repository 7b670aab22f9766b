import MartletCompilation

/// A convolution of which parts of one image can be computed apart.
protocol DivisibleConvolution: ImageKernel {
  /// The parts of one image, a function of its shape.
  var partCount: Int { get }
  /// Computes a part of an image; nothing depends on the division.
  func run(part: Int, of parts: Int, image index: Int, _ context: Context)
}

/// A convolution of a single image, divided among the workers.
struct SplitConvolution: FlatKernel {
  let convolution: any DivisibleConvolution

  var taskCount: Int { convolution.partCount }

  func run(task: Int, _ context: Context) {
    convolution.run(part: task, of: taskCount, image: 0, context)
  }
}

extension Step {
  /// Whether dividing a single image's step repays the barrier after it.
  var isWorthSplitting: Bool {
    guard case .convolution = kind else { return false }
    return cost.flops >= 400_000
  }
}

extension Program {
  /// Whether several threads repay being called.
  var isWorthThreads: Bool { cost.flops >= 2_000_000 || cost.bytes >= 8 << 20 }
}

extension ExecutablePlan {
  /// A single image's steps: the large convolutions divided, what lies between them as a whole.
  mutating func singleImagePhases(_ steps: [Step]) -> [Phase] {
    var result: [Phase] = []
    var between: [Step] = []
    for step in steps {
      guard step.isWorthSplitting else {
        between.append(step)
        continue
      }
      if !between.isEmpty { result += flushed() + imagePhases(between, images: 1) }
      between = []
      // Sums that the phase before left are completed while their parts are there.
      result += flushed() + splitPhase(step)
    }
    return between.isEmpty ? result : result + flushed() + imagePhases(between, images: 1)
  }
}
