import Martlet
import MartletCases
import MartletNetworks
import MartletTraining
import Testing

/// Every network family in three styles: the same parameters, the same summary, the same bytes after training.
@Suite struct FamilyStyleTests {
  private struct Trained: Equatable {
    let paths: [String]
    let losses: [Float]
    let digest: String
    let optimizerState: Int
  }

  private func train(_ network: some Network, _ family: FamilyStyles) throws -> Trained {
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: family.putsOutScores)
    let step = try TrainingStep(network, optimizer: Adam(), seed: 69, threads: 2) {
      network, images, labels in loss(network(images), labels).mean()
    }
    let count = 6
    let pixels = count * family.input.shape.reduce(1, *)
    let losses = try (0..<3).map { number in
      let bytes = Fill.bytes.values("pixels \(number)", count: pixels).map { UInt8($0) }
      let labels = Fill.labels(classes: 10).values("labels \(number)", count: count).map { Int32($0) }
      return try step(
        Tensor(shape: [count] + family.input.shape, scalars: bytes), Tensor(shape: [count], scalars: labels))
    }
    return Trained(
      paths: step.parameters.paths, losses: losses, digest: step.parameters.sha256,
      optimizerState: step.parameters.optimizerCount)
  }

  @Test(arguments: FamilyStyles.all.indices) func threeStylesTrainToTheSameBytes(_ index: Int) throws {
    let family = FamilyStyles.all[index]
    let sequential = try train(family.sequential(), family)
    #expect(try train(family.functional(), family) == sequential)
    #expect(try train(family.own(), family) == sequential)
    #expect(sequential.losses.allSatisfy(\.isFinite) && sequential.losses[0] != sequential.losses[1])
    let summary = try family.sequential().summary()
    for other in [try family.functional().summary(), try family.own().summary()] {
      #expect(other.rows == summary.rows)
      #expect(other.description == summary.description)
    }
  }

  /// A new ready model needs its other two styles.
  @Test func everyReadyModelIsThere() throws {
    let written = Set(FamilyStyles.all.map(\.name))
    #expect(written.count == FamilyStyles.all.count)
    // These differ from the one beside them by a preset and a preparation of pixels, or by a dropout layer.
    let variants: Set = ["convnet-pytorch", "conv5x5"]
    #expect(written.union(variants) == Set(ReadyModel.all.map(\.name)))
    #expect(written.isDisjoint(with: variants))
  }

  @Test func convnetsOfTheLibrary() throws {
    let input = InputSpec.image(28, 28, 1)
    let summary = try ReadyModel.convnet(input: input, classes: 10).summary().description
    #expect(try ReadyModel.typedConvnet(input: input, classes: 10).summary().description == summary)
    #expect(try ReadyModel.functionalConvnet(input: input, classes: 10).summary().description == summary)
    #expect(summary.contains("Total params: 421,642"))
    let family = FamilyStyles.all[0]
    let sequential = try train(family.sequential(), family)
    #expect(try train(ReadyModel.typedConvnet(input: family.input, classes: 10), family) == sequential)
    #expect(try train(ReadyModel.functionalConvnet(input: family.input, classes: 10), family) == sequential)
  }
}
