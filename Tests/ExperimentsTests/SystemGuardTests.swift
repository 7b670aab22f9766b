import MartletCPU
import MartletCompilation
import MartletDatasets
import MartletExperiments
import MartletTensors
import MartletTraining
import Testing

/// What a training step of each system costs, in counts that no change may raise unnoticed, and that its
/// result does not depend on the number of threads.
@Suite struct SystemGuardTests {
  private struct Counts: Equatable, CustomStringConvertible {
    /// Steps of the program and the regions they are in.
    var steps: Int
    var regions: Int
    /// Bytes that pass between regions or come from the store, read and written, in units of 1,024.
    var kilobytes: Int
    /// The arena of two workers, in units of 1,024 bytes.
    var arena: Int

    var description: String { "(\(steps), \(regions), \(kilobytes), \(arena))" }
  }

  /// At the systems' own batch sizes.
  ///
  /// A lower number after a change is good news: write it down.
  private static let pinned: [String: (Int, Int, Int, Int)] = [
    "alexnet-cifar10": (76, 14, 793237, 366586),
    "alexnet-mnist": (76, 14, 632410, 314693),
    "attention-fashion": (158, 33, 125748, 31446),
    "conv-cifar100-coarse": (31, 10, 190675, 62479),
    "conv-fashion": (31, 10, 134533, 46044),
    "conv5x5-mnist": (29, 9, 10310, 6034),
    "conv5x5-regularized-mnist": (71, 11, 15389, 6034),
    "convnet-mnist-functional": (29, 10, 106740, 32843),
    "convnet-mnist-loop": (29, 10, 27752, 6985),
    "convnet-mnist-type": (29, 10, 106740, 32843),
    "custom-cnn-cifar10": (90, 22, 103487, 33741),
    "custom-cnn-mnist": (90, 22, 77001, 27553),
    "dense-cifar100-coarse": (27, 11, 42272, 12349),
    "dense-fashion": (27, 11, 11622, 3328),
  ]

  private func trainer(_ id: String, threads: Int) throws -> (RunConfiguration, Trainer) {
    let system = try TrainingSystem.named(id)
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    return (configuration, try configuration.trainer(threads: threads))
  }

  @Test(arguments: TrainingSystem.ids) func countsArePinned(id: String) throws {
    let (configuration, trainer) = try trainer(id, threads: 2)
    let batch = configuration.system.settings.batchSize
    let program = try trainer.step.program(batch: batch).program
    let counts = Counts(
      steps: program.stepCount, regions: program.regions.count, kilobytes: program.bytesMoved / 1024,
      arena: try trainer.stepMemory(batchSize: batch) / 1024)
    let wanted = Self.pinned[id].map {
      Counts(steps: $0.0, regions: $0.1, kilobytes: $0.2, arena: $0.3)
    }
    #expect(counts == wanted, "\"\(id)\": \(counts),")
  }

  /// Two steps of the whole way, in another order of images each epoch and changed as the system changes
  /// them: the bytes of weights, statistics and optimizer are the same once more and on any number of
  /// threads, and others with another seed.
  @Test(arguments: TrainingSystem.ids) func theSameSeedGivesTheSameBytesOnAnyThreads(id: String) throws {
    let batch = id.hasPrefix("alexnet") ? 2 : 11
    func digest(threads: Int, seed: Int? = nil) throws -> String {
      var system = try TrainingSystem.named(id)
      if let seed { system.settings.seed = seed }
      let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
      let trainer = try configuration.trainer(threads: threads)
      // The last batch is smaller.
      let shape = [2 * batch - 1] + configuration.imageShape
      let data = try ImageDataset(
        name: id, classNames: configuration.classNames,
        images: Tensor(
          shape: shape,
          scalars: (0..<shape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }),
        labels: (0..<shape[0]).map { $0 % configuration.classNames.count })
      try trainer.fit(data, epochs: 1, batchSize: batch, augmentation: system.settings.augmentation)
      let state = trainer.parameters.tensorFile(withOptimizer: true, metadata: [:])
      #expect(state.tensors.count > trainer.parameters.tensorFile(metadata: [:]).tensors.count)
      var digest = SHA256()
      for (name, tensor) in state.tensors {
        digest.update(Array(name.utf8))
        tensor.withUnsafeBytes { digest.update($0) }
      }
      return digest.hexDigest()
    }
    let first = try digest(threads: 1)
    for threads in [1, 3, 8] {
      #expect(try digest(threads: threads) == first, "\(threads) threads")
    }
    #expect(try digest(threads: 1, seed: 12345) != first)
  }
}

extension Program {
  /// The bytes that steps read and write beyond what a region keeps to itself.
  fileprivate var bytesMoved: Int {
    regions.flatMap(\.allSteps).reduce(0) { sum, step in
      (step.inputs + step.outputs).reduce(sum) { sum, buffer in
        buffers[buffer].kind == .local ? sum : sum + buffers[buffer].byteCount
      }
    }
  }
}
