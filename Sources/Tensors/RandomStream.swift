/// What random numbers are drawn for; streams of different purposes never overlap.
package enum RandomPurpose: UInt32, Sendable {
  case initialize = 1
  case shuffle = 2
  case augment = 3
  case dropout = 4
  case sample = 5
  case split = 6
  case change = 7
}

/// A counter-based random stream: every value is a function of (seed, purpose, epoch, stream, index).
///
/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). There is no
/// state, so nothing has to be restored and the order of the draws cannot matter.
package struct RandomStream: Sendable {
  package typealias Purpose = RandomPurpose
  private let key: (UInt32, UInt32)
  private let purpose: UInt32
  private let epoch: UInt32
  private let stream: UInt32

  package init(seed: UInt64, purpose: Purpose, epoch: UInt64 = 0, stream: UInt64 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.purpose = purpose.rawValue
    self.epoch = UInt32(truncatingIfNeeded: epoch)
    self.stream = UInt32(truncatingIfNeeded: stream)
  }

  /// A stream number for a name (FNV-1a), so that equal paths draw equal values.
  package static func streamNumber(for name: String) -> UInt32 {
    name.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  /// The four words of block `index`.
  package func block(_ index: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    var counter = (
      UInt32(truncatingIfNeeded: index),
      (UInt32(truncatingIfNeeded: index >> 32) & 0x00FF_FFFF) | (purpose << 24), stream, epoch
    )
    var (k0, k1) = key
    for _ in 0..<10 {
      let a = UInt64(0xD251_1F53) * UInt64(counter.0)
      let b = UInt64(0xCD9E_8D57) * UInt64(counter.2)
      counter = (
        UInt32(truncatingIfNeeded: b >> 32) ^ counter.1 ^ k0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ counter.3 ^ k1, UInt32(truncatingIfNeeded: a)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return counter
  }

  /// The 32-bit word at `index`.
  package func uint32(at index: UInt64) -> UInt32 {
    let words = block(index / 4)
    switch index % 4 {
    case 0: return words.0
    case 1: return words.1
    case 2: return words.2
    default: return words.3
    }
  }

  /// A number in [0, 1) with 24 random bits.
  package func uniform(at index: UInt64) -> Float {
    Float(uint32(at: index) >> 8) * 0x1p-24
  }

  /// A number in [0, 1) with 53 random bits, from the words 2·index and 2·index + 1.
  package func uniformDouble(at index: UInt64) -> Double {
    let words = block(index / 2)
    let (high, low) = index % 2 == 0 ? (words.0, words.1) : (words.2, words.3)
    return Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
  }

  /// An integer in 0..<bound without noticeable bias (64-bit multiply).
  package func integer(below bound: Int, at index: UInt64) -> Int {
    precondition(bound > 0, "an integer below \(bound) does not exist")
    let words = block(index / 2)
    let (high, low) = index % 2 == 0 ? (words.0, words.1) : (words.2, words.3)
    return Int((UInt64(high) << 32 | UInt64(low)).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A random order of 0..<count (Fisher and Yates).
  package func permutation(count: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(below: last + 1, at: UInt64(last)))
    }
    return order
  }
}
