import MartletDatasets
import MartletReports

extension Topic {
  /// A card for each named data set.
  static let datasets: [Topic] = DatasetCatalog.all.map { card in
    Topic(
      .dataset, card.id, title: card.title, card.summary, words(of: card),
      seeAlso: ["preprocessing"] + related(card)
    ) { dataSheet(card) }
  }

  private static func words(of card: DatasetCard) -> [String] {
    switch card.id {
    case "mnist":
      [
        "Digits written by clerks and pupils, white on black, centered by their mass. It is the first data set "
          + "of almost everyone: a small network reaches 99%, so that differences between good networks are a few "
          + "dozen images."
      ]
    case "fashion-mnist":
      [
        "Made as a harder MNIST in the same files: photographs of garments in gray on black. Shirt, T-shirt, "
          + "pullover and coat are hard to tell apart even for people; good small networks reach about 92 to 94%."
      ]
    case "cifar10":
      [
        "Photographs in color, with backgrounds, from all sides: the object is not centered and not alone. Cats "
          + "and dogs are the hardest pair. It needs deeper networks and augmentation; a plain small one stays "
          + "at 60 to 75%."
      ]
    case "cifar100":
      ["Like CIFAR-10 with ten times as many classes, so only 500 training images for each."]
    default:
      [
        "The classes are grouped by meaning, not by looks: a superclass such as 'large omnivores and herbivores' "
          + "holds five kinds of animals. That makes few classes, and each of them varied."
      ]
    }
  }

  private static func related(_ card: DatasetCard) -> [String] {
    DatasetCatalog.all.filter { $0.id != card.id && $0.imageShape == card.imageShape }.map(\.id)
  }

  /// Sizes, classes, sources.
  private static func dataSheet(_ card: DatasetCard) -> [Explanation.Block] {
    let shape = shapeText(card.imageShape)
    return [
      .heading("Card"),
      .items([
        "images: \(Table.grouped(card.trainCount)) for training, \(Table.grouped(card.testCount)) for testing",
        "shape: \(shape) bytes, \(card.imageShape[2] == 1 ? "gray" : "red, green and blue")",
        "\(card.classNames.count) classes: \(card.classNames.joined(separator: ", "))",
        "license: \(card.license)", "homepage: \(card.homepage)", "citation: \(card.citation)",
        "fetched from: \(card.downloads.flatMap(\.urls).prefix(2).joined(separator: " or "))",
      ]),
    ]
  }

  /// What only the files can tell: images of each class, mean and deviation, a sample drawn with characters.
  package static func counted(_ data: TrainTest) -> [Explanation.Block] {
    let (train, test) = data
    var blocks: [Explanation.Block] = [.heading("Counted in the files")]
    let (trainCounts, testCounts) = (train.classCounts, test.classCounts)
    if Set(trainCounts).count == 1, Set(testCounts).count == 1 {
      blocks.append(
        .paragraph(
          "Every class has \(Table.grouped(trainCounts[0])) training and \(Table.grouped(testCounts[0])) test images."
        ))
    } else {
      var table = Table([.init("Class"), .init("Training", isNumeric: true), .init("Test", isNumeric: true)])
      for (name, counts) in zip(train.classNames, zip(trainCounts, testCounts)) {
        table.append([name, Table.grouped(counts.0), Table.grouped(counts.1)])
      }
      blocks.append(.table(table))
    }
    let moments = train.channelMoments()
    func list(_ numbers: [Double]) -> String { numbers.map { fixed($0, 4) }.joined(separator: ", ") }
    blocks.append(
      .paragraph(
        "Of the training pixels, divided by 255: mean \(list(moments.mean)), deviation \(list(moments.deviation))."
      )
    )
    if train.channels == 1 {
      blocks += [
        .heading("A training image: \(train.classNames[train.label(at: 0)])"),
        .drawing(drawing(train.image(at: 0).scalars, train)),
      ]
    }
    return blocks
  }

  /// Two rows of pixels for each line of characters, which are about twice as high as wide.
  private static func drawing(_ pixels: [UInt8], _ images: ImageDataset) -> [String] {
    let shades = Array(" .:-=+*#%@")
    return (0..<images.height / 2).map { row in
      let line = (0..<images.width).map { column -> Character in
        let (upper, lower) = (
          pixels[2 * row * images.width + column], pixels[(2 * row + 1) * images.width + column]
        )
        return shades[(Int(upper) + Int(lower)) * (shades.count - 1) / 510]
      }
      return String(line).withoutBlanksAtEnd
    }
  }
}
