/// The fixed division of a batch: a function of shapes alone, so that no result depends on the threads.
struct Shards {
  let ranges: [Range<Int>]

  /// - Parameters:
  ///   - images: The images of the batch.
  ///   - partialBytes: What one shard's partial sums take; large ones lower the number of shards.
  ///   - together: The images that a kernel wants in one shard, as long as `fewestShards` are left.
  init(images: Int, partialBytes: Int, together: Int = 1) {
    let affordable = max(2, Self.partialBudget / max(partialBytes, 1))
    let wanted = max(Self.fewestShards, images / together)
    let count = max(1, min(images, Self.mostShards, affordable, wanted))
    ranges = (0..<count).map { images * $0 / count..<images * ($0 + 1) / count }
  }

  var count: Int { ranges.count }

  private static let mostShards = 16
  private static let fewestShards = 4
  private static let partialBudget = 64 << 20
}
