import MartletDatasets
import MartletTensors
import Testing

struct AugmentationTests {
  static let everything: Augmentation = [
    .randomFlip(.both), .randomCrop(padding: 2, border: .reflect),
    .randomTranslation(height: 0.2, width: 0.1), .randomRotation(degrees: 20, border: .constant(7)),
    .randomZoom(height: 0.2, border: .nearest), .randomErasing(probability: 0.5, fill: 3),
    .randomBrightness(0.2), .randomContrast(0.3),
  ]

  private func data(_ count: Int, shape: [Int] = [9, 8, 3]) throws -> ImageDataset {
    try ImageDataset(
      name: "noise", classNames: ["a", "b"],
      images: Tensor(shape: [count] + shape, scalars: noise(count * shape.reduce(1, *), seed: 4)),
      labels: (0..<count).map { $0 % 2 })
  }

  /// The pixels and the label of each image by its index.
  private func images(_ batches: some Sequence<Batch>) -> [Int32: [UInt8]] {
    var result: [Int32: [UInt8]] = [:]
    for batch in batches {
      let size = batch.images.count / batch.count
      for (row, index) in batch.indices.enumerated() {
        result[index] =
          Array(batch.images.scalars[row * size..<(row + 1) * size]) + [UInt8(batch.labels.scalars[row])]
      }
    }
    return result
  }

