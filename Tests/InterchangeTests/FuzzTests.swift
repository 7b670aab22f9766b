import Foundation
import MartletGraphs
import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletTensors
import Testing

/// Changes bytes as damage and malice do; the same seed makes the same changes.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { limit > 0 ? Int(next() % UInt64(limit)) : 0 }

  mutating func mutated(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...below(4) where !bytes.isEmpty {
      let place = below(bytes.count)
      switch below(7) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = UInt8(truncatingIfNeeded: next())
      case 2: bytes[place] = [0, 1, 0x7f, 0x80, 0xff][below(5)]
      case 3: bytes.removeLast(below(min(bytes.count, 64)))
      case 4: bytes.insert(contentsOf: bytes[place..<min(place + below(16), bytes.count)], at: place)
      case 5: bytes.removeSubrange(place..<min(place + below(16), bytes.count))
      default:
        // Numbers at the edges of 32 and 64 bits.
        let numbers: [UInt64] = [0, .max, 1 << 31, 1 << 32, 1 << 63, 0x7fff_ffff_ffff_ffff]
        for (index, byte) in withUnsafeBytes(of: numbers[below(6)], Array.init).enumerated()
        where place + index < bytes.count { bytes[place + index] = byte }
      }
    }
    return bytes
  }
}

/// No parser ends the process, whatever bytes it is given: each throws its own errors or reads the file.
@Suite struct FuzzTests {
  /// `MARTLET_FUZZ` sets how many changed files each parser is given.
  static let rounds = ProcessInfo.processInfo.environment["MARTLET_FUZZ"].flatMap { Int($0) } ?? 1500

  private func fuzz(_ names: [String], _ parse: ([UInt8]) throws -> Void) throws {
    var (read, refused) = (0, 0)
    for (index, name) in names.enumerated() {
      let original = try Fixture.bytes(name)
      var mutator = Mutator(seed: UInt64(index) + 1)
      for _ in 0..<Self.rounds / names.count {
        do {
          try parse(mutator.mutated(original))
          read += 1
        } catch let error as InterchangeError {
          #expect(!error.description.isEmpty)
          refused += 1
        } catch let error as FileError {
          #expect(error.kind == .badData)
          refused += 1
        } catch is ModelError {
          refused += 1
        }
      }
    }
    // A parser that accepts or refuses everything has not been tested.
    #expect(refused > 0 && read > 0, "\(refused) refused, \(read) read")
  }

  @Test func safetensors() throws {
    try fuzz(["small.safetensors", "expected.safetensors"]) {
      _ = try StateDictionary.tensors(parsing: $0, place: "x")
    }
  }

  @Test func numpyArchives() throws {
    try fuzz(["small.npz", "small-deflated.npz"]) { _ = try NumpyArchive.tensors(parsing: $0, place: "x") }
  }

  @Test func numpyArrays() throws {
    // Inside an archive the checksum refuses most changes: here the arrays themselves are changed.
    let array = try #require(try ZipArchive(parsing: Fixture.bytes("small.npz"), place: "x").members.first)
      .bytes
    var mutator = Mutator(seed: 9)
    for _ in 0..<Self.rounds {
      do throws(InterchangeError) {
        _ = try NumpyFile.tensor(parsing: mutator.mutated(array)[...], place: "x")
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test func protocolBuffers() throws {
    try fuzz(["small.onnx", "branches.onnx"]) { _ = try ONNXModel(parsing: $0, place: "x") }
  }

  @Test func networks() throws {
    try fuzz(["small.onnx", "branches.onnx"]) { bytes in
      let model = try ONNXModel(parsing: bytes, place: "x")
      let network = try ONNXNetwork(model, place: "x")
      _ = try NetworkOutline(network).onnx(network.weights)
    }
  }

  @Test func hdf5() throws {
    try fuzz(["layers.weights.h5", "groups.h5"]) { _ = try HDF5File.tensors(parsing: $0, place: "x") }
  }
}
