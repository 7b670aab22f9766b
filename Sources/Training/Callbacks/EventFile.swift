/// TensorBoard's event files: records with checksums, each a protocol buffer `Event`.
///
/// A record is the length (8 bytes, little-endian), its masked CRC-32C, the message, its masked CRC-32C
/// (tensorflow/core/lib/io/record_writer.h). The messages' fields are those of event.proto and
/// summary.proto: Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary =
/// 5 }, Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }.
package enum EventFile {
  /// The record that begins a file.
  package static func version(time: Double) -> [UInt8] {
    record(wallTime(time) + bytes(3, Array("brain.Event:2".utf8)))
  }

  /// The record of a number at a step.
  ///
  /// - Parameters:
  ///   - tag: The curve it belongs to.
  ///   - time: The seconds since 1970.
  package static func scalar(_ tag: String, _ value: Float, step: Int, time: Double) -> [UInt8] {
    let number = [key(2, .fixed32)] + littleEndian(value.bitPattern)
    let summary = bytes(1, bytes(1, Array(tag.utf8)) + number)
    return record(
      wallTime(time) + [key(2, .varint)] + varint(UInt64(bitPattern: Int64(step))) + bytes(5, summary))
  }

  /// The CRC-32C (Castagnoli) of bytes.
  package static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
  }

  /// The checksum as records store it, so that a checksum of checksums stays a good one.
  package static func maskedCRC32C(_ bytes: [UInt8]) -> UInt32 {
    let crc = crc32c(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  private static func record(_ message: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(message.count))
    return length + littleEndian(maskedCRC32C(length)) + message + littleEndian(maskedCRC32C(message))
  }

  /// How a field's value is stored.
  private enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  private static func key(_ field: UInt8, _ type: WireType) -> UInt8 { field << 3 | type.rawValue }

  private static func wallTime(_ time: Double) -> [UInt8] {
    [key(1, .fixed64)] + littleEndian(time.bitPattern)
  }

  private static func bytes(_ field: UInt8, _ value: [UInt8]) -> [UInt8] {
    [key(field, .bytes)] + varint(UInt64(value.count)) + value
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, result) = (number, [UInt8]())
    while rest >= 0x80 {
      result.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return result + [UInt8(rest)]
  }

  private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
