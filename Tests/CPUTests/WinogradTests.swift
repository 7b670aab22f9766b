import MartletCases
import MartletCompilation
import MartletGraphs
import MartletReference
import Testing

/// Convolutions of 3x3 to 5x5 taps, forward and both ways back, computed directly and in transformed tiles.
@Suite struct WinogradTests {
  struct Layer: CustomTestStringConvertible, Sendable {
    var taps = 3
    var images: Int, rows: Int, columns: Int, channels: Int, filters: Int
    var padding: Margins
    var testDescription: String {
      "\(taps)x\(taps) \(images)x\(rows)x\(columns) \(channels)>\(filters) \(padding)"
    }
  }

  private static let same = Margins(top: 1, left: 1, bottom: 1, right: 1)
  static let layers = [
    Layer(images: 5, rows: 14, columns: 14, channels: 32, filters: 64, padding: same),
    Layer(images: 33, rows: 7, columns: 7, channels: 64, filters: 128, padding: same),
    Layer(images: 17, rows: 4, columns: 9, channels: 16, filters: 24, padding: Margins()),
    Layer(
      images: 2, rows: 13, columns: 6, channels: 40, filters: 16,
      padding: Margins(top: 2, left: 0, bottom: 1, right: 2)),
    // A transformed kernel of more than the second-level cache: its channels are summed in parts.
    Layer(images: 6, rows: 7, columns: 5, channels: 104, filters: 72, padding: same),
    Layer(taps: 4, images: 7, rows: 9, columns: 12, channels: 32, filters: 48, padding: same),
    Layer(
      taps: 4, images: 3, rows: 6, columns: 7, channels: 40, filters: 32,
      padding: Margins(top: 3, left: 0, bottom: 2, right: 3)),
    Layer(taps: 5, images: 5, rows: 12, columns: 12, channels: 32, filters: 64, padding: Margins()),
    Layer(
      taps: 5, images: 9, rows: 7, columns: 6, channels: 48, filters: 24,
      padding: Margins(top: 2, left: 4, bottom: 1, right: 2)),
  ]

  /// y, dx and dw of a convolution with a given dy.
  private func graph(_ layer: Layer) -> Graph {
    let graph = Graph(purpose: .training)
    let window = ConvolutionWindow(kernel: Extent(layer.taps), padding: layer.padding)
    let x = graph.input("x", shape: [layer.images, layer.rows, layer.columns, layer.channels])
    let kernel = graph.input("kernel", shape: [layer.taps, layer.taps, layer.channels, layer.filters])
    let y = graph.apply(.convolution(.forward(window)), [x, kernel])
    let dy = graph.input("dy", shape: y.shape)
    graph.output("y", y)
    graph.output(
      "dx", graph.apply(.convolution(.inputGradient(window, inputShape: x.shape)), [dy, kernel]))
    graph.output(
      "dw", graph.apply(.convolution(.kernelGradient(window, kernelShape: kernel.shape)), [x, dy]))
    return graph
  }

  private func inputs(_ graph: Graph) -> [String: [Double]] {
    var inputs: [String: [Double]] = [:]
    for node in graph.nodes {
      guard case .source(.input(let name, let shape, _)) = node.op else { continue }
      let seed = Hash.seed(name)
      inputs[name] = (0..<shape.reduce(1, *)).map { Double(Float(Hash.unit(seed, $0) * 2 - 1)) }
    }
    return inputs
  }

  /// The documented bounds: the root mean square of the error over that of the result.
  @Test(arguments: layers) func errorsStayWithinTheirBounds(layer: Layer) throws {
    let graph = graph(layer)
    try graph.check()
    let inputs = inputs(graph)
    let expected = Reference64.run(
      graph, inputs: inputs.mapValues { .numbers($0) }, parameters: [:]
    ).outputs
    var worst: [Bool: Double] = [:]
    for (exact, bound) in [(true, 6e-7), (false, 3e-6)] {
      let runs = [1, 3].map { threads in
        GraphRunner(graph, batch: layer.images, threads: threads, exact: exact).run((inputs, [:])).outputs
      }
      #expect(runs[0] == runs[1], "threads change a bit")
      for name in ["y", "dx", "dw"] {
        let (values, wanted) = (try #require(runs[0][name]), try #require(expected[name]))
        let size = wanted.reduce(0) { $0 + $1 * $1 }
        let error = zip(values, wanted).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        let relative = (error / size).squareRoot()
        #expect(relative < bound, "\(name), exact \(exact): \(relative)")
        worst[exact] = max(worst[exact] ?? 0, relative)
      }
    }
    // Else the faster way was not taken at all.
    #expect(try #require(worst[false]) > (try #require(worst[true])))
  }

  /// An image's result does not depend on the images beside it.
  @Test func aBatchChangesNoImage() throws {
    let layer = Layer(images: 9, rows: 7, columns: 7, channels: 32, filters: 32, padding: Self.same)
    let whole = graph(layer)
    let inputs = inputs(whole)
    let together = try #require(GraphRunner(whole, batch: 9).run((inputs, [:])).outputs["y"])
    var single = layer
    single.images = 1
    let graph = graph(single)
    let size = 49 * 32
    for image in 0..<9 {
      var own = inputs
      for name in ["x", "dy"] { own[name] = Array((inputs[name] ?? [])[image * size..<(image + 1) * size]) }
      let alone = try #require(GraphRunner(graph, batch: 1).run((own, [:])).outputs["y"])
      #expect(alone == Array(together[image * size..<(image + 1) * size]))
    }
  }
}
