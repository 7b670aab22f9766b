import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTensors
import Testing

/// Comparing what runs make of changed images; figures are SciPy 1.x's.
@Suite struct RobustnessTests {
  /// `binomtest(min(b, c), b + c, 0.5).pvalue`, which is statsmodels' `mcnemar(exact=True)`.
  @Test(arguments: [
    (3, 12, 0.03515625), (40, 61, 0.046044066929342785), (0, 5, 0.0625), (7, 7, 1), (0, 0, 1),
    (1000, 1100, 0.03072070786424249),
  ])
  func mcNemarsTestIsExact(onlyFirst: Int, onlySecond: Int, expected: Double) {
    #expect(abs(McNemar.p(onlyFirst: onlyFirst, onlySecond: onlySecond) - expected) < 1e-10)
    #expect(
      McNemar.p(onlyFirst: onlySecond, onlySecond: onlyFirst)
        == McNemar.p(onlyFirst: onlyFirst, onlySecond: onlySecond))
  }

  /// A run that is right on images below a limit, another one for noise.
  private func measurement(
    _ name: String, penalty: String = "none", seed: Int = 0, clean: Int, noise: Int, images: Int = 200
  ) -> RobustnessMeasurement {
    let rows = ImageChange.allCases.flatMap { change in
      change.strengths.enumerated().map { place, strength in
        let right = change == .noise ? noise - place : clean - 10 * (place + 1)
        return RobustnessMeasurement.Row(
          change: change, strength: strength, isRight: (0..<images).map { $0 < right })
      }
    }
    return RobustnessMeasurement(
      run: "runs/\(name)", name: name,
      configuration: ["penalty": .string(penalty), "seed": .integer(seed)], seed: 0,
      trainAccuracy: 0.99, clean: (0..<images).map { $0 < clean }, rows: rows)
  }

  /// `ttest_1samp(differences, 0).confidence_interval()`.
  @Test func singleRunsArePairedOverTheImages() throws {
    let first: [[Int]] = [[1, 0, 1, 1, 1, 0, 1, 1, 0, 1], [1, 0, 0, 1, 1, 0, 1, 0, 1, 1]]
    let second: [[Int]] = [[1, 1, 1, 1, 0, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1, 1, 0, 1, 0]]
    func run(_ penalty: String, _ noise: [[Int]]) -> RobustnessMeasurement {
      let rows = ImageChange.allCases.flatMap { change in
        noise.enumerated().map { place, row in
          RobustnessMeasurement.Row(
            change: change, strength: change.strengths[place], isRight: row.map { $0 == 1 })
        }
      }
      return RobustnessMeasurement(
        run: penalty, name: penalty, configuration: ["penalty": .string(penalty)], seed: 0,
        trainAccuracy: nil, clean: noise[0].map { $0 == 1 }, rows: rows)
    }
    let comparison = try #require(RobustnessComparison([run("none", first), run("l1", second)]))
    let noise = try #require(comparison.differences.first { $0.change == .noise })
    // The differences by image are 0, 1, 0, 0, -0.5, 1, 0, 0, 0, -1.
    #expect(abs(noise.value - 0.05) < 1e-12)
    let interval = try #require(noise.interval)
    #expect(abs(interval.lowerBound - noiseInterval.lowerBound) < 1e-9)
    #expect(abs(interval.upperBound - noiseInterval.upperBound) < 1e-9)
    #expect(!noise.isShown && comparison.method.contains("each paired with itself"))
    #expect(
      comparison.conclusions.contains {
        $0.hasPrefix("Under noise no difference is shown: l1 70.0%, none 65.0%")
      })
  }

  private let noiseInterval = -0.37821943971088645...0.47821943971088643

  @Test func severalSeedsAreComparedOverTheRuns() throws {
    let plain = [(0, 160), (1, 164), (2, 162)].map {
      measurement("plain-\($0)", seed: $0, clean: 190, noise: $1)
    }
    let held = [(0, 170), (1, 176)].map {
      measurement("held-\($0)", penalty: "l1:0.001", seed: $0, clean: 190, noise: $1)
    }
    let comparison = try #require(RobustnessComparison(plain + held))
    #expect(comparison.first.runs.count == 3 && comparison.second.runs.count == 2)
    #expect(comparison.method == "Welch's 95% interval over 3 and 2 runs")
    let noise = try #require(comparison.differences.first { $0.change == .noise })
    let expected = try #require(Sample([0.84, 0.87]).difference(from: Sample([0.79, 0.81, 0.8])))
    let interval = try #require(noise.interval)
    #expect(abs(interval.lowerBound - expected.lowerBound) < 1e-12)
    #expect(abs(interval.upperBound - expected.upperBound) < 1e-12)
    let blur = try #require(comparison.differences.first { $0.change == .blur })
    #expect(blur.value == 0 && blur.interval == nil && !blur.isShown)
    #expect(
      comparison.conclusions.contains {
        $0.hasPrefix("Under blur no difference is shown: ")
          && $0.hasSuffix("0.0 points, the same with every run.")
      })
  }

  /// `reproduce --seeds` calls its folders DIR/seed-N.
  @Test func kindsAreNamedByWhatTheirRunsHaveInCommon() throws {
    let runs = ["plain/seed-0", "plain/seed-1", "held/seed-0", "held/seed-1"]
    let measurements = runs.enumerated().map {
      measurement($1, penalty: $0 < 2 ? "none" : "l1", seed: $0 % 2, clean: 190, noise: 120 + $0)
    }
    let comparison = try #require(RobustnessComparison(measurements))
    #expect(comparison.first.name == "plain (2 runs)" && comparison.second.name == "held (2 runs)")
    #expect(
      RobustnessMeasurement.names(ofRuns: ["r/plain/seed-0", "r/held/seed-0", "r/held/seed-1"])
        == ["plain/seed-0", "held/seed-0", "seed-1"])
    #expect(
      RobustnessMeasurement.names(ofRuns: ["a/held/seed-0", "b/held/seed-0"])
        == ["a/held/seed-0", "b/held/seed-0"])
  }

  @Test func theConclusionSaysWhoWithstandsWhat() throws {
    let comparison = try #require(
      RobustnessComparison([
        measurement("plain", clean: 190, noise: 120),
        measurement("held", penalty: "l1", clean: 190, noise: 150),
      ]))
    let sentences = comparison.conclusions
    #expect(
      sentences[0]
        == "On unchanged images no difference is shown: held 95.0%, plain 95.0%, 0.0 points [0.0, 0.0].")
    #expect(
      sentences[1].hasPrefix("Under noise held is right more often: 74.0% against 59.0%, +15.0 points [+"))
    #expect(
      sentences.last == "All in all: held withstands noise better; for shift, rotation, blur, lost contrast, "
        + "added brightness and a covering square no difference is shown.")
    #expect(RobustnessComparison([measurement("plain", clean: 190, noise: 120)]) == nil)
  }

  @Test func theRecordHoldsTheAccuracies() throws {
    let measurement = measurement("plain", clean: 190, noise: 120)
    let record = try #require(RobustnessRecord(measurement.json))
    #expect(record == measurement.record && record.accuracy == 0.95 && record.images == 200)
    #expect(record.rows.count == 35 && record.changes == ImageChange.allCases.map(\.title))
    #expect(record.rows[1] == .init(change: "Noise", strength: 32, unit: "levels of 255", accuracy: 0.595))
    #expect(abs(try #require(measurement.gap) - 0.04) < 1e-12)
    #expect(measurement.json["seed"] == 0)
    let text = RobustnessTable([measurement]).text
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(text.contains("Noise, levels of 255") && text.contains("  accuracy"))
    let both = RobustnessTable([measurement, self.measurement("held", clean: 190, noise: 150)]).text
    #expect(both.contains("p (McNemar)") && both.contains("<0.001") && both.contains("1.000"))
  }
}
