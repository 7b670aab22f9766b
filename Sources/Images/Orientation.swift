import MartletTensors

/// How a camera was held: the value 1 to 8 that it notes in a JPEG file (Exif 2.3, tag 0x0112).
struct Orientation {
  let value: Int

  /// Rows and columns change places.
  var isTransposed: Bool { value >= 5 }
  /// The rows of the stored picture are read from below.
  var readsRowsBackwards: Bool { [3, 4, 6, 7].contains(value) }
  /// The columns of the stored picture are read from the right.
  var readsColumnsBackwards: Bool { [2, 3, 7, 8].contains(value) }

  /// Reads the note of a file; 1, upright, where there is none.
  init(of bytes: [UInt8]) { value = Self.note(inJPEG: bytes) ?? 1 }

  /// Looks for the note in the segments before the picture data.
  private static func note(inJPEG bytes: [UInt8]) -> Int? {
    guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      // Any number of fill bytes may precede a marker (T.81, B.1.1.2).
      if marker == 0xFF {
        position += 1
        continue
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      // After the start of the scan (0xDA) come picture data.
      guard marker != 0xDA, length >= 2, end <= bytes.count else { return nil }
      let segment = bytes[position + 4..<end]
      if marker == 0xE1, segment.starts(with: Array("Exif\0\0".utf8)) {
        return note(inTIFF: Array(segment.dropFirst(6)))
      }
      position = end
    }
    return nil
  }

  /// Reads the tag from the first directory of a TIFF header.
  private static func note(inTIFF bytes: [UInt8]) -> Int? {
    let isLittle = bytes.starts(with: Array("II".utf8))
    guard isLittle || bytes.starts(with: Array("MM".utf8)) else { return nil }
    func number(at offset: Int, bytes count: Int) -> Int? {
      guard offset >= 0, offset + count <= bytes.count else { return nil }
      let field = bytes[offset..<offset + count]
      return isLittle
        ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(at: 2, bytes: 2) == 42, let directory = number(at: 4, bytes: 4),
      let entries = number(at: directory, bytes: 2)
    else { return nil }
    for entry in 0..<entries {
      let start = directory + 2 + 12 * entry
      guard let tag = number(at: start, bytes: 2) else { return nil }
      if tag == 0x0112 {
        return number(at: start + 8, bytes: 2).flatMap { 1...8 ~= $0 ? $0 : nil }
      }
    }
    return nil
  }
}

extension Tensor<UInt8> {
  /// The image `[H, W, C]` as it is seen, from one stored in an orientation.
  func upright(from orientation: Orientation) -> Tensor<UInt8> {
    guard orientation.value != 1 else { return self }
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    let (rows, columns) = orientation.isTransposed ? (width, height) : (height, width)
    var result = Tensor(repeating: 0, shape: [rows, columns, channels])
    for row in 0..<rows {
      for column in 0..<columns {
        var (from, place) = orientation.isTransposed ? (column, row) : (row, column)
        if orientation.readsRowsBackwards { from = height - 1 - from }
        if orientation.readsColumnsBackwards { place = width - 1 - place }
        for channel in 0..<channels {
          result.scalars[(row * columns + column) * channels + channel] =
            scalars[(from * width + place) * channels + channel]
        }
      }
    }
    return result
  }
}
