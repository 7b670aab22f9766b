import MartletDatasets
import Testing

struct DataPreparationTests {
  private let base = DataPreparation(
    dataset: "pets train", imageShape: [32, 32, 3], classNames: ["cat", "dog", "owl"],
    resizing: "32x32x3 automatic stretch", selection: ["without last 20.0%"])

  private func changed(_ body: (inout DataPreparation) -> Void) -> DataPreparation {
    var other = base
    other.dataset = "other"
    body(&other)
    return other
  }

  @Test func whatDoesNotMatterMayDiffer() throws {
    try base.require(changed { $0.selection = [] })
    try base.require(changed { $0.resizing = nil })
    var published = base
    published.resizing = nil
    try published.require(base)
    try base.require(changed { $0.classNames = ["x"] }, classes: false)
  }

  static let differences: [(@Sendable (inout DataPreparation) -> Void, [String])] = [
    ({ $0.imageShape = [28, 28, 3] }, ["images [H, W, C] of [32, 32, 3]", "received [28, 28, 3]"]),
    ({ $0.imageShape = [32, 32, 1] }, ["[32, 32, 3]", "received [32, 32, 1]", "resize the images"]),
    (
      { $0.resizing = "32x32x3 automatic crop" },
      ["automatic stretch\"", "received \"32x32x3 automatic crop\""]
    ),
    ({ $0.classNames = ["cat", "dog"] }, ["3 classes (cat, dog, owl)", "received 2 (cat, dog)"]),
    (
      { $0.classNames = ["cat", "owl", "dog"] },
      ["class 1 to be \"dog\"", "received \"owl\"", "the same in another order"]
    ),
    ({ $0.classNames = ["cat", "dog", "emu"] }, ["class 2 to be \"owl\"", "received \"emu\""]),
  ]

  @Test(arguments: differences.indices)
  func whatMattersIsRefusedWithBothNamed(_ index: Int) {
    let (change, texts) = Self.differences[index]
    let error = datasetError { try base.require(changed(change)) }
    #expect(error?.kind == .badData && error?.place == "other")
    for text in texts + ["as in pets train, on which the network was trained"] {
      #expect(error?.description.contains(text) == true, "\(String(describing: error))")
    }
  }

  @Test func jsonGoesBothWays() throws {
    for preparation in [base, changed { $0.resizing = nil }, changed { $0.classNames = ["a \"b\"", "ü"] }] {
      #expect(try DataPreparation(jsonText: preparation.jsonText) == preparation)
    }
    for text in [
      "", "{}", "[1]", base.jsonText.replacing("[32,32,3]", with: "[32,32]"),
      base.jsonText.replacing("[32,32,3]", with: "[32,0,3]"), base.jsonText.replacing("\"dog\"", with: "7"),
      base.jsonText.replacing("\"resizing\"", with: "\"resize\""),
    ] {
      let error = datasetError { _ = try DataPreparation(jsonText: text, at: "run/configuration.json") }
      #expect(error?.kind == .badData && error?.place == "run/configuration.json", "\(text)")
    }
  }

  @Test func dataSetsTellTheirs() throws {
    let data = try numbered(40)
    #expect(
      data.preparation
        == DataPreparation(
          dataset: "numbered", imageShape: [2, 3, 1], classNames: (0..<4).map { "class \($0)" }))
    let (rest, held) = try data.prefix(20).sampled(.bootstrap(fraction: 0.5, seed: 7)).split(.last(0.2))
    let drawn = ["the first 20", "bootstrap 50.0% (seed 7)"]
    #expect(rest.preparation.selection == drawn + ["without last 20.0%"])
    #expect(held.preparation.selection == drawn + ["last 20.0%"])
    #expect(data.prefix(99).preparation.selection.isEmpty)
    try data.preparation.require(held.preparation)
  }
}
