import Foundation
import MartletDatasets
import Testing

struct DatasetCatalogTests {
  @Test func namesAreFound() throws {
    #expect(try DatasetCatalog.card("fashion-mnist").title == "Fashion-MNIST")
    #expect(try DatasetCatalog.card("Fashion_MNIST").id == "fashion-mnist")
    #expect(try DatasetCatalog.card("CIFAR-10").id == "cifar10")
    let error = datasetError { _ = try DatasetCatalog.card("fashon-mnist") }
    #expect(error?.kind == .unknownName)
    #expect(error?.description.hasSuffix("did you mean fashion-mnist?") == true)
    let far = datasetError { _ = try DatasetCatalog.card("imagenet-21k") }
    #expect(far?.description.contains("did you mean") == false)
    #expect(far?.description.contains("cifar100-coarse") == true)
  }

  @Test(arguments: DatasetCatalog.all.map(\.id))
  func cardsAreComplete(_ id: String) throws {
    let card = try DatasetCatalog.card(id)
    let classes = [
      "mnist": 10, "fashion-mnist": 10, "cifar10": 10, "cifar100": 100, "cifar100-coarse": 20,
    ]
    #expect(card.classNames.count == classes[id])
    #expect(Set(card.classNames).count == card.classNames.count)
    if id.hasPrefix("cifar100") { #expect(card.classNames == card.classNames.sorted()) }
    #expect(card.files.allSatisfy { $0.sha256.count == 64 && $0.sha256.allSatisfy(\.isHexDigit) })
    #expect(card.downloads.flatMap(\.urls).allSatisfy { $0.hasPrefix("https://") })
    #expect(Set(card.downloads.flatMap(\.contents)) == Set(card.files.map(\.name)))
    let bytes = card.files.reduce(0) { $0 + $1.size }
    let images = (card.trainCount + card.testCount) * card.imageShape.reduce(1, *)
    let labels = (card.trainCount + card.testCount) * card.labelLevels.count
    #expect(bytes - images - labels == (card.files.count == 4 ? 48 : 0))
  }

  @Test func onlyHttpsIsFetched() {
    let request = FetchRequest(
      url: "http://one.example/a", destination: "/nonexistent/a", sizeLimit: 1, progress: { _ in })
    #expect(datasetError { try Curl.fetch(request) }?.kind == .couldNotFetch)
  }

  private static let systemFolder = "/usr/share/datasets/fashion-mnist"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: systemFolder)))
  func theSystemsFashionMNISTIsOfficial() throws {
    let folder = try TemporaryFolder()
    let store = DatasetStore(
      environment: ["MARTLET_CACHE": folder.path], fetcher: FakeNetwork.broken.fetcher)
    let (train, test) = try store.load(.fashionMNIST)
    #expect(train.count == 60_000 && test.count == 10_000 && train.isOfficial)
    #expect(train.classCounts == [Int](repeating: 6000, count: 10))
    #expect(test.classCounts == [Int](repeating: 1000, count: 10))
    #expect(train.labels.prefix(5) == [9, 0, 0, 3, 0])
    try test.verify()
    // The same bytes under another name are refused.
    let error = datasetError { _ = try store.load(.mnist, from: Self.systemFolder) }
    #expect(error?.description.contains("those of Fashion-MNIST") == true)
  }
}
