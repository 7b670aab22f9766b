import MartletCompilation
import MartletGraphs
import MartletNetworks
import Testing

/// What the compiler makes of networks: counts that a change must not raise unnoticed.
@Suite struct ProgramTests {
  static func program(_ name: String, _ purpose: Purpose, batch: Int = 64) throws -> Program {
    let network = try ReadyModel.named(name).make(input: .image(28, 28, 1), classes: 10)
    let graph = Graph(purpose: purpose)
    let outputs = network.trace(batch: batch, into: graph)
    guard purpose == .training else {
      graph.output("outputs", outputs)
      return Compiler.compile(graph, batch: batch)
    }
    let labels = graph.input("labels", shape: [batch], element: .int32)
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: !outputs.isSoftmax)(outputs, labels).mean()
    let weights = graph.parameters.filter { $0.role == .weight }
    let gradients = graph.gradients(
      of: loss, withRespectTo: weights.compactMap { graph.parameterValue($0.path) })
    var guarded = [("loss", loss)]
    for (spec, gradient) in zip(weights, gradients) {
      guard let gradient else { continue }
      guarded.append((spec.path, gradient))
      SGD().trace(spec.path, gradient: gradient, in: graph)
    }
    try graph.check()
    return Compiler.compile(graph, batch: batch, guarded: guarded)
  }

  @Test(arguments: [("convnet", 26, 10), ("conv5x5", 25, 9), ("custom-cnn", 85, 22), ("attention", 153, 33)])
  func stepCountsArePinned(_ model: String, _ steps: Int, _ regions: Int) throws {
    let program = try Self.program(model, .training)
    #expect(program.stepCount == steps, "\(program.text)")
    #expect(program.regions.count == regions, "\(program.text)")
  }

  /// rescale + conv + bias + ReLU + pool + mask is one step, and so are the gradients through it.
  @Test func pooledConvolutionsAreFusedBothWays() throws {
    let program = try Self.program("convnet", .training)
    let names = program.compute.flatMap(\.allSteps).map { "\($0.path) \($0.kind.name)" }
    #expect(names.contains("Conv1 pointwise[1]+conv 3x3 pad 1,1,1,1+bias+relu+pool"))
    #expect(names.contains("Conv1 pointwise[1]+conv_kernel_gradient 3x3 pad 1,1,1,1+bias+relu+pool"))
    #expect(names.contains("Conv2 conv_input_gradient 3x3 pad 1,1,1,1+relu+pool"))
    #expect(names.contains("FC1 matmul_nn+bias+relu"))
    #expect(!names.contains { $0.contains("max_pool") || $0.contains("cast") })
    // The gradient of the first pooled map never leaves the chunk it is computed for.
    #expect(program.buffers.contains { $0.kind == .local && $0.shape == [64, 14, 14, 32] })
    #expect(!program.buffers.contains { $0.kind == .temporary && $0.shape == [64, 28, 28, 32] })
  }

  /// A step costs what it reads and writes, whatever lies between the operations that were fused.
  @Test func fusedStepsCountWhatTheyReadAndWrite() throws {
    let program = try Self.program("convnet", .training)
    let steps = program.regions.flatMap(\.allSteps)
    // Bytes of 28x28 pixels; kernel and bias; pooled results and their mask.
    let conv = try #require(steps.first { $0.path == "Conv1" }).cost
    #expect(conv.bytes == 64 * 784 + 4 * (9 * 32 + 32) + 64 * 14 * 14 * 32 * (4 + 1))
    #expect(conv.flops == 2 * 64 * 784 * 9 * 32)
    // SGD: rate · gradient is taken from the weights, which are written in place.
    let update = try #require(program.update.flatMap(\.allSteps).first { $0.outputShapes == [[3136, 128]] })
    guard case .pointwise(let code) = update.kind else { fatalError("an update is pointwise") }
    #expect(update.cost.bytes == 3 * 4 * 3136 * 128 + 4)
    #expect(code.operationCount >= 2 && update.cost.flops == code.operationCount * 3136 * 128)
  }

  /// An update reads and writes the store's own tensors; nothing before the guard does.
  @Test(arguments: ["convnet", "custom-cnn", "attention"])
  func onlyTheUpdateWritesTheStore(_ model: String) throws {
    let program = try Self.program(model, .training)
    for step in program.compute.flatMap(\.allSteps) {
      #expect(!step.outputs.contains { program.buffers[$0].isParameter }, "\(step.path)")
    }
    let written = program.update.flatMap(\.allSteps).flatMap(\.outputs).filter {
      program.buffers[$0].isParameter
    }
    #expect(Set(written).count == written.count)
    let stored = program.buffers.filter(\.isParameter).count
    #expect(written.count == stored)
  }

  @Test func inferenceHasNoMaskKeptAndNoRandomKey() throws {
    let program = try Self.program("convnet", .inference)
    #expect(program.inputs.keys.sorted() == ["images"])
    #expect(program.update.isEmpty)
    #expect(program.stepCount == 4, "\(program.text)")
  }
}
