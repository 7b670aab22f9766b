import MartletDatasets
import MartletTensors
import Testing

/// Changes of test images: against SciPy 1.x and NumPy, and what decides them.
struct ImageChangeTests {
  private let image = Tensor<UInt8>(shape: [6, 5, 1], scalars: (0..<30).map { UInt8($0 * 37 % 256) })

  /// `gaussian_filter(image, deviation, mode="nearest")`, rounded half up.
  @Test(
    arguments: [
      (
        0.5,
        [
          24, 54, 69, 103, 136, 162, 173, 52, 64, 76, 118, 148, 164, 176, 51, 71, 83, 117, 151, 163, 183, 58,
          70,
          86, 116, 166, 177, 187, 44, 53,
        ]
      ),
      (
        1.5,
        [
          67, 77, 89, 101, 110, 95, 99, 102, 104, 104, 112, 113, 112, 109, 105, 123, 120, 116, 112, 107, 137,
          129,
          118, 108, 100, 152, 142, 124, 102, 86,
        ]
      ),
    ] as [(Double, [UInt8])])
  func blurIsSciPysGaussianFilter(deviation: Double, expected: [UInt8]) {
    #expect(changed(image) { $0.blur(deviation: deviation) }.scalars == expected)
  }

  @Test func blurTreatsEachChannelAlone() {
    let color = Tensor<UInt8>(shape: [4, 3, 2], scalars: (0..<24).map { UInt8($0 * 53 % 256) })
    #expect(
      changed(color) { $0.blur(deviation: 1) }.scalars == [
        56, 95, 105, 99, 142, 67, 90, 123, 112, 117, 111, 95, 126, 153, 123, 131, 107, 125, 143, 181, 121,
        149,
        116, 153,
      ])
  }

  /// `rotate(image, ±30, reshape=False, order=1, mode="nearest")`, one way or the other for each image.
  @Test func rotationIsSciPys() throws {
    let turned: [[UInt8]] = [
      [
        56, 88, 96, 89, 53, 74, 41, 68, 82, 43, 199, 153, 192, 176, 186, 119, 116, 113, 109, 106, 57, 83, 33,
        97,
        29, 166, 216, 144, 217, 125,
      ],
      [
        161, 154, 90, 60, 92, 100, 149, 166, 29, 96, 56, 106, 174, 131, 62, 111, 63, 131, 182, 14, 157, 97,
        88,
        156, 154, 213, 147, 45, 108, 144,
      ],
    ]
    let seen = Set(try results(.rotation, 30))
    #expect(seen == Set(turned))
  }

  /// `shift(image, (2 or 0 or -2, ...), order=0, mode="nearest")`: all eight directions occur.
  @Test func shiftsGoInEightDirections() throws {
    let seen = Set(try results(.shift, 2))
    #expect(seen.count == 8)
    let downAndRight = changed(image) { $0.shift(rows: -2, columns: -2, .nearest) }.scalars
    #expect(downAndRight[0] == image.scalars[0] && downAndRight[29] == image.scalars[17])
    #expect(seen.contains(downAndRight))
  }

  /// `clip(floor((image - mean) · 0.5 + mean + 0.5), 0, 255)` and `clip(image + 64, 0, 255)`.
  @Test func tonesAreNumPys() throws {
    #expect(
      try results(.contrast, 50)[0] == [
        55, 73, 92, 110, 129, 147, 166, 56, 75, 93, 112, 130, 149, 167, 58, 76, 95, 113, 132, 150, 169, 59,
        78,
        96, 115, 133, 152, 170, 61, 79,
      ])
    #expect(
      try results(.brightness, 64)[0] == [
        64, 101, 138, 175, 212, 249, 255, 67, 104, 141, 178, 215, 252, 255, 70, 107, 144, 181, 218, 255, 255,
        73,
        110, 147, 184, 221, 255, 255, 76, 113,
      ])
  }

  @Test func noiseIsNormalAndScales() throws {
    let stream = RandomStream(seed: 3, purpose: .change)
    let numbers = (0..<50_000).flatMap { index -> [Double] in
      let pair = stream.normalPair(at: UInt64(index))
      return [pair.0, pair.1]
    }
    let count = Double(numbers.count)
    let mean = numbers.reduce(0, +) / count
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / count
    // Four standard errors.
    #expect(abs(mean) < 4 / count.squareRoot() && abs(variance - 1) < 4 * (2 / count).squareRoot())
    // Phi(1), Phi(2): the shares of a normal distribution.
    for (limit, share) in [(1.0, 0.841345), (2.0, 0.977250), (-1.0, 0.158655)] {
      #expect(abs(Double(numbers.count { $0 < limit }) / count - share) < 0.005)
    }
    let gray = Tensor<UInt8>(repeating: 128, shape: [4, 5, 1])
    for (index, value) in changed(gray, { $0.addNoise(deviation: 20, stream) }).scalars.enumerated() {
      let pair = stream.normalPair(at: UInt64(index / 2))
      let number = 128 + 20 * (index % 2 == 0 ? pair.0 : pair.1)
      #expect(abs(Double(value) - number) <= 0.5)
    }
    #expect(
      changed(Tensor(repeating: 250, shape: [9, 9, 1])) { $0.addNoise(deviation: 90, stream) }.scalars
        .contains(255))
  }

  @Test func aSquareIsCovered() throws {
    let white = try dataset(Tensor(repeating: 255, shape: [40, 10, 12, 1]))
    let covered = try white.changed(.occlusion, strength: 35, seed: 1, threads: 1)
    var places: Set<Int> = []
    for index in 0..<40 {
      let pixels = covered.image(at: index).scalars
      // 35% of 10 pixels, rounded, squared.
      #expect(pixels.count { $0 == 0 } == 16 && pixels.count { $0 == 255 } == 104)
      places.insert(pixels.firstIndex(of: 0) ?? -1)
    }
    #expect(places.count > 10)
  }

  @Test(arguments: ImageChange.allCases)
  func nothingButSeedStrengthAndImageDecides(change: ImageChange) throws {
    let images = try dataset(
      Tensor(
        shape: [600, 6, 5, 1], scalars: (0..<18_000).map { UInt8(truncatingIfNeeded: $0 &* 89 ^ $0 >> 3) }))
    let strength = change.strengths[1]
    func pixels(_ images: ImageDataset, seed: UInt64 = 5, threads: Int = 1, _ strength: Double) throws
      -> [UInt8]
    {
      let result = try images.changed(change, strength: strength, seed: seed, threads: threads)
      #expect(result.labels == images.labels && result.imageShape == images.imageShape)
      return (0..<result.count).flatMap { result.image(at: $0).scalars }
    }
    let all = try pixels(images, strength)
    #expect(try pixels(images, threads: 3, strength) == all)
    #expect(
      try pixels(images.subset([599, 7]), strength) == Array(all[599 * 30..<600 * 30] + all[7 * 30..<8 * 30]))
    #expect(try pixels(images, 0) == (0..<600).flatMap { images.image(at: $0).scalars })
    #expect(try pixels(images, strength) != pixels(images, change.strengths[2]))
    let isDrawn = ![.blur, .contrast, .brightness].contains(change)
    #expect(try (pixels(images, seed: 6, strength) != all) == isDrawn)
    #expect(change.strengths == change.strengths.sorted() && change.strengths.count == 5)
  }

  /// The image many times, changed each time.
  private func results(_ change: ImageChange, _ strength: Double) throws -> [[UInt8]] {
    let copies = 64
    let scalars = (0..<copies).flatMap { _ in image.scalars }
    let images = try dataset(Tensor(shape: [copies, 6, 5, 1], scalars: scalars))
    let result = try images.changed(change, strength: strength, seed: 0, threads: 2)
    return (0..<copies).map { result.image(at: $0).scalars }
  }

  private func dataset(_ images: Tensor<UInt8>) throws -> ImageDataset {
    try ImageDataset(
      name: "plain", classNames: ["a", "b"], images: images, labels: (0..<images.shape[0]).map { $0 % 2 })
  }
}
