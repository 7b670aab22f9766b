import MartletGraphs

/// A compiled graph: buffers, and regions of steps in the order of execution.
///
/// It never executes itself.
package struct Program: Sendable {
  package struct Buffer: Sendable {
    package enum Kind: Sendable, Equatable {
      /// Given at every execution.
      case input(name: String)
      /// A tensor of the store.
      case parameter(path: String)
      /// Fixed numbers.
      case constant([Float])
      /// Computed from parameters and constants alone, once for each set of weights.
      case prepared
      /// Lives between its first and last region.
      case temporary
      /// Lives within one region, one chunk of images at a time.
      case local
    }
    package var kind: Kind
    package var shape: [Int]
    package var element: ElementType

    package var count: Int { shape.reduce(1, *) }
    package var byteCount: Int { count * element.byteCount }
  }

  /// Steps that run between two barriers.
  package struct Region: Sendable {
    package enum Domain: String, Sendable {
      /// The steps run one after the other on chunks of the batch.
      case images
      /// The steps are independent of one another; each is split over its output.
      case flat
    }
    package var domain: Domain
    package var steps: [Step]
    /// Small steps of a flat region that run one after the other, as one task beside the others.
    package var chain: [Step] = []

    package var allSteps: [Step] { steps + chain }
  }

  /// A value that can be asked for.
  package struct Output {
    package let buffer: Int
    /// A reshaped value shares the buffer, but not the shape, of what it was made of.
    package let shape: [Int]
  }

  package var batch: Int
  package var buffers: [Buffer]
  /// What depends on the store alone, where weights stay the same for many executions.
  package var prepare: [Region] = []
  /// Whether weights stay the same for many executions: what depends on them alone is kept.
  package var weightsStay = false
  /// Everything up to the guard.
  package var compute: [Region]
  /// What changes the store; runs only if all guarded values are finite.
  package var update: [Region]
  package var inputs: [String: Int]
  package var parameters: [String: Int]
  package var outputs: [String: Output]
  package var guarded: [(name: String, buffer: Int)]

  /// Whether the steps of one image are split instead of the batch.
  package var splitsImages: Bool { weightsStay && batch == 1 }

  /// All regions of an execution in order.
  package var regions: [Region] { compute + update }

  package var stepCount: Int { regions.reduce(0) { $0 + $1.allSteps.count } }
  package var cost: Cost { regions.reduce(Cost()) { $1.allSteps.reduce($0) { $0 + $1.cost } } }
}
