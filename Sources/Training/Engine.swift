import MartletCPU
import MartletCompilation
import MartletGraphs
import MartletNetworks
import MartletTensors

/// The threads and the memory that all programs of one trainer share.
package final class Engine {
  package let pool: WorkerPool
  package let arena: Arena

  /// The layers in which faster algorithms with another rounding are refused.
  let exact: ExactLayers

  /// - Parameters:
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The layers in which faster algorithms with another rounding are refused.
  package init(threads: Int?, exact: ExactLayers = false) throws(TrainingError) {
    let count = try Self.checked(threads: threads)
    pool = WorkerPool(threads: count)
    arena = Arena(workers: count)
    self.exact = exact
  }

  /// A number of threads; nil takes the processors that may be used.
  static func checked(threads: Int?) throws(TrainingError) -> Int {
    let count = threads ?? WorkerPool.usableProcessors
    guard count >= 1, count <= 1024 else {
      throw TrainingError(
        .badArgument, at: "threads", expected: "a number from 1 to 1024", received: "\(count)")
    }
    return count
  }

  /// The number of threads, the caller's included.
  package var threads: Int { pool.count }

  /// Compiles a trace and points it at the tensors of a store.
  ///
  /// - Parameter weightsStay: Whether the store stays the same for many executions; `prepare` is then to be called
  ///   whenever it has changed, and first of all.
  func executable(
    _ graph: Graph, batch: Int, guarded: [(name: String, value: Value)] = [], weightsStay: Bool = false,
    _ parameters: Parameters
  ) -> Executable {
    executable(graph, batch: batch, guarded: guarded, weightsStay: weightsStay) { parameters.pointer($0) }
  }

  /// Compiles a trace and points it at tensors by path.
  func executable(
    _ graph: Graph, batch: Int, guarded: [(name: String, value: Value)], weightsStay: Bool = false,
    address: (_ path: String) -> UnsafeMutablePointer<Float>
  ) -> Executable {
    let program = Compiler.compile(
      graph, batch: batch, guarded: guarded, exact: exact.contains, weightsStay: weightsStay)
    let executable = Executable(program, pool: pool, arena: arena)
    executable.bind(address)
    return executable
  }
}

extension Executable {
  /// A copy of an output.
  func tensor(_ name: String) -> Tensor<Float> {
    guard let shape = program.outputs[name]?.shape else {
      preconditionFailure("the program has no output \(name)")
    }
    return Tensor(shape: shape, scalars: Array(output(name)))
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension Parameters {
  /// Adds the tensors of a trace that the store lacks; what it has stays as it is.
  func addMissing(_ specs: [ParameterSpec]) throws(ModelError) {
    try require(specs)
    add(specs.filter { entry($0.path) == nil })
  }

  /// Adds the tensors of a step's trace that the store lacks; the others take over whether they train.
  func adopt(_ specs: [ParameterSpec]) throws(ModelError) {
    try require(specs)
    add(specs)
  }

  /// Refuses tensors of a trace whose shapes differ from those in the store.
  func require(_ specs: [ParameterSpec]) throws(ModelError) {
    for spec in specs {
      guard let known = entry(spec.path), known.shape != spec.shape else { continue }
      throw ModelError(
        path: spec.path, expected: "shape \(spec.shape), as the network has it",
        received: "shape \(known.shape) in the store",
        hint: "The store belongs to another network.")
    }
  }
}
