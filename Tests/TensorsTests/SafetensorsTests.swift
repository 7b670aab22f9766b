import Foundation
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct SafetensorsTests {
  static let sample = TensorFile(
    tensors: [
      ("dense_1/bias", .float32(Tensor(shape: [3], scalars: [0.5, -1, .nan]))),
      ("a", .float64(Tensor(shape: [1, 2], scalars: [1e300, -0.0]))),
      ("steps", .int64(Tensor(shape: [], scalars: [.max]))),
      ("classes", .int32(Tensor(shape: [2], scalars: [.min, 5]))),
      ("bytes", .uint8(Tensor(shape: [2, 2], scalars: [0, 1, 254, 255]))),
      ("mask", .bool(Tensor(shape: [2], scalars: [true, false]))),
      ("empty", .float32(Tensor(shape: [0, 4], scalars: []))),
    ], metadata: ["epoch": "3", "note": "zwei \"Wörter\"\n"])

  private func bytes(_ file: TensorFile) -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.value.withUnsafeBytes { Array($0) }) })
  }

  @Test func whatIsWrittenReadsBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.safetensors"
      try Self.sample.write(to: path)
      let read = try TensorFile(reading: path)
      let names = read.tensors.map(\.name)
      #expect(names == ["a", "bytes", "classes", "dense_1/bias", "empty", "mask", "steps"])
      #expect(bytes(read) == bytes(Self.sample))
      #expect(read.metadata == Self.sample.metadata)
      #expect(read["empty"]?.shape == [0, 4])
      #expect(read["mask"] == Self.sample["mask"])

      var reordered = Self.sample
      reordered.tensors.reverse()
      try reordered.write(to: folder + "/y.safetensors")
      #expect(
        try SHA256.hexDigest(ofFile: path) == SHA256.hexDigest(ofFile: folder + "/y.safetensors"))
      let header = try InputFile.contents(of: path, limit: 10_000)
      #expect(header.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } % 8 == 0)
    }
  }

  @Test func everyFlippedByteAndEveryCutIsFound() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.safetensors"
      try Self.sample.write(to: path)
      let intact = try InputFile.contents(of: path, limit: 10_000)
      let damaged = folder + "/damaged.safetensors"
      func refused(_ bytes: [UInt8]) throws -> Bool {
        try Data(bytes).write(to: URL(fileURLWithPath: damaged))
        do throws(FileError) {
          _ = try TensorFile(reading: damaged, requiringDigest: true)
          return false
        } catch {
          return error.kind == .badData
        }
      }
      #expect(try !refused(intact))
      for index in intact.indices {
        var changed = intact
        changed[index] ^= 1 << (index % 8)
        #expect(try refused(changed), "byte \(index) flipped")
      }
      for count in stride(from: 0, to: intact.count, by: 11) {
        #expect(try refused(Array(intact.prefix(count))), "cut to \(count) bytes")
      }
      #expect(try refused(intact + [0]))
      var changed = intact
      changed[changed.count - 1] ^= 1
      try Data(changed).write(to: URL(fileURLWithPath: damaged))
      #expect { try TensorFile(reading: damaged) } throws: {
        "\($0)".contains("do not match their digest (expected SHA-256 ")
      }
    }
  }

  static let refusals: [(header: String, dataBytes: Int, reason: String)] = [
    (" {}", 0, "must begin with '{'"),
    ("{", 0, "its header is not proper JSON: expected a key in quotes at byte 1"),
    ("{}x", 0, "unexpected text after the value at byte 2"),
    (#"{"a":{},"a":{}}"#, 0, #"the key "a" appears twice at byte 8"#),
    (#"{"a":[]}"#, 0, "its entry must be an object"),
    (#"{"__metadata__":[]}"#, 0, "__metadata__ must be an object"),
    (#"{"__metadata__":{"n":1}}"#, 0, #"__metadata__: the value of "n" must be a string"#),
    (#"{"a":{"shape":[],"data_offsets":[0,4]}}"#, 4, "its dtype is missing"),
    (entry("F16", "[2]", "[0,4]"), 4, "its element type F16 is not one of"),
    (entry("F32", "[-1]", "[0,4]"), 4, "its shape must be a list of whole numbers from 0"),
    (entry("F32", "[1.0]", "[0,4]"), 4, "its shape must be a list of whole numbers from 0"),
    (entry("F32", "1", "[0,4]"), 4, "its shape must be a list of whole numbers from 0"),
    (entry("F32", "[9223372036854775808]", "[0,4]"), 4, "its shape must be a list of whole numbers from 0"),
    (entry("F32", "[1]", "[0,4,8]"), 4, "its data_offsets must be two whole numbers from 0"),
    (entry("F32", "[1]", "[-4,0]"), 4, "its data_offsets must be two whole numbers from 0"),
    (entry("F32", "[1]", "[4,0]"), 4, "its data ends at 0, before it begins at 4"),
    (entry("F32", "[4294967296,4294967296]", "[0,4]"), 4, "its shape [4294967296, 4294967296] is too large"),
    (entry("F32", "[4611686018427387904]", "[0,0]"), 0, "its shape [4611686018427387904] is too large"),
    (entry("F32", "[0,4611686018427387904,4]", "[0,0]"), 0, "[0, 4611686018427387904, 4] is too large"),
    (entry("F32", "[4611686018427387904,0]", "[0,0]"), 0, "its shape [4611686018427387904, 0] is too large"),
    (entry(#"\u001b[2J"#, "[1]", "[0,4]"), 4, #"its element type \u{1b}[2J is not one of"#),
    (#"{"\u001b[2J":[]}"#, 0, #"tensor "\u{1b}[2J": its entry must be an object"#),
    (#"{"\u009b":1,"\u009b":1}"#, 0, #"the key "\u{9b}" appears twice"#),
    (#"{"__metadata__":{"\n":1}}"#, 0, #"the value of "\u{a}" must be a string"#),
    (entry("F32", "[2]", "[0,4]"), 4, "its shape [2] of F32 takes 8 bytes, data_offsets give 4"),
    (entry("F32", "[1]", "[4,8]"), 8, "begins at byte 4 of the data, expected 0: there is a hole"),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}, "#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
      6, #"tensor "b" begins at byte 2 of the data, expected 4: it overlaps another"#
    ),
    (entry("F32", "[1]", "[0,4]"), 8, "its tensors take 4 bytes, the file holds 8 bytes of data; something"),
    (entry("F32", "[2000000000]", "[0,8000000000]"), 8, "its tensors take 8000000000 bytes, the file"),
    (String(repeating: #"{"a":"#, count: 10_000), 0, "nested deeper than 64"),
  ]

  static func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
    #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  @Test func everyBadHeaderHasItsOwnMessage() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/bad.safetensors"
      for (header, dataBytes, reason) in Self.refusals {
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        bytes += Array(header.utf8) + [UInt8](repeating: 0, count: dataBytes)
        try AtomicFile.write(bytes, to: path)
        #expect("\(header.prefix(120))") { try TensorFile(reading: path) } throws: { error in
          (error as? FileError)?.kind == .badData && "\(error)".contains(reason)
            && "\(error)".hasPrefix(path)
        }
      }
    }
  }

  @Test func aHeaderLongerThanTheFileOrTheLimitIsRefusedBeforeAllocating() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/bad.safetensors"
      let lengths: [(UInt64, String)] = [
        (.max, "at most 100000000 are allowed"), (100_000_001, "at most 100000000 are allowed"),
        (100_000_000, "has only 2 after it"), (3, "has only 2 after it"),
      ]
      for (length, reason) in lengths {
        try AtomicFile.write(withUnsafeBytes(of: length.littleEndian) { Array($0) } + [0x7B, 0x7D], to: path)
        #expect { try TensorFile(reading: path) } throws: { "\($0)".contains(reason) }
      }
      try AtomicFile.write([1, 2, 3], to: path)
      #expect { try TensorFile(reading: path) } throws: { "\($0)".contains("at least 8 bytes, found 3") }
    }
  }

  /// A file made by the Python package, see `Fixtures/make_safetensors.py`.
  @Test func readsAFileOfTheReferencePackage() throws {
    let fixture = try #require(
      Bundle.module.url(forResource: "python", withExtension: "safetensors", subdirectory: "Fixtures"))
    let file = try TensorFile(reading: fixture.path)
    #expect(file["weight"] == .float32(Tensor(shape: [2, 3], scalars: [0, 0.5, 1, 1.5, 2, 2.5])))
    #expect(file["double"] == .float64(Tensor(shape: [1], scalars: [0.1])))
    #expect(file["step"] == .int64(Tensor(shape: [], scalars: [1_234_567_890_123])))
    #expect(file["class"] == .int32(Tensor(shape: [2], scalars: [-1, 7])))
    #expect(file["pixels"] == .uint8(Tensor(shape: [2, 2], scalars: [0, 127, 128, 255])))
    #expect(file["mask"] == .bool(Tensor(shape: [3], scalars: [true, false, true])))
    #expect(file.tensors.count == 6)
    #expect(file.metadata == ["format": "np"])
    #expect { try TensorFile(reading: fixture.path, requiringDigest: true) } throws: {
      "\($0)".contains("its digest is missing")
    }
  }

  /// `MARTLET_PYTHON` names an interpreter elsewhere, as of a virtual environment.
  static let python = [
    ProcessInfo.processInfo.environment["MARTLET_PYTHON"], "/usr/bin/python3",
  ].compactMap(\.self).first { candidate in
    (try? run(candidate, ["-c", "import numpy, safetensors"])) == ""
  }

  @Test(.enabled(if: python != nil, "needs Python with numpy and safetensors"))
  func theReferencePackageReadsOurFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.safetensors"
      try Self.sample.write(to: path)
      let program = """
        from safetensors import safe_open
        with safe_open("\(path)", framework="np") as f:
            for name in sorted(f.keys()):
                t = f.get_tensor(name)
                print(name, t.dtype, list(t.shape), t.tobytes().hex())
            print(f.metadata()["epoch"], len(f.metadata()["martlet.sha256"]))
        """
      let python = try #require(Self.python)
      #expect(
        try run(python, ["-c", program]) == """
          a float64 [1, 2] 9c7500883ce4377e0000000000000080
          bytes uint8 [2, 2] 0001feff
          classes int32 [2] 0000008005000000
          dense_1/bias float32 [3] 0000003f000080bf0000c07f
          empty float32 [0, 4]\u{20}
          mask bool [2] 0100
          steps int64 [] ffffffffffffff7f
          3 64

          """)
    }
  }
}

/// What a program prints, nil where it fails.
func run(_ program: String, _ arguments: [String]) throws -> String? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
}
