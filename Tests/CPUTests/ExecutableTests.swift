import MartletCPU
import MartletCompilation
import MartletGraphs
import Testing

@Suite struct ExecutableTests {
  /// A step p -= x·p with guarded gradient 1/x, which is infinite where x is 0.
  private func makeStep() -> GraphRunner {
    let graph = Graph(purpose: .training)
    let spec = ParameterSpec(path: "p", shape: [3], role: .weight) { _ in [1, 2, 3] }
    let p = graph.parameter(spec)
    let x = graph.input("x", shape: [3])
    graph.scopes.enter("layer", location: "")
    let quotient = x.reciprocal()
    let gradient = quotient.sum().reshaped([1]) * p
    graph.scopes.leave()
    graph.output("gradient", gradient)
    graph.assign("p", p - gradient)
    return GraphRunner(graph, batch: 0, guarded: [("p", gradient)])
  }

  @Test func guardSeesNumbersThatAreNotFinite() {
    let step = makeStep()
    let good = step.run((["x": [1, 2, 4]], ["p": [1, 2, 3]]), updates: true)
    #expect(step.executable.firstNonFinite == nil)
    #expect(good.parameters["p"] == [-0.75, -1.5, -2.25])
    for bad in [0, Double.nan] {
      let result = step.run((["x": [1, bad, 4]], ["p": [1, 2, 3]])) { executable in
        #expect(executable.firstNonFinite == "p")
        #expect(executable.locateNonFinite()?.hasPrefix("layer: ") == true)
      }
      #expect(result.parameters["p"] == [1, 2, 3], "nothing is changed before the guard is asked")
    }
    // Only what is guarded counts: an infinite input has the reciprocal 0.
    for harmless in [Double.infinity, -.infinity] {
      let result = step.run((["x": [1, harmless, 4]], ["p": [1, 2, 3]]), updates: true)
      #expect(step.executable.firstNonFinite == nil)
      #expect(result.parameters["p"] == [-0.25, -0.5, -0.75])
    }
  }

  @Test func programsShareAnArenaThatGrows() {
    let pool = WorkerPool(threads: 2)
    let arena = Arena(workers: 2)
    func make(_ count: Int) -> Executable {
      let graph = Graph(purpose: .inference)
      let x = graph.input("x", shape: [count])
      graph.output("y", (x.exp() + 1).log().sum())
      return Executable(Compiler.compile(graph, batch: 0), pool: pool, arena: arena)
    }
    let small = make(100)
    let before = arena.byteCount
    let large = make(3_000_000)
    #expect(arena.byteCount >= before)
    let numbers = [Float](repeating: 0, count: 3_000_000)
    for _ in 0..<3 {
      for (executable, count) in [(small, 100), (large, 3_000_000)] {
        numbers.withUnsafeBytes { data in
          guard let address = data.baseAddress else { return }
          executable.setInput("x", address)
          executable.compute()
        }
        let expected = Float(count) * 0.693_147_2
        #expect(abs(executable.output("y")[0] - expected) <= 1e-4 * expected)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8])
  func everyMemberOfAPoolRunsEveryJob(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 64 * threads)
    counts.initialize(repeating: 0, count: 64 * threads)
    defer { counts.deallocate() }
    var isTogether = true
    for round in 1...200 {
      pool.run { member in
        counts[64 * member] += 1
        pool.barrier()
        // After the barrier everybody has counted this round and nobody the next.
        if member == 0 { isTogether = isTogether && (0..<threads).allSatisfy { counts[64 * $0] == round } }
        pool.barrier()
      }
    }
    #expect(isTogether)
    #expect((0..<threads).allSatisfy { counts[64 * $0] == 200 })
  }
}
