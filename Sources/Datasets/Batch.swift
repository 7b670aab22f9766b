import MartletTensors

/// Some images of a data set with their labels, ready for a training step.
public struct Batch: Sendable {
  /// The pixels, `[N, H, W, C]`.
  public internal(set) var images: Tensor<UInt8>
  /// The labels, `[N]`.
  public internal(set) var labels: Tensor<Int32>
  /// The index of each image in the data set that the loader was given.
  public internal(set) var indices: [Int32]

  /// The number of images.
  public var count: Int { indices.count }

  /// Space for `count` images of a data set.
  init(count: Int, of data: ImageDataset) {
    images = Tensor(repeating: 0, shape: [count] + data.imageShape)
    labels = Tensor(repeating: 0, shape: [count])
    indices = [Int32](repeating: 0, count: count)
  }

  /// Overwrites the batch in place; a copy is made only where somebody still holds the old one.
  mutating func fill(from data: ImageDataset, _ chosen: ArraySlice<Int32>) {
    precondition(chosen.count == count, "\(chosen.count) images for a batch of \(count)")
    let size = data.bytesPerImage
    data.storage.withBytes { pixels in
      images.scalars.withUnsafeMutableBytes { output in
        for (row, index) in chosen.enumerated() {
          let start = data.storedIndex(at: Int(index)) * size
          UnsafeMutableRawBufferPointer(rebasing: output[row * size..<(row + 1) * size])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: pixels[start..<start + size]))
        }
      }
    }
    for (row, index) in chosen.enumerated() {
      labels.scalars[row] = Int32(data.label(at: Int(index)))
      indices[row] = index
    }
  }
}
