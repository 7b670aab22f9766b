import MartletGraphs

/// Compiles graphs: simplification, fusion into steps, regions.
package enum Compiler {
  /// Compiles one trace.
  ///
  /// - Parameters:
  ///   - graph: A checked trace.
  ///   - batch: The number of samples of a batch.
  ///   - guarded: Values that must be finite before the assignments are carried out.
  ///   - exact: Refuses faster algorithms with another rounding than the direct one.
  package static func compile(
    _ graph: Graph, batch: Int, guarded: [(name: String, value: Value)] = [], exact: Bool = false
  ) -> Program {
    let code = GraphCode(graph, batch: batch, guarded: guarded)
    let lowering = Lowering(code)
    var buffers = lowering.buffers
    let steps = lowering.computeSteps.map { exact ? $0.exact : $0 }
    let compute = Scheduling(steps, buffers: buffers).regions
    let update =
      Scheduling(lowering.updateSteps, buffers: buffers).regions
      + Scheduling(lowering.writingSteps, buffers: buffers).regions
    let kept = Set(code.wanted.map { lowering.bufferOf[$0] })
    markLocal(&buffers, regions: compute + update, kept: kept)
    var inputs: [String: Int] = [:]
    var parameters: [String: Int] = [:]
    for (index, buffer) in buffers.enumerated() {
      switch buffer.kind {
      case .input(let name): inputs[name] = index
      case .parameter(let path): parameters[path] = index
      case .constant, .temporary, .local: break
      }
    }
    return Program(
      batch: batch, buffers: buffers, compute: compute, update: update, inputs: inputs,
      parameters: parameters,
      outputs: Dictionary(uniqueKeysWithValues: code.outputs.map { ($0.name, lowering.bufferOf[$0.id]) }),
      guarded: code.guarded.map { ($0.name, lowering.bufferOf[$0.id]) })
  }

  /// A temporary that one image region alone writes and reads, image by image, becomes local to it.
  private static func markLocal(_ buffers: inout [Program.Buffer], regions: [Program.Region], kept: Set<Int>)
  {
    var home = [Int?](repeating: nil, count: buffers.count)
    var isShared = [Bool](repeating: false, count: buffers.count)
    for (index, region) in regions.enumerated() {
      for step in region.allSteps {
        let stored = step.outputs.indices.filter { step.isStoredByImage(output: $0) }.map { step.outputs[$0] }
        for buffer in step.inputs + step.outputs {
          if region.domain != .images || (home[buffer] ?? index) != index { isShared[buffer] = true }
          home[buffer] = index
        }
        for output in step.outputs where !stored.contains(output) { isShared[output] = true }
      }
    }
    for index in buffers.indices where buffers[index].kind == .temporary {
      if home[index] != nil, !isShared[index], !kept.contains(index) { buffers[index].kind = .local }
    }
  }
}
