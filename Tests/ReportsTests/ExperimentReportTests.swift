import Foundation
import MartletReports
import MartletRuns
import MartletTensors
import Testing

/// The page of an experiment says which setting is best, by how much, and whether that is noise.
@Suite struct ExperimentReportTests {
  @Test func aFinishedExperimentHasEverySection() throws {
    let page = try Gallery.experiment().page
    // The curves on paper are left out: the page draws them itself.
    #expect(
      page.sections.map(\.id) == ["settings", "figure-1", "courses", "table-1", "trials"])
    let addresses = page.html.matches(of: #/(?:src|href)="([^"]{0,8})/#).map { $0.1 }
    #expect(!addresses.isEmpty && addresses.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") })
  }

  @Test func theVerdictsAreThoseOfTheResults() throws {
    let report = try Gallery.experiment()
    let best = try #require(report.record.settings.max { ($0.mean ?? 0) < ($1.mean ?? 0) })
    #expect(best.name == "learning-rate 0.01")
    let html = report.page.html
    #expect(html.contains("Best mean"))
    #expect(html.contains("3 of 12 trials failed."))
    #expect(html.contains("Means over 3 seeds; a seed sets"))
    for sentence in report.record.conclusions {
      #expect(html.contains(("<li>\(sentence)</li>" as HTML).text))
    }
    let table = try #require(report.page.sections.first { $0.id == "settings" }).body.text
    let rows = table.split(separator: "<tr").dropFirst(2).map(String.init)
    #expect(rows.count == 4)
    #expect(rows[0].contains("baseline") && rows[0].contains("19.22%"))
    #expect(rows[1].contains("difference shown (p = 0.027)") && rows[1].contains("[+23.78, +63.94]"))
    #expect(rows[2].contains("difference shown (p = 0.027)") && rows[2].contains("+49.44"))
    #expect(!rows[3].contains("shown") && rows[3].contains(">-<"))
  }

  @Test func aTrialThatFailedSaysWhy() throws {
    let page = try Gallery.experiment().page
    let trials = try #require(page.sections.first { $0.id == "trials" }).body.text
    #expect(trials.split(separator: "<tr").count == 14)
    #expect(trials.split(separator: "a loss that is not finite").count == 4)
  }

  /// What a person wrote into a file is text on the page, not markup.
  @Test func namesAreEscaped() throws {
    var record = try Gallery.experiment().record
    record.title = "<script>alert(1)</script>"
    record.settings[1].name = "a<b>&c"
    record.conclusions = ["<i>x</i>"]
    let html = ExperimentReport(record).page.html
    #expect(!html.contains("<script>alert") && !html.contains("a<b>") && !html.contains("<i>x"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("a&lt;b&gt;&amp;c"))
  }

  /// The page names what all trials share, and not what is compared.
  @Test func thePageSaysWhatWasTrained() throws {
    let html = try Gallery.experiment().page.html
    let start = try #require(html.firstRange(of: "In all settings: ")).upperBound
    let line = html[start...].prefix { $0 != "<" }
    #expect(line.contains("data set ") && line.contains("epochs ") && line.contains("batch size "))
    #expect(!line.contains("learning rate"))
  }

  /// A lead that is not shown is doubted where the best is named.
  @Test func theBestIsDoubtedWhereItMayBeNoise() throws {
    var record = try Gallery.experiment().record
    func isDoubted() -> Bool { ExperimentReport(record).page.html.contains("its lead may be noise") }
    let best = try #require(record.settings.max { ($0.mean ?? 0) < ($1.mean ?? 0) }).name
    let others = record.settings.filter { $0.name != best && $0.mean != nil }
    let next = try #require(others.max { ($0.mean ?? 0) < ($1.mean ?? 0) }).name
    let place = record.comparisons.firstIndex { Set([$0.setting, $0.other]) == [best, next] }
    let index = try #require(place)
    record.comparisons[index].adjustedP = 0.01
    #expect(!isDoubted())
    record.comparisons[index].adjustedP = 0.2
    #expect(isDoubted())
  }

  @Test func ratesAreDrawnWhereTheyDiffer() throws {
    var record = try Gallery.experiment().record
    func hasRates() -> Bool { ExperimentReport(record).page.html.contains("aria-label=\"Learning rate:") }
    #expect(hasRates())
    for setting in record.settings.indices {
      for trial in record.settings[setting].trials.indices {
        guard let run = record.settings[setting].trials[trial].run else { continue }
        let epochs = run.epochs.map {
          EpochEvent(epoch: $0.epoch, loss: $0.loss, learningRate: 0.001, seconds: 1)
        }
        record.settings[setting].trials[trial].run = RunRecord(
          path: run.path, configuration: run.configuration, epochs: epochs, result: run.result)
      }
    }
    #expect(!hasRates())
  }

