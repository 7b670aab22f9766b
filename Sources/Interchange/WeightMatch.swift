import MartletNetworks
import MartletTensors

/// Which tensor of a file belongs to which of a network.
package struct WeightMatch {
  /// The file's names with the tensors of the network, in the network's order.
  package private(set) var pairs: [(foreign: String, tensor: MappedTensor)] = []
  /// The file's names that no tensor of the network stands for, such as counters.
  package private(set) var ignored: [String] = []

  /// What a file holds besides weights: PyTorch's counters of batches, Keras's optimizer and random state.
  private static func isNoWeight(_ name: String) -> Bool {
    name.hasSuffix("num_batches_tracked") || name.hasPrefix("optimizer/")
      || name.contains("seed_generator/") || name.hasPrefix("_") && name.contains("/vars/")
  }

  /// Compares a file with a network: by names where they agree, else layer by layer in their order,
  /// where all shapes agree.
  ///
  /// - Parameter names: The file's layer for each layer of the network, where the user gives it.
  package init(
    _ foreign: [ForeignTensor], to layers: [MappedLayer], style: WeightStyle, names: [String: String] = [:],
    place: String
  ) throws(InterchangeError) {
    let weights = foreign.filter { !Self.isNoWeight($0.name) }
    ignored = foreign.filter { Self.isNoWeight($0.name) }.map(\.name)
    let groups = Self.groups(weights, style)
    var chosen = [Int?](repeating: nil, count: layers.count)
    var used = Set<Int>()
    for (index, layer) in layers.enumerated() {
      guard let name = names[layer.path] else { continue }
      guard let group = groups.firstIndex(where: { $0.name == name || $0.layer == name }) else {
        throw InterchangeError(
          at: place, expected: "a layer \"\(name)\" for \(layer.path)",
          received: groups.map(\.name).joined(separator: ", "))
      }
      chosen[index] = group
      used.insert(group)
    }
    Self.matchByName(layers, groups, style, &chosen, &used)
    if chosen.contains(nil) {
      // Names agree for all or for none: half of them would be chance.
      if names.isEmpty { (chosen, used) = (Array(repeating: nil, count: layers.count), []) }
      for (index, layer) in layers.enumerated() where chosen[index] == nil {
        let fitting = groups.indices.first { !used.contains($0) && groups[$0].fits(layer) }
        guard let fitting else { continue }
        chosen[index] = fitting
        used.insert(fitting)
      }
    }
    let missing = layers.indices.filter { chosen[$0] == nil }
    let unused = groups.indices.filter { !used.contains($0) }
    guard missing.isEmpty, unused.isEmpty else {
      throw Self.mismatch(missing.map { layers[$0] }, unused.map { groups[$0] }, place)
    }
    for (index, layer) in layers.enumerated() {
      guard let group = chosen[index] else { continue }
      guard groups[group].fits(layer) else { throw Self.mismatch([layer], [groups[group]], place) }
      for tensor in layer.tensors {
        let found = groups[group].tensors.first { $0.last == tensor.name }
        if let found { pairs.append((found.tensor.name, tensor)) }
      }
    }
  }

  /// The tensors of one layer in the file.
  private struct Group {
    let name: String
    let layer: String?
    var tensors: [(last: String, tensor: ForeignTensor)]

    /// Whether names and shapes are those of a layer.
    func fits(_ layer: MappedLayer) -> Bool {
      tensors.count == layer.tensors.count
        && layer.tensors.allSatisfy { wanted in
          tensors.contains { $0.last == wanted.name && $0.tensor.value.shape == wanted.arrangement.shape }
        }
    }
  }

  private static func groups(_ weights: [ForeignTensor], _ style: WeightStyle) -> [Group] {
    var groups: [Group] = []
    for tensor in weights {
      var (name, last) = tensor.parts(style.separator)
      if style == .keras, name == "vars" || name.hasSuffix("/vars") { name = String(name.dropLast(5)) }
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].tensors.append((last, tensor))
      } else {
        groups.append(Group(name: name, layer: tensor.layer, tensors: [(last, tensor)]))
      }
    }
    // `conv2d`, `conv2d_1`, ..., `conv2d_10`; `0`, `3`, `10`.
    return groups.sorted { naturalOrder($0.name, $1.name) }
  }

  /// Takes the layers whose names the file has, if it has all; a common beginning does not count.
  private static func matchByName(
    _ layers: [MappedLayer], _ groups: [Group], _ style: WeightStyle, _ chosen: inout [Int?],
    _ used: inout Set<Int>
  ) {
    let separator = String(style.separator)
    for prefix in ["", "module\(separator)", "model\(separator)", "layers\(separator)"] {
      var found = chosen
      var taken = used
      for (index, layer) in layers.enumerated() where found[index] == nil {
        let name = prefix + layer.path.split(separator: "/").joined(separator: separator)
        let group = groups.indices.first {
          !taken.contains($0) && (groups[$0].name == name || prefix.isEmpty && groups[$0].layer == layer.path)
            && groups[$0].fits(layer)
        }
        guard let group else { break }
        found[index] = group
        taken.insert(group)
      }
      if !found.contains(nil) {
        (chosen, used) = (found, taken)
        return
      }
    }
  }

  private static func mismatch(
    _ layers: [MappedLayer], _ groups: [Group], _ place: String
  ) -> InterchangeError {
    func list(_ texts: [String]) -> String {
      texts.isEmpty
        ? "nothing" : texts.prefix(8).joined(separator: "; ") + (texts.count > 8 ? "; ..." : "")
    }
    let wanted = layers.map { layer in
      "\(layer.path) (\(layer.tensors.map { "\($0.name) \($0.arrangement.shape)" }.joined(separator: ", ")))"
    }
    let found = groups.map { group in
      "\(group.name) (\(group.tensors.map { "\($0.last) \($0.tensor.value.shape)" }.joined(separator: ", ")))"
    }
    return InterchangeError(
      at: place, expected: "the tensors of this network: \(list(wanted))", received: list(found),
      hint: "choose the model that the file was made with")
  }
}

/// Whether a name comes before another, numbers in them compared by their values.
package func naturalOrder(_ a: String, _ b: String) -> Bool {
  func pieces(_ name: String) -> [(text: String, number: Int?)] {
    var pieces: [(text: String, number: Int?)] = []
    var rest = Substring(name)
    while let first = rest.first {
      let run = rest.prefix { $0.isASCII && $0.isNumber == (first.isASCII && first.isNumber) }
      let piece = run.isEmpty ? rest.prefix(1) : run
      pieces.append((String(piece), Int(piece)))
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
  let (left, right) = (pieces(a), pieces(b))
  for (x, y) in zip(left, right) where x.text != y.text {
    if let m = x.number, let n = y.number, m != n { return m < n }
    return x.text < y.text
  }
  return left.count < right.count
}
