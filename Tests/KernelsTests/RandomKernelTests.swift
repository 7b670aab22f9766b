import CMartletKernels
import Testing

/// Philox4x32-10 in plain words.
private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
  var (c, k) = (counter, key)
  for _ in 0..<10 {
    let first = c[0].multipliedFullWidth(by: 0xD251_1F53)
    let second = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
    c = [second.high ^ c[1] ^ k[0], second.low, first.high ^ c[3] ^ k[1], first.low]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

@Suite struct RandomKernelTests {
  @Test func plainPhiloxIsTheKnownFunction() {
    // The published known-answer vectors of Philox4x32-10.
    #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    let ones = UInt32.max
    #expect(
      philox([ones, ones, ones, ones], [ones, ones]) == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
  }

  @Test(arguments: instructionSets)
  func maskFollowsTheCounter(set: UInt32) throws {
    let table = try kernels(set)
    let seed: UInt64 = 0x0123_4567_89AB_CDEF
    var draw = mk_random(seed: seed, purpose: 7, stream: 11, epoch: 13)
    let threshold: UInt32 = 0x6000_0000
    for (first, count) in [(0, 1), (0, 100), (3, 61), (5, 3), (31, 33), (Int(UInt64(1) << 34) - 9, 70)] {
      var y = [Float](repeating: -1, count: count + 1)
      table.dropout_mask(&draw, UInt64(first), Int32(count), threshold, 2, &y)
      let expected: [Float] = (0..<count).map { i in
        let block = UInt64(first + i) / 4
        let counter = [UInt32(truncatingIfNeeded: block), UInt32(block >> 32) & 0xFF_FFFF | 7 << 24, 11, 13]
        let key = [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        return philox(counter, key)[(first + i) % 4] >= threshold ? 2 : 0
      }
      #expect(y == expected + [-1])
    }
  }
}
