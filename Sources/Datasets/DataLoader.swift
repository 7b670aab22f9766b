import Foundation
import MartletTensors
import Synchronization

/// Divides a data set into batches, in a new order each epoch, and prepares them ahead of time.
///
/// The order is a function of seed and epoch alone, and so is what an augmentation makes of each image: an
/// epoch can be begun at any step. A background thread fills a few batches ahead into buffers that are used
/// again.
///
///     let loader = try DataLoader(train, batchSize: 64, seed: 1, augmentation: [.randomFlip()])
///     for batch in loader { try step(batch.images, batch.labels) }   // each loop is the next epoch
public final class DataLoader: Sequence, Sendable {
  /// What becomes of the images that do not fill a batch.
  public enum LastBatch: Sendable {
    /// They make a smaller batch.
    case keep
    /// They are left out of this epoch.
    case drop
  }

  /// The images.
  public let data: ImageDataset
  /// The images of a full batch.
  public let batchSize: Int
  /// Whether each epoch has an order of its own.
  public let shuffle: Bool
  /// Decides the orders.
  public let seed: UInt64
  /// What becomes of the images that do not fill a batch.
  public let lastBatch: LastBatch
  /// How many batches are prepared ahead.
  public let prefetch: Int
  /// The random changes to the images; nil for none.
  public let augmentation: Augmentation?
  /// How many threads change images at the same time.
  public let workers: Int
  private let nextEpoch = Atomic<Int>(0)
  private let pool = BatchPool()

  /// Creates a loader.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batchSize: The images of a full batch, at least 1.
  ///   - shuffle: Whether each epoch has an order of its own; else it is that of the data.
  ///   - seed: Decides the orders and the augmentation.
  ///   - lastBatch: What becomes of the images that do not fill a batch.
  ///   - prefetch: How many batches are prepared ahead, at least 1.
  ///   - augmentation: Random changes to the images; nil for none.
  ///   - workers: How many threads change images at the same time, which changes no result; nil for half of
  ///     the processors, at most 4.
  /// - Throws: `DatasetError` where there is no image or no batch, or the augmentation does not suit the
  ///   images.
  public init(
    _ data: ImageDataset, batchSize: Int, shuffle: Bool = true, seed: UInt64 = 0,
    lastBatch: LastBatch = .keep, prefetch: Int = 3, augmentation: Augmentation? = nil, workers: Int? = nil
  ) throws(DatasetError) {
    guard batchSize > 0 else {
      throw DatasetError(.badArgument, at: "batch size", expected: "at least 1", received: "\(batchSize)")
    }
    guard data.count > 0 else {
      throw DatasetError(
        .badData, at: data.name, expected: "at least one image", received: "an empty data set",
        hint: "check the split or the limit that made it")
    }
    guard lastBatch == .keep || data.count >= batchSize else {
      throw DatasetError(
        .badArgument, at: "batch size", expected: "at most the \(data.count) images of \(data.name)",
        received: "\(batchSize)", hint: "keep the last batch or choose a smaller size")
    }
    guard prefetch > 0 else {
      throw DatasetError(.badArgument, at: "prefetch", expected: "at least 1", received: "\(prefetch)")
    }
    if let workers, workers < 1 {
      throw DatasetError(.badArgument, at: "workers", expected: "at least 1", received: "\(workers)")
    }
    try augmentation?.check(imageShape: data.imageShape)
    self.data = data
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.seed = seed
    self.lastBatch = lastBatch
    self.prefetch = prefetch
    self.augmentation = augmentation
    self.workers = workers ?? Swift.max(1, Swift.min(4, ProcessInfo.processInfo.activeProcessorCount / 2))
  }

  /// The batches of an epoch.
  public var batchCount: Int {
    lastBatch == .keep ? (data.count - 1) / batchSize + 1 : data.count / batchSize
  }

  /// The number of elements, for the protocol.
  public var underestimatedCount: Int { batchCount }

  /// The order of an epoch: indices into `data`.
  public func order(epoch: Int) -> [Int32] {
    guard shuffle else { return (0..<Int32(data.count)).map { $0 } }
    return RandomStream(seed: seed, purpose: .shuffle, epoch: UInt64(epoch)).permutation(count: data.count)
  }

  /// The batches of an epoch, from a step on.
  ///
  /// - Parameters:
  ///   - epoch: Which order, from 0.
  ///   - step: The first batch wanted, from 0; those before it are the ones already trained on.
  public func batches(epoch: Int, startingAt step: Int = 0) -> Batches {
    demand(epoch >= 0 && step >= 0, "epoch \(epoch), step \(step)")
    return Batches(loader: self, epoch: epoch, step: step)
  }

  /// The batches of the next epoch.
  public func makeIterator() -> Batches.Iterator {
    let epoch = nextEpoch.add(1, ordering: .relaxed).oldValue
    return batches(epoch: epoch).makeIterator()
  }

  /// The batches of one epoch; each loop over them begins anew.
  public struct Batches: Sequence, Sendable {
    fileprivate let loader: DataLoader
    fileprivate let epoch: Int
    fileprivate let step: Int

    /// The number of batches.
    public var underestimatedCount: Int { Swift.max(loader.batchCount - step, 0) }

    /// Starts the background thread.
    public func makeIterator() -> Iterator {
      Iterator(
        Prefetcher(
          data: loader.data, batchSize: loader.batchSize, batchCount: loader.batchCount, from: step,
          ahead: loader.prefetch, pool: loader.pool,
          augmenter: loader.augmentation.flatMap {
            $0.steps.isEmpty ? nil : Augmenter($0, seed: loader.seed, epoch: epoch)
          }, workers: loader.workers
        ) { [loader, epoch] in loader.order(epoch: epoch) })
    }

    /// Hands out the batches; may be dropped at any time.
    public final class Iterator: IteratorProtocol {
      private let prefetcher: Prefetcher

      fileprivate init(_ prefetcher: Prefetcher) {
        self.prefetcher = prefetcher
        prefetcher.start()
      }

      deinit { prefetcher.stop() }

      /// The next batch; nil at the end of the epoch.
      public func next() -> Batch? { prefetcher.next() }
    }
  }
}
