/// The SHA-256 digest (FIPS 180-4) of bytes that arrive in pieces.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// The beginning of a block that is not full yet.
  private var pending: [UInt8] = []
  private var count: UInt64 = 0

  /// Creates the digest of no bytes.
  public init() {
    pending.reserveCapacity(64)
  }

  /// Appends bytes to the message.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let missing = min(64 - pending.count, rest.count)
      pending.append(contentsOf: rest.prefix(missing))
      rest = rest.dropFirst(missing)
      guard pending.count == 64 else { return }
      compress(pending)
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.count / 64 * 64
    Self.compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), into: &state)
    pending.append(contentsOf: rest.dropFirst(whole))
  }

  /// Appends bytes to the message.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The 32 bytes of the digest; the message can go on afterwards.
  public func finalize() -> [UInt8] {
    var last = self
    var padding: [UInt8] = [0x80]
    padding.append(contentsOf: repeatElement(0, count: (64 - (pending.count + 9) % 64) % 64))
    withUnsafeBytes(of: (count &* 8).bigEndian) { padding.append(contentsOf: $0) }
    last.update(padding)
    return last.state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  /// The digest as 64 hexadecimal digits.
  public func hexDigest() -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func compress(_ block: [UInt8]) {
    block.withUnsafeBytes { Self.compress($0, into: &state) }
  }

  /// The fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]

  @inline(__always)
  private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    (word &>> bits) | (word &<< (32 &- bits))
  }

  /// One round; the caller renames the eight words instead of moving them.
  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32,
    _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ input: UInt32
  ) {
    let mixed = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ (g ^ (e & (f ^ g))) &+ input
    d = d &+ mixed
    h = mixed &+ (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ ((a & b) | (c & (a | b)))
  }

  private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout [UInt32]) {
    constants.withUnsafeBufferPointer { k in
      state.withUnsafeMutableBufferPointer { s in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
          for start in stride(from: 0, to: blocks.count, by: 64) {
            for i in 0..<16 {
              w[i] = UInt32(
                bigEndian: blocks.loadUnaligned(fromByteOffset: start &+ i &* 4, as: UInt32.self))
            }
            for i in 16..<64 {
              let early = w[i &- 15]
              let late = w[i &- 2]
              w[i] =
                w[i &- 16] &+ w[i &- 7] &+ (rotate(early, 7) ^ rotate(early, 18) ^ (early &>> 3))
                &+ (rotate(late, 17) ^ rotate(late, 19) ^ (late &>> 10))
            }
            var (a, b, c, d, e, f, g, h) = (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
            for i in stride(from: 0, to: 64, by: 8) {
              round(a, b, c, &d, e, f, g, &h, w[i] &+ k[i])
              round(h, a, b, &c, d, e, f, &g, w[i &+ 1] &+ k[i &+ 1])
              round(g, h, a, &b, c, d, e, &f, w[i &+ 2] &+ k[i &+ 2])
              round(f, g, h, &a, b, c, d, &e, w[i &+ 3] &+ k[i &+ 3])
              round(e, f, g, &h, a, b, c, &d, w[i &+ 4] &+ k[i &+ 4])
              round(d, e, f, &g, h, a, b, &c, w[i &+ 5] &+ k[i &+ 5])
              round(c, d, e, &f, g, h, a, &b, w[i &+ 6] &+ k[i &+ 6])
              round(b, c, d, &e, f, g, h, &a, w[i &+ 7] &+ k[i &+ 7])
            }
            s[0] = s[0] &+ a
            s[1] = s[1] &+ b
            s[2] = s[2] &+ c
            s[3] = s[3] &+ d
            s[4] = s[4] &+ e
            s[5] = s[5] &+ f
            s[6] = s[6] &+ g
            s[7] = s[7] &+ h
          }
        }
      }
    }
  }
}
