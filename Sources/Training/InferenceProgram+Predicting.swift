import MartletDatasets
import MartletTensors

extension InferenceProgram {
  /// The outputs for images in memory, batch by batch without copying them.
  func outputs(_ images: Tensor<UInt8>, batchSize: Int) throws -> Tensor<Float> {
    let count = try input.batch(of: images.shape, .uint8)
    try BatchInput.check(batchSize: batchSize)
    takeWeights()
    var collected = CollectedOutputs(count: count)
    try images.scalars.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for start in stride(from: 0, to: count, by: batchSize) {
        let batch = min(batchSize, count - start)
        collected.append(try run(base + start * (bytes.count / count), batch: batch).tensor(Self.outputsName))
      }
    }
    return collected.tensor
  }

  /// The outputs for a data set in its order.
  func outputs(_ data: ImageDataset, batchSize: Int) throws -> Tensor<Float> {
    let loader = try DataLoader(data, batchSize: batchSize, shuffle: false)
    try input.check(data, labels: false)
    try parameters.preparation?.require(data.preparation, classes: false)
    takeWeights()
    var collected = CollectedOutputs(count: data.count)
    for batch in loader.batches(epoch: 0) {
      try batch.images.scalars.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        collected.append(try run(base, batch: batch.count).tensor(Self.outputsName))
      }
    }
    return collected.tensor
  }
}

extension BatchInput {
  static func check(batchSize: Int) throws(TrainingError) {
    guard batchSize > 0 else {
      throw TrainingError(.badArgument, at: "batch size", expected: "at least 1", received: "\(batchSize)")
    }
  }
}

/// The outputs of several batches, one after another.
struct CollectedOutputs {
  let count: Int
  private var shape: [Int] = []
  private var scalars: [Float] = []

  init(count: Int) { self.count = count }

  mutating func append(_ batch: Tensor<Float>) {
    shape = Array(batch.shape.dropFirst())
    if scalars.isEmpty { scalars.reserveCapacity(count * shape.reduce(1, *)) }
    scalars += batch.scalars
  }

  var tensor: Tensor<Float> { Tensor(shape: [count] + shape, scalars: scalars) }
}
