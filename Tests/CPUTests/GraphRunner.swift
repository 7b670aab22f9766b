import MartletCPU
import MartletCases
import MartletCompilation
import MartletGraphs
import MartletReference

/// Compiles a graph for the CPU and runs it once on plain numbers.
struct GraphRunner {
  let executable: Executable
  private let graph: Graph

  /// - Parameters:
  ///   - batch: The extent that counts samples; 0 to treat nothing as a batch.
  ///   - weightsStay: Compiles for inference: factors are folded, and weights are prepared apart.
  init(
    _ graph: Graph, batch: Int, threads: Int = 1, guarded: [(name: String, value: Value)] = [],
    exact: Bool = false, weightsStay: Bool = false
  ) {
    self.graph = graph
    executable = Executable(
      Compiler.compile(
        graph, batch: batch, guarded: guarded, exact: { _ in exact }, weightsStay: weightsStay),
      pool: WorkerPool(threads: threads),
      arena: Arena(workers: threads))
  }

  /// Runs up to the guard, and the update if asked, and returns the outputs and the parameters after it.
  ///
  /// `look` may run the program again: its inputs are still in place.
  func run(
    _ values: (inputs: [String: [Double]], parameters: [String: [Double]]), updates: Bool = false,
    look: (Executable) -> Void = { _ in }
  ) -> (outputs: [String: [Float]], parameters: [String: [Float]]) {
    var memory: [UnsafeMutableRawPointer] = []
    defer { for block in memory { block.deallocate() } }
    func place<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
      let block = UnsafeMutableRawPointer.allocate(
        byteCount: max(elements.count, 1) * MemoryLayout<Element>.stride, alignment: 64)
      memory.append(block)
      let pointer = block.bindMemory(to: Element.self, capacity: max(elements.count, 1))
      pointer.initialize(from: elements, count: elements.count)
      return pointer
    }
    for (name, numbers) in values.inputs {
      switch graph.hostTensor(name, numbers) {
      case .numbers(let elements): executable.setInput(name, place(elements.map { Float($0) }))
      case .bytes(let elements): executable.setInput(name, place(elements))
      case .integers(let elements): executable.setInput(name, place(elements))
      }
    }
    let stored = values.parameters.mapValues { (place($0.map { Float($0) }), $0.count) }
    executable.bind { path in
      guard let (pointer, _) = stored[path] else { preconditionFailure("\(path) has no value") }
      return pointer
    }
    executable.prepare()
    executable.compute()
    look(executable)
    if updates { executable.update() }
    let outputs = executable.program.outputs.keys.map { ($0, executable.numbers($0)) }
    return (
      Dictionary(uniqueKeysWithValues: outputs),
      stored.mapValues { Array(UnsafeBufferPointer(start: $0.0, count: $0.1)) }
    )
  }
}
