import MartletRuns
import MartletTensors

/// A small run for the tests.
enum Sample {
  static let configuration: JSON = ["model": "convnet", "seed": 7, "learning_rate": 0.001]

  static let environment = RunEnvironment(
    martletVersion: "0.1.0", instructionSet: "AVX2")

  static func epoch(_ number: Int) -> RunEvent {
    .epoch(
      EpochEvent(
        epoch: number, loss: 1 / Double(number), accuracy: 0.9, validationLoss: 0.5,
        validationAccuracy: nil, learningRate: 0.001, seconds: 1.5))
  }

  static var result: ResultEvent {
    var result = ResultEvent()
    result.run = "runs/a"
    result.testAccuracy = 0.75
    result.perClass = [.init(name: "cat", precision: 1, recall: 0.5, f1: 2 / 3, support: 2)]
    result.confusion = [[1, 1], [0, 2]]
    result.stopReason = "finished"
    result.epochs = 3
    result.peakMemoryBytes = 1 << 40
    result.weightsSHA256 = "00ff"
    result.seed = 7
    return result
  }

  static func weights(_ value: Float) -> TensorFile {
    TensorFile(tensors: [("w", .float32(Tensor(repeating: value, shape: [4])))])
  }

  static func folder(at path: String, onProblem: @escaping (String) -> Void = { _ in }) throws -> RunFolder {
    try RunFolder.create(
      at: path, configuration: configuration, environment: environment, onProblem: onProblem)
  }
}
