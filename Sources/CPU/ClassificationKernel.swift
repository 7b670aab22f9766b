import CMartletKernels
import MartletGraphs

/// Softmax, cross-entropy and their like on the rows of a range of images.
struct ClassificationKernel: ImageKernel {
  let op: ClassificationOp
  let classes: Int
  let inputs: [Operand]
  let output: Operand

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let kernels = InstructionSet.kernels
    let first = images.lowerBound
    let (rows, n) = (Int32(images.count), Int32(classes))
    let y = output.floats(context, image: first)
    func floats(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(inputs[index].floats(context, image: first)) }
    func labels(_ index: Int) -> UnsafePointer<Int32> { UnsafePointer(inputs[index].labels(context, image: first)) }
    switch op {
    case .softmax: kernels.softmax(floats(0), rows, n, y)
    case .softmaxGradient: kernels.softmax_gradient(floats(0), floats(1), rows, n, y)
    case .crossEntropy(.sparse): kernels.cross_entropy_sparse(floats(0), labels(1), rows, n, y)
    case .crossEntropy(.dense): kernels.cross_entropy_dense(floats(0), floats(1), rows, n, y)
    case .crossEntropyGradient(.sparse):
      kernels.cross_entropy_sparse_gradient(floats(0), labels(1), floats(2), rows, n, y)
    case .crossEntropyGradient(.dense):
      kernels.cross_entropy_dense_gradient(floats(0), floats(1), floats(2), rows, n, y)
    case .argmax: kernels.argmax_rows(floats(0), rows, n, y)
    case .oneHot(let classes):
      let labels = labels(0)
      y.update(repeating: 0, count: images.count * classes)
      for row in 0..<images.count where (0..<classes).contains(Int(labels[row])) {
        y[row * classes + Int(labels[row])] = 1
      }
    }
  }
}
