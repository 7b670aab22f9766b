import MartletGraphs
import MartletTensors

/// The store of a network's tensors: weights, statistics and the optimizer's state, by path.
///
/// Each tensor keeps one 64-byte aligned place in memory for the store's life, so programs may hold its
/// address. A store belongs to one task; `copy()` makes another.
public final class Parameters {
  /// The seed from which initial values are drawn.
  package let seed: UInt64
  package private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]
  /// What is to be known of the tensors wherever they go, by key; files keep it.
  package var notes: [String: String] = [:]

  /// A tensor of the store.
  package struct Entry {
    package let path: String
    package let role: ParameterSpec.Role
    package let shape: [Int]
    package var isTrainable: Bool
    package let count: Int
    package let pointer: UnsafeMutablePointer<Float>
  }

  /// Creates the tensors of a trace with their initial values.
  package init(_ specs: [ParameterSpec] = [], seed: UInt64) {
    self.seed = seed
    add(specs)
  }

  deinit {
    for entry in entries { UnsafeMutableRawPointer(entry.pointer).deallocate() }
  }

  /// Adds the tensors that are missing; the others keep their values and take over whether they train.
  package func add(_ specs: [ParameterSpec]) {
    for spec in specs {
      if let index = indices[spec.path] {
        demand(
          entries[index].shape == spec.shape,
          "\(spec.path) has shape \(entries[index].shape) in the store and \(spec.shape) in the trace")
        entries[index].isTrainable = spec.isTrainable
        continue
      }
      append(spec.path, spec.role, spec.shape, spec.isTrainable) { buffer in
        let values = spec.initial(seed)
        demand(values.count == buffer.count, "\(spec.path): \(values.count) values for \(spec.shape)")
        _ = buffer.initialize(from: values)
      }
    }
  }

  private func append(
    _ path: String, _ role: ParameterSpec.Role, _ shape: [Int], _ isTrainable: Bool,
    _ fill: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let count = shape.reduce(1, *)
    // Whole cache lines, so that two tensors never share one.
    let bytes = max((count * MemoryLayout<Float>.stride + 63) / 64 * 64, 64)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    let pointer = memory.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    fill(UnsafeMutableBufferPointer(start: pointer, count: count))
    indices[path] = entries.count
    entries.append(
      Entry(path: path, role: role, shape: shape, isTrainable: isTrainable, count: count, pointer: pointer))
  }

  /// The tensor of a path, or nil where there is none.
  package func entry(_ path: String) -> Entry? { indices[path].map { entries[$0] } }

  /// The address of a tensor's first element; valid for the store's life.
  package func pointer(_ path: String) -> UnsafeMutablePointer<Float> {
    guard let entry = entry(path) else { preconditionFailure("\(path) is not in the store") }
    return entry.pointer
  }
}

extension Parameters {
  /// The paths of weights and statistics in the order of their first use.
  public var paths: [String] { entries.filter { $0.role != .optimizer }.map(\.path) }

  /// A copy of the tensor at a path such as `conv2d/kernel`, or nil where there is none.
  public func tensor(_ path: String) -> Tensor<Float>? {
    entry(path).map { entry in
      Tensor(
        shape: entry.shape, scalars: Array(UnsafeBufferPointer(start: entry.pointer, count: entry.count)))
    }
  }

  /// Replaces the elements of the tensor at a path.
  ///
  /// - Throws: A mistake where the path or the shape is another.
  public func setTensor(_ path: String, _ tensor: Tensor<Float>) throws(ModelError) {
    guard let entry = entry(path) else {
      throw ModelError(
        path: path, expected: "a path of the store", received: "an unknown one",
        hint: "The paths are: \(paths.joined(separator: ", ")).")
    }
    guard entry.shape == tensor.shape else {
      throw ModelError(path: path, expected: "shape \(entry.shape)", received: "shape \(tensor.shape)")
    }
    _ = UnsafeMutableBufferPointer(start: entry.pointer, count: entry.count).update(from: tensor.scalars)
  }

  /// The number of elements of weights and statistics, without the optimizer's state.
  public var count: Int { count { $0.role != .optimizer } }

  /// The number of elements that training changes by gradients.
  public var trainableCount: Int { count { $0.role == .weight && $0.isTrainable } }

  /// The number of elements of the optimizer's state.
  public var optimizerCount: Int { count { $0.role == .optimizer } }

  private func count(_ condition: (Entry) -> Bool) -> Int {
    entries.filter(condition).reduce(0) { $0 + $1.count }
  }

  /// A store of its own memory with equal tensors.
  public func copy() -> Parameters {
    let result = Parameters(seed: seed)
    result.notes = notes
    for entry in entries {
      result.append(entry.path, entry.role, entry.shape, entry.isTrainable) { buffer in
        _ = buffer.update(from: UnsafeBufferPointer(start: entry.pointer, count: entry.count))
      }
    }
    return result
  }

  /// Takes over the values of a copy made earlier, in place; tensors that the copy lacks stay.
  package func restore(_ snapshot: Parameters) {
    for entry in entries {
      guard let source = snapshot.entry(entry.path) else { continue }
      demand(source.shape == entry.shape, "\(entry.path): \(source.shape) is not \(entry.shape)")
      entry.pointer.update(from: source.pointer, count: entry.count)
    }
  }
}
