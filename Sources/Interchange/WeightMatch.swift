import MartletNetworks
import MartletTensors

/// Which tensor of a file belongs to which of a network.
package struct WeightMatch {
  /// The file's names with the tensors of the network, in the network's order.
  package private(set) var pairs: [(foreign: String, tensor: MappedTensor)] = []
  /// The file's names that no tensor of the network stands for, such as counters.
  package private(set) var ignored: [String] = []
  /// What to warn of where layers of equal shapes are told apart by no more than the order of words.
  package private(set) var guess: String?

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
    ignored = foreign.filter { Self.isNoWeight($0.name) }.map(\.name)
    let file = ForeignLayers(foreign.filter { !Self.isNoWeight($0.name) }, style)
    var chosen = [Int?](repeating: nil, count: layers.count)
    for (index, layer) in layers.enumerated() {
      guard let name = names[layer.path] else { continue }
      guard let group = file.index(named: name) ?? file.index(ofLayer: name) else {
        throw InterchangeError(
          at: place, expected: "a layer \"\(name)\" for \(layer.path)",
          received: file.groups.map(\.name).joined(separator: ", "))
      }
      chosen[index] = group
    }
    if let named = Self.byName(layers, file, style, chosen) {
      chosen = named
    } else {
      // Names agree for all or for none: half of them would be chance.
      chosen = Self.byOrder(layers, file, style, chosen)
      guess = file.guess(chosen.compactMap { $0 }, isTyped: style == .keras)
    }
    let used = Set(chosen.compactMap { $0 })
    let missing = layers.indices.filter { chosen[$0] == nil }
    let unused = file.groups.indices.filter { !used.contains($0) }
    guard missing.isEmpty, unused.isEmpty else {
      throw Self.mismatch(missing.map { layers[$0] }, unused.map { file.groups[$0] }, place)
    }
    for (layer, index) in zip(layers, chosen) {
      guard let group = index.map({ file.groups[$0] }) else { continue }
      guard group.signature == ForeignLayers.signature(layer) else {
        throw Self.mismatch([layer], [group], place)
      }
      for tensor in layer.tensors {
        if let found = group.tensors.first(where: { $0.last == tensor.name }) {
          pairs.append((found.tensor.name, tensor))
        }
      }
    }
  }

  /// The layers by the names that the file has, if it has all; a common beginning does not count.
  private static func byName(
    _ layers: [MappedLayer], _ file: ForeignLayers, _ style: WeightStyle, _ chosen: [Int?]
  ) -> [Int?]? {
    let separator = String(style.separator)
    // What stands below `layers` in Keras's files are numbers in the order of a model, no names.
    let prefixes = ["", "module", "model"] + (style == .keras ? [] : ["layers"])
    for prefix in prefixes {
      var found = chosen
      var taken = Set(chosen.compactMap { $0 })
      for (index, layer) in layers.enumerated() where found[index] == nil {
        let parts = (prefix.isEmpty ? [] : [prefix]) + layer.path.split(separator: "/").map { String($0) }
        let candidates = [
          file.index(named: parts.joined(separator: separator)),
          prefix.isEmpty ? file.index(ofLayer: layer.path) : nil,
        ]
        let signature = ForeignLayers.signature(layer)
        found[index] = candidates.lazy.compactMap { $0 }.first {
          !taken.contains($0) && file.groups[$0].signature == signature
        }
        guard let group = found[index] else { break }
        taken.insert(group)
      }
      if !found.contains(nil) { return found }
    }
    return nil
  }

  /// The layers in the file's order, each by its shapes; in Keras's files those of the same type come first.
  private static func byOrder(
    _ layers: [MappedLayer], _ file: ForeignLayers, _ style: WeightStyle, _ chosen: [Int?]
  ) -> [Int?] {
    var chosen = chosen
    var used = Set(chosen.compactMap { $0 })
    for isTyped in style == .keras ? [true, false] : [false] {
      func key(_ signature: String, _ type: String) -> String { isTyped ? "\(type) \(signature)" : signature }
      var waiting: [String: [Int]] = [:]
      for (index, group) in file.groups.enumerated().reversed() where !used.contains(index) {
        waiting[key(group.signature, group.type), default: []].append(index)
      }
      for (index, layer) in layers.enumerated() where chosen[index] == nil {
        let wanted = key(ForeignLayers.signature(layer), layer.type)
        guard let group = waiting[wanted]?.popLast() else { continue }
        chosen[index] = group
        used.insert(group)
      }
    }
    return chosen
  }

  private static func mismatch(
    _ layers: [MappedLayer], _ groups: [ForeignLayers.Group], _ place: String
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
