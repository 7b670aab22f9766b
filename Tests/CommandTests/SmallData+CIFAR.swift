import Foundation
import MartletTensors

extension SmallData {
  /// Writes CIFAR-10 in the official binary layout: class c is bright in rows 3c and 3c+1.
  static func writeCIFAR10(train: Int, test: Int, in folder: TemporaryFolder) throws -> String {
    let data = "\(folder.path)/data"
    let below = "\(data)/cifar-10-batches-bin"
    try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
    for index in 1...5 {
      try AtomicFile.write(
        records(train / 5, classes: 10, seed: UInt64(index)) { [UInt8($0)] },
        to: "\(below)/data_batch_\(index).bin")
    }
    try AtomicFile.write(
      records(test, classes: 10, seed: 9) { [UInt8($0)] }, to: "\(below)/test_batch.bin")
    return data
  }

  /// Writes CIFAR-100 in the official binary layout: superclass c is bright in row c+6; the fine label is
  /// five times the superclass.
  static func writeCIFAR100(train: Int, test: Int, in folder: TemporaryFolder) throws -> String {
    let data = "\(folder.path)/data"
    let below = "\(data)/cifar-100-binary"
    try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
    for (name, count, seed) in [("train", train, UInt64(1)), ("test", test, 2)] {
      try AtomicFile.write(
        records(count, classes: 20, seed: seed) { [UInt8($0), UInt8(5 * $0)] }, to: "\(below)/\(name).bin")
    }
    return data
  }

  /// Records of label bytes and three planes of 32x32 pixels, the classes in turn.
  private static func records(
    _ count: Int, classes: Int, seed: UInt64, labels: (Int) -> [UInt8]
  ) -> [UInt8] {
    let stream = RandomStream(seed: seed, purpose: .sample)
    // One plane of noise serves all images, shifted; drawing each anew would take seconds.
    let noise = (0..<2048).map { UInt8(stream.uint32(at: UInt64($0)) & 63) }
    var bytes: [UInt8] = []
    for image in 0..<count {
      let label = image % classes
      bytes += labels(label)
      let rows = classes == 10 ? [3 * label, 3 * label + 1] : [label + 6]
      for plane in 0..<3 {
        let shift = (image * 37 + plane * 101) % 1024
        for row in 0..<32 {
          let light: UInt8 = rows.contains(row) ? 190 : 0
          for column in 0..<32 { bytes.append(noise[shift + row * 32 + column] + light) }
        }
      }
    }
    return bytes
  }
}
