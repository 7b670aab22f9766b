import Foundation
import Martlet
import MartletTensors
import Testing

@Suite struct PredictorTests {
  private func images(_ count: Int) throws -> Tensor<UInt8> {
    let loader = try DataLoader(try Samples.data(count), batchSize: count, shuffle: false)
    return try #require(loader.makeIterator().next()).images
  }

  /// A network large enough that its layers are divided among threads, after some training.
  private func trained() throws -> Trainer {
    let network = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Conv2D(32, kernelSize: 3, padding: .same)
      BatchNormalization()
      ReLU()
      Conv2D(48, kernelSize: 3, padding: .same, activation: .relu)
      MaxPooling2D(2)
      Dropout(0.3)
      Flatten()
      Dense(300, activation: .relu)
      Dense(3)
    }
    let trainer = try Samples.trainer(network)
    _ = try trainer.fit(try Samples.data(32), epochs: 2, batchSize: 16)
    return trainer
  }

  @Test func predictsAsTheTrainer() throws {
    let trainer = try trained()
    let images = try images(37)
    let predictor = try Predictor(trainer.network, parameters: trainer.parameters, batchSize: 16, threads: 2)
    let expected = try trainer.predict(images, batchSize: 16)
    #expect(try predictor(images) == expected)
    #expect(try predictor.probabilities(Samples.data(37)) == expected)
    // One image goes through a program of its own, which rounds otherwise.
    for index in [0, 20, 36] {
      let one = try predictor(Samples.data(37).image(at: index))
      #expect(one.shape == [3])
      for (a, b) in zip(one.scalars, expected.scalars[(3 * index)...]) { #expect(abs(a - b) < 2e-6) }
    }
    let wrong = Tensor<UInt8>(repeating: 0, shape: [8, 8, 2])
    #expect(throws: TrainingError.self) { try predictor(wrong) }
    #expect(throws: TrainingError.self) { try Predictor(trainer.network, batchSize: 0) }
  }

  /// A reshaped value shares its memory with what it was made of, not its shape.
  @Test func outputsThatEndInAReshapeHaveTheirOwnShape() throws {
    let images = try images(5)
    func network(_ last: some Layer) throws -> Sequential {
      try Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Conv2D(4, kernelSize: 3, padding: .same)
        last
      }
    }
    for batchSize in [1, 2, 256] {
      let reshaped = try Predictor(network(Reshape([16, 4, 4])), batchSize: batchSize, threads: 1)
      let output = try reshaped.outputs(images)
      #expect(output.shape == [5, 16, 4, 4])
      #expect(try output.scalars == reshaped.outputs(of: "conv2d", images).scalars)
      #expect(try reshaped.outputs(of: "reshape", images) == output)

      let enlarged = try Predictor(network(UpSampling2D(2)), batchSize: batchSize, threads: 1)
      let large = try enlarged.outputs(images)
      let small = try enlarged.outputs(of: "conv2d", images)
      #expect(large.shape == [5, 16, 16, 4] && small.shape == [5, 8, 8, 4])
      for (index, number) in large.scalars.enumerated() {
        let (channel, pixel) = (index % 4, index / 4)
        let (column, row, image) = (pixel % 16, pixel / 16 % 16, pixel / 256)
        #expect(number == small.scalars[((image * 8 + row / 2) * 8 + column / 2) * 4 + channel])
      }
    }
  }

  @Test func laterTrainingDoesNotChangeIt() throws {
    let trainer = try trained()
    let images = try images(9)
    let predictor = try Predictor(trainer.network, parameters: trainer.parameters, threads: 1)
    let before = try predictor(images)
    _ = try trainer.fit(try Samples.data(32), epochs: 1, batchSize: 16)
    let after = try trainer.predict(images)
    #expect(after != before)
    #expect(try predictor(images) == before)
    // Compiled now, with the weights that were copied then; the trainer goes on with its own.
    #expect(try predictor.probabilities(images, batchSize: 4) != trainer.predict(images, batchSize: 4))
    #expect(try Predictor(trainer.network, parameters: trainer.parameters, threads: 1)(images) == after)
  }

  @Test func eightThreadsAtOnceGetTheSameBits() throws {
    let trainer = try trained()
    let images = try images(20)
    let predictor = try Predictor(trainer.network, parameters: trainer.parameters, batchSize: 8, threads: 2)
    let image = try Samples.data(20).image(at: 3)
    let expected = (
      try predictor(images), try predictor(image), try predictor.outputs(of: "conv2d_1", images)
    )
    let wrong = Guarded(0)
    let done = DispatchSemaphore(value: 0)
    for index in 0..<8 {
      Thread.detachNewThread {
        defer { done.signal() }
        for _ in 0..<20 {
          let isRight: Bool? =
            switch index % 3 {
            case 0: try? predictor(images) == expected.0
            case 1: try? predictor(image) == expected.1
            default: try? predictor.outputs(of: "conv2d_1", images) == expected.2
            }
          if isRight != true { wrong.withLock { $0 += 1 } }
        }
      }
    }
    for _ in 0..<8 { done.wait() }
    #expect(wrong.withLock { $0 } == 0)
  }

  /// A predictor's first calls, of which each packs the weights of its own program.
  @Test func firstCallsAtOnceGetTheSameBits() throws {
    let trainer = try trained()
    let images = try images(20)
    func predictor() throws -> Predictor {
      try Predictor(trainer.network, parameters: trainer.parameters, batchSize: 8, threads: 2)
    }
    let layers = ["conv2d", "conv2d_1", "dense"]
    let expected = try layers.map { try predictor().outputs(of: $0, images) }
    let wrong = Guarded(0)
    for _ in 0..<20 {
      let fresh = try predictor()
      let done = DispatchSemaphore(value: 0)
      for (layer, outputs) in zip(layers, expected) {
        Thread.detachNewThread {
          defer { done.signal() }
          if (try? fresh.outputs(of: layer, images)) != outputs { wrong.withLock { $0 += 1 } }
        }
      }
      for _ in layers { done.wait() }
    }
    #expect(wrong.withLock { $0 } == 0)
  }
}
