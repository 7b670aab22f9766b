import Foundation
import MartletTensors

/// Small data sets in MNIST's official layout, of images that can be told apart: class c is bright in row 2c+4.
enum SmallData {
  /// Writes `data/mnist/...` with some training and test images.
  static func write(train: Int = 256, test: Int = 64, in folder: TemporaryFolder) throws -> String {
    let data = "\(folder.path)/data"
    try FileManager.default.createDirectory(atPath: "\(data)/mnist", withIntermediateDirectories: true)
    for (name, count, seed) in [("train", train, UInt64(1)), ("t10k", test, 2)] {
      try AtomicFile.write(
        header([count, 28, 28]) + pixels(count, seed: seed), to: "\(data)/mnist/\(name)-images-idx3-ubyte")
      try AtomicFile.write(
        header([count]) + (0..<count).map { UInt8($0 % 10) }, to: "\(data)/mnist/\(name)-labels-idx1-ubyte")
    }
    return data
  }

  private static func header(_ shape: [Int]) -> [UInt8] {
    [0, 0, 8, UInt8(shape.count)] + shape.flatMap { withUnsafeBytes(of: UInt32($0).bigEndian) { Array($0) } }
  }

  private static func pixels(_ count: Int, seed: UInt64) -> [UInt8] {
    let stream = RandomStream(seed: seed, purpose: .sample)
    return (0..<count * 784).map { index in
      let row = index % 784 / 28
      let noise = UInt8(stream.uint32(at: UInt64(index)) & 63)
      return row == 2 * (index / 784 % 10) + 4 ? 190 + noise : noise
    }
  }
}
