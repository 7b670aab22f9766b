import MartletNetworks
import MartletRuns
import MartletTensors

extension Parameters {
  /// The SHA-256 digest of the bytes of weights and statistics in the order of their names; the
  /// optimizer's state does not count.
  public var sha256: String {
    var digest = SHA256()
    let stored = entries.filter { $0.role != .optimizer }
    for entry in stored.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
      digest.update(UnsafeRawBufferPointer(UnsafeBufferPointer(start: entry.pointer, count: entry.count)))
    }
    return digest.hexDigest()
  }

  /// The path of the first tensor with a number that is not finite; nil where all are.
  package var firstNonFinite: String? {
    entries.first { entry in
      // Only numbers that are not finite give 0 · x other than 0.
      UnsafeBufferPointer(start: entry.pointer, count: entry.count).contains { $0 * 0 != 0 }
    }?.path
  }

  /// Refuses numbers that an update made too great: the step after it could not tell where they come from.
  func requireFinite(after step: Int) throws(TrainingError) {
    if let path = firstNonFinite { throw TrainingError(weightsAfter: step, path: path) }
  }

  /// Saves weights and statistics as a safetensors file, whole or not at all.
  public func save(to path: String) throws(FileError) {
    try tensorFile(metadata: [:]).write(to: path)
  }

  /// Loads weights and statistics from a safetensors file; nothing changes unless all of them fit.
  ///
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` that lists every tensor that is
  ///   missing, unknown or of another shape.
  public func load(from path: String) throws {
    let file = try TensorFile(reading: path)
    let prepared = try Self.preparation(file, from: path)
    try load(file, from: path)
    preparation = prepared
  }

  /// The tensors as a file holds them.
  package func tensorFile(withOptimizer: Bool = false, metadata: [String: String]) -> TensorFile {
    let stored = entries.filter { withOptimizer || $0.role != .optimizer }
    return TensorFile(
      tensors: stored.map { entry in
        let scalars = Array(UnsafeBufferPointer(start: entry.pointer, count: entry.count))
        return (entry.path, .float32(Tensor(shape: entry.shape, scalars: scalars)))
      }, metadata: notes.merging(metadata) { $1 })
  }

  /// Takes over the tensors of a file after comparing names and shapes.
  ///
  /// The optimizer's state is left alone unless it is asked for, and then needed.
  package func load(
    _ file: TensorFile, from place: String, withOptimizer: Bool = false
  ) throws(TrainingError) {
    var values: [String: AnyTensor] = [:]
    for (name, value) in file.tensors where !name.hasPrefix(Checkpoint.bestPrefix) { values[name] = value }
    var mistakes: [String] = []
    var found: [(entry: Entry, tensor: Tensor<Float>)] = []
    for entry in entries where withOptimizer || entry.role != .optimizer {
      guard let value = values.removeValue(forKey: entry.path) else {
        mistakes.append("\(entry.path) \(entry.shape) is missing")
        continue
      }
      if let tensor = value.float32, tensor.shape == entry.shape {
        found.append((entry, tensor))
      } else {
        mistakes.append(
          "\(entry.path) is \(value.typeName) \(value.shape) instead of F32 \(entry.shape)")
      }
    }
    // What lies below a tensor's path is the state of some optimizer.
    let known = entries.map { "\($0.path)/" }
    mistakes += values.keys.sorted().filter { name in !known.contains { name.hasPrefix($0) } }
      .map { "\($0) is not in the network" }
    guard mistakes.isEmpty else {
      let shown = mistakes.prefix(20).joined(separator: "; ")
      let rest = mistakes.count > 20 ? "; and \(mistakes.count - 20) more" : ""
      throw TrainingError(
        .badData, at: place, expected: "the tensors of this network",
        received: "others: \(shown)\(rest)", hint: "load it into the network it was saved from")
    }
    for (entry, tensor) in found {
      _ = UnsafeMutableBufferPointer(start: entry.pointer, count: entry.count).update(from: tensor.scalars)
    }
  }
}
