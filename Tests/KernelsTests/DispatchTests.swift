import CMartletKernels
import Testing

@Suite struct DispatchTests {
  @Test func everyTableIsWholeAndNamed() throws {
    var names: Set<String> = []
    for set in instructionSets {
      let table = try kernels(set)
      names.insert(String(cString: table.name))
      withUnsafeBytes(of: table) { bytes in
        let pointers = bytes.bindMemory(to: UInt.self)
        #expect(pointers.allSatisfy { $0 != 0 })
      }
    }
    #expect(names.count == instructionSets.count)
    #expect(names.contains("plain"))
    #expect(instructionSets.contains(UInt32(mk_best_isa().rawValue)))
  }

  @Test func denormalsAreFlushedAndBack() {
    func product(_ a: Float, _ b: Float) -> Float { a * b }
    let small = Float.leastNormalMagnitude
    let state = mk_denormals_flush()
    let flushed = product(small, Float(CommandLine.arguments.count) / 1024)
    mk_denormals_restore(state)
    let kept = product(small, Float(CommandLine.arguments.count) / 1024)
    #expect(flushed == 0)
    #expect(kept > 0)
    mk_pause()
  }
}
