import MartletGraphs
import MartletNetworks
import Testing

private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
  let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
  let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
  return (mean, variance.squareRoot())
}

/// Expected variance and largest magnitude for 200 inputs and 100 outputs.
private struct Case: Sendable {
  let initializer: Initializer
  let variance: Double
  let bound: Double

  static func uniform(_ initializer: Initializer, variance: Double) -> Case {
    Case(initializer: initializer, variance: variance, bound: (3 * variance).squareRoot())
  }

  static func truncated(_ initializer: Initializer, variance: Double) -> Case {
    Case(
      initializer: initializer, variance: variance, bound: 2 * variance.squareRoot() / 0.87962566103423978)
  }

  static func unbounded(_ initializer: Initializer, variance: Double) -> Case {
    Case(initializer: initializer, variance: variance, bound: .infinity)
  }
}

private let cases: [Case] = [
  .uniform(.glorotUniform, variance: 0.006_666_667), .truncated(.glorotNormal, variance: 0.006_666_667),
  .uniform(.heUniform, variance: 0.01), .truncated(.heNormal, variance: 0.01),
  .uniform(.lecunUniform, variance: 0.005), .truncated(.lecunNormal, variance: 0.005),
  .uniform(.kaimingUniform(), variance: 0.001_666_667), .uniform(.fanInUniform, variance: 0.001_666_667),
  .unbounded(.kaimingNormal, variance: 0.01), .unbounded(.normal(), variance: 0.0025),
  .truncated(.truncatedNormal(), variance: 0.001_934_353),
]

/// A tensor of a layer and the square of its bound, as measured on Keras's and PyTorch's own layers of 16
/// channels.
private let layerBounds: [(Preset, String, Double)] = [
  (.keras, "depthwise_conv2d/kernel", 6.0 / 162),
  (.pytorch, "depthwise_conv2d/kernel", 1.0 / 9),
  (.pytorch, "depthwise_conv2d/bias", 1.0 / 9),
  (.keras, "separable_conv2d/depthwise_kernel", 6.0 / 162),
  (.keras, "separable_conv2d/pointwise_kernel", 6.0 / 64),
  (.keras, "conv2d_transpose/kernel", 6.0 / 432),
  (.pytorch, "conv2d_transpose/kernel", 1.0 / 288),
  (.pytorch, "conv2d_transpose/bias", 1.0 / 288),
]

@Suite struct InitializerTests {
  private let fans = Fans(inputs: 200, outputs: 100)

  @Test(arguments: cases)
  fileprivate func statistics(item: Case) {
    let (initializer, deviation, bound) = (item.initializer, item.variance.squareRoot(), item.bound)
    let values = initializer.values(count: 40_000, fans: fans, seed: 3, path: "dense/kernel")
    let found = moments(values)
    #expect(abs(found.mean) < 0.02 * deviation)
    #expect(abs(found.deviation / deviation - 1) < 0.02)
    let largest = values.reduce(0) { max($0, abs(Double($1))) }
    #expect(largest <= bound * 1.0001)
    // Bounded draws come close to their bound.
    if bound.isFinite { #expect(largest > 0.97 * bound) }
  }

  @Test func valuesDependOnSeedPathAndIndexAlone() {
    for initializer in [Initializer.glorotUniform, .heNormal] {
      let values = initializer.values(count: 1_001, fans: fans, seed: 3, path: "a")
      #expect(values == initializer.values(count: 1_001, fans: fans, seed: 3, path: "a"))
      #expect(Array(values[..<10]) == initializer.values(count: 10, fans: fans, seed: 3, path: "a"))
      #expect(values != initializer.values(count: 1_001, fans: fans, seed: 4, path: "a"))
      #expect(values != initializer.values(count: 1_001, fans: fans, seed: 3, path: "b"))
      #expect(Set(values).count > 990)
    }
  }

  @Test func constants() {
    #expect(Initializer.zeros.values(count: 2, fans: fans, seed: 1, path: "") == [0, 0])
    #expect(Initializer.ones.values(count: 2, fans: fans, seed: 1, path: "") == [1, 1])
    #expect(Initializer.constant(0.5).values(count: 1, fans: fans, seed: 1, path: "") == [0.5])
  }

  @Test func fansOfKernels() {
    #expect(Fans(shape: [3, 5, 4, 7]) == Fans(inputs: 60, outputs: 105))
    #expect(Fans(shape: [6, 8]) == Fans(inputs: 6, outputs: 8))
    #expect(Fans(shape: [6]) == Fans(inputs: 6, outputs: 6))
  }

  @Test(arguments: layerBounds)
  func fansOfTheOtherConvolutions(preset: Preset, path: String, squaredBound: Double) throws {
    let model = try Model(input: .image(9, 9, 16, element: .float), preset: preset) { x in
      let depthwise = DepthwiseConv2D(kernelSize: 3, depthMultiplier: 2)(x)
      let separable = SeparableConv2D(32, kernelSize: 3, depthMultiplier: 2)(x)
      let transposed = Conv2DTranspose(32, kernelSize: 3)(x)
      return Concatenate()(Flatten()(depthwise), Flatten()(separable), Flatten()(transposed))
    }
    let graph = Graph(purpose: .inference)
    _ = model.trace(batch: 1, into: graph)
    let tensor = try #require(Parameters(graph.parameters, seed: 3).tensor(path))
    let largest = tensor.scalars.reduce(0) { max($0, abs(Double($1))) }
    let bound = squaredBound.squareRoot()
    #expect(largest <= bound * 1.0001 && largest > (tensor.scalars.count > 100 ? 0.97 : 0.8) * bound)
  }
}
