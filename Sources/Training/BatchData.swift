import MartletGraphs
import MartletNetworks
import MartletTensors

/// A batch of one input or target, `[N, ...]`.
public enum BatchData: Sendable {
  /// Bytes, such as images as data sets hold them.
  case bytes(Tensor<UInt8>)
  /// Numbers.
  case floats(Tensor<Float>)
  /// Class labels.
  case labels(Tensor<Int32>)

  var shape: [Int] {
    switch self {
    case .bytes(let tensor): tensor.shape
    case .floats(let tensor): tensor.shape
    case .labels(let tensor): tensor.shape
    }
  }

  var element: ElementType {
    switch self {
    case .bytes: .uint8
    case .floats: .float
    case .labels: .int32
    }
  }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch self {
    case .bytes(let tensor): try tensor.scalars.withUnsafeBytes(body)
    case .floats(let tensor): try tensor.scalars.withUnsafeBytes(body)
    case .labels(let tensor): try tensor.scalars.withUnsafeBytes(body)
    }
  }
}

/// A batch by the names of inputs or targets.
public typealias NamedData = Named<BatchData>

/// Where the samples of one input or target lie while a program runs.
struct SampleBytes {
  let name: String
  let base: UnsafeRawPointer
  let bytesPerSample: Int

  /// The samples from one on.
  func address(ofSample index: Int) -> UnsafeRawPointer { base + index * bytesPerSample }

  init?(_ name: String, _ bytes: UnsafeRawBufferPointer, count: Int) {
    guard let base = bytes.baseAddress else { return nil }
    self.name = name
    self.base = base
    bytesPerSample = bytes.count / count
  }
}

extension Named where Element == BatchData {
  /// Keeps all tensors in place while a function runs.
  func withSamples<Result>(count: Int, _ body: ([SampleBytes]) throws -> Result) throws -> Result {
    try withSamples(count: count, from: 0, [], body)
  }

  private func withSamples<Result>(
    count: Int, from index: Int, _ samples: [SampleBytes], _ body: ([SampleBytes]) throws -> Result
  ) throws -> Result {
    guard index < entries.count else { return try body(samples) }
    let (name, data) = entries[index]
    return try data.withUnsafeBytes { bytes in
      let more = SampleBytes(name, bytes, count: count).map { samples + [$0] } ?? samples
      return try withSamples(count: count, from: index + 1, more, body)
    }
  }
}
