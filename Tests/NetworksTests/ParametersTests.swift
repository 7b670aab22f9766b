import MartletGraphs
import MartletNetworks
import MartletTensors
import Testing

@Suite struct ParametersTests {
  private let specs = [
    ParameterSpec(path: "a/kernel", shape: [2, 3], role: .weight) { seed in
      (0..<6).map { Float($0) + Float(seed) }
    },
    ParameterSpec(path: "a/mean", shape: [3], role: .state, isTrainable: false) { _ in [1, 1, 1] },
  ]

  @Test func addressesAreStableAndAligned() throws {
    let store = Parameters(specs, seed: 10)
    let address = store.pointer("a/kernel")
    #expect(UInt(bitPattern: address) % 64 == 0 && UInt(bitPattern: store.pointer("a/mean")) % 64 == 0)
    #expect(store.tensor("a/kernel")?.scalars == [10, 11, 12, 13, 14, 15])
    address[0] = -1
    store.add(
      specs + [
        ParameterSpec(path: "a/kernel/adam/m", shape: [2, 3], role: .optimizer) { _ in
          [Float](repeating: 0, count: 6)
        }
      ])
    #expect(store.pointer("a/kernel") == address && address[0] == -1)
    #expect(store.paths == ["a/kernel", "a/mean"])
    #expect((store.count, store.trainableCount, store.optimizerCount) == (9, 6, 6))
  }

  @Test func copiesAndRestores() throws {
    let store = Parameters(specs, seed: 0)
    let copy = store.copy()
    try store.setTensor("a/mean", Tensor(shape: [3], scalars: [4, 5, 6]))
    #expect(store.tensor("a/mean")?.scalars == [4, 5, 6])
    #expect(copy.tensor("a/mean")?.scalars == [1, 1, 1])
    store.restore(copy)
    #expect(store.tensor("a/mean")?.scalars == [1, 1, 1])
  }

  @Test func mistakes() {
    let store = Parameters(specs, seed: 0)
    let shape = #expect(throws: ModelError.self) {
      try store.setTensor("a/mean", Tensor(shape: [1], scalars: [4]))
    }
    #expect(shape?.description == "a/mean: expected shape [3], received shape [1].")
    let path = #expect(throws: ModelError.self) { try store.setTensor("b", Tensor(shape: [1], scalars: [4])) }
    #expect(path?.description.contains("a/kernel, a/mean") == true)
    #expect(store.tensor("b") == nil)
  }
}
