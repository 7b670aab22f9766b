import Foundation
import MartletReports
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct FigureTests {
  @Test func trainingCurvesMatchTheirSnapshot() throws {
    let svg = trainingCurves(Sample.record(epochs: 3)).svg
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Fixtures")
    let snapshot = fixtures.appendingPathComponent("training-curves.svg")
    // RECORD=1 takes what is drawn now as right; look at it before committing.
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try AtomicFile.write(Array(svg.utf8), to: snapshot.path)
    }
    #expect(try String(contentsOf: snapshot, encoding: .utf8) == svg)
  }

  @Test func everyFigureIsWrittenInBothFormats() throws {
    try withTemporaryFolder { folder in
      let figures: [any Figure] = [
        trainingCurves(Sample.record(epochs: 5)), Sample.confusion(classes: Sample.classes), Sample.bars,
      ]
      // MARTLET_FIGURES=folder keeps the images for the eye.
      let kept = ProcessInfo.processInfo.environment["MARTLET_FIGURES"]
      for (index, figure) in figures.enumerated() {
        let stem = (kept ?? folder) + "/figure-\(index)"
        try figure.write(to: stem + ".png")
        try figure.write(to: stem + ".svg")
        let png = try InputFile.contents(of: stem + ".png", limit: 10_000_000)
        try #require(png.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let columns = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
        let rows = png[20..<24].reduce(0) { $0 << 8 | Int($1) }
        #expect(columns == Int((figure.size.width * 300 / 72).rounded()))
        #expect(rows == Int((figure.size.height * 300 / 72).rounded()))
        let svg = try InputFile.contents(of: stem + ".svg", limit: 1_000_000)
        #expect(XMLChecker.isWellFormed(svg))
        #expect(String(decoding: svg, as: UTF8.self) == figure.svg)
      }
    }
  }

  @Test func theImageShowsTheColorsOfItsLines() throws {
    // Two blank figures compress alike; one with lines holds more.
    try withTemporaryFolder { folder in
      var charts = trainingCurves(Sample.record(epochs: 5))
      try charts.write(to: folder + "/lines.png")
      charts.charts = charts.charts.compactMap { chart in
        guard var blank = chart as? LineChart else { return nil }
        blank.series = []
        return blank
      }
      try charts.write(to: folder + "/blank.png")
      let lines = try InputFile.contents(of: folder + "/lines.png", limit: 10_000_000).count
      let blank = try InputFile.contents(of: folder + "/blank.png", limit: 10_000_000).count
      #expect(lines > blank + 5_000)
    }
  }

  @Test func aFigureThatCannotBeWrittenSaysWhy() throws {
    #expect { try Sample.bars.write(to: "a.jpg") } throws: {
      "\($0)" == "cannot write a.jpg: a figure's name must end in .svg or .png; rename it"
    }
    #expect { try Sample.bars.write(to: "/nowhere/a.png") } throws: {
      ($0 as? FileError)?.kind == .cannotWrite
    }
  }

  @Test func curvesAdaptToWhatWasRecorded() {
    let one = trainingCurves(Sample.record(epochs: 1, hasValidation: false))
    let charts = one.charts.compactMap { $0 as? LineChart }
    #expect(charts.map(\.title) == ["Loss", "Accuracy"])
    #expect(charts[0].series.map(\.name) == ["train"])
    #expect(one.title == "convnet on fashion-mnist")
    // The single epoch is marked once on each axis, the point stands in the figure.
    #expect(one.svg.components(separatedBy: ">1</text>").count == 3)
    #expect(one.svg.components(separatedBy: "<circle").count == 5)
    #expect(!one.svg.contains("nan") && !one.svg.contains("inf"))

    let none = trainingCurves(RunRecord(path: "", configuration: [:], epochs: []))
    #expect(none.title == "Training" && none.charts.isEmpty)

    let diverged = RunRecord(
      path: "", configuration: [:],
      epochs: [
        EpochEvent(epoch: 1, loss: 2, learningRate: 1, seconds: 1),
        EpochEvent(epoch: 2, loss: .nan, learningRate: 1, seconds: 1),
        EpochEvent(epoch: 3, loss: 3, learningRate: 1, seconds: 1),
      ])
    #expect(trainingCurves(diverged).charts.count == 1)
    #expect(!trainingCurves(diverged).svg.contains("nan"))
  }

  @Test func namesAreEscaped() {
    let chart = LineChart(
      title: "<script>&", xLabel: "x", yLabel: "y", series: [.init(name: "a<b", points: [Point(1, 2)])])
    #expect(chart.svg.contains("&lt;script&gt;&amp;"))
    #expect(chart.svg.contains("a&lt;b"))
  }

  /// With a letter that joins it, `<` is another character, but still the beginning of a tag.
  @Test func lettersThatJoinAreEscaped() {
    let chart = LineChart(
      title: "a\"\u{301} onload=x", xLabel: "x\u{0}\u{1B}\u{FFFF}\r", yLabel: "y",
      series: [.init(name: "b<\u{338}c", points: [Point(1, 2)]), .init(name: "\u{600}<&", points: [])])
    let scalars = Array(chart.svg.unicodeScalars)
    func holds(_ text: String) -> Bool { scalars.contains(Array(text.unicodeScalars)) }
    #expect(holds(">a&quot;\u{301} onload=x<") && holds(">b&lt;\u{338}c<") && holds(">\u{600}&lt;&amp;<"))
    #expect(holds(">x</text>"))
    #expect(XMLChecker.isWellFormed(Array(chart.svg.utf8)))
  }

  /// Everything stands within the figure, for few and many classes and epochs.
  @Test func nothingLeavesTheFigure() throws {
    var figures: [any Figure] = [1, 2, 3, 10, 37, 200, 1000].map {
      trainingCurves(Sample.record(epochs: $0))
    }
    figures += [2, 10, 20, 100].map { count in
      Sample.confusion(classes: (0..<count).map { "class number \($0)" })
    }
    figures.append(Sample.bars)
    let coordinate = /(?:[^a-z](?:x|cx)="|[ "](?=[-0-9.]+,))(-?[0-9.]+)/
    for figure in figures {
      let width = figure.size.width
      for match in figure.svg.matches(of: coordinate) {
        let x = try #require(Double(match.1))
        #expect(x >= 0 && x <= width)
      }
    }
  }
}

/// Whether bytes are well-formed XML as far as tags go: each opened one is closed in order.
enum XMLChecker {
  static func isWellFormed(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    var open: [Substring] = []
    for match in text.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
      if !match.1.isEmpty {
        guard open.popLast() == match.2 else { return false }
      } else if match.3.isEmpty {
        open.append(match.2)
      }
    }
    return open.isEmpty && text.filter { $0 == "<" }.count == text.filter { $0 == ">" }.count
  }
}
