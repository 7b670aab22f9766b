import MartletInterchange
import MartletKerasFiles
import MartletTensors
import Testing

/// The reader of HDF5 files, against what h5py and libhdf5 write and against damage.
@Suite struct HDF5Tests {
  private func read(_ bytes: [UInt8]) throws(InterchangeError) -> [String: ForeignTensor] {
    var found: [String: ForeignTensor] = [:]
    for tensor in try HDF5File.tensors(parsing: bytes, place: "x.h5") { found[tensor.name] = tensor }
    return found
  }

  private func message(_ bytes: [UInt8]) -> String {
    do throws(InterchangeError) { return "\(try read(bytes).count) tensors" } catch { return "\(error)" }
  }

  /// Headers of version 2, links in a heap with a table of blocks, a tree of two levels, other byte orders.
  @Test func newerStructures() throws {
    let found = try read(try Fixture.bytes("groups.h5"))
    #expect(found.count == 65)
    for number in 0..<60 {
      let tensor = found["many/v\(number)"]
      #expect(tensor?.value == .uint8(Tensor(shape: [], scalars: [UInt8(number)])))
      #expect(tensor?.layer == "dense")
    }
    #expect(found["few/big"]?.value == .float64(Tensor(shape: [1, 2], scalars: [1.5, -2.5])))
    #expect(found["few/float"]?.value == .float32(Tensor(shape: [], scalars: [0.25])))
    #expect(found["few/int"]?.value == .int32(Tensor(shape: [3], scalars: [1, -2, 3])))
    #expect(found["few/long"]?.value == .int64(Tensor(shape: [1, 1], scalars: [1 << 40])))
    #expect(found["few/none"]?.value == .float32(Tensor(shape: [0, 4], scalars: [])))
    #expect(found["few/int"]?.layer == nil)
  }

