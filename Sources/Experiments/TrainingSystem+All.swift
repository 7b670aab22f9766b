import MartletGraphs
import MartletNetworks

extension TrainingSystem {
  /// Every system, in the order of their publication.
  package static let all: [TrainingSystem] =
    customNetworks + fiveByFive + denseOrConvolutional + threeStyles + [attention]

  /// A custom network and one in AlexNet's manner on halves drawn with replacement.
  private static let customNetworks: [TrainingSystem] = ["mnist", "cifar10"].flatMap { dataset in
    var settings = TrainingSettings(
      epochs: 20, batchSize: 64, loss: .rowsFromProbabilities, validation: .last(.fraction(0.2)))
    settings.sampling = .bootstrap(fraction: 0.5, seed: 42)
    let custom = TrainingSystem(
      id: "custom-cnn-\(dataset)", title: "Three blocks with batch normalization and dropout of a half",
      model: "custom-cnn:dropout=0.5", dataset: dataset, settings: settings, reference: .customCNN(dataset))
    let alexNet = TrainingSystem(
      id: "alexnet-\(dataset)", title: "Five convolutions with local response normalization",
      model: "alexnet", dataset: dataset, settings: settings, reference: .alexNet(dataset))
    return [custom, alexNet]
  }

  /// Two 5x5 convolutions in the PyTorch manner, plain and held down by norms and dropout.
  private static let fiveByFive: [TrainingSystem] = {
    let settings = TrainingSettings(epochs: 10, batchSize: 32, loss: .rowsFromScores)
    var regularized = settings
    regularized.epochs = 200
    regularized.penalties = PenaltySetting((.l1, 0.001), (.l2Norm, 0.001))
    regularized.stopLoss = 0.38
    return [
      TrainingSystem(
        id: "conv5x5-mnist", title: "Two 5x5 convolutions on pixels of 0...255, PyTorch's defaults",
        model: "conv5x5", dataset: "mnist", settings: settings, reference: .conv5x5),
      TrainingSystem(
        id: "conv5x5-regularized-mnist",
        title: "The same with dropout and L1 and L2 norms, to a loss of 0.38",
        model: "conv5x5-regularized", dataset: "mnist", settings: regularized, reference: .conv5x5Regularized),
    ]
  }()

  /// Two tiny networks on each of two data sets.
  private static let denseOrConvolutional: [TrainingSystem] = [
    ("fashion-mnist", "fashion"), ("cifar100-coarse", "cifar100-coarse"),
  ].flatMap { dataset, name in
    [("dense", 1000), ("conv", 2000)].map { model, batch in
      TrainingSystem(
        id: "\(model)-\(name)",
        title: model == "dense"
          ? "Two small dense layers" : "One 4x4 convolution before two small dense layers",
        model: model, dataset: dataset,
        settings: TrainingSettings(
          epochs: 10, batchSize: batch, loss: .sparseFromProbabilities, validation: .first(.count(4000))),
        reference: .denseOrConvolutional(model, dataset))
    }
  }

  /// One network written in three ways, the third trained in the PyTorch manner.
  private static let threeStyles: [TrainingSystem] = {
    let settings = TrainingSettings(
      epochs: 5, batchSize: 512, loss: .sparseFromScores, validation: .last(.fraction(0.2)), seed: 69)
    var loop = TrainingSettings(epochs: 5, batchSize: 64, loss: .sparseFromScores)
    loop.runningLoss = 100
    return [
      TrainingSystem(
        id: "convnet-mnist-type", title: "Two convolutions and a dense layer, as a type of one's own",
        model: "convnet", dataset: "mnist", settings: settings, reference: .convnetType
      ) { (input, classes) throws(ModelError) in try ReadyModel.typedConvnet(input: input, classes: classes)
      },
      TrainingSystem(
        id: "convnet-mnist-functional", title: "The same as a functional graph with named layers",
        model: "convnet", dataset: "mnist", settings: settings, reference: .convnetFunctional
      ) { (input, classes) throws(ModelError) in
        try ReadyModel.functionalConvnet(input: input, classes: classes)
      },
      TrainingSystem(
        id: "convnet-mnist-loop", title: "The same with PyTorch's defaults and the loss of every 100 batches",
        model: "convnet-pytorch", dataset: "mnist", settings: loop, reference: .convnetLoop),
    ]
  }()

  /// The network with channel and spatial attention, with early stopping.
  private static let attention: TrainingSystem = {
    var settings = TrainingSettings(
      epochs: 30, batchSize: 64, loss: .rowsFromProbabilities, schedule: .cosine(epochs: 50),
      validation: .random(.count(10_000), seed: 42))
    settings.patience = 5
    return TrainingSystem(
      id: "attention-fashion", title: "Five convolutions with channel and spatial attention",
      model: "attention", dataset: "fashion-mnist", settings: settings, reference: .attention)
  }()
}
