import MartletNetworks
import MartletTensors
import MartletTraining

/// The rate of arithmetic that this machine reaches.
enum PeakRate {
  private static let images = 32
  private static let side = 14
  private static let channels = 64
  private static let layers = 3

  /// The best rate of 3x3 convolutions that fit the cache, in GFLOP/s, all threads together.
  static func measured(threads: Int) throws -> Double {
    let network = try Sequential(input: .image(side, side, channels)) {
      Rescale(1 / 255)
      for _ in 0..<layers { Conv2D(channels, kernelSize: 3, padding: .same, useBias: false) }
    }
    let predictor = try Predictor(network, batchSize: images, threads: threads)
    let input = Tensor<UInt8>(repeating: 1, shape: [images, side, side, channels])
    let best =
      try (0..<20).map { _ in
        let start = ContinuousClock.now
        _ = try predictor.outputs(input)
        return (ContinuousClock.now - start) / .seconds(1)
      }.min() ?? 1
    let operations = network.summary(batchSize: images).flops * images
    return Double(operations) / best / 1e9
  }
}
