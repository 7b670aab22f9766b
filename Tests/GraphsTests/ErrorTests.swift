import MartletGraphs
import Testing

/// The text of each mistake that a user can make, as he reads it.
@Suite struct ErrorTests {
  private func mistake(_ build: (Graph) -> Value) -> String {
    let graph = Graph(purpose: .training)
    let identity = LayerIdentity()
    let result = graph.layer(identity, name: "here", type: "part", location: "Net.swift:7") { _ in
      build(graph)
    }
    #expect(!result.isValid)
    #expect(graph.firstError?.path == "here")
    return graph.firstError.map { "\($0)" } ?? ""
  }

  private func convolution(_ x: [Int], _ w: [Int], groups: Int = 1) -> String {
    mistake { graph in
      let window = ConvolutionWindow(kernel: Extent(w[0], w[1]), groups: groups)
      return graph.apply(
        .convolution(.forward(window)), [graph.input("x", shape: x), graph.input("w", shape: w)])
    }
  }

  @Test func convolutions() {
    #expect(
      convolution([8, 100], [3, 3, 1, 4])
        == "Net.swift:7: here: expected images [batch, height, width, channels], received [8, 100]. "
        + "A convolution cannot follow Flatten().")
    #expect(
      convolution([8, 2, 9, 1], [3, 3, 1, 4])
        == "Net.swift:7: here: expected an image of at least 3x3 (dilation 1x1), padding included, "
        + "received 2x9. Use padding: .same, a smaller kernel or fewer pooling layers.")
    #expect(
      convolution([8, 9, 9, 3], [3, 3, 1, 4])
        == "Net.swift:7: here: expected 1 channels in and filters divisible by 1 groups, "
        + "received 3 channels and 4 filters.")
    #expect(convolution([8, 9, 9, 4], [3, 3, 2, 5], groups: 2).contains("divisible by 2 groups"))
  }

  @Test func pooling() {
    let text = mistake { graph in
      let window = PoolingWindow(size: 2, stride: 2)
      return graph.apply(.pooling(.max(window)), [graph.input("x", shape: [8, 1, 1, 4])])
    }
    #expect(
      text == "Net.swift:7: here: expected an image of at least 2x2, received 1x1. "
        + "Leave out a pooling layer or use padding: .same.")
  }

  @Test func matrices() {
    let deep = mistake { graph in
      graph.input("x", shape: [8, 7, 7, 64]).matrixProduct(graph.input("w", shape: [64, 10]))
    }
    #expect(
      deep.hasSuffix(
        "expected two matrices, received [8, 7, 7, 64] and [64, 10]. Put Flatten() before a dense layer."))
    let uneven = mistake { graph in
      graph.input("x", shape: [8, 12]).matrixProduct(graph.input("w", shape: [13, 10]))
    }
    #expect(uneven.hasSuffix("expected 12 features on both sides, received [8, 12] times [13, 10]."))
  }

  @Test func bytesAreNoNumbers() {
    let hint = "Begin the network with Rescale(1 / 255), or call toFloat()."
    let added = mistake { $0.input("x", shape: [8, 4], element: .uint8) + 1 }
    #expect(added.hasSuffix("expected floating-point numbers, received uint8 of shape [8, 4]. \(hint)"))
    // Every family that computes refuses them.
    let families: [(Graph, Value) -> Value] = [
      { graph, x in
        let window = ConvolutionWindow(kernel: 1)
        return graph.apply(.convolution(.forward(window)), [x, graph.input("w", shape: [1, 1, 3, 2])])
      },
      { $0.apply(.pooling(.max(PoolingWindow(size: 2, stride: 2))), [$1]) },
      { $0.apply(.normalization(.batchMoments), [$1]) },
      { $1.mean() },
    ]
    for family in families {
      #expect(mistake { family($0, $0.input("x", shape: [8, 4, 4, 3], element: .uint8)) }.hasSuffix(hint))
    }
    #expect(mistake { $0.input("x", shape: [8, 4], element: .uint8).softmax() }.hasSuffix(hint))
    #expect(
      mistake {
        $0.input("x", shape: [8, 4], element: .int32).matrixProduct($0.input("w", shape: [4, 2]))
      }.hasSuffix(hint))
  }

  @Test func lossesNameTheOtherLoss() {
    func loss(_ encoding: TargetEncoding, _ targets: [Int]) -> String {
      mistake { graph in
        graph.apply(
          .classification(.crossEntropy(encoding)),
          [graph.input("scores", shape: [8, 10]), graph.input("targets", shape: targets)])
      }
    }
    #expect(
      loss(.sparse, [8, 10]).hasSuffix(
        "expected labels [8], received [8, 10]. Use categoricalCrossEntropy for one-hot targets."))
    #expect(
      loss(.dense, [8]).hasSuffix(
        "expected one row of targets for each row, [8, 10], received [8]. "
          + "Use sparseCategoricalCrossEntropy for integer labels."))
    #expect(
      mistake { $0.input("x", shape: [8, 2, 2, 3]).softmax() }.hasSuffix(
        "expected scores [batch, classes], received [8, 2, 2, 3]. End the network with Flatten() and Dense(classes)."
      ))
  }

  @Test func structureAndReduction() {
    func x(_ graph: Graph) -> Value { graph.input("x", shape: [2, 3]) }
    #expect(mistake { x($0).reshaped([7]) }.contains("expected 7 elements for [7], received 6 in [2, 3]"))
    for shape in [[-1, 4], [-1, -1], [-2, -3], [0, -1]] {
      #expect(
        mistake { x($0).reshaped(shape) }.contains(
          "expected extents above 0 for the 6 elements of [2, 3], one of which may be -1, received \(shape)"))
    }
    #expect(mistake { x($0).transposed([0, 0]) }.contains("expected an order of 2 axes, received [0, 0]"))
    #expect(mistake { x($0).broadcast(to: [2, 4]) }.contains("expected shapes that broadcast"))
    #expect(mistake { x($0).broadcast(to: [3]) }.contains("expected a shape that broadcasts to [3]"))
    #expect(mistake { x($0).slice(axis: 1, start: 2, count: 2) }.contains("received 2..<4 of axis 1"))
    #expect(mistake { x($0).padded(axis: 2, before: 1, after: 0) }.contains("received 1, 0 of axis 2"))
    #expect(mistake { x($0).sum(axes: [2]) }.contains("expected an axis in 0..<2, received axis 2 of [2, 3]"))
    #expect(mistake { x($0).mean(axes: [1, -1]) }.contains("received axes [1, 1]"))
    #expect(
      mistake { concatenate([x($0), $0.input("y", shape: [3, 3])]) }.contains(
        "equal extents apart from axis 1"))
    #expect(
      mistake { concatenate([x($0), $0.input("y", shape: [2, 3], element: .uint8)]) }.contains(
        "expected parts of one element type, received float, uint8"))
    #expect(mistake { x($0) + $0.input("y", shape: [2]) }.contains("received [2, 3] and [2]"))
  }

  @Test func theFirstMistakeIsTheOneReported() {
    let graph = Graph(purpose: .training)
    let wrong = graph.input("x", shape: [2, 3]).reshaped([7])
    let later = (wrong.relu() + 1).matrixProduct(wrong).mean()
    #expect(!later.isValid)
    // Nobody knows the shape any more, yet one's own code may go on asking for axes of it.
    #expect(later.rank == 8 && later.shape.allSatisfy { $0 == 1 })
    #expect(throws: ModelError.self) { try graph.check() }
    #expect(graph.firstError?.received == "6 in [2, 3]")
  }

  @Test func secondGradientsAreRefusedWhereTheyAreMissing() {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2, 3])
    let first = graph.gradients(of: x.softmax().squared().sum(), withRespectTo: [x])[0]
    _ = first.map { graph.gradients(of: $0.sum(), withRespectTo: [x]) }
    #expect(graph.firstError?.received == "a gradient of the gradient of softmax")
    let wide = Graph(purpose: .training)
    let y = wide.input("y", shape: [2])
    #expect(wide.gradients(of: y, withRespectTo: [y])[0] == nil)
    #expect(
      wide.firstError.map { "\($0)" }
        == "loss: expected a scalar, received shape [2]. Take the mean() or sum() of the loss.")
  }
}
