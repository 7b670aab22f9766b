import Foundation

/// Inputs that are almost right: changes of good ones, drawn from a seed so that each is found again.
package struct Mutator: Sequence, IteratorProtocol {
  private let seeds: [[UInt8]]
  private var generator: SplitMix
  private var left: Int

  package init(_ seeds: [[UInt8]], count: Int, seed: UInt64 = 1) {
    precondition(!seeds.isEmpty, "nothing to change")
    self.seeds = seeds
    generator = SplitMix(state: seed)
    left = count
  }

  package mutating func next() -> [UInt8]? {
    guard left > 0 else { return nil }
    left -= 1
    var bytes = seeds[below(seeds.count)]
    // Mostly few changes: an input that is wrong everywhere is refused at once.
    for _ in 0...below(below(4) == 0 ? 12 : 3) { change(&bytes) }
    return bytes
  }

  private mutating func below(_ bound: Int) -> Int {
    bound <= 1 ? 0 : Int(generator.next() >> 33) % bound
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(below(256))) }
    let place = below(bytes.count)
    switch below(10) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes[place] = [0, 1, 9, 10, 32, 34, 44, 45, 57, 91, 123, 127, 128, 254, 255][below(15)]
    case 3: bytes.removeSubrange(place..<Swift.min(place + 1 + below(8), bytes.count))
    case 4: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(below(256)) }, at: place)
    case 5: bytes.removeSubrange(place...)
    case 6: overwrite(&bytes, at: place)
    case 7:  // a part once more
      let end = Swift.min(place + 1 + below(64), bytes.count)
      bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
    case 8:  // the rest of another good one
      let other = seeds[below(seeds.count)]
      bytes = Array(bytes[..<place]) + other[below(other.count)...]
    default:  // a digit more or less in a text, a step in a binary number
      bytes[place] = bytes[place] &+ (below(2) == 0 ? 1 : 255)
    }
  }

  /// A number at which sizes and offsets go wrong, of 2, 4 or 8 bytes in either order.
  private mutating func overwrite(_ bytes: inout [UInt8], at place: Int) {
    let numbers: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
      0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max, UInt64(bytes.count), UInt64(bytes.count) &- 1,
    ]
    let number = numbers[below(numbers.count)]
    let width = [2, 4, 8][below(3)]
    let isBigEndian = below(2) == 0
    for byte in 0..<width where place + byte < bytes.count {
      let shift = 8 * UInt64(isBigEndian ? width - 1 - byte : byte)
      bytes[place + byte] = UInt8(truncatingIfNeeded: number >> shift)
    }
  }
}

private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// How an input was met.
package struct FuzzReport: Sendable {
  package var accepted = 0
  package var refused = 0
  /// Errors of another type than the parser's own.
  package var strange: [String] = []
  /// By how many bytes the process's peak memory grew meanwhile; 0 unless `MARTLET_FUZZ` is set, because
  /// other tests beside this one would count too.
  package var growth = 0
}

/// Feeds changed inputs to a parser: as many as the test affords, or as `MARTLET_FUZZ` says.
///
/// A crash ends the test program; `MARTLET_FUZZ_LOG` names a file that then holds the last input.
///
/// - Parameters:
///   - expected: The type of the errors that the parser may throw.
///   - parse: Parses the bytes.
package func fuzz<Mistake: Error>(
  _ seeds: [[UInt8]], count: Int, expecting expected: Mistake.Type, _ parse: ([UInt8]) throws -> Void
) -> FuzzReport {
  let environment = ProcessInfo.processInfo.environment
  let count = environment["MARTLET_FUZZ"].flatMap { Int($0) } ?? count
  let log = environment["MARTLET_FUZZ_LOG"].map { URL(fileURLWithPath: $0) }
  var report = FuzzReport()
  for seed in seeds { try? parse(seed) }
  let before = peakMemory()
  for input in Mutator(seeds, count: count) {
    if let log { try? Data(input).write(to: log) }
    do {
      try parse(input)
      report.accepted += 1
    } catch {
      report.refused += 1
      if !(error is Mistake), report.strange.count < 10 { report.strange.append("\(error)") }
    }
  }
  if environment["MARTLET_FUZZ"] != nil { report.growth = peakMemory() - before }
  return report
}

/// The most memory the process has had, in bytes.
private func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #endif
}
