import Foundation
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
  ///
  /// - Parameters:
  ///   - augmenter: Changes the images; nil to leave them as they are.
  ///   - threads: How many threads the augmenter may use.
  mutating func fill(
    from data: ImageDataset, _ chosen: ArraySlice<Int32>, augmenter: Augmenter? = nil, threads: Int = 1
  ) {
    precondition(chosen.count == count, "\(chosen.count) images for a batch of \(count)")
    let parts = augmenter == nil ? 1 : Swift.min(threads, count)
    let total = count
    data.storage.withBytes { pixels in
      images.scalars.withUnsafeMutableBufferPointer { output in
        guard let output = output.baseAddress, let pixels = pixels.baseAddress else { return }
        if parts == 1 {
          return Self.fill(0..<total, of: output, from: data, pixels, chosen, augmenter)
        }
        // Each thread writes rows of its own.
        nonisolated(unsafe) let (target, source) = (output, pixels)
        DispatchQueue.concurrentPerform(iterations: parts) { part in
          let rows = part * total / parts..<(part + 1) * total / parts
          Self.fill(rows, of: target, from: data, source, chosen, augmenter)
        }
      }
    }
    for (row, index) in chosen.enumerated() {
      labels.scalars[row] = Int32(data.label(at: Int(index)))
      indices[row] = index
    }
  }

  /// Copies and changes the images of some rows of a batch.
  private static func fill(
    _ rows: Range<Int>, of output: UnsafeMutablePointer<UInt8>, from data: ImageDataset,
    _ pixels: UnsafeRawPointer, _ chosen: ArraySlice<Int32>, _ augmenter: Augmenter?
  ) {
    let size = data.bytesPerImage
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: augmenter == nil ? 1 : size) { scratch in
      for row in rows {
        let index = Int(chosen[chosen.startIndex + row])
        let image = output + row * size
        memcpy(image, pixels + data.storedIndex(at: index) * size, size)
        if let augmenter, let scratch = scratch.baseAddress {
          augmenter.apply(
            to: PixelBlock(shape: data.imageShape, pixels: image, scratch: scratch), sample: index)
        }
      }
    }
  }
}