  @Test func oneSeedShowsNoDifference() throws {
    var record = try Gallery.experiment().record
    record.seeds = [0]
    for index in record.comparisons.indices {
      record.comparisons[index].adjustedP = nil
      record.comparisons[index].lower = nil
    }
    let html = ExperimentReport(record).page.html
    #expect(html.contains("One seed: whether a difference is more than chance cannot be said."))
    #expect(html.contains("one seed only") && !html.contains("difference shown ("))
  }

  @Test func aStudyHoldsItsParts() throws {
    let part = try Gallery.experiment()
    let study = ExperimentRecord(
      path: "s", name: "study", title: "Study", metric: part.record.metric, conclusions: ["Rates matter."])
    let page = ExperimentReport(study, parts: [part]).page
    #expect(page.sections.map(\.id) == ["part-1"])
    #expect(page.html.contains("Rates matter.") && page.html.contains("Rates of the dense network"))
    // Its summary names what is best in each of them.
    let best = try #require(part.record.ranked(in: nil).first)
    #expect(
      page.summary.text.contains("<dt>Best \(part.record.name)</dt><dd class=\"value\">\(best.name)</dd>"))
  }

  /// A line that another one hides is named in words.
  @Test func aCoveredLineIsTold() throws {
    var record = try Gallery.experiment().record
    let html = ExperimentReport(record).page.html
    #expect(!html.contains("lies below"))
    record.settings[1].trials = record.settings[0].trials
    let lines = "\(record.settings[0].name) lies below \(record.settings[1].name): they went the same way."
    #expect(ExperimentReport(record).page.html.contains(lines))
  }

  /// A seed leads to the page of its run, from the experiment's page and from the study's.
  @Test func aTrialIsLinkedWhereItHasAPage() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    var record = try Gallery.experiment().record
    record.path = folder.appending(path: "part").path
    let trial = record.settings[0].trials[0]
    try FileManager.default.createDirectory(
      atPath: record.runPath(of: trial), withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: "\(record.runPath(of: trial))/report.html"))
    let link = "trials/\(trial.name)/report.html\">\(trial.seed)</a>"
    let alone = ExperimentReport(record)
    #expect(alone.page.html.contains("<a href=\"\(link)"))
    #expect(alone.page.html.components(separatedBy: "report.html").count == 2)
    let study = ExperimentRecord(path: folder.path, name: "study", title: "Study", metric: record.metric)
    let page = ExperimentReport(study, parts: [ExperimentReport(record, pathPrefix: "part/")]).page
    #expect(page.html.contains("<a href=\"part/\(link)"))
  }

  /// Runs that are only compared have no folders below the page's.
  @Test func foldersAreToldWhereTheyAre() throws {
    var record = try Gallery.experiment().record
    func isTold() -> Bool { ExperimentReport(record).page.html.contains("its run folder, with the page") }
    #expect(isTold())
    record.path = "/nowhere"
    #expect(!isTold())
  }

  /// Names with digits are sorted as texts, numbers by what they say.
  @Test func tablesAreSortedByTheirNumbers() throws {
    var record = try Gallery.experiment().record
    record.tables = [
      .init(
        file: "t", title: "T",
        columns: [
          .init("Data set"), .init("Seeds"), .init("Images", isNumeric: true), .init("p", isNumeric: true),
        ], rows: [["CIFAR-10", "0 1", "60,000", "-12.5%"], ["MNIST", "0 1", "-", "<0.0001"]])
    ]
    let section = try #require(ExperimentReport(record).page.sections.first { $0.id == "table-1" })
    let keys = section.body.text.matches(of: /data-key="([^"]*)"/).map(\.1)
    #expect(keys == ["60000.0", "-12.5"])
  }

  @Test func anExperimentWithoutResultsGivesAPage() {
    let metric = ExperimentRecord.Metric(
      key: "test_loss", title: "Test loss", isShare: false, isBetterLower: true)
    let page = ExperimentReport(ExperimentRecord(path: "e", name: "e", title: "E", metric: metric)).page
    #expect(page.sections.isEmpty && !page.html.contains("nan"))
  }
}
