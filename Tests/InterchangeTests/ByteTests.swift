import MartletInterchange
import MartletKerasFiles
import MartletTensors
import MartletTestSupport
import Testing

/// The bytes that are written, compared with the formats' own descriptions.
@Suite struct ByteTests {
  private let vector = AnyTensor.float32(Tensor(shape: [2], scalars: [1, -2]))

  @Test func numpyArrays() {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
    let padding = String(repeating: " ", count: 128 - 10 - header.utf8.count - 1) + "\n"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
    #expect(
      NumpyFile.encoding(vector) == start + Array((header + padding).utf8) + [0, 0, 128, 63, 0, 0, 0, 192])
  }

  @Test func zipArchives() {
    // CRC-32 of "hi" is 0xd8932aac.
    let name = Array("a".utf8)
    let common: [UInt8] = [
      20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0, 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0,
    ]
    let entry: [UInt8] =
      [0x50, 0x4b, 1, 2, 20, 0] + common + [0, 0, 0, 0, 0, 0, 0, 0, 0xa4, 0x81, 0, 0, 0, 0]
    let file = [0x50, 0x4b, 3, 4] + common + name + Array("hi".utf8) + entry + name
    let end: [UInt8] = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 47, 0, 0, 0, 33, 0, 0, 0, 0, 0]
    #expect(ZipArchive.encoding([("a", Array("hi".utf8))]) == file + end)
  }

  @Test func protocolBuffers() {
    var model = ONNXModel()
    model.graph.name = "g"
    model.graph.nodes = [
      ONNXModel.Node(op: "Relu", name: "r", inputs: ["x"], outputs: ["y"], attributes: ["a": .integer(300)])
    ]
    model.graph.inputs = [ONNXModel.ValueInfo(name: "x", element: 1, shape: [nil, 3])]
    let attribute: [UInt8] = [0x0a, 1, 97, 0x18, 0xac, 2, 0xa0, 1, 2]
    let node: [UInt8] =
      [0x0a, 1, 120, 0x12, 1, 121, 0x1a, 1, 114, 0x22, 4, 82, 101, 108, 117, 0x2a, 9] + attribute
    let extents: [UInt8] = [0x0a, 7, 0x12, 5] + Array("batch".utf8) + [0x0a, 2, 0x08, 3]
    let type: [UInt8] = [0x0a, 17, 0x08, 1, 0x12, 13] + extents
    let input: [UInt8] = [0x0a, 1, 120, 0x12, 19] + type
    let graph: [UInt8] = [0x0a, 26] + node + [0x12, 1, 103, 0x5a, 24] + input
    let producer: [UInt8] = [0x12, 7] + Array("martlet".utf8)
    #expect(model.encoded == [0x08, 8] + producer + [0x3a, 57] + graph + [0x42, 2, 0x10, 17])
  }

  @Test func hdf5() throws {
    let tensors = [
      ForeignTensor("a/b/0", vector, layer: "first"),
      ForeignTensor("a/b/1", .int64(Tensor(shape: [], scalars: [7])), layer: "first"),
      ForeignTensor("c", .float64(Tensor(shape: [1, 2], scalars: [3, 4]))),
    ]
    let bytes = try HDF5File.encoding(tensors)
    #expect(bytes.starts(with: HDF5File.signature))
    #expect(try bytes == HDF5File.encoding(tensors))
    #expect(try HDF5File.tensors(parsing: bytes, place: "own") == tensors)
  }

  @Test func safetensorsInMemoryAreReadAsFilesAre() throws {
    try withTemporaryFolder { folder in
      let tensors = [
        ForeignTensor("a", vector), ForeignTensor("b", .bool(Tensor(shape: [2], scalars: [true, false]))),
      ]
      try StateDictionary.write(tensors, to: "\(folder)/x")
      let bytes = try InputFile.contents(of: "\(folder)/x", limit: 1 << 20)
      #expect(try StateDictionary.tensors(parsing: bytes, place: "x") == tensors)
      #expect(try TensorFile(reading: "\(folder)/x").metadata == ["format": "pt"])
      #expect(throws: FileError.self) { try TensorFile(parsing: Array(bytes.dropLast()), place: "x") }
    }
  }
}
