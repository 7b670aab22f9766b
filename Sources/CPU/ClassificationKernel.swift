import CMartletKernels
import MartletGraphs

/// Softmax, cross-entropy and their like on the rows of a range of images.
struct ClassificationKernel: ImageKernel {
  let op: ClassificationOp
  let classes: Int
  /// The element type of the labels, where the operation has any.
  let labelElement: ElementType
  let inputs: [Operand]
  let output: Operand

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    guard let labels = op.labelInput, labelElement != .int32 else {
      return run(
        images, labels: op.labelInput.map { inputs[$0].labels(context, image: images.lowerBound) }, context)
    }
    // Labels of other types are converted one at a time.
    for image in images {
      let raw = inputs[labels]
      var label =
        labelElement == .uint8
        ? Int32(raw.bytes(context, image: image)[0])
        : Int32(exactly: raw.floats(context, image: image)[0]) ?? -1
      run(image..<image + 1, labels: &label, context)
    }
  }

  private func run(_ images: Range<Int>, labels: UnsafePointer<Int32>?, _ context: Context) {
    let kernels = InstructionSet.kernels
    let first = images.lowerBound
    let (rows, n) = (Int32(images.count), Int32(classes))
    let y = output.floats(context, image: first)
    func floats(_ index: Int) -> UnsafePointer<Float> {
      UnsafePointer(inputs[index].floats(context, image: first))
    }
    switch op {
    case .softmax: kernels.softmax(floats(0), rows, n, y)
    case .softmaxGradient: kernels.softmax_gradient(floats(0), floats(1), rows, n, y)
    case .crossEntropy(.sparse): kernels.cross_entropy_sparse(floats(0), labels, rows, n, y)
    case .crossEntropy(.dense): kernels.cross_entropy_dense(floats(0), floats(1), rows, n, y)
    case .crossEntropyGradient(.sparse):
      kernels.cross_entropy_sparse_gradient(floats(0), labels, floats(2), rows, n, y)
    case .crossEntropyGradient(.dense):
      kernels.cross_entropy_dense_gradient(floats(0), floats(1), floats(2), rows, n, y)
    case .argmax: kernels.argmax_rows(floats(0), rows, n, y)
    case .oneHot(let classes):
      guard let labels else { preconditionFailure("one-hot rows are made from labels") }
      y.update(repeating: 0, count: images.count * classes)
      for row in 0..<images.count where (0..<classes).contains(Int(labels[row])) {
        y[row * classes + Int(labels[row])] = 1
      }
    }
  }
}

extension ClassificationOp {
  /// The input that holds labels.
  var labelInput: Int? {
    switch self {
    case .crossEntropy(.sparse), .crossEntropyGradient(.sparse): 1
    case .oneHot: 0
    case .softmax, .softmaxGradient, .crossEntropy(.dense), .crossEntropyGradient(.dense), .argmax: nil
    }
  }
}
