import MartletDatasets
import MartletTensors
import Testing

struct DatasetStatisticsTests {
  private func labeled(_ labels: [Int], classes: Int = 3) throws -> ImageDataset {
    try ImageDataset(
      name: "labels", classNames: (0..<classes).map { "c\($0)" },
      images: Tensor(repeating: 1, shape: [labels.count, 1, 1, 1]), labels: labels)
  }

  /// sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0]*5 + [1]*3 + [2]*2).
  @Test func balancedWeightsAreThoseOfScikitLearn() throws {
    let data = try labeled([Int](repeating: 0, count: 5) + [1, 1, 1, 2, 2])
    for (weight, expected) in zip(data.balancedClassWeights, [0.66666667, 1.11111111, 1.66666667]) {
      #expect(abs(weight - expected) < 1e-8)
    }
    #expect(try labeled([0, 0, 2, 2, 2, 2]).balancedClassWeights == [1.5, 0, 0.75])
  }

  @Test func oneHotRows() throws {
    let data = try labeled([2, 0, 1])
    #expect(data.oneHotLabels == Tensor(shape: [3, 3], scalars: [0, 0, 1, 1, 0, 0, 0, 1, 0]))
    #expect(data.subset([1]).oneHotLabels == Tensor(shape: [1, 3], scalars: [1, 0, 0]))
  }

  @Test func momentsAreExact() throws {
    // Channel 0: 0, 255, 51, 102; channel 1 constant; channel 2 with one value apart.
    let pixels: [UInt8] = [0, 7, 255, 255, 7, 255, 51, 7, 255, 102, 7, 254]
    let data = try ImageDataset(
      name: "moments", classNames: ["a"], images: Tensor(shape: [2, 1, 2, 3], scalars: pixels),
      labels: [0, 0])
    let moments = data.channelMoments()
    #expect(abs(moments.mean[0] - 0.4) < 1e-15 && abs(moments.deviation[0] - 0.14.squareRoot()) < 1e-15)
    #expect(moments.mean[1] == 7.0 / 255 && moments.deviation[1] == 0)
    #expect(abs(moments.mean[2] - 254.75 / 255) < 1e-15)
    #expect(abs(moments.deviation[2] - (3.0 / 16).squareRoot() / 255) < 1e-15)
    // A view counts its own images only.
    #expect(data.subset([1]).channelMoments().mean[0] == 76.5 / 255)
  }

  @Test func momentsEqualASumInDouble() throws {
    let bytes = noise(300 * 48, seed: 8)
    let data = try ImageDataset(
      name: "noise", classNames: ["a"], images: Tensor(shape: [300, 4, 4, 3], scalars: bytes),
      labels: [Int](repeating: 0, count: 300))
    let moments = data.channelMoments()
    for channel in 0..<3 {
      let values = stride(from: channel, to: bytes.count, by: 3).map { Double(bytes[$0]) / 255 }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(moments.mean[channel] - mean) < 1e-12)
      #expect(abs(moments.deviation[channel] - variance.squareRoot()) < 1e-12)
    }
  }

  @Test func stratifiedSplitsHoldOutAFractionOfEachClass() throws {
    let data = try labeled((0..<100).map { $0 < 70 ? 0 : $0 < 95 ? 1 : 2 })
    let (rest, held) = try data.split(.stratified(0.2, seed: 3))
    #expect(held.classCounts == [14, 5, 1] && rest.classCounts == [56, 20, 4])
    let places = (0..<held.count).map(held.storedIndex)
    let others = (0..<rest.count).map(rest.storedIndex)
    #expect(places == places.sorted() && others == others.sorted())
    #expect((places + others).sorted() == Array(0..<100))
    #expect(places != Array(0..<14) + Array(70..<75) + [95])
    let again = try data.split(.stratified(0.2, seed: 3)).heldOut
    #expect((0..<again.count).map(again.storedIndex) == places)
    let other = try data.split(.stratified(0.2, seed: 4)).heldOut
    #expect((0..<other.count).map(other.storedIndex) != places)
    for fraction in [0, 1, 0.001, -1, .nan] {
      let error = datasetError { _ = try data.split(.stratified(fraction, seed: 1)) }
      #expect(error?.kind == .badArgument, "\(fraction)")
    }
    #expect("\(ImageDataset.Split.stratified(0.2, seed: 3))" == "stratified 20.0% (seed 3)")
  }

  @Test func balancedSamplesRepeatEvenly() throws {
    let data = try labeled((0..<30).map { $0 < 20 ? 0 : $0 < 23 ? 1 : 2 })
    let sample = try data.sampled(.balanced(perClass: 7, seed: 5))
    #expect(sample.classCounts == [7, 7, 7] && sample.hasRepeats)
    let places = (0..<sample.count).map(sample.storedIndex)
    #expect(places == places.sorted() && Set(places.filter { $0 < 20 }).count == 7)
    // Seven draws of three images: each twice, one of them three times.
    #expect((20..<23).map { place in places.count { $0 == place } }.sorted() == [2, 2, 3])
    #expect(try !data.sampled(.balanced(perClass: 3, seed: 5)).hasRepeats)
    #expect(try labeled([0, 2]).sampled(.balanced(perClass: 2, seed: 1)).classCounts == [2, 0, 2])
    #expect(datasetError { _ = try data.sampled(.balanced(perClass: 0, seed: 1)) }?.kind == .badArgument)
  }
}
