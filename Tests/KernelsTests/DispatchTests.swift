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

  @Test func denormalsAreFlushedAndBack() throws {
    let table = try kernels(UInt32(mk_best_isa().rawValue))
    let lanes = Int(MK_LANES)
    // A kernel, because the compiler may compute a product of Swift's once for both places.
    func product() -> Float {
      var result = [Float](repeating: -1, count: lanes)
      table.dense_one(
        [Float.leastNormalMagnitude], 1, [Float](repeating: 1.0 / 1024, count: lanes), lanes, Int32(lanes),
        nil,
        Int32(MK_IDENTITY.rawValue), 0, &result)
      return result[0]
    }
    let state = mk_denormals_flush()
    let flushed = product()
    mk_denormals_restore(state)
    let kept = product()
    #expect(flushed == 0)
    #expect(kept == .leastNormalMagnitude / 1024)
    mk_pause()
  }
}
