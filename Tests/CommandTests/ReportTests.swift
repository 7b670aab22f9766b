import Foundation
import MartletRuns
import MartletTensors
import Testing

/// `martlet report`, and what a training leaves for it.
@Suite struct ReportTests {
  private func train(_ more: [String], in folder: TemporaryFolder) throws -> String {
    let data = try SmallData.write(in: folder)
    let run = "\(folder.path)/run"
    let result = try CommandRunner.run(
      ["train", "--dataset", "mnist", "--data", data, "--batch-size", "32", "--run", run, "--quiet"] + more,
      in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return run
  }

  private func material(_ run: String) throws -> ReportMaterial {
    try RunRecord.load(run).material { Issue.record("\($0)") }
  }

  @Test func aTrainingLeavesWhatItsReportNeeds() throws {
    let folder = try TemporaryFolder()
    let run = try train(["--model", "attention", "--epochs", "1", "--limit", "96"], in: folder)
    let material = try material(run)
    let result = try #require(try RunRecord.load(run).result)

    let predictions = try #require(material.predictions)
    #expect(predictions.labels.count == 64)
    let hits = zip(predictions.labels, predictions.predictions).count { $0 == $1 }
    #expect(Double(hits) / 64 == result.testAccuracy)
    #expect(!predictions.pictures.isEmpty && predictions.shape == [28, 28, 1])
    for picture in predictions.pictures {
      #expect(abs(picture.probabilities.reduce(0, +) - 1) < 1e-4)
      let said = picture.probabilities[predictions.predictions[picture.index]]
      #expect(said == predictions.probabilities[picture.index] && said == picture.probabilities.max())
      // The bright row tells the class, so that the right picture was kept.
      let row = 2 * predictions.labels[picture.index] + 4
      #expect(picture.pixels[row * 28..<(row + 1) * 28].allSatisfy { $0 >= 190 })
    }

    let details = try #require(material.details)
    #expect(details.parameters == 177_041 && details.trainImages == 96 && details.testImages == 64)
    #expect(details.layers.map(\.parameters).reduce(0, +) == details.parameters)
    let profile = try #require(details.profile)
    #expect(profile.batch == 32 && profile.steps.allSatisfy { $0.seconds >= 0 } && profile.steps.count > 20)
    #expect(profile.steps.contains { $0.layer.hasPrefix("conv2d") && $0.flops > 0 })
    // A chain from the images to the scores, in which each layer of the table stands once.
    #expect(details.nodes.map(\.name) == details.layers.map(\.name))
    #expect(details.nodes.indices.dropFirst().allSatisfy { details.nodes[$0].inputs == [$0 - 1] })

    let views = try #require(material.views)
    #expect(views.filters?.shape == [3, 3, 1, 32] && views.filterLayer == "conv2d")
    #expect(views.samples.shape == [10, 28, 28, 1] && views.labels == Array(0..<10))
    #expect(views.positions.map(\.values.shape) == [[10, 7, 7]])
    #expect(views.channels.map(\.values.shape) == [[10, 64]])
    #expect(views.positions[0].values.scalars.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(views.maps.count == 7 && views.maps[0].values.shape == [3, 8, 28, 28])
  }

  @Test func thePageIsMadeAgainFromTheFolderAlone() throws {
    let folder = try TemporaryFolder()
    let run = try train(["--model", "dense", "--epochs", "1"], in: folder)
    let written = try String(contentsOfFile: "\(run)/report.html", encoding: .utf8)
    try FileManager.default.removeItem(atPath: "\(folder.path)/data")
    let made = try CommandRunner.run(["report", run, "--output", "\(folder.path)/page.html"], in: folder)
    #expect(made.status == 0 && made.output == "Report: \(folder.path)/page.html\n", "\(made.errors)")
    #expect(try String(contentsOfFile: "\(folder.path)/page.html", encoding: .utf8) == written)

    // Without a result there is a page of what there is.
    let log = "\(run)/events.jsonl"
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    try AtomicFile.write(Array("\(lines[0])\n".utf8), to: log)
    let unfinished = try CommandRunner.run(["report", run, "--json"], in: folder)
    #expect(try unfinished.objects().map { $0["event"] } == ["report", "result"])
    #expect(try unfinished.objects().first?["finished"] == false)
    #expect(
      try String(contentsOfFile: "\(run)/report.html", encoding: .utf8).contains("has not come to its end"))
  }

  @Test func whatIsNoRunIsRefused() throws {
    let folder = try TemporaryFolder()
    let stranger = try CommandRunner.run(["report", folder.path], in: folder)
    #expect(stranger.status == 65)
    #expect(
      stranger.errors.contains(
        "expected the folder of a run or an experiment, received no configuration.json in it"))
    let several = try CommandRunner.run(["report", "a", "b", "--output", "c.html"], in: folder)
    #expect(several.status == 64 && several.errors.contains("--output: expected one run, received 2 runs"))
  }
}
