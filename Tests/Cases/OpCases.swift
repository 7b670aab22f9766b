import MartletGraphs

/// The table of all cases, a list for each family of operations.
package enum OpCases {
  /// Every case.
  package static let all: [OpCase] =
    sources + convolutions + poolings + matrices + unaries + binaries + reductions + structures
    + normalizations + classifications + randoms + composites

  /// The kinds that some case applies itself, not only through its gradients.
  package static var coveredKinds: Set<OpKind> {
    all.reduce(into: []) { kinds, entry in
      for node in entry.makeGraph().nodes { kinds.insert(node.op.kind) }
    }
  }

  package static let sources: [OpCase] = [
    OpCase("constant of a shape", [.input("x", [2, 3])]) { graph, x in
      x[0] + graph.constant(2, shape: [3])
    },
    OpCase("table of channel means", [.input("x", [2, 3, 3, 3])]) { graph, x in
      x[0] - graph.table([0.25, -0.5, 0.125], shape: [3])
    },
    OpCase("input of bytes", [.data("x", [2, 5], .bytes, .uint8)], forward: .exact) { _, x in x[0] },
    OpCase("input of labels", [.data("x", [7], .labels(classes: 10), .int32)], forward: .exact) { _, x in
      x[0]
    },
    OpCase("parameter", [.parameter("dense/kernel", [3, 5])], forward: .exact) { _, x in x[0] },
    OpCase("input of one element", [.input("x", [1])], forward: .exact) { _, x in x[0] },
  ]
}
