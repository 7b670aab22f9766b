import MartletCPU
import MartletNetworks
import MartletTensors
import MartletTraining

/// What this machine reaches with a number of threads: by it the floors are told.
struct MachineRates {
  /// Floating-point operations as the graph counts them, in units of 10^9 a second, all threads together:
  /// those of Winograd's sums, which multiply less often than that.
  let arithmetic: Double
  /// The same with direct sums; nil where the steps are not told one by one.
  let direct: Double?
  /// Bytes read and written outside the caches, in units of 10^9 a second, all threads together; nil where the
  /// steps are not told one by one.
  let memory: Double?

  /// Measures the rates.
  ///
  /// - Parameter ofSteps: Whether the rates that single steps are compared with are measured too; that of memory
  ///   takes more of it than a small network does.
  static func measured(threads: Int, ofSteps: Bool) throws -> MachineRates {
    MachineRates(
      arithmetic: try Self.arithmetic(threads: threads, exact: false),
      direct: ofSteps ? try Self.arithmetic(threads: threads, exact: true) : nil,
      memory: ofSteps ? Self.memory(threads: threads) : nil)
  }

  /// Reads rates that were measured before, such as `420,210,30`.
  init(parsing text: String) throws {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw Failure(
        .usage, at: "--rates", expected: "three numbers above 0, such as 420,210,30", received: text,
        hint: "leave it out to measure them")
    }
    self.init(arithmetic: numbers[0], direct: numbers[1], memory: numbers[2])
  }

  private init(arithmetic: Double, direct: Double?, memory: Double?) {
    (self.arithmetic, self.direct, self.memory) = (arithmetic, direct, memory)
  }

  /// The rate of arithmetic, as the graph counts it, that the algorithm of a step can reach.
  func arithmetic(of step: StepTime) -> Double {
    guard let direct else { return arithmetic }
    return switch step.arithmetic {
    case .winograd: arithmetic
    case .sparse: 4 * direct
    case .direct: direct
    }
  }

  /// The milliseconds that a step's operations alone take, and that its bytes alone take where no cache holds them.
  func floor(of step: StepTime) -> (arithmetic: Double, memory: Double) {
    (
      Double(step.cost.flops) / arithmetic(of: step) / 1e6,
      memory.map { Double(step.cost.bytes) / $0 / 1e6 } ?? .nan
    )
  }

  // MARK: Measuring

  private static let images = 32
  private static let side = 14
  private static let channels = 64
  private static let layers = 3
  private static let repeats = 20

  /// The best rate of 3x3 convolutions that fit the cache.
  private static func arithmetic(threads: Int, exact: ExactLayers) throws -> Double {
    let network = try Sequential(input: .image(side, side, channels)) {
      Rescale(1 / 255)
      for _ in 0..<layers { Conv2D(channels, kernelSize: 3, padding: .same, useBias: false) }
    }
    let predictor = try Predictor(network, batchSize: images, threads: threads, exact: exact)
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
