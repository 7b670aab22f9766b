import MartletDatasets
import MartletTensors
import Testing

struct ImageDatasetTests {
  @Test func viewsShareThePixels() throws {
    let data = try numbered(10)
    let view = data.subset([7, 2, 2]).suffix(2)
    #expect(view.count == 2)
    #expect(view.labels == [2, 2])
    #expect(view.storedIndex(at: 0) == 2)
    #expect(view.image(at: 1) == Tensor(repeating: 2, shape: [2, 3, 1]))
    let whole = data.withImage(at: 2) { $0.baseAddress }
    #expect(view.withImage(at: 0) { $0.baseAddress } == whole)
    #expect(data.prefix(3).labels == [0, 1, 2])
    #expect(data.prefix(99).count == 10)
    #expect(data.classCounts == [3, 3, 2, 2])
  }

  @Test func wrongArraysAreRefused() {
    let images = Tensor<UInt8>(repeating: 0, shape: [2, 2, 2, 1])
    let classes = ["a", "b"]
    func kind(_ images: Tensor<UInt8>, _ labels: [Int]) -> DatasetError.Kind? {
      datasetError { _ = try ImageDataset(name: "x", classNames: classes, images: images, labels: labels) }?
        .kind
    }
    #expect(kind(images, [0, 1]) == nil)
    #expect(kind(images, [0]) == .badData)
    #expect(kind(images, [0, 2]) == .badData)
    #expect(kind(images, [0, -1]) == .badData)
    #expect(kind(images.reshaped([2, 4]), [0, 1]) == .badData)
    #expect(kind(Tensor(repeating: 0, shape: [0, 2, 2, 1]), []) == .badData)
    #expect(kind(Tensor(repeating: 0, shape: [2, 0, 2, 1]), [0, 1]) == .badData)
  }

  @Test func partsAreHeldOut() throws {
    let data = try numbered(50)
    func places(_ split: ImageDataset.Split) throws -> (rest: [Int], held: [Int]) {
      let (rest, held) = try data.split(split)
      return ((0..<rest.count).map(rest.storedIndex), (0..<held.count).map(held.storedIndex))
    }
    #expect(try places(.last(0.2)).held == Array(40..<50))
    #expect(try places(.last(0.2)).rest == Array(0..<40))
    #expect(try places(.first(4)).held == Array(0..<4))
    #expect(try places(.first(4)).rest == Array(4..<50))
    #expect(try places(.last(1)).held == [49])
    let (rest, held) = try places(.random(10, seed: 42))
    #expect(held.count == 10 && held == held.sorted() && rest == rest.sorted())
    #expect((rest + held).sorted() == Array(0..<50))
    #expect(try places(.random(10, seed: 42)).held == held)
    #expect(try places(.random(10, seed: 43)).held != held)
    for split: ImageDataset.Split in [
      .last(0), .last(50), .first(-1), .last(0.0), .last(1.0), .random(60, seed: 1),
    ] {
      #expect(datasetError { _ = try data.split(split) }?.kind == .badArgument, "\(split)")
    }
  }

  @Test func fractionsRoundAsKerasDoes() throws {
    let (rest, held) = try numbered(103).split(.last(0.2))
    #expect(rest.count == 82 && held.count == 21)
  }

  @Test func bootstrapRepeats() throws {
    let data = try numbered(200)
    let sample = try data.sampled(.bootstrap(fraction: 0.5, seed: 42))
    #expect(sample.count == 100 && sample.hasRepeats && !data.hasRepeats)
    #expect(Set((0..<100).map(sample.storedIndex)).count < 100)
    #expect(sample.labels == (try data.sampled(.bootstrap(fraction: 0.5, seed: 42))).labels)
    #expect(try sample.split(.last(0.2)).heldOut.hasRepeats)
    #expect(data.subset([3, 4, 3]).hasRepeats && !data.subset([3, 4, 5]).hasRepeats)
  }

  @Test func stratifiedKeepsTheProportions() throws {
    let data = try numbered(102)
    let sample = try data.sampled(.stratified(fraction: 0.2, seed: 1))
    #expect(data.classCounts == [26, 26, 25, 25])
    #expect(sample.classCounts == [5, 5, 5, 5])
    let places = (0..<sample.count).map(sample.storedIndex)
    #expect(places == places.sorted() && Set(places).count == 20)
    #expect(
      places != (0..<20).map { (try? data.sampled(.stratified(fraction: 0.2, seed: 2)))?.storedIndex(at: $0) }
    )
    for sampling: ImageDataset.Sampling in [
      .stratified(fraction: 1.5, seed: 1), .stratified(fraction: 0.001, seed: 1),
      .bootstrap(fraction: 0, seed: 1),
      .bootstrap(fraction: .nan, seed: 1),
    ] {
      #expect(datasetError { _ = try data.sampled(sampling) }?.kind == .badArgument)
    }
  }
}
