import CMartletKernels
import MartletCompilation

/// A pointwise step, on images or split into equal runs of elements.
struct PointwiseKernel: ImageKernel, FlatKernel {
  private let evaluator: PointwiseEvaluator
  private let outputs: [Operand]
  private let pointersOffset: Int
  private let joinsImages: Bool
  /// Elements of one flat task: a function of nothing, so that tasks do not depend on the threads.
  private static let taskSize = 16_384

  init(
    _ code: PointwiseCode, imagewise: Bool, inputs: [Operand], outputs: [Operand],
    scratch: inout ScratchLayout
  ) {
    let overwritten = outputs.map { output in
      inputs.indices.filter { inputs[$0].place == output.place && inputs[$0].isLocal == output.isLocal }
    }
    evaluator = PointwiseEvaluator(
      code, imagewise: imagewise, inputs: inputs, overwritten: overwritten, scratch: &scratch)
    self.outputs = outputs
    joinsImages = evaluator.joinsImages
    pointersOffset = scratch.reserve(UnsafeMutablePointer<Float>.self, outputs.count)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    if joinsImages {
      evaluator.prepare(image: images.lowerBound, context)
      evaluate(0..<images.count * evaluator.count, image: images.lowerBound, context)
    } else {
      for image in images {
        evaluator.prepare(image: image, context)
        evaluate(0..<evaluator.count, image: image, context)
      }
    }
  }

  var taskCount: Int { (evaluator.count + Self.taskSize - 1) / Self.taskSize }

  func run(task: Int, _ context: Context) {
    evaluator.prepare(image: 0, context)
    let first = task * Self.taskSize
    evaluate(first..<min(first + Self.taskSize, evaluator.count), image: 0, context)
  }

  private func evaluate(_ range: Range<Int>, image: Int, _ context: Context) {
    let pointers = UnsafeMutableBufferPointer(
      start: (context.scratch + pointersOffset).assumingMemoryBound(to: UnsafeMutablePointer<Float>.self),
      count: outputs.count)
    for (index, output) in outputs.enumerated() {
      pointers[index] = output.floats(context, image: image) + range.lowerBound
    }
    evaluator.evaluate(range, image: image, outputs: pointers, context)
  }
}
