import MartletDatasets
import Testing

struct AugmentationTextTests {
  @Test(
    arguments: [
      ("flip", [.randomFlip(.horizontal)]),
      ("flip:vertical", [.randomFlip(.vertical)]),
      ("flip:both,crop:4", [.randomFlip(.both), .randomCrop(padding: 4)]),
      ("crop:2:reflect", [.randomCrop(padding: 2, border: .reflect)]),
      ("crop:2:fill128", [.randomCrop(padding: 2, border: .constant(128))]),
      ("translate:0.1", [.randomTranslation(height: 0.1, width: 0.1)]),
      ("translate:0.1:0", [.randomTranslation(height: 0.1, width: 0)]),
      ("rotate:10", [.randomRotation(degrees: 10)]),
      ("rotate:7.5:fill0", [.randomRotation(degrees: 7.5, border: .constant(0))]),
      ("zoom:0.2", [.randomZoom(height: 0.2)]),
      ("zoom:0.2:0.2:nearest", [.randomZoom(height: 0.2, width: 0.2, border: .nearest)]),
      ("erase:0.25", [.randomErasing(probability: 0.25)]),
      (
        "erase:1:0.02..0.1:0.5..2:fill9",
        [.randomErasing(probability: 1, area: 0.02...0.1, aspect: 0.5...2, fill: 9)]
      ),
      ("brightness:0.2,contrast:0.1", [.randomBrightness(0.2), .randomContrast(0.1)]),
      ("none", []),
    ] as [(String, Augmentation)])
  func textsGoBothWays(_ text: String, _ augmentation: Augmentation) throws {
    #expect(try Augmentation(parsing: text) == augmentation)
    #expect(augmentation.description == text)
  }

  @Test func shortFormsMeanTheUsual() throws {
    #expect(try Augmentation(parsing: "crop") == [.randomCrop(padding: 4)])
    #expect(try Augmentation(parsing: "flip:horizontal, erase") == [.randomFlip(), .randomErasing()])
    #expect(try Augmentation(parsing: "erase:0.5:0.1..0.2") == [.randomErasing(area: 0.1...0.2)])
    #expect(try Augmentation(parsing: "").steps.isEmpty)
    #expect(AugmentationTests.everything == (try Augmentation(parsing: "\(AugmentationTests.everything)")))
  }

  @Test(arguments: [
    ("flop", "steps out of flip, crop, translate, rotate, zoom, erase, brightness, contrast"),
    ("flip,", "steps out of flip"), ("flip:up", "flip[:horizontal|vertical|both]"),
    ("flip:reflect", "flip[:horizontal|vertical|both]"), ("crop:x", "crop[:PIXELS][:BORDER]"),
    ("crop:4:4", "crop[:PIXELS][:BORDER]"), ("crop:0", "a padding of at least 1 pixel"),
    ("crop:4:fill256", "a border is reflect, nearest or fill with a byte"),
    ("rotate", "rotate:DEGREES[:BORDER]"), ("rotate:181", "degrees from 0.0 to 180.0"),
    ("rotate:nan", "degrees from 0.0 to 180.0"), ("translate:2", "a fraction of the extent from 0.0 to 1.0"),
    ("zoom:1", "a factor from 0.0 to 0.99"), ("zoom:0.1:0.1:0.1", "zoom:FACTOR"),
    ("erase:2", "a probability from 0.0 to 1.0"), ("erase:0.5:0.3..0.1", "erase[:PROBABILITY"),
    ("erase:0.5:0..0.1", "a range of areas above 0 and at most 1"),
    ("erase:0.5:0.1..0.2:0..1", "an aspect ratio from 0.001 to 1000.0"),
    ("erase:1:0.1..0.2:1..1e300", "an aspect ratio from 0.001 to 1000.0"),
    ("erase:reflect", "erase[:PROBABILITY"),
    ("brightness:-0.1", "a factor from 0.0 to 1.0"), ("contrast", "contrast:FACTOR"),
  ])
  func mistakesSayWhatIsAllowed(_ text: String, _ expected: String) {
    let error = datasetError { _ = try Augmentation(parsing: text) }
    #expect(error?.kind == .badArgument)
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  @Test func theLoaderRefusesWhatDoesNotSuitTheImages() throws {
    let data = try numbered(5, shape: [6, 4, 1])
    _ = try DataLoader(data, batchSize: 1, augmentation: [.randomCrop(padding: 3)])
    let error = datasetError {
      _ = try DataLoader(data, batchSize: 1, augmentation: [.randomCrop(padding: 4)])
    }
    #expect(error?.description.contains("a padding below the 4 pixels of the shorter edge") == true)
    let other = datasetError {
      _ = try DataLoader(data, batchSize: 1, augmentation: [.randomRotation(degrees: -1)])
    }
    #expect(other?.kind == .badArgument)
    #expect(datasetError { _ = try DataLoader(data, batchSize: 1, workers: 0) }?.kind == .badArgument)
    #expect(
      datasetError { _ = try Augmentation(parsing: "rotat:3") }?.description.hasSuffix("did you mean rotate?")
        == true)
  }
}
