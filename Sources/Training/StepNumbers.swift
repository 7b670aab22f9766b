import MartletCPU
import MartletGraphs
import MartletNetworks

/// The numbers of a step that programs read from fixed places: the random key and the optimizer's scalars.
final class StepNumbers {
  private let optimizer: (any Optimizer)?
  private let key: UnsafeMutablePointer<Int32>
  private let scalars: UnsafeMutablePointer<Float>
  private let names: [String]

  /// - Parameter optimizer: The rule of the update; nil where the program changes no weights.
  init(_ optimizer: (any Optimizer)?, seed: UInt64) {
    self.optimizer = optimizer
    names = optimizer.map { Self.names(of: $0) } ?? []
    key = .allocate(capacity: 4)
    key.initialize(repeating: 0, count: 4)
    key[0] = Int32(truncatingIfNeeded: seed)
    key[1] = Int32(truncatingIfNeeded: seed >> 32)
    scalars = .allocate(capacity: max(1, names.count))
    scalars.initialize(repeating: 0, count: max(1, names.count))
  }

  private static func names(of optimizer: some Optimizer) -> [String] {
    optimizer.scalars(rate: optimizer.learningRate, step: 1).map {
      type(of: optimizer).scalarInputName($0.name)
    }
  }

  deinit {
    key.deallocate()
    scalars.deallocate()
  }

  /// Points a program at the numbers, once.
  func connect(_ program: Executable) {
    program.setInput(Graph.randomKeyName, key)
    for (index, name) in names.enumerated() { program.setInput(name, scalars + index) }
  }

  /// Sets the numbers of a step, counted from 1; refuses a rate that would spoil the weights.
  func set(rate: Double, step: Int) throws(TrainingError) {
    guard rate.isFinite, rate >= 0 else {
      throw TrainingError(
        .badArgument, at: "learning rate of step \(step)", expected: "a finite number of at least 0",
        received: "\(rate)", hint: "nothing has changed")
    }
    key[2] = Int32(truncatingIfNeeded: step)
    guard let optimizer else { return }
    for (index, scalar) in optimizer.scalars(rate: rate, step: step).enumerated() {
      scalars[index] = Float(scalar.value)
    }
  }
}
