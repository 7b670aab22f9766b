import MartletDatasets
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors

/// Measures runs on changed images, tells the accuracies and leaves figures in the run folders.
struct RobustnessVoice {
  let common: CommonOptions

  func measure(_ runs: [MeasuredRun]) throws {
    guard let first = runs.first else { return }
    try requireSameImages(runs)
    let seed = UInt64(try common.checkedSeed() ?? 0)
    var test = RobustnessTest(images: first.test, seed: seed, threads: common.threadCount)
    if !common.json { test.progress = { Output.remark("\($0.lowercased()) ...") } }
    let measurements = try test.measure(runs.map(\.subject))
    var files: [String] = []
    for measurement in measurements {
      files += try write(measurement, sheet: sheet(test))
    }
    let comparison = RobustnessComparison(measurements)
    if measurements.count > 1 {
      files += try writeComparison(measurements, comparison, to: runs[runs.count - 1].subject.run)
    }
    if common.json { return tell(runs, measurements, comparison, files) }
    Output.write(RobustnessTable(measurements).text)
    Output.line("")
    for measurement in measurements {
      guard let gap = measurement.gap, let trained = measurement.trainAccuracy else { continue }
      Output.line(
        "\(measurement.name): training \(Table.percent(trained)), test "
          + "\(Table.percent(measurement.record.accuracy)), gap \(RobustnessComparison.signed(gap)) points")
    }
    if let comparison {
      Output.line("")
      for line in comparison.conclusions { Output.paragraph(line) }
      Output.paragraph("Intervals: \(comparison.method). Accuracies are means over the five strengths.")
    } else if measurements.count > 1 {
      Output.line("")
      Output.paragraph("Intervals are computed for runs of exactly two kinds; equal settings are one kind.")
    }
    Output.line("")
    for file in files { Output.line(file) }
  }

  /// Networks are compared on the same images or not at all.
  private func requireSameImages(_ runs: [MeasuredRun]) throws {
    for run in runs where run.test.name != runs[0].test.name || run.test.labels != runs[0].test.labels {
      throw Failure(
        .usage, at: run.subject.run,
        expected: "the test images of \(runs[0].subject.run), "
          + "\(runs[0].test.count) of \(runs[0].test.name)",
        received: "\(run.test.count) of \(run.test.name)", hint: "compare runs on the same data set")
    }
  }

  private func write(_ measurement: RobustnessMeasurement, sheet: PictureSheet) throws -> [String] {
    let stem = "\(measurement.run)/robustness"
    try AtomicFile.write(Array(measurement.json.indentedText.utf8), to: "\(stem).json")
    let figure = RobustnessFigure(
      title: "Accuracy of \(measurement.name) on changed images",
      runs: [(name: "test", record: measurement.record)])
    for ending in ["svg", "png"] { try figure.write(to: "\(stem).\(ending)") }
    try sheet.write(to: "\(stem)_samples.png")
    return ["\(stem).json", "\(stem).png", "\(stem)_samples.png"]
  }

  private func writeComparison(
    _ measurements: [RobustnessMeasurement], _ comparison: RobustnessComparison?, to run: String
  ) throws -> [String] {
    let stem = "\(run)/robustness_comparison"
    let figure = RobustnessFigure(
      title: "Accuracy on changed images", runs: measurements.map { (name: $0.name, record: $0.record) })
    for ending in ["svg", "png"] { try figure.write(to: "\(stem).\(ending)") }
    guard let comparison else { return ["\(stem).png"] }
    try AtomicFile.write(Array(comparison.json.indentedText.utf8), to: "\(stem).json")
    return ["\(stem).json", "\(stem).png"]
  }

  /// The first test image, changed in every way.
  private func sheet(_ test: RobustnessTest) throws -> PictureSheet {
    let sample = test.images.prefix(1)
    let shape = sample.imageShape
    let rows = try ImageChange.allCases.map { change in
      let pictures = try ([0] + change.strengths).map { strength in
        let changed = try sample.changed(change, strength: strength, seed: test.seed, threads: 1)
        return PictureSheet.Picture(
          changed.image(at: 0).scalars, shape: shape, caption: RobustnessTable.number(strength))
      }
      return PictureSheet.Row(title: change.title, note: change.unit, pictures: pictures)
    }
    return PictureSheet(title: "What is done to a test image", rows: rows)
  }

  private func tell(
    _ runs: [MeasuredRun], _ measurements: [RobustnessMeasurement], _ comparison: RobustnessComparison?,
    _ files: [String]
  ) {
    let figures = JSON.Member("files", .array(files.map(JSON.string)))
    if runs.count == 1 {
      let members = runs[0].result.json.members ?? []
      return Output.json(.object(members + [.init("robustness", measurements[0].json), figures]))
    }
    for measurement in measurements {
      Output.json(
        .object(
          [.init("event", "robustness"), .init("run", .string(measurement.run))]
            + (measurement.json.members ?? [])))
    }
    Output.json(
      .object([
        .init("event", "result"), .init("runs", .array(measurements.map { .string($0.run) })),
        .init("comparison", comparison?.json ?? .null), figures,
      ]))
  }
}
