import MartletTensors
import Testing

/// Philox4x32-10 written from the paper's definition, to which the published vectors belong.
private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
  var c = counter
  var k = key
  for _ in 0..<10 {
    let first = c[0].multipliedFullWidth(by: 0xD251_1F53)
    let second = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
    c = [second.high ^ c[1] ^ k[0], second.low, first.high ^ c[3] ^ k[1], first.low]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

@Suite struct RandomStreamTests {
  /// Known answers of the authors' Random123 library.
  @Test func publishedVectors() {
    #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    let ones = [UInt32](repeating: .max, count: 4)
    #expect(philox(ones, [.max, .max]) == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    #expect(
      philox([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
        == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
  }

  /// The stream is that function of (index | purpose, stream, epoch) under the seed.
  @Test(arguments: [
    RandomPurpose.initialize, .shuffle, .augment, .dropout, .sample, .split,
  ])
  func streamFollowsTheVectors(_ purpose: RandomPurpose) {
    let stream = RandomStream(
      seed: 0x299F_31D0_A409_3822, purpose: purpose, epoch: 0x0370_7344, stream: 0x1319_8A2E)
    for index: UInt64 in [0, 1, 0x243F_6A88, 0x00A3_08D3_243F_6A88] {
      let block = stream.block(index)
      let counter = [
        UInt32(truncatingIfNeeded: index), UInt32(index >> 32) | purpose.rawValue << 24, 0x1319_8A2E,
        0x0370_7344,
      ]
      let expected = philox(counter, [0xA409_3822, 0x299F_31D0])
      #expect([block.0, block.1, block.2, block.3] == expected)
      #expect((0..<4).map { stream.uint32(at: (index & 0xFFFF) * 4 + $0) } == words(stream, index & 0xFFFF))
    }
  }

  private func words(_ stream: RandomStream, _ index: UInt64) -> [UInt32] {
    let block = stream.block(index)
    return [block.0, block.1, block.2, block.3]
  }
}
