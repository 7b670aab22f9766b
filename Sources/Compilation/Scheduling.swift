/// Puts steps into regions: as many imagewise steps as possible together, then the flat steps that
/// have become ready.
struct Scheduling {
  private(set) var regions: [Program.Region] = []

  init(_ steps: [Step], buffers: [Program.Buffer]) {
    // A buffer is complete once all steps that write it have run in an earlier region.
    var missing = [Int](repeating: 0, count: buffers.count)
    for step in steps { for output in step.outputs { missing[output] += 1 } }
    var remaining = steps
    while !remaining.isEmpty {
      var chosen: [Step] = []
      var waiting: [Step] = []
      // What this region stores image by image may be read in it, sums over the batch may not.
      var fresh: Set<Int> = []
      for step in remaining {
        let isReady = step.inputs.allSatisfy { missing[$0] == 0 || fresh.contains($0) }
        if step.isImagewise && isReady {
          chosen.append(step)
          fresh.formUnion(
            step.outputs.indices.filter { step.isStoredByImage(output: $0) }.map { step.outputs[$0] })
        } else {
          waiting.append(step)
        }
      }
      if chosen.isEmpty {
        (chosen, waiting) = ([], [])
        for step in remaining {
          let isReady =
            !step.isImagewise && step.inputs.allSatisfy { missing[$0] == 0 || step.outputs.contains($0) }
          if isReady { chosen.append(step) } else { waiting.append(step) }
        }
        regions.append(Program.Region(domain: .flat, steps: chosen))
      } else {
        regions.append(Program.Region(domain: .images, steps: chosen))
      }
      precondition(!chosen.isEmpty, "no step is ready among \(remaining.map(\.path))")
      for step in chosen { for output in step.outputs { missing[output] -= 1 } }
      remaining = waiting
    }
  }
}

extension Step {
  /// Whether an output of an imagewise step holds one part for each image (else a sum over the batch).
  package func isStoredByImage(output: Int) -> Bool {
    switch kind {
    case .convolution, .inputGradient, .pointwise, .pooling, .classification: return true
    case .kernelGradient: return false
    case .matrix: return false
    case .structure: return true
    case .reduction(let op): return !op.axes.contains(0)
    case .normalization(let op):
      switch op {
      case .batchMoments, .batchGradientSums: return false
      case .batchNormalize, .batchInputGradient, .localResponse, .localResponseGradient: return true
      }
    }
  }
}
