import MartletCPU
import MartletDatasets
import MartletExperiments
import MartletNetworks
import MartletReports
import MartletTensors
import MartletTraining

/// What is timed: a system, or a network that nobody tuned for.
struct BenchmarkSubject {
  let name: String
  let network: any Network
  /// `[H, W, C]` of an image.
  let imageShape: [Int]
  let classes: Int
  /// The images of a training step.
  let batchSize: Int
  /// The data set whose images are used where it is at hand.
  let dataset: String?
  /// The convolutions that keep to direct sums.
  let exact: ExactLayers
  /// Makes a trainer with initial weights for a number of threads.
  let trainer: (_ threads: Int) throws -> Trainer

  /// Finds what a name stands for.
  static func named(_ name: String, seed: Int?, exact: ExactLayers) throws -> BenchmarkSubject {
    if let network = BenchmarkNetwork.all.first(where: { $0.name == name }) {
      return try BenchmarkSubject(network, seed: seed ?? 0, exact: exact)
    }
    let names = TrainingSystem.ids + ReadyModel.all.map(\.name)
    guard names.contains(name) else {
      throw SettingError.unknown(
        "system, model or network", name, among: names + BenchmarkNetwork.all.map(\.name))
    }
    var system = try TrainingSystem.named(idOrModel: name, dataset: nil)
    system.settings.seed = seed ?? system.settings.seed
    system.settings.exact = exact
    return try BenchmarkSubject(name, system)
  }

  private init(_ network: BenchmarkNetwork, seed: Int, exact: ExactLayers) throws {
    let made = try network.make()
    name = network.name
    self.network = made
    imageShape = network.imageShape
    classes = BenchmarkNetwork.classes
    batchSize = network.batchSize
    dataset = network.dataset
    self.exact = exact
    trainer = { threads in
      try Trainer(
        made, loss: .sparseCategoricalCrossEntropy(fromLogits: true), seed: UInt64(seed), threads: threads,
        exact: exact)
    }
  }

  init(_ name: String, _ system: TrainingSystem) throws {
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    self.name = name
    network = try configuration.network()
    imageShape = configuration.imageShape
    classes = configuration.classNames.count
    batchSize = system.settings.batchSize
    dataset = system.dataset
    exact = system.settings.exact
    trainer = { threads in try configuration.trainer(threads: threads) }
  }

  /// The operations of predicting a batch, as the graph counts them.
  func predictionFlops(batch: Int) -> Int { network.summary(batchSize: batch).flops * batch }
}

/// The batches that are used in turn.
struct BenchmarkData {
  typealias Batch = (images: Tensor<UInt8>, labels: Tensor<Int32>)

  /// One batch, memorized, would be another problem.
  private static let count = 32

  let batches: [Batch]
  /// Whether they are images of the data set.
  let isReal: Bool

  var byteCount: Int { batches.reduce(0) { $0 + $1.images.scalars.count + 4 * $1.labels.scalars.count } }

  /// Images of the subject's data set, or random pixels.
  init(_ subject: BenchmarkSubject, batch: Int, random: Bool, _ common: CommonOptions) throws {
    let bytes = Self.count * batch * subject.imageShape.reduce(1, *)
    guard Arena.isAvailable(bytes) else {
      throw Failure(
        .usage, at: "--batch-size", expected: "\(Self.count) batches that fit into memory",
        received: "\(batch) images, which take \(Summary.size(bytes))", hint: "choose a smaller batch")
    }
    if !random, let name = subject.dataset {
      if try DatasetCatalog.location(name, directory: common.data) != nil {
        let train = try common.load(try DatasetCatalog.card(name)).train
        if batch <= train.count {
          batches = try Self.batches(of: train, size: batch)
          isReal = true
          return
        }
      }
      Output.warn("\(name) is not at hand for batches of \(batch); random pixels take its place")
    }
    batches = Self.randomBatches(subject, size: batch)
    isReal = false
  }

  private static func batches(of data: ImageDataset, size: Int) throws -> [Batch] {
    let loader = try DataLoader(data, batchSize: size, lastBatch: .drop)
    var found: [Batch] = []
    while found.count < count {
      found += loader.prefix(count - found.count).map { ($0.images, $0.labels) }
    }
    return found
  }

  private static func randomBatches(_ subject: BenchmarkSubject, size: Int) -> [Batch] {
    let pixelCount = size * subject.imageShape.reduce(1, *)
    return (0..<count).map { index in
      let stream = RandomStream(seed: 0, purpose: .sample, stream: UInt64(index))
      let pixels = (0..<pixelCount).map { UInt8(truncatingIfNeeded: stream.uint32(at: UInt64($0))) }
      let labels = (0..<size).map {
        Int32(stream.integer(below: subject.classes, at: UInt64(pixelCount + $0)))
      }
      return (
        Tensor(shape: [size] + subject.imageShape, scalars: pixels), Tensor(shape: [size], scalars: labels)
      )
    }
  }
}
