/// The sum of squares of a value that must be finite, in runs of fixed length.
struct GuardKernel: FlatKernel {
  let name: String
  let input: Operand
  let count: Int
  /// The index of the first sum among all guarded values'.
  let first: Int
  var slot = 0
  private static let taskSize = 32_768

  init(name: String, input: Operand, count: Int, first: Int) {
    self.name = name
    self.input = input
    self.count = count
    self.first = first
  }

  var taskCount: Int { (count + Self.taskSize - 1) / Self.taskSize }

  func run(task: Int, _ context: Context) {
    let start = task * Self.taskSize
    let sums = context.table[slot].assumingMemoryBound(to: Double.self)
    sums[first + task] = InstructionSet.kernels.sum_of_squares(
      input.floats(context) + start, min(Self.taskSize, count - start))
  }
}
