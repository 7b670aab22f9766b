import Foundation
import MartletTensors
import MartletTestSupport
import Testing

/// Almost right files of tensors and JSON texts: read or refused by their own errors, never more.
@Suite(.serialized) struct FuzzTests {
  @Test func safetensors() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.safetensors"
      try SafetensorsTests.sample.write(to: path)
      let seeds = [
        try InputFile.contents(of: path, limit: 10_000),
        [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8),
        Array("X\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}".utf8)
          + Array(#"{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","#.utf8)
          + Array(#""shape":[3],"data_offsets":[8,11]}}   "#.utf8) + [UInt8](repeating: 1, count: 11),
      ]
      let report = fuzz(seeds, count: 5_000, expecting: FileError.self) { bytes in
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        _ = try TensorFile(reading: path)
      }
      check(report)
    }
  }

  @Test func json() throws {
    let seeds = [
      #"{"a":[1,-2.5e-3,true,null,"x\n\u00e9\ud83d\ude00"],"b":{"c":{}},"d":[[[]]]}"#,
      "[0.1,1E400,-0,123456789012345678901234567890]", "\"\"",
      String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
    ].map { Array($0.utf8) }
    let report = fuzz(seeds, count: 50_000, expecting: JSON.SyntaxError.self) { bytes in
      let value = try JSON(parsing: bytes)
      // What was read is written and read again as the same.
      let text = value.text
      if try JSON(parsing: text) != value { throw Changed(text: text) }
    }
    check(report)
  }

  private struct Changed: Error { let text: String }

  private func check(_ report: FuzzReport) {
    #expect(report.strange.isEmpty, "\(report.strange)")
    #expect(report.accepted > 0 && report.refused > 0, "\(report)")
    #expect(report.growth < 64 << 20, "\(report.growth) bytes more")
  }
}
