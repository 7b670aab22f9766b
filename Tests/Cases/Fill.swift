import MartletGraphs

/// How the elements of a case's operand are made: functions of (name, index), all exact in Float.
package enum Fill: Hashable, Sendable {
  /// ±[0.05, 1.05], so no closer than 0.05 to a kink at 0.
  case signed
  /// [0.3, 1.8].
  case positive
  /// A shuffled sequence whose elements lie 0.004 apart and at least 0.001 from 0; sequences of phase
  /// 0.25 and 0.75 lie 0.002 apart from each other.
  case distinct(phase: Double)
  /// Whole numbers in -2...2, with many ties.
  case integers
  /// Whole numbers times 1,000 in -10,000...10,000.
  case huge
  /// 0 or 1, with ones in about half the places.
  case zeroOrOne
  /// 0...255.
  case bytes
  /// Whole numbers below the number of classes.
  case labels(classes: Int)
  /// One 1 in each row of this many elements.
  case oneHot(classes: Int)
  /// Given numbers.
  case numbers([Double])

  /// The elements, in row-major order.
  package func values(_ name: String, count: Int) -> [Double] {
    let seed = Hash.seed(name)
    func unit(_ index: Int) -> Double { Hash.unit(seed, index) }
    func below(_ bound: Int, _ index: Int) -> Int { Int(Hash.word(seed, index) >> 32) % bound }
    let indices = 0..<count
    switch self {
    case .signed:
      return indices.map { index in
        let x = unit(index) * 2 - 1
        return rounded(x < 0 ? x - 0.05 : x + 0.05)
      }
    case .positive: return indices.map { rounded(0.3 + 1.5 * unit($0)) }
    case .distinct(let phase):
      var order = Array(indices)
      for last in indices.dropFirst().reversed() { order.swapAt(last, below(last + 1, last)) }
      return order.map { rounded((Double($0 - count / 2) + phase) * 0.004) }
    case .integers: return indices.map { Double(below(5, $0) - 2) }
    case .huge: return indices.map { Double((below(21, $0) - 10) * 1_000) }
    case .zeroOrOne: return indices.map { Double(below(2, $0)) }
    case .bytes: return indices.map { Double(below(256, $0)) }
    case .labels(let classes): return indices.map { Double(below(classes, $0)) }
    case .oneHot(let classes):
      return indices.map { $0 % classes == below(classes, $0 / classes) ? 1 : 0 }
    case .numbers(let numbers): return numbers
    }
  }

  private func rounded(_ x: Double) -> Double { Double(Float(x)) }
}

/// A fixed hash of (name, index), as simple in Python as here: the makers of goldens use it too.
package enum Hash {
  /// FNV-1a over the name's bytes, 64 bits.
  package static func seed(_ name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// The mixing function of SplitMix64 (Steele, Lea, Flood 2014) at seed + (index + 1)·golden ratio.
  package static func word(_ seed: UInt64, _ index: Int) -> UInt64 {
    var z = seed &+ (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number in [0, 1) with 24 bits, exact in Float.
  package static func unit(_ seed: UInt64, _ index: Int) -> Double {
    Double(word(seed, index) >> 40) * 0x1p-24
  }
}
