import MartletGraphs

/// Compiles graphs: simplification, fusion into steps, regions.
package enum Compiler {
  /// Compiles one trace.
  ///
  /// - Parameters:
  ///   - graph: A checked trace.
  ///   - batch: The number of samples of a batch.
  ///   - guarded: Values that must be finite before the assignments are carried out.
  ///   - exact: Whether the layer of a path refuses faster algorithms with another rounding than the direct one.
  ///   - weightsStay: Whether the store stays the same for many executions, as at inference: factors of
  ///     channels are brought into kernels, and what depends on the store alone becomes a part of its own.
  package static func compile(
    _ graph: Graph, batch: Int, guarded: [(name: String, value: Value)] = [],
    exact: (_ path: String) -> Bool = { _ in false }, weightsStay: Bool = false
  ) -> Program {
    let code = GraphCode(graph, batch: batch, guarded: guarded, weightsStay: weightsStay)
    let lowering = Lowering(code)
    var buffers = lowering.buffers
    var steps = lowering.computeSteps.map { exact($0.path) ? $0.exact : $0 }
    let prepared = weightsStay ? takePrepared(&steps, &buffers) : []
    if weightsStay && batch == 1 {
      steps = steps.map { step in
        step.inputs.count > 1 && buffers[step.inputs[1]].isKnownBefore ? step.asConvolution : step
      }
    }
    func regions(_ steps: [Step]) -> [Program.Region] {
      Scheduling(steps.map { $0.counted(buffers) }, buffers: buffers).regions
    }
    let prepare = regions(prepared)
    let compute = regions(steps)
    let update = regions(lowering.updateSteps) + regions(lowering.writingSteps)
    let kept = Set(code.wanted.map { lowering.bufferOf[$0] })
    // The steps of a single image are divided among the workers, so that they share what lies between.
    if !(weightsStay && batch == 1) { markLocal(&buffers, regions: compute + update, kept: kept) }
    var inputs: [String: Int] = [:]
    var parameters: [String: Int] = [:]
    for (index, buffer) in buffers.enumerated() {
      switch buffer.kind {
      case .input(let name): inputs[name] = index
      case .parameter(let path): parameters[path] = index
      case .constant, .prepared, .temporary, .local: break
      }
    }
    return Program(
      batch: batch, buffers: buffers, prepare: prepare, weightsStay: weightsStay, compute: compute,
      update: update, inputs: inputs,
      parameters: parameters,
      outputs: Dictionary(
        uniqueKeysWithValues: code.outputs.map {
          ($0.name, Program.Output(buffer: lowering.bufferOf[$0.id], shape: code.nodes[$0.id].shape))
        }),
      guarded: code.guarded.map { ($0.name, lowering.bufferOf[$0.id]) })
  }

  /// Takes the steps out that depend on the store and on constants alone, and marks what they store.
  private static func takePrepared(_ steps: inout [Step], _ buffers: inout [Program.Buffer]) -> [Step] {
    var prepared: [Step] = []
    var rest: [Step] = []
    for step in steps {
      guard step.inputs.allSatisfy({ buffers[$0].isKnownBefore }) else {
        rest.append(step)
        continue
      }
      for output in step.outputs { buffers[output].kind = .prepared }
      prepared.append(step)
    }
    steps = rest
    return prepared
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

extension Program.Buffer {
  /// Whether the numbers are there before an execution, but for its inputs.
  fileprivate var isKnownBefore: Bool {
    switch kind {
    case .parameter, .constant, .prepared: true
    case .input, .temporary, .local: false
    }
  }
}

extension Step {
  /// A dense layer on one sample as a 1x1 convolution of one pixel; other steps stay as they are.
  ///
  /// Its weights can be packed into blocks then, and it takes its place among the other steps of the image.
  fileprivate var asConvolution: Step {
    guard case .matrix(let matrix) = kind, !matrix.transposeA, !matrix.transposeB, inputShapes[0].count == 2,
      inputShapes[0][0] == 1
    else { return self }
    let (depth, units) = (inputShapes[1][0], inputShapes[1][1])
    var step = self
    var convolution = ConvolutionStep(
      window: ConvolutionWindow(kernel: Extent(1)), imageShape: [1, 1, 1, depth],
      resultShape: [1, 1, 1, units])
    convolution.hasBias = matrix.hasBias
    convolution.epilogue = matrix.epilogue
    step.kind = .convolution(convolution)
    step.inputShapes[0] = convolution.imageShape
    step.inputShapes[1] = [1, 1, depth, units]
    step.outputShapes = [convolution.resultShape]
    step.isImagewise = true
    return step
  }
}
