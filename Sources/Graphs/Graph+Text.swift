extension Graph {
  /// The graph as text, one operation a line.
  package var text: String {
    var lines = nodes.enumerated().map { id, node in
      let inputs = node.inputs.map { "%\($0)" }.joined(separator: ", ")
      let place = node.path.isEmpty ? "" : "  // \(node.path)"
      return "%\(id) = \(node.op.name)(\(inputs)) \(node.element) \(node.shape)\(place)"
    }
    lines += assignments.map { "assign \($0.path) = %\($0.value.id)" }
    lines += outputs.map { "output \($0.name) = %\($0.value.id)" }
    return lines.joined(separator: "\n")
  }

  /// The graph in Graphviz's language.
  package var dot: String {
    var lines = ["digraph graph_of_\(purpose) {", "  node [shape=box, fontname=\"sans-serif\"];"]
    for (id, node) in nodes.enumerated() {
      let label = "\(node.op.name)\\n\(node.shape)".replacing("\"", with: "'")
      lines.append("  n\(id) [label=\"\(label)\"];")
      lines += node.inputs.map { "  n\($0) -> n\(id);" }
    }
    return (lines + ["}"]).joined(separator: "\n")
  }
}

extension String {
  fileprivate func replacing(_ character: Character, with other: Character) -> String {
    String(map { $0 == character ? other : $0 })
  }
}
