import MartletDatasets
import Testing

/// `Benchmarks/reproduction/data.py` computes the same draws, so that the peers see the same images.
struct PinnedDrawTests {
  @Test func bootstrapIsPinned() throws {
    let sample = try numbered(200).sampled(.bootstrap(fraction: 0.5, seed: 42))
    #expect((0..<8).map(sample.storedIndex) == [140, 171, 154, 21, 129, 168, 133, 124])
  }

  @Test func randomSplitIsPinned() throws {
    let held = try numbered(200).split(.random(8, seed: 42)).heldOut
    #expect((0..<8).map(held.storedIndex) == [18, 46, 52, 78, 90, 92, 122, 124])
  }
}
