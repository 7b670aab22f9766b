import MartletGraphs
import MartletNetworks

extension TrainingSystem {
  /// The systems whose settings are all supported, in the order of their publication.
  static let all: [TrainingSystem] = [
    customCNN("mnist"), customCNN("cifar10"), alexNet("mnist"), alexNet("cifar10"),
    TrainingSystem(
      id: "conv5x5-mnist", model: "conv5x5", dataset: "mnist",
      settings: TrainingSettings(epochs: 10, batchSize: 32, loss: .rowsFromScores)),
    small("dense", "fashion-mnist", "fashion", batch: 1000),
    small("conv", "fashion-mnist", "fashion", batch: 2000),
    small("dense", "cifar100-coarse", "cifar100-coarse", batch: 1000),
    small("conv", "cifar100-coarse", "cifar100-coarse", batch: 2000),
    convnet("type"), convnet("functional"),
    TrainingSystem(
      id: "convnet-mnist-loop", model: "convnet-pytorch", dataset: "mnist",
      settings: TrainingSettings(epochs: 5, batchSize: 64, loss: .sparseFromScores),
      notes: ["the mean loss is told for each epoch, not for every 100 batches"]),
    TrainingSystem(
      id: "attention-fashion", model: "attention", dataset: "fashion-mnist",
      settings: TrainingSettings(
        epochs: 30, batchSize: 64, loss: .rowsFromProbabilities, schedule: .cosine(epochs: 50),
        validation: .random(.count(10_000), seed: 42)),
      notes: ["early stopping is not applied: all epochs are trained and the last weights are kept"]),
  ]

  private static func customCNN(_ dataset: String) -> TrainingSystem {
    TrainingSystem(
      id: "custom-cnn-\(dataset)", model: "custom-cnn", dataset: dataset,
      settings: TrainingSettings(
        epochs: 20, batchSize: 64, loss: .rowsFromProbabilities, validation: .last(.fraction(0.2))),
      takesBootstrap: true
    ) { (input, classes) throws(ModelError) in
      try ReadyModel.customCNN(input: input, classes: classes, dropoutRate: 0.5)
    }
  }

  private static func alexNet(_ dataset: String) -> TrainingSystem {
    TrainingSystem(
      id: "alexnet-\(dataset)", model: "alexnet", dataset: dataset,
      settings: TrainingSettings(
        epochs: 20, batchSize: 64, loss: .rowsFromProbabilities, validation: .last(.fraction(0.2))),
      takesBootstrap: true)
  }

  private static func small(_ model: String, _ dataset: String, _ name: String, batch: Int) -> TrainingSystem
  {
    TrainingSystem(
      id: "\(model)-\(name)", model: model, dataset: dataset,
      settings: TrainingSettings(
        epochs: 10, batchSize: batch, loss: .sparseFromProbabilities, validation: .first(.count(4000))))
  }

  /// The two styles of writing name their layers alike and hence give the same bytes.
  private static func convnet(_ style: String) -> TrainingSystem {
    TrainingSystem(
      id: "convnet-mnist-\(style)", model: "convnet", dataset: "mnist",
      settings: TrainingSettings(
        epochs: 5, batchSize: 512, loss: .sparseFromScores, validation: .last(.fraction(0.2)), seed: 69))
  }
}
