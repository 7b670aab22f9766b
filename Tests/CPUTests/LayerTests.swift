import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Every layer on the CPU against the double-precision reference: values, gradients, running statistics.
@Suite struct LayerTests {
  private typealias Numbers = (inputs: [String: [Double]], parameters: [String: [Double]])

  private func makeGraph(_ entry: LayerCase, _ purpose: Purpose, batch: Int) throws -> (Graph, Numbers) {
    let network = try Model(input: entry.input, preset: entry.preset, entry.layer)
    let graph = Graph(purpose: purpose)
    let result = network.trace(batch: batch, into: graph)
    graph.output("result", result)
    var inputs: [String: [Double]] = [Graph.randomKeyName: [3, 1, 4, 0]]
    let fill: Fill = entry.input.element == .uint8 ? .bytes : .signed
    inputs[InputSpec.inputName] = fill.values("images", count: batch * entry.input.shape.reduce(1, *))
    if purpose == .training {
      let weighted = (result * graph.input("weights", shape: result.shape)).sum()
      inputs["weights"] = Fill.signed.values("weights", count: result.shape.reduce(1, *))
      var targets = graph.parameters.filter { $0.role == .weight }.map(\.path).map { path in
        (path, graph.parameterValue(path))
      }
      if entry.input.element == .float {
        targets.append(("images", graph.input(InputSpec.inputName, shape: [batch] + entry.input.shape)))
      }
      let gradients = graph.gradients(of: weighted, withRespectTo: targets.compactMap(\.1))
      for ((path, _), gradient) in zip(targets, gradients) {
        graph.output("gradient of \(path)", try #require(gradient, "\(path) has no gradient"))
      }
    }
    try graph.check()
    let names = graph.nodes.compactMap { node -> String? in
      guard case .source(.input(let name, _, _)) = node.op else { return nil }
      return name
    }
    let stored = graph.parameters.map { ($0.path, $0.initial(5).map { Double($0) }) }
    return (graph, (inputs.filter { names.contains($0.key) }, Dictionary(uniqueKeysWithValues: stored)))
  }

  @Test(arguments: LayerCase.all, [5, 37])
  func agreesWithReference(_ entry: LayerCase, batch: Int) throws {
    for purpose in [Purpose.training, .inference] {
      let (graph, values) = try makeGraph(entry, purpose, batch: batch)
      let exact = graph.run64(values)
      let found = GraphRunner(graph, batch: batch).run(values, updates: true)
      // A bias before batch norm has the gradient 0: what is left of it is measured by the others' size.
      let size = exact.outputs.values.map { abs($0.reduce(0) { max($0, abs($1)) }) }.max() ?? 0
      for (name, expected) in exact.outputs {
        let bound = Closeness.elementwise(relative: 1e-4, absolute: 1e-5 * size)
        let actual = try #require(found.outputs[name]).map { Double($0) }
        let (fraction, place) = bound.worst(of: actual, against: expected)
        #expect(fraction <= 1, "\(purpose) \(name): \(place)")
      }
      for (path, expected) in exact.assignments {
        let state = try #require(found.parameters[path]).map { Double($0) }
        let (fraction, place) = Closeness.elementwise.worst(of: state, against: expected)
        #expect(fraction <= 1, "\(purpose) \(path): \(place)")
      }
    }
  }

  /// Along one direction for each of the layer's tensors and for its input, in double precision.
  @Test(arguments: LayerCase.all)
  func gradientsAreSlopes(_ entry: LayerCase) throws {
    let (graph, values) = try makeGraph(entry, .training, batch: 3)
    let exact = graph.run64(values).outputs
    let weights = try #require(values.inputs["weights"])
    func loss(_ values: Numbers) throws -> Double {
      let result = try #require(graph.run64(values).outputs["result"])
      return zip(result, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let prefix = "gradient of "
    for (name, gradient) in exact where name.hasPrefix(prefix) {
      let path = String(name.dropFirst(prefix.count))
      let direction = Fill.signed.values("direction of \(path)", count: gradient.count)
      let step = 1e-6
      func moved(_ sign: Double) -> Numbers {
        var moved = values
        let change = { (numbers: [Double]) in zip(numbers, direction).map { $0 + sign * step * $1 } }
        moved.inputs[path] = moved.inputs[path].map(change)
        moved.parameters[path] = moved.parameters[path].map(change)
        return moved
      }
      let slope = (try loss(moved(1)) - loss(moved(-1))) / (2 * step)
      let terms = zip(gradient, direction).map { $0 * $1 }
      let size = max(1, terms.reduce(0) { $0 + $1 * $1 }.squareRoot())
      #expect(abs(slope - terms.reduce(0, +)) <= 1e-6 * size, "\(path): \(slope), \(terms.reduce(0, +))")
    }
  }

  @Test(arguments: LayerCase.all)
  func doesNotDependOnThreads(_ entry: LayerCase) throws {
    let (graph, values) = try makeGraph(entry, .training, batch: 37)
    let one = GraphRunner(graph, batch: 37).run(values, updates: true)
    for threads in [2, 3, 5] {
      let several = GraphRunner(graph, batch: 37, threads: threads).run(values, updates: true)
      #expect(one.outputs == several.outputs, "\(threads) threads")
      #expect(one.parameters == several.parameters, "\(threads) threads")
    }
  }

  /// A new kind of layer needs a row in the table.
  @Test func everyLayerHasACase() throws {
    var covered: Set<LayerKind> = [.model]
    for entry in LayerCase.all {
      let (graph, _) = try makeGraph(entry, .training, batch: 2)
      covered.formUnion(graph.layerOutputs.compactMap { LayerKind(pathName: $0.type) })
      if !graph.parameters.allSatisfy({ $0.path != "scale" }) { covered.insert(.weight) }
    }
    let missing = Set(LayerKind.allCases).subtracting(covered).subtracting([.sequential])
    #expect(missing.isEmpty, "\(missing.map(\.rawValue).sorted())")
  }
}