  /// Many groups and datasets, of all types, as libhdf5 writes them.
  @Test func whatTheLibraryWritesIsRead() throws {
    var tensors: [ForeignTensor] = []
    for group in 0..<40 {
      for number in 0..<12 {
        let scalars = (0..<number).map { Float($0 * group) }
        let value: AnyTensor =
          switch group % 5 {
          case 0: .float32(Tensor(shape: [number], scalars: scalars))
          case 1: .float64(Tensor(shape: [1, number], scalars: scalars.map { Double($0) }))
          case 2: .int32(Tensor(shape: [number, 1], scalars: scalars.map { Int32($0) }))
          case 3: .int64(Tensor(shape: [number], scalars: scalars.map { Int64($0) }))
          default: .uint8(Tensor(shape: [number], scalars: scalars.map { UInt8(Int($0) & 255) }))
          }
        tensors.append(ForeignTensor("layers/l\(group)/vars/\(number)", value, layer: "schön \(group)"))
      }
    }
    let found = try read(HDF5File.encoding(tensors))
    #expect(found.count == tensors.count)
    for tensor in tensors { #expect(found[tensor.name] == tensor) }
  }

  /// A group that was made on the way to another one takes datasets of its own afterwards.
  @Test func groupsAboveOthersAreWritten() throws {
    let tensors = ["optimizer/a/0", "optimizer/b", "optimizer/a/c/0"].enumerated().map { index, name in
      ForeignTensor(name, .float32(Tensor(shape: [1], scalars: [Float(index)])))
    }
    let found = try read(HDF5File.encoding(tensors))
    for tensor in tensors { #expect(found[tensor.name]?.value == tensor.value) }
  }

  @Test(arguments: [["a", "a/b"], ["a/b", "a"], ["a", "a"], [""]]) func namesInTheWayAreRefused(
    names: [String]
  ) {
    let tensors = names.map { ForeignTensor($0, .float32(Tensor(shape: [1], scalars: [0]))) }
    #expect {
      try HDF5File.encoding(tensors, place: "like.npz")
    } throws: {
      "\($0)".contains("like.npz: expected a name that no group or dataset has")
    }
  }

  @Test func tooManyAxesAreRefused() {
    let deep = ForeignTensor("a", .uint8(Tensor(repeating: 1, shape: [Int](repeating: 1, count: 33))))
    #expect { try HDF5File.encoding([deep]) } throws: { "\($0)".contains("at most 32 axes") }
  }

  @Test(arguments: ["layers.weights.h5", "groups.h5"]) func cutFilesAreRefused(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in Array(0..<200) + Array(stride(from: 200, to: bytes.count, by: 61)) {
      let text = message(Array(bytes[..<count]))
      #expect(text.hasPrefix("x.h5") && text.contains("expected"), "\(count): \(text)")
    }
    #expect(message(Array(bytes.dropLast())).contains("is it cut off? copy it again"))
  }

  /// The newer structures have checksums: no changed byte of theirs goes unnoticed.
  @Test func changedStructuresAreNoticed() throws {
    let original = try Fixture.bytes("groups.h5")
    let marks = ["OHDR", "FRHP", "FHIB", "BTHD", "BTIN", "BTLF"].map { Array($0.utf8) }
    var count = 0
    for place in 0..<original.count - 4 where marks.contains(Array(original[place..<place + 4])) {
      // Trees of kind 6 hold the order of creation, which is not looked at.
      if original[place] == UInt8(ascii: "B"), original[place + 5] == 6 { continue }
      // The mark itself, the version and what follows.
      for offset in [0, 3, 4, 9, 14] {
        var bytes = original
        bytes[place + offset] ^= 0x10
        let text = message(bytes)
        #expect(text.hasPrefix("x.h5"), "byte \(place + offset): \(text)")
        count += 1
      }
    }
    #expect(count > 300)
    var superblock = original
    superblock[20] ^= 1
    #expect(message(superblock).contains("checksum") || message(superblock).contains("expected"))
  }

  /// Structures that lead back to themselves cost neither time nor memory.
  @Test func circlesAndSharedElementsAreRefused() throws {
    let values = Tensor<Float>(shape: [4000], scalars: (0..<4000).map { Float($0) })
    let small = Tensor<Float>(shape: [1], scalars: [1])
    let original = try HDF5File.encoding([
      ForeignTensor("group/0", .float32(values)), ForeignTensor("group/1", .float32(small)),
      ForeignTensor("group/2", .float32(small)),
    ])
    #expect(try read(original).count == 3)
    let tables = places(of: "SNOD", in: original)
    let inner = try #require(tables.first { original[$0 + 6] == 3 })
    let outer = try #require(tables.first { original[$0 + 6] == 1 })
    // Each entry has 40 bytes, after the head of 8; its second number is the object's address.
    func address(_ table: Int, _ entry: Int) -> Range<Int> {
      let start = table + 8 + 40 * entry + 8
      return start..<start + 8
    }
    var shared = original
    for entry in 1...2 { shared.replaceSubrange(address(inner, entry), with: original[address(inner, 0)]) }
    #expect(message(shared).contains("group/1: expected elements of its own"))
    var circle = original
    circle.replaceSubrange(address(inner, 1), with: original[address(outer, 0)])
    #expect(message(circle).hasPrefix("x.h5") && message(circle).contains("expected"))
    var tree = original
    let root = try #require(places(of: "TREE", in: original).first)
    tree[root + 5] = 1
    tree.replaceSubrange(
      root + 32..<root + 40, with: withUnsafeBytes(of: UInt64(root).littleEndian, Array.init))
    #expect(message(tree).contains("a tree of names at level 0"))
  }

  @Test func othersWaysOfStoringAreNamed() throws {
    let values = Tensor<Float>(shape: [3], scalars: [1, 2, 3])
    let original = try HDF5File.encoding([ForeignTensor("a", .float32(values))])
    // The layout's message: version 3, kind 1.
    let layout = try #require(
      (0..<original.count - 8).first { original[$0...].starts(with: [8, 0, 24, 0, 0, 0, 0, 0, 3, 1]) })
    var chunked = original
    chunked[layout + 9] = 2
    #expect(message(chunked).contains("a: expected elements stored as they are in this file"))
    var version = original
    version[8] = 9
    #expect(message(version).contains("expected a superblock of version 0 to 3, received 9"))
    #expect(message(Array("no HDF5 at all".utf8)).contains("at byte 0: expected an HDF5 file"))
  }

  private func places(of mark: String, in bytes: [UInt8]) -> [Int] {
    (0..<bytes.count - 4).filter { bytes[$0..<$0 + 4].elementsEqual(mark.utf8) }
  }
}
