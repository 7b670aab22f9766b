import MartletTensors

/// The tensors of a file by the layers that its names tell, in natural order.
struct ForeignLayers {
  /// The tensors of one layer.
  struct Group {
    let name: String
    /// The name that the other program gives the layer, where its file says it beside the path.
    let layer: String?
    var tensors: [(last: String, tensor: ForeignTensor)]
    /// Equal where the tensors' names and shapes are.
    var signature = ""

    /// The layer's type in Keras's files: `conv2d` of `layers/conv2d_1`.
    var type: String {
      let last = name.split(separator: "/").last ?? ""
      guard let cut = last.lastIndex(of: "_"), Int(last[last.index(after: cut)...]) != nil else {
        return String(last)
      }
      return String(last[..<cut])
    }
  }

  private(set) var groups: [Group] = []
  private var byName: [String: Int] = [:]
  private var byLayer: [String: Int] = [:]

  init(_ weights: [ForeignTensor], _ style: WeightStyle) {
    var found: [String: Int] = [:]
    for tensor in weights {
      var (name, last) = tensor.parts(style.separator)
      if style == .keras, name == "vars" || name.hasSuffix("/vars") { name = String(name.dropLast(5)) }
      if let index = found[name] {
        groups[index].tensors.append((last, tensor))
      } else {
        found[name] = groups.count
        groups.append(Group(name: name, layer: tensor.layer, tensors: [(last, tensor)]))
      }
    }
    // `conv2d`, `conv2d_1`, ..., `conv2d_10`; `0`, `3`, `10`.
    groups.sort { naturalOrder($0.name, $1.name) }
    for index in groups.indices.reversed() {
      groups[index].signature = Self.signature(groups[index].tensors.map { ($0.last, $0.tensor.value.shape) })
      byName[groups[index].name] = index
      if let layer = groups[index].layer { byLayer[layer] = index }
    }
  }

  /// The layer of a name.
  func index(named name: String) -> Int? { byName[name] }

  /// The first layer that the other program calls so beside its path.
  func index(ofLayer name: String) -> Int? { byLayer[name] }

  static func signature(_ layer: MappedLayer) -> String {
    signature(layer.tensors.map { ($0.name, $0.arrangement.shape) })
  }

  private static func signature(_ tensors: [(name: String, shape: [Int])]) -> String {
    tensors.map { "\($0.name) \($0.shape)" }.sorted().joined(separator: ", ")
  }

  /// What to warn of where layers of equal shapes were taken by order though their names differ in words.
  ///
  /// - Parameters:
  ///   - chosen: The layers that were taken by order.
  ///   - isTyped: Whether layers of other types are no others to mistake them for.
  func guess(_ chosen: [Int], isTyped: Bool) -> String? {
    let alike = Dictionary(grouping: chosen.sorted()) { index in
      (isTyped ? groups[index].type : "") + groups[index].signature
    }
    let guessed = alike.values.sorted { $0[0] < $1[0] }.first { group in
      zip(group, group.dropFirst()).contains { !isOrderedByNumbers(groups[$0].name, groups[$1].name) }
    }
    guard let guessed else { return nil }
    let names = guessed.prefix(3).map { groups[$0].name }.joined(separator: ", ")
    return "the layers \(names)\(guessed.count > 3 ? ", ..." : "") have equal shapes, and only the order of "
      + "their names tells which is which; compare the network's outputs with the other program's"
  }
}
