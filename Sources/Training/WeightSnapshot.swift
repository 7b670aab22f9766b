import MartletCPU
import MartletGraphs
import MartletNetworks

/// Weights and statistics as they were at one moment, which nothing changes: several threads may read them.
struct WeightSnapshot: Sendable {
  private let memory = Arena(workers: 0)
  private let offsets: [String: Int]

  /// Copies the tensors that a trace reads.
  init(_ parameters: Parameters, of specs: [ParameterSpec]) {
    let entries = specs.compactMap { parameters.entry($0.path) }
    var offsets: [String: Int] = [:]
    var bytes = 0
    for entry in entries where offsets[entry.path] == nil {
      offsets[entry.path] = bytes
      bytes += (entry.count * MemoryLayout<Float>.stride + 63) / 64 * 64
    }
    memory.reserve(shared: bytes, worker: 0)
    self.offsets = offsets
    for entry in entries { address(entry.path).update(from: entry.pointer, count: entry.count) }
  }

  /// The first element of a tensor.
  func address(_ path: String) -> UnsafeMutablePointer<Float> {
    guard let offset = offsets[path] else { preconditionFailure("\(path) is not among the weights") }
    return (memory.shared + offset).assumingMemoryBound(to: Float.self)
  }
}