  @Test func nothingButSeedEpochAndImageDecides() throws {
    let data = try data(61)
    func loader(
      batchSize: Int = 8, shuffle: Bool = true, seed: UInt64 = 5, workers: Int = 1, steps: Augmentation
    ) throws -> DataLoader {
      try DataLoader(
        data, batchSize: batchSize, shuffle: shuffle, seed: seed, prefetch: 2, augmentation: steps,
        workers: workers)
    }
    let expected = images(try loader(steps: Self.everything).batches(epoch: 2))
    #expect(expected.count == 61)
    for (batchSize, workers, shuffle) in [(8, 3, true), (1, 4, true), (61, 2, false), (7, 8, false)] {
      let other = try loader(
        batchSize: batchSize, shuffle: shuffle, workers: workers, steps: Self.everything)
      #expect(images(other.batches(epoch: 2)) == expected, "\(batchSize) images, \(workers) threads")
    }
    #expect(images(try loader(steps: Self.everything).batches(epoch: 3)) != expected)
    #expect(images(try loader(seed: 6, steps: Self.everything).batches(epoch: 2)) != expected)
    // Labels stay.
    for (index, bytes) in expected { #expect(bytes.last == UInt8(data.label(at: Int(index)))) }
  }

  @Test func anEpochTakenUpAgainHasTheSameBytes() throws {
    let loader = try DataLoader(
      try data(50), batchSize: 8, seed: 9, augmentation: Self.everything, workers: 2)
    let whole = loader.batches(epoch: 4).map(\.images)
    for step in 0...7 {
      #expect(loader.batches(epoch: 4, startingAt: step).map(\.images) == Array(whole.dropFirst(step)))
    }
  }

  @Test func aViewCountsByItsOwnIndices() throws {
    let data = try data(10)
    // The same image twice is changed in two ways.
    let twice = data.subset([3, 3])
    let loader = try DataLoader(twice, batchSize: 2, shuffle: false, augmentation: Self.everything)
    let batch = try #require(loader.makeIterator().next())
    let size = batch.images.count / 2
    #expect(batch.images.scalars[..<size] != batch.images.scalars[size...])
  }

  @Test func withoutStepsPixelsStay() throws {
    let data = try data(20)
    for augmentation: Augmentation? in [nil, []] {
      let loader = try DataLoader(data, batchSize: 6, seed: 1, augmentation: augmentation)
      for (index, bytes) in images(loader.batches(epoch: 0)) {
        #expect(Array(bytes.dropLast()) == data.image(at: Int(index)).scalars)
      }
    }
    #expect(data.image(at: 3).scalars == Array(noise(20 * 216, seed: 4)[3 * 216..<4 * 216]))
  }

  /// Changes many copies of one image.
  private func drawn(_ step: Augmentation.Step, _ image: Tensor<UInt8>, count: Int = 4000) -> [[UInt8]] {
    let augmenter = Augmenter([step], seed: 11, epoch: 0)
    return (0..<count).map { sample in changed(image) { augmenter.apply(to: $0, sample: sample) }.scalars }
  }

  /// Whether a count is within four deviations of a binomial distribution.
  private func isLikely(_ count: Int, of total: Int, _ probability: Double) -> Bool {
    let deviation = (Double(total) * probability * (1 - probability)).squareRoot()
    return abs(Double(count) - Double(total) * probability) < 4 * deviation
  }

  @Test func flipsAreDrawnEvenly() {
    let image = Tensor<UInt8>(shape: [2, 2, 1], scalars: [1, 2, 3, 4])
    let both = drawn(.randomFlip(.both), image)
    for outcome: [UInt8] in [[1, 2, 3, 4], [2, 1, 4, 3], [3, 4, 1, 2], [4, 3, 2, 1]] {
      #expect(isLikely(both.count { $0 == outcome }, of: both.count, 0.25))
    }
    let sideways = drawn(.randomFlip(), image)
    #expect(isLikely(sideways.count { $0 == [2, 1, 4, 3] }, of: sideways.count, 0.5))
    #expect(Set(sideways).count == 2)
    #expect(Set(drawn(.randomFlip(.vertical), image)) == [[1, 2, 3, 4], [3, 4, 1, 2]])
  }

  @Test func cropsTakeEveryPositionAsOften() {
    // One bright pixel in the middle, so that each of the 25 positions can be told apart.
    var image = Tensor<UInt8>(repeating: 0, shape: [5, 5, 1])
    image.scalars[12] = 200
    let crops = drawn(.randomCrop(padding: 2), image)
    for position in 0..<25 {
      #expect(isLikely(crops.count { $0[position] == 200 }, of: crops.count, 1.0 / 25), "\(position)")
    }
  }

  @Test func anglesAreDrawnFromTheWholeRange() {
    // A vertical line with a bright upper and a dark lower end turns by at most 90 degrees to either side.
    var image = Tensor<UInt8>(repeating: 0, shape: [3, 3, 1])
    image.scalars[1] = 240
    let turned = drawn(.randomRotation(degrees: 90, border: .constant(0)), image)
    #expect(turned.allSatisfy { $0[7] <= 2 && $0[6] < 130 && $0[8] < 130 })
    #expect(isLikely(turned.count { $0[0] > $0[2] }, of: turned.count, 0.5))
    #expect(turned.contains { $0[3] > 230 } && turned.contains { $0[5] > 230 })
  }

  @Test func zoomsKeepTheProportionWithoutAWidth() {
    // Each value tells its diagonal; where rows and columns are scaled alike, it stays symmetric.
    let ramp = Tensor<UInt8>(
      shape: [9, 9, 1], scalars: (0..<81).map { UInt8(10 * ($0 / 9 + $0 % 9)) })
    func isSymmetric(_ image: [UInt8]) -> Bool {
      (0..<81).allSatisfy { place in
        let (row, column) = (place / 9, place % 9)
        return image[place] == image[column * 9 + row]
      }
    }
    let square = drawn(.randomZoom(height: 0.3, border: .nearest), ramp, count: 500)
    #expect(square.allSatisfy(isSymmetric))
    let free = drawn(.randomZoom(height: 0.3, width: 0.3, border: .nearest), ramp, count: 500)
    #expect(free.count { !isSymmetric($0) } > 400)
    // The upper edge shows row 4 - 4 s, repeated beyond the image, for s from 0.7 to 1.3.
    let upper = square.map { $0[4] }
    #expect(upper.allSatisfy { 40...52 ~= $0 })
    #expect(upper.contains { $0 > 50 } && upper.count { $0 == 40 } > 200)
  }

  @Test func erasingKeepsToItsProbabilityAreaAndAspect() {
    let image = Tensor<UInt8>(repeating: 255, shape: [32, 32, 1])
    let step = Augmentation.Step.randomErasing(probability: 0.25, area: 0.1...0.2, aspect: 0.5...2)
    let images = drawn(step, image)
    let erased = images.filter { $0.contains(0) }
    #expect(isLikely(erased.count, of: images.count, 0.25))
    for bytes in erased {
      let rows = (0..<32).filter { row in bytes[row * 32..<row * 32 + 32].contains(0) }
      let columns = (0..<32).filter { column in rows.contains { bytes[$0 * 32 + column] == 0 } }
      let area = bytes.count { $0 == 0 }
      #expect(area == rows.count * columns.count)
      // Rounding both sides moves the area by some pixels.
      #expect(Double(area) / 1024 > 0.085 && Double(area) / 1024 < 0.22)
      let aspect = Double(rows.count) / Double(columns.count)
      #expect(aspect > 0.44 && aspect < 2.3)
    }
    #expect(Set(erased.map { $0.firstIndex(of: 0) ?? 0 }).count > 200)
  }

  @Test func erasingKeepsInsideForTheWidestAspects() throws {
    let image = Tensor<UInt8>(repeating: 255, shape: [32, 32, 1])
    let step = Augmentation.Step.randomErasing(probability: 1, area: 0.001...1, aspect: 0.001...1000)
    try Augmentation([step]).check(imageShape: image.shape)
    #expect(drawn(step, image).contains { $0.contains(0) })
    for aspect in [1e-308...1, 1...1e308, 0.001...1001] {
      let wide = Augmentation([.randomErasing(probability: 1, aspect: aspect)])
      #expect(datasetError { try wide.check(imageShape: image.shape) }?.kind == .badArgument)
    }
  }

  @Test func tonesAreDrawnFromBothSides() {
    let image = Tensor<UInt8>(shape: [1, 2, 1], scalars: [100, 150])
    let bright = drawn(.randomBrightness(0.2), image)
    #expect(bright.allSatisfy { 49...151 ~= $0[0] && $0[1] == $0[0] + 50 })
    #expect(isLikely(bright.count { $0[0] > 100 }, of: bright.count, 0.495))
    #expect(bright.contains { $0[0] < 53 } && bright.contains { $0[0] > 147 })
    let contrast = drawn(.randomContrast(0.5), image)
    #expect(contrast.allSatisfy { 87...113 ~= $0[0] && abs(Int($0[0]) + Int($0[1]) - 250) <= 1 })
    #expect(contrast.contains { $0[0] < 90 } && contrast.contains { $0[0] > 110 })
  }

  @Test func stepsDoNotShareTheirNumbers() {
    // Two flips in a row cancel each other only half of the time.
    let image = Tensor<UInt8>(shape: [1, 2, 1], scalars: [1, 2])
    let augmenter = Augmenter([.randomFlip(), .randomFlip()], seed: 1, epoch: 0)
    let same = (0..<2000).count { sample in
      changed(image) { augmenter.apply(to: $0, sample: sample) } == image
    }
    #expect(isLikely(same, of: 2000, 0.5))
  }
}
