import Foundation
import MartletReports
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct RunReportTests {
  @Test func aFinishedRunHasEverySection() throws {
    let page = try #require(try Gallery.pages().first).page
    #expect(
      page.sections.map(\.id) == [
        "training", "confusion", "images", "classes", "robustness", "filters", "attention", "maps", "time",
        "network", "parts", "settings",
      ])
    // Nothing is fetched: every address is within the page.
    let addresses = page.html.matches(of: #/(?:src|href)="([^"]{0,8})/#).map { $0.1 }
    #expect(!addresses.isEmpty && addresses.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") })
    #expect(!page.html.contains("@import") && !page.html.contains("url("))
  }

  @Test func whatARunDoesNotHaveIsLeftOutAndSaid() throws {
    var report = try Gallery.report("attention")
    report.material = ReportMaterial()
    #expect(report.page.sections.map(\.id) == ["training", "confusion", "classes", "time", "settings"])
    let html = report.page.html
    #expect(html.contains("Left out, because the run folder does not hold it: images"))
    #expect(!html.contains("id=\"parts\""))

    let unfinished = try Gallery.report("unfinished").page
    #expect(unfinished.sections.map(\.id) == ["training", "settings"])
    #expect(unfinished.html.contains("has not come to its end: 3 of 8 epochs so far"))
    #expect(!unfinished.html.contains("Left out"))
  }

  @Test func aRunWithoutAnEpochGivesAPage() {
    let record = RunRecord(path: "runs/new", configuration: ["model": "convnet"], epochs: [])
    let page = RunReport(record: record, material: ReportMaterial()).page
    #expect(page.sections.map(\.id) == ["settings"])
    #expect(!page.html.contains("nan"))
  }

  @Test func theSentencesSayWhatTheFiguresSay() throws {
    var report = RunReport(
      record: RunRecord(
        path: "r", configuration: ["class_names": ["cat", "dog"]],
        epochs: zip(1..., [0.9, 0.5, 0.6]).map {
          EpochEvent(epoch: $0, loss: 1, validationLoss: $1, learningRate: 1, seconds: 1)
        }), material: ReportMaterial())
    var result = ResultEvent()
    result.testAccuracy = 0.9
    result.trainAccuracy = 0.99
    result.confusion = [[450, 50], [49, 451]]
    report.record = RunRecord(
      path: "r", configuration: report.record.configuration, epochs: report.record.epochs, result: result)
    let html = report.page.html
    #expect(html.contains("classifies 900 of 1,000 test images rightly and 100 wrongly."))
    #expect(html.contains("The most frequent mistake is cat taken for dog: 50 of 500 images."))
    #expect(html.contains("right in 99.0%, 9.0 points more than on the test images."))
    #expect(html.contains("lowest in epoch 2 (0.5000) and 20% higher at the end."))
    // Wilson's interval of 900 of 1,000, as SciPy gives it (0.8799, 0.9171).
    #expect(html.contains("88.0%–91.7% (95%)"))
    #expect(!html.contains("guessing"))

    result.testAccuracy = 0.51
    result.trainAccuracy = 0.52
    result.confusion = [[500, 0], [490, 10]]
    report.record = RunRecord(
      path: "r", configuration: report.record.configuration, epochs: [], result: result)
    #expect(report.page.html.contains("no better than guessing, which would reach 50.0%"))
    #expect(report.page.html.contains("no gap beyond chance"))
  }

  /// The most pictures that a run leaves, of noise, which cannot be compressed, and 100 epochs.
  @Test func theLargestPageStaysSmall() throws {
    var report = try Gallery.report("attention")
    let stream = RandomStream(seed: 1, purpose: .sample)
    let pictures = (0..<293).map { index in
      PredictionRecord.Picture(
        index: index,
        pixels: (0..<3072).map {
          UInt8(truncatingIfNeeded: stream.uint32(at: UInt64(index * 3072 + $0)))
        }, probabilities: [Float](repeating: 0.1, count: 10))
    }
    report.material.predictions = PredictionRecord(
      labels: (0..<10_000).map { $0 % 10 }, predictions: (0..<10_000).map { ($0 + 1) % 10 },
      trueProbabilities: [Float](repeating: 0.1, count: 10_000),
      probabilities: [Float](repeating: 0.1, count: 10_000), shape: [32, 32, 3], pictures: pictures)
    report.record = RunRecord(
      path: "r", configuration: report.record.configuration, epochs: Sample.record(epochs: 100).epochs,
      result: report.record.result)
    #expect(report.page.html.utf8.count < 3_000_000)
  }

  /// Weights that are too great, though finite, give probabilities that are no numbers.
  @Test func aDivergedTrainingHasAPage() throws {
    var report = try Gallery.report("attention")
    let picture = PredictionRecord.Picture(
      index: 0, pixels: [UInt8](repeating: 0, count: 784), probabilities: [Float](repeating: .nan, count: 10))
    report.material.predictions = PredictionRecord(
      labels: [1, 0], predictions: [0, 0], trueProbabilities: [.nan, .nan], probabilities: [.nan, .nan],
      shape: [28, 28, 1], pictures: [picture])
    #expect(report.page.html.contains("<small>is Bag not a number</small>"))
  }

  @Test func namesCannotBreakThePage() throws {
    let name = "</script><b onclick=\"x\">&"
    var result = ResultEvent()
    result.confusion = [[1, 1], [0, 2]]
    result.perClass = [name, "b"].map {
      .init(name: $0, precision: 1, recall: 0.5, f1: 0.6, support: 2)
    }
    let record = RunRecord(
      path: name, configuration: ["model": .string(name), "class_names": [.string(name), "b"]],
      epochs: Sample.record(epochs: 2).epochs, result: result)
    let html = RunReport(record: record, material: ReportMaterial()).page.html
    #expect(!html.contains("<b onclick"))
    #expect(html.components(separatedBy: "</script>").count == html.components(separatedBy: "<script").count)
  }

  /// Letters that join `"` and `<` make other characters of them, but not for a browser.
  @Test func lettersThatJoinCannotBreakThePage() {
    let (name, ending) = ("a\"\u{301} onload=x", "\u{600}</script>")
    let html: HTML = "<p title=\"\(name)\">\(ending)</p>\(HTML.data(.string(ending)))"
    let text =
      "<p title=\"a&quot;\u{301} onload=x\">\u{600}&lt;/script&gt;</p>"
      + "<script type=\"application/json\">\"\u{600}\\u003c/script>\"</script>"
    #expect(Array(html.text.utf8) == Array(text.utf8))
  }

  /// Weights that are no numbers are drawn as zeros, the others as ever.
  @Test func spoiledFiltersHaveAPage() throws {
    func tiles(_ spoiled: [Float]) throws -> [Substring] {
      var report = try Gallery.report("color")
      var views = try #require(report.material.views)
      var weights: [Float] = [0.5, -1, 1, 0, 0.25, -0.5]
      weights.replaceSubrange(0..<spoiled.count, with: spoiled)
      views.filters = Tensor(shape: [1, 1, 3, 2], scalars: weights)
      report.material.views = views
      let filters = try #require(report.page.sections.first { $0.id == "filters" }).body.text
      return filters.matches(of: /base64,([^"]*)/).map(\.1)
    }
    #expect(try tiles([.nan, -1]) == tiles([0, -1]))
    #expect(try tiles([.infinity, -1]) == tiles([0, -1]))
    #expect(try tiles([0.5, -1]) != tiles([0, -1]))
  }

  @Test(arguments: [
    (0.9996, "1.0 s"), (0.9994, "999 ms"), (119.94, "119.9 s"), (119.96, "2 min 00 s"), (179.6, "3 min 00 s"),
    (3601.2, "60 min 01 s"),
  ])
  func timesAreRoundedBeforeTheyAreDivided(seconds: Double, text: String) {
    let epoch = EpochEvent(epoch: 1, loss: 1, learningRate: 1, seconds: seconds)
    let record = RunRecord(path: "r", configuration: [:], epochs: [epoch])
    let html = RunReport(record: record, material: ReportMaterial()).page.html
    #expect(html.contains("<dt>Time per epoch</dt><dd class=\"value\">\(text)</dd>"))
  }

  /// Only what lowers the accuracy hurts.
  @Test(arguments: [(0.25, false), (0.2496, false), (0.3, false), (0.2, true)])
  func theWorstChangeIsNamedWhereItHurts(accuracy: Double, isNamed: Bool) throws {
    var report = try Gallery.report("attention")
    report.material.robustness = RobustnessRecord(
      accuracy: 0.25, images: 100,
      rows: [.init(change: "noise", strength: 1, unit: "", accuracy: accuracy)])
    #expect(report.page.html.contains("noise at 1 hurts most: 20.0% instead of 25.0%.") == isNamed)
    #expect(report.page.html.contains("hurts most") == isNamed)
  }

  @Test func manyClassesAreDrawnInsteadOfTouched() throws {
    let count = 100
    var result = ResultEvent()
    result.confusion = (0..<count).map { row in
      (0..<count).map { $0 == row ? 90 : $0 == (row + 1) % count ? 10 : 0 }
    }
    let names = (0..<count).map { JSON.string("class number \($0)") }
    let record = RunRecord(
      path: "r", configuration: ["class_names": .array(names)], epochs: [], result: result)
    let html = RunReport(record: record, material: ReportMaterial()).page.html
    #expect(!html.contains("class=\"matrix\"") && html.contains("aria-label=\"Confusion matrix\""))
    #expect(html.utf8.count < 200_000)
    // The cells of a drawing answer to no click.
    #expect(!html.contains("A click on a cell") && html.contains("A click on a class under"))
  }

  @Test func tablesSortByKeys() {
    let table = PageTable(
      [.init("Class"), .init("F1", isNumeric: true)], caption: "Scores",
      rows: [[.init("a<b"), .init("91.0%", key: 0.91, bar: 0.91)]])
    #expect(table.html.text.contains("<th scope=\"row\">a&lt;b</th>"))
    #expect(table.html.text.contains("data-key=\"0.91\"") && table.html.text.contains("width:91%"))
  }
}
