import MartletTensors
import MartletTestSupport
import Testing

@Suite struct SHA256Tests {
  /// The vectors of NIST's "Secure Hash Standard" examples (FIPS 180-2, appendix B, and the CAVP set).
  static let vectors: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      Array(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq".utf8)
        + Array("klmnopqrlmnopqrsmnopqrstnopqrstu".utf8),
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    ([0xbd], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
    (
      [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test func publishedVectors() {
    for (message, expected) in Self.vectors {
      var digest = SHA256()
      digest.update(message)
      #expect(digest.hexDigest() == expected)
    }
  }

  @Test func piecesOfAnySizeGiveTheSameDigest() {
    let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var whole = SHA256()
    whole.update(message)
    for size in [1, 3, 55, 56, 63, 64, 65, 127, 128, 999] {
      var pieces = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        pieces.update(Array(message[start..<min(start + size, message.count)]))
        _ = pieces.finalize()
      }
      #expect(pieces.hexDigest() == whole.hexDigest())
    }
  }

  @Test func digestOfAFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a"
      try AtomicFile.write([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000), to: path)
      #expect(
        try SHA256.hexDigest(ofFile: path)
          == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
    #expect(throws: FileError.self) { try SHA256.hexDigest(ofFile: "/nowhere/at/all") }
  }
}
