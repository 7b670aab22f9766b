import MartletDatasets
import Testing

struct DataLoaderTests {
  @Test(arguments: [(1, 1), (10, 3), (12, 4), (97, 16), (5, 64)])
  func everyImageComesOnceAnEpoch(count: Int, batchSize: Int) throws {
    let data = try numbered(count)
    let loader = try DataLoader(data, batchSize: batchSize, seed: 3)
    for epoch in 0..<3 {
      let batches = Array(loader.batches(epoch: epoch))
      #expect(batches.count == loader.batchCount)
      #expect(batches.flatMap(\.indices).sorted() == (0..<Int32(count)).map { $0 })
      #expect(batches.dropLast().allSatisfy { $0.count == batchSize })
      for batch in batches {
        #expect(batch.images.shape == [batch.count, 2, 3, 1])
        for (row, index) in batch.indices.enumerated() {
          #expect(batch.labels.scalars[row] == Int32(data.label(at: Int(index))))
          #expect(batch.images.scalars[row * 6..<row * 6 + 6].allSatisfy { $0 == UInt8(index) })
        }
      }
    }
  }

  @Test func theOrderDependsOnSeedAndEpochAlone() throws {
    let data = try numbered(50)
    let loader = try DataLoader(data, batchSize: 8, seed: 5)
    let again = try DataLoader(data, batchSize: 7, seed: 5)
    let other = try DataLoader(data, batchSize: 8, seed: 6)
    func order(_ loader: DataLoader, _ epoch: Int) -> [Int32] {
      loader.batches(epoch: epoch).flatMap(\.indices)
    }
    #expect(order(loader, 4) == order(again, 4))
    #expect(order(loader, 4) == loader.order(epoch: 4))
    #expect(order(loader, 4) != order(loader, 5))
    #expect(order(loader, 4) != order(other, 4))
    #expect(order(try DataLoader(data, batchSize: 8, shuffle: false), 1) == (0..<50).map { Int32($0) })
  }

  @Test func anEpochCanBeginAtAnyStep() throws {
    let loader = try DataLoader(try numbered(50), batchSize: 8, seed: 5)
    let whole = loader.batches(epoch: 2).map(\.indices)
    for step in 0...8 {
      #expect(loader.batches(epoch: 2, startingAt: step).map(\.indices) == Array(whole.dropFirst(step)))
    }
  }

  @Test func eachLoopIsTheNextEpoch() throws {
    let loader = try DataLoader(try numbered(20), batchSize: 6, seed: 1)
    for epoch in 0..<3 {
      var seen: [Int32] = []
      for batch in loader { seen += batch.indices }
      #expect(seen == loader.order(epoch: epoch))
    }
  }

  /// The thread sanitizer looks at it: an iterator that is dropped early, one beside another.
  @Test func severalEpochsAtOnceAndDroppedOnes() throws {
    let loader = try DataLoader(try numbered(97), batchSize: 8, seed: 3)
    for _ in 0..<20 {
      let dropped = loader.batches(epoch: 1).makeIterator()
      #expect(dropped.next()?.count == 8)
      let orders = parallelMap(count: 4, threads: 4) { epoch in
        loader.batches(epoch: epoch).flatMap(\.indices)
      }
      #expect(orders == (0..<4).map { loader.order(epoch: $0) })
    }
  }

  @Test func theLastBatchCanBeDropped() throws {
    let loader = try DataLoader(try numbered(50), batchSize: 8, lastBatch: .drop)
    #expect(loader.batches(epoch: 0).map(\.count) == [8, 8, 8, 8, 8, 8])
  }

  @Test func buffersAreUsedAgain() throws {
    let loader = try DataLoader(try numbered(240, shape: [8, 8, 1]), batchSize: 4, prefetch: 2)
    var addresses: Set<Int> = []
    for epoch in 0..<5 {
      for batch in loader.batches(epoch: epoch) {
        addresses.insert(batch.images.scalars.withUnsafeBytes { Int(bitPattern: $0.baseAddress) })
      }
    }
    // Two ahead, one in the hand, one being filled; what the pool keeps between epochs; and, on a busy machine,
    // those of an epoch that is still being put away.
    #expect(addresses.count <= 15, "\(addresses.count) buffers for 300 batches")
  }

  @Test func batchesThatAreKeptDoNotChange() throws {
    let loader = try DataLoader(try numbered(200), batchSize: 3, seed: 9, prefetch: 1)
    let kept = Array(loader)
    #expect(kept.flatMap(\.indices) == loader.order(epoch: 0))
    for batch in kept {
      for (row, index) in batch.indices.enumerated() {
        #expect(batch.images.scalars[row * 6] == UInt8(index))
      }
    }
  }

  @Test func iteratorsCanBeDropped() throws {
    let loader = try DataLoader(try numbered(100), batchSize: 2)
    for taken in 0..<200 {
      let iterator = loader.makeIterator()
      for _ in 0..<taken % 5 { #expect(iterator.next() != nil) }
    }
    let iterator = loader.makeIterator()
    while iterator.next() != nil {}
    #expect(iterator.next() == nil)
    #expect(iterator.next() == nil)
  }

  @Test func wrongArgumentsAreRefused() throws {
    let data = try numbered(5)
    #expect(datasetError { _ = try DataLoader(data, batchSize: 0) }?.kind == .badArgument)
    #expect(datasetError { _ = try DataLoader(data, batchSize: -1) }?.kind == .badArgument)
    #expect(datasetError { _ = try DataLoader(data, batchSize: 6, lastBatch: .drop) }?.kind == .badArgument)
    #expect(datasetError { _ = try DataLoader(data, batchSize: 1, prefetch: 0) }?.kind == .badArgument)
    let error = datasetError { _ = try DataLoader(data.prefix(0), batchSize: 2) }
    #expect(error?.kind == .badData)
    #expect(error?.description.contains("an empty data set") == true)
  }
}
