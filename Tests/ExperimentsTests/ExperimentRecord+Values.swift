import MartletExperiments
import MartletRuns
import MartletTensors

extension ExperimentRecord {
  /// An experiment's record with values by setting, as if trained.
  static func trained(
    _ values: [(name: String, values: [Double])], baseline: String? = nil, rates: [String: [Double]] = [:],
    group: String? = nil, key: String = "schedule"
  ) -> ExperimentRecord {
    var record = ExperimentRecord(
      path: "e", name: "e", title: "Test", metric: ExperimentMetric.validationAccuracy.record,
      baseline: baseline ?? values[0].name)
    record.settings = values.map { name, values in
      let trials = values.enumerated().map { seed, value in
        var trial = ExperimentRecord.Trial(name: "\(name)-\(seed)", seed: seed)
        trial.value = value
        var result = ResultEvent()
        result.testAccuracy = value
        result.weightsSHA256 = "\(name)\(value)"
        let epochs = (rates[name] ?? [0.001]).enumerated().map { index, rate in
          EpochEvent(epoch: index + 1, loss: 1, validationAccuracy: value, learningRate: rate, seconds: 1)
        }
        trial.run = RunRecord(path: "r", configuration: [:], epochs: epochs, result: result)
        return trial
      }
      return ExperimentRecord.Setting(
        name: name, group: group, changes: [.init(key: key, text: name)], trials: trials)
    }
    record.computeStatistics()
    return record
  }
}
