import CMartletZlib
import Foundation
import MartletDatasets
import MartletTensors

/// A folder for one test, removed with all it holds.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(bytes, to: file)
    return file
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

/// One gzip member.
func gzip(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
  var stream = z_stream()
  precondition(martlet_gzip_deflate_begin(&stream, level) == Z_OK)
  defer { deflateEnd(&stream) }
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
  var input = bytes
  let size = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(output.prefix(size))
}

func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

func idx(_ shape: [UInt32], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
  [0, 0, type, UInt8(shape.count)] + shape.flatMap(bigEndian) + elements
}

/// Bytes that look random and are the same each time.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  let stream = RandomStream(seed: seed, purpose: .sample)
  return (0..<(count + 3) / 4).flatMap { word in
    withUnsafeBytes(of: stream.uint32(at: UInt64(word))) { Array($0) }
  }.prefix(count).map { $0 }
}

/// A member of a tar archive, with its padding.
func tarEntry(_ name: String, _ bytes: [UInt8], type: Character = "0", size: Int? = nil) -> [UInt8] {
  var block = [UInt8](repeating: 0, count: 512)
  func put(_ text: String, at offset: Int) {
    block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
  }
  let octal = String(size ?? bytes.count, radix: 8)
  put(name, at: 0)
  put("0000644", at: 100)
  put(String(repeating: "0", count: 11 - octal.count) + octal, at: 124)
  put("        ", at: 148)
  put(String(type), at: 156)
  put("ustar", at: 257)
  let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
  put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
  return block + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
}

func tarEnd() -> [UInt8] { [UInt8](repeating: 0, count: 1024) }

/// A small data set with the pixel value `index` in every place of image `index`.
func numbered(_ count: Int, classes: Int = 4, shape: [Int] = [2, 3, 1]) throws -> ImageDataset {
  let size = shape.reduce(1, *)
  return try ImageDataset(
    name: "numbered", classNames: (0..<classes).map { "class \($0)" },
    images: Tensor(
      shape: [count] + shape, scalars: (0..<count * size).map { UInt8(truncatingIfNeeded: $0 / size) }),
    labels: (0..<count).map { $0 % classes })
}

func datasetError(_ body: () throws -> Void) -> DatasetError? {
  do { try body() } catch { return error as? DatasetError }
  return nil
}
