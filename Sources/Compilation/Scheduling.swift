import MartletGraphs

/// Puts steps into regions: as many imagewise steps as possible together, then the flat steps that
/// have become ready.
///
/// Small flat steps, such as the arithmetic on a batch normalisation's channels, are chained: they would
/// take less time than the barriers between them.
struct Scheduling {
  private(set) var regions: [Program.Region] = []
  /// How many steps that are not yet in a region write each buffer.
  private var missing: [Int]
  private let buffers: [Program.Buffer]

  init(_ steps: [Step], buffers: [Program.Buffer]) {
    self.buffers = buffers
    missing = [Int](repeating: 0, count: buffers.count)
    for step in steps { for output in step.outputs { missing[output] += 1 } }
    var remaining = steps
    while !remaining.isEmpty {
      let region = imageRegion(remaining) ?? flatRegion(remaining)
      precondition(!region.taken.isEmpty, "no step is ready among \(remaining.map(\.name))")
      regions.append(region.region)
      for index in region.taken { for output in remaining[index].outputs { missing[output] -= 1 } }
      remaining = remaining.indices.filter { !region.taken.contains($0) }.map { remaining[$0] }
    }
  }

  private typealias Choice = (region: Program.Region, taken: Set<Int>)

  private func isComplete(_ buffer: Int) -> Bool { missing[buffer] == 0 }

  private func imageRegion(_ steps: [Step]) -> Choice? {
    var region = Program.Region(domain: .images, steps: [])
    var taken: Set<Int> = []
    // What this region stores image by image may be read in it, sums over the batch may not.
    var fresh: Set<Int> = []
    for (index, step) in steps.enumerated() where step.isImagewise {
      let isReady = step.inputs.indices.allSatisfy { place in
        let input = step.inputs[place]
        // Under a shape with another first axis a step reads the images of all.
        let isByImage = step.inputShapes[place].first == buffers[input].shape.first
        return isComplete(input) || fresh.contains(input) && isByImage
      }
      guard isReady else { continue }
      region.steps.append(step)
      taken.insert(index)
      for output in step.outputs.indices where step.isStoredByImage(output: output) {
        fresh.insert(step.outputs[output])
      }
    }
    return taken.isEmpty ? nil : (region, taken)
  }

  private func flatRegion(_ steps: [Step]) -> Choice {
    var region = Program.Region(domain: .flat, steps: [])
    var taken: Set<Int> = []
    var fresh: Set<Int> = []
    for (index, step) in steps.enumerated() where !step.isImagewise {
      // A step that overwrites its own input in place is not waiting for itself.
      let isReady = step.inputs.allSatisfy { isComplete($0) || step.outputs.contains($0) }
      if step.isSmall
        && step.inputs.allSatisfy({ isComplete($0) || step.outputs.contains($0) || fresh.contains($0) })
      {
        region.chain.append(step)
        fresh.formUnion(step.outputs)
      } else if isReady {
        region.steps.append(step)
      } else {
        continue
      }
      taken.insert(index)
    }
    return (region, taken)
  }
}

extension Step {
  /// Whether the step is done before another thread would have begun.
  fileprivate var isSmall: Bool {
    switch kind {
    case .pointwise, .reduction, .structure:
      (inputShapes + outputShapes).reduce(0) { $0 + $1.reduce(1, *) } <= 8_192
    case .convolution, .kernelGradient, .inputGradient, .matrix, .pooling, .normalization,
      .normalizedPooling, .normalizedGradient, .classification:
      false
    }
  }

  /// Whether an output of an imagewise step holds one part for each image (else a sum over the batch).
  package func isStoredByImage(output: Int) -> Bool {
    switch kind {
    case .convolution, .inputGradient, .matrix, .pointwise, .pooling, .classification: return true
    case .kernelGradient: return false
    case .structure: return true
    case .reduction(let op): return !op.axes.contains(0)
    case .normalizedPooling(let step): return !step.sumsOverBatch
    case .normalizedGradient(let step): return !step.sumsOverBatch
    case .normalization(let op):
      switch op {
      case .batchMoments, .batchGradientSums: return false
      case .batchNormalize, .batchInputGradient, .localResponse, .localResponseGradient: return true
      }
    }
  }
}
