import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors
import MartletTraining

/// What this machine reaches with a number of threads: by it the floors are told.
struct MachineRates {
  /// Floating-point operations, in units of 10^9 a second, all threads together.
  let arithmetic: Double
  /// Bytes read and written outside the caches, in units of 10^9 a second, all threads together; nil where the
  /// steps are not told one by one.
  let memory: Double?

  /// Measures what is not given.
  ///
  /// - Parameter withMemory: Whether memory is measured too, which takes more of it than a small network does.
  static func measured(
    threads: Int, arithmetic: Double? = nil, withMemory: Bool
  ) throws -> MachineRates {
    MachineRates(
      arithmetic: try arithmetic ?? Self.arithmetic(threads: threads),
      memory: withMemory ? Self.memory(threads: threads) : nil)
  }

  /// The milliseconds that the operations alone take, and that the bytes alone take where no cache holds them.
  func floor(of cost: Cost) -> (arithmetic: Double, memory: Double) {
    (Double(cost.flops) / arithmetic / 1e6, memory.map { Double(cost.bytes) / $0 / 1e6 } ?? .nan)
  }

  // MARK: Measuring

  private static let images = 32
  private static let side = 14
  private static let channels = 64
  private static let layers = 3
  private static let repeats = 20

  /// The best rate of 3x3 convolutions that fit the cache.
  private static func arithmetic(threads: Int) throws -> Double {
    let network = try Sequential(input: .image(side, side, channels)) {
      Rescale(1 / 255)
      for _ in 0..<layers { Conv2D(channels, kernelSize: 3, padding: .same, useBias: false) }
    }
    let predictor = try Predictor(network, batchSize: images, threads: threads)
    let input = Tensor<UInt8>(repeating: 1, shape: [images, side, side, channels])
    let seconds = try best { _ = try predictor.outputs(input) }
    return Double(network.summary(batchSize: images).flops * images) / seconds / 1e9
  }

  /// What is copied from and to for each thread, more than any cache holds.
  private static let copiedBytes = 32 << 20

  /// The best rate of copies; a byte that is copied is read once and written once.
  private static func memory(threads: Int) -> Double {
    let pool = WorkerPool(threads: threads)
    let areas = (0..<threads).map { _ in
      UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * copiedBytes, alignment: 64)
    }
    defer { for area in areas { area.deallocate() } }
    // The first touch is the system's: it gives the pages.
    for area in areas { area.initializeMemory(as: UInt8.self, repeating: 1) }
    let seconds = best {
      pool.run { worker in
        guard let start = areas[worker].baseAddress else { return }
        start.copyMemory(from: start + copiedBytes, byteCount: copiedBytes)
      }
    }
    return Double(2 * copiedBytes * threads) / seconds / 1e9
  }

  private static func best(_ work: () throws -> Void) rethrows -> Double {
    try (0..<repeats).map { _ in
      let start = ContinuousClock.now
      try work()
      return (ContinuousClock.now - start) / .seconds(1)
    }.min() ?? .infinity
  }
}
