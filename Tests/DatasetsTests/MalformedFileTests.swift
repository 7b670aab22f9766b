import MartletDatasets
import Testing

struct MalformedFileTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let offset: Int
  }

  /// Files instead of two images of 2x3.
  static let images: [Case] = {
    let good = idx([2, 2, 3], [UInt8](repeating: 7, count: 12))
    func changed(_ position: Int, _ value: UInt8) -> [UInt8] {
      var bytes = good
      bytes[position] = value
      return bytes
    }
    return [
      Case(testDescription: "empty", bytes: [], offset: 0),
      Case(testDescription: "cut magic", bytes: [0, 0, 8], offset: 3),
      Case(testDescription: "cut header", bytes: Array(good.prefix(15)), offset: 15),
      Case(testDescription: "magic byte 0", bytes: changed(0, 0xDE), offset: 0),
      Case(testDescription: "magic byte 1", bytes: changed(1, 0xAD), offset: 0),
      Case(testDescription: "type 9", bytes: changed(2, 9), offset: 2),
      Case(testDescription: "type 13 (float)", bytes: changed(2, 13), offset: 2),
      Case(testDescription: "rank 0", bytes: changed(3, 0), offset: 3),
      Case(testDescription: "rank 1", bytes: changed(3, 1), offset: 3),
      Case(testDescription: "rank 4", bytes: changed(3, 4), offset: 3),
      Case(testDescription: "rank 255", bytes: changed(3, 255), offset: 3),
      Case(testDescription: "count 0", bytes: idx([0, 2, 3], []), offset: 4),
      Case(testDescription: "height 0", bytes: idx([2, 0, 3], []), offset: 8),
      Case(testDescription: "width 0", bytes: idx([2, 2, 0], []), offset: 12),
      Case(
        testDescription: "extents that overflow",
        bytes: idx([.max, .max, .max], [1]), offset: 8),
      Case(
        testDescription: "extents that overflow with the last",
        bytes: idx([1 << 31, 1 << 31, 2], [1]), offset: 12),
      Case(
        testDescription: "count 2^32 - 1", bytes: idx([.max, 2, 3], [UInt8](repeating: 0, count: 12)),
        offset: 28),
      Case(testDescription: "one byte short", bytes: Array(good.dropLast()), offset: 27),
      Case(testDescription: "no pixels", bytes: Array(good.prefix(16)), offset: 16),
      Case(testDescription: "one byte more", bytes: good + [0], offset: 28),
      Case(testDescription: "transposed, same length", bytes: idx([2, 3, 2], Array(good[16...])), offset: 8),
      Case(
        testDescription: "other shape, same length", bytes: idx([2, 1, 6], Array(good[16...])), offset: 8),
    ]
  }()

  @Test(arguments: images)
  func imagesAreRefused(_ sample: Case) throws {
    let error = datasetError { _ = try pair(images: sample.bytes, labels: idx([2], [0, 1])) }
    #expect(error?.kind == .badData)
    #expect(error?.place == "images at byte \(sample.offset)", "\(String(describing: error))")
  }

  static let labels: [Case] = [
    Case(testDescription: "three labels for two images", bytes: idx([3], [0, 1, 2]), offset: 4),
    Case(testDescription: "one label for two images", bytes: idx([1], [0]), offset: 4),
    Case(testDescription: "images as labels", bytes: idx([2, 1, 1], [0, 1]), offset: 3),
    Case(testDescription: "label 4 of 4 classes", bytes: idx([2], [0, 4]), offset: 9),
    Case(testDescription: "label 255", bytes: idx([2], [255, 0]), offset: 8),
    Case(testDescription: "short", bytes: idx([2], [0]), offset: 9),
    Case(testDescription: "trailing", bytes: idx([2], [0, 1, 2]), offset: 10),
    Case(testDescription: "magic", bytes: [1] + idx([2], [0, 1]).dropFirst(), offset: 0),
  ]

  @Test(arguments: labels)
  func labelsAreRefused(_ sample: Case) throws {
    let images = idx([2, 2, 3], [UInt8](repeating: 7, count: 12))
    let error = datasetError { _ = try pair(images: images, labels: sample.bytes) }
    #expect(error?.kind == .badData)
    #expect(error?.place == "labels at byte \(sample.offset)", "\(String(describing: error))")
  }

  @Test func goodFilesAreRead() throws {
    let decoded = try pair(images: idx([2, 2, 3], Array(1...12)), labels: idx([2], [3, 0]))
    #expect(Array(decoded.pixels.joined()) == Array(1...12))
    #expect(decoded.labelLevels == [[3, 0]])
    #expect(decoded.count == 2)
  }

  private func pair(images: [UInt8], labels: [UInt8]) throws -> DecodedImages {
    try IDXFile.pair(
      images: images, at: "images", labels: labels, at: "labels", imageShape: [2, 3, 1], classes: 4)
  }

  static let records: [Case] = {
    let record = [UInt8](repeating: 0, count: 3073)
    return [
      Case(testDescription: "empty", bytes: [], offset: 0),
      Case(testDescription: "3072 bytes", bytes: Array(record.dropLast()), offset: 0),
      Case(testDescription: "3074 bytes", bytes: record + [0], offset: 3073),
      Case(testDescription: "second record cut", bytes: record + record.prefix(100), offset: 3073),
      Case(testDescription: "label 10", bytes: record + [10] + record.dropFirst(), offset: 3073),
      Case(testDescription: "label 255", bytes: [255] + record.dropFirst(), offset: 0),
      Case(testDescription: "CIFAR-100 records", bytes: record + [0], offset: 3073),
    ]
  }()

  @Test(arguments: records)
  func recordsAreRefused(_ sample: Case) {
    let error = datasetError { _ = try CIFARFile.decode(sample.bytes, file: "batch", classes: [10]) }
    #expect(error?.kind == .badData)
    #expect(error?.place == "batch at byte \(sample.offset)", "\(String(describing: error))")
  }

  @Test func labelsOfBothLevelsAreChecked() {
    let record = [UInt8](repeating: 0, count: 3074)
    for (bytes, offset) in [([20] + record.dropFirst(), 0), ([0, 100] + record.dropFirst(2), 1)] {
      let error = datasetError { _ = try CIFARFile.decode(bytes, file: "train", classes: [20, 100]) }
      #expect(error?.place == "train at byte \(offset)")
    }
  }

  @Test func thePythonVersionIsNamed() {
    let error = datasetError { _ = try CIFARFile.decode([0x80, 2, 0x7d], file: "batch", classes: [10]) }
    #expect(error?.description.contains("binary version") == true)
  }

  @Test func planesAreInterleaved() throws {
    var record: [UInt8] = [19, 99]
    for plane in 0..<3 { record += (0..<1024).map { UInt8(truncatingIfNeeded: $0 + 50 * plane) } }
    let decoded = try CIFARFile.decode(record, file: "train", classes: [20, 100])
    #expect(decoded.labelLevels == [[19], [99]])
    let pixels = Array(decoded.pixels.joined())
    #expect(pixels.count == 3072)
    for pixel in [0, 1, 31, 32, 1023] {
      #expect(
        Array(pixels[3 * pixel..<3 * pixel + 3])
          == [0, 50, 100].map { UInt8(truncatingIfNeeded: pixel + $0) })
    }
  }
}
