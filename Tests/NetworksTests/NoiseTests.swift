import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// What a layer makes of zeros or ones in one step of training.
private func run(
  _ layer: some Layer, _ number: Double, shape: [Int], purpose: Purpose = .training, step: Int32 = 1
) throws -> [Double] {
  let graph = Graph(purpose: purpose)
  graph.output("y", layer(graph.input("x", shape: shape)))
  _ = graph.randomKey
  try graph.check()
  let numbers = [Double](repeating: number, count: shape.reduce(1, *))
  let result = Reference64.run(
    graph, inputs: ["x": .numbers(numbers), Graph.randomKeyName: .integers([7, 0, step, 0])])
  return try #require(result.outputs["y"])
}

@Suite struct NoiseTests {
  @Test func gaussianNoiseIsNormal() throws {
    let values = try run(GaussianNoise(0.5), 1, shape: [4, 5_000])
    let scores = values.map { ($0 - 1) / 0.5 }
    let count = Double(scores.count)
    #expect(abs(scores.reduce(0, +) / count) < 0.02)
    #expect(abs(scores.reduce(0) { $0 + $1 * $1 } / count - 1) < 0.03)
    #expect(abs(scores.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count - 3) < 0.2)
    for (bound, share) in [(0.5, 0.3829), (1, 0.6827), (2, 0.9545), (3, 0.9973)] {
      #expect(abs(Double(scores.count { abs($0) < bound }) / count - share) < 0.012)
    }
    #expect(try run(GaussianNoise(0.5), 1, shape: [4, 5_000]) == values)
    #expect(try run(GaussianNoise(0.5), 1, shape: [4, 5_000], step: 2) != values)
    #expect(try run(GaussianNoise(0.5), 1, shape: [1, 5], purpose: .inference) == [1, 1, 1, 1, 1])
  }

  @Test func everyUseOfNoiseIsAnother() throws {
    let noise = GaussianNoise(1)
    let both = try run(Lambda { x in concatenate([noise(x), noise(x)]) }, 0, shape: [1, 50])
    #expect(both[..<50] != both[50...])
  }

  @Test func spatialDropoutTakesWholeChannels() throws {
    let (samples, pixels, channels) = (50, 6, 40)
    let values = try run(SpatialDropout2D(0.25), 1, shape: [samples, 2, 3, channels])
    var dropped = 0
    for sample in 0..<samples {
      for channel in 0..<channels {
        let map = (0..<pixels).map { values[(sample * pixels + $0) * channels + channel] }
        #expect(map.allSatisfy { $0 == map[0] } && (map[0] == 0 || abs(map[0] - 4 / 3) < 1e-6))
        dropped += map[0] == 0 ? 1 : 0
      }
    }
    #expect(abs(Double(dropped) / Double(samples * channels) - 0.25) < 0.04)
    #expect(try run(SpatialDropout2D(0.25), 1, shape: [1, 1, 1, 2], purpose: .inference) == [1, 1])
  }
}
