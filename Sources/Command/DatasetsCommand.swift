import ArgumentParser
import MartletDatasets
import MartletImages
import MartletReports
import MartletTensors

/// `martlet datasets`: the data sets and their files.
struct DatasetsCommand: ParsableCommand {
  static let names = DatasetCatalog.all.map(\.id).joined(separator: ", ")

  static let configuration = CommandConfiguration(
    commandName: "datasets",
    abstract: "List, fetch, verify and show the data sets.",
    discussion: """
      Files are looked for in --data, MARTLET_DATA, the cache (MARTLET_CACHE, else the user's cache folder) and \
      the system's own folders, then fetched and checked against their published checksums.

      EXAMPLES
        martlet datasets list
        martlet datasets fetch fashion-mnist
        martlet datasets verify mnist --data ~/data
        martlet datasets show cifar10 --output sheet.png
      """,
    subcommands: [
      DatasetsListCommand.self, DatasetsFetchCommand.self, DatasetsVerifyCommand.self,
      DatasetsShowCommand.self,
    ])
}

/// `martlet datasets list`.
struct DatasetsListCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the data sets and where they lie.",
    discussion: "EXAMPLES\n  martlet datasets list\n  martlet datasets list --json")

  @OptionGroup var common: CommonOptions

  func perform() throws {
    let rows = DatasetCatalog.all.map { card in (card, place(of: card)) }
    if common.json {
      for (card, place) in rows { Output.json(card.json(event: "dataset", place: place)) }
      return Output.json(["event": "result", "datasets": .integer(rows.count)])
    }
    var table = Table([
      .init("Name"), .init("Image"), .init("Classes", isNumeric: true), .init("Training", isNumeric: true),
      .init("Test", isNumeric: true), .init("Place"),
    ])
    for (card, place) in rows {
      table.append([
        card.id, card.shapeText, "\(card.classNames.count)", Table.grouped(card.trainCount),
        Table.grouped(card.testCount), place ?? "to be fetched (\(megabytes(card.downloadSize)))",
      ])
    }
    Output.write(table.text)
  }

  /// A folder with a damaged copy is not a reason to list nothing.
  private func place(of card: DatasetCard) -> String? {
    try? DatasetCatalog.location(card.id, directory: common.data)
  }
}

/// `martlet datasets fetch`.
struct DatasetsFetchCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch a data set into the cache, where it is not there yet.",
    discussion:
      "EXAMPLES\n  martlet datasets fetch fashion-mnist\n  martlet datasets fetch mnist --data ~/data")

  @Argument(help: "The data set: \(DatasetsCommand.names).")
  var name: String
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let card = try DatasetCatalog.card(name)
    let (train, test) = try common.load(card)
    let place = try DatasetCatalog.location(card.id, directory: common.data)
    if common.json { return Output.json(card.json(event: "result", place: place)) }
    Output.line(
      "\(card.title): \(train.count) training and \(test.count) test images, \(place ?? "in memory")")
  }
}

/// `martlet datasets verify`.
struct DatasetsVerifyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare the cached bytes of a data set with their checksum.",
    discussion: "EXAMPLES\n  martlet datasets verify fashion-mnist\n  martlet datasets verify cifar10 --json")

  @Argument(help: "The data set: \(DatasetsCommand.names).")
  var name: String
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let card = try DatasetCatalog.card(name)
    let (train, test) = try common.load(card)
    try train.verify()
    try test.verify()
    let isOfficial = train.isOfficial && test.isOfficial
    if common.json {
      return Output.json([
        "event": "result", "dataset": .string(card.id), "verified": .bool(train.isVerifiable),
        "official": .bool(isOfficial),
      ])
    }
    Output.line(
      "\(card.title): \(train.isVerifiable ? "all bytes are as they were stored" : "in memory, nothing to compare")"
        + (isOfficial ? ", and the published ones" : ", yet not the published ones"))
  }
}

/// `martlet datasets show`.
struct DatasetsShowCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Draw samples of each class, and tell size, license and sources.",
    discussion:
      "EXAMPLES\n  martlet datasets show fashion-mnist\n  martlet datasets show cifar100 --output sheet.png")

  @Argument(help: "The data set: \(DatasetsCommand.names).")
  var name: String
  @Option(help: ArgumentHelp("The PNG file; NAME.png if not given.", valueName: "file"))
  var output: String?
  @Option(help: ArgumentHelp("The samples of each class.", valueName: "n"))
  var columns = 10
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try requirePositive(columns, "--columns")
    let card = try DatasetCatalog.card(name)
    let train = try common.load(card).train
    let path = output ?? "\(card.id).png"
    try AtomicFile.write(try ContactSheet.png(train, columns: columns), to: path)
    let place = try DatasetCatalog.location(card.id, directory: common.data)
    if common.json {
      var members = card.json(event: "result", place: place).members ?? []
      members.append(JSON.Member("figure", .string(path)))
      return Output.json(.object(members))
    }
    Output.line(
      """
      \(card.title): \(card.summary)
      Images:   \(Table.grouped(card.trainCount)) training, \(Table.grouped(card.testCount)) test, \(card.shapeText)
      Classes:  \(card.classNames.joined(separator: ", "))
      License:  \(card.license)
      Homepage: \(card.homepage)
      Citation: \(card.citation)
      Sources:  \(card.downloads.flatMap(\.urls).joined(separator: "\n          "))
      Place:    \(place ?? "in memory")
      Samples:  \(path)
      """)
  }
}

extension DatasetCard {
  /// `28x28x1`.
  fileprivate var shapeText: String { imageShape.map(String.init).joined(separator: "x") }

  fileprivate func json(event: String, place: String?) -> JSON {
    [
      "event": .string(event), "dataset": .string(id), "title": .string(title),
      "image_shape": .array(imageShape.map(JSON.integer)), "classes": .array(classNames.map(JSON.string)),
      "train": .integer(trainCount), "test": .integer(testCount), "license": .string(license),
      "homepage": .string(homepage), "sources": .array(downloads.flatMap(\.urls).map(JSON.string)),
      "download_bytes": .integer(downloadSize), "place": place.map(JSON.string) ?? .null,
    ]
  }
}
