import Martlet
import MartletCases
import MartletGraphs

/// The ready models as the systems train them, but for dropout, which no peer draws alike by itself; for
/// `conv5x5Dropout` PyTorch was given the masks that Martlet draws.
///
/// Images of `attention` are small, and `alexnet` also has its widths divided by 4: the reference
/// interpreter is slow.
enum SystemGolden: String, CaseIterable, Sendable {
  case customCNNMNIST = "custom-cnn-mnist"
  case customCNNCIFAR = "custom-cnn-cifar10"
  case alexNet = "alexnet"
  case conv5x5 = "conv5x5-pytorch"
  case conv5x5Regularized = "conv5x5-regularized"
  case conv5x5Dropout = "conv5x5-dropout"
  case dense
  case conv
  case convnet = "convnet-keras"
  case convnetLoop = "convnet-pytorch"
  case attention
  case attentionL2 = "attention-l2"

  /// What PyTorch or Keras computed.
  func golden() throws -> Golden { try Golden(reading: "\(Golden.folder)/\(rawValue).safetensors") }

  var batchSize: Int {
    switch self {
    case .conv5x5, .dense, .conv, .convnet, .convnetLoop: 8
    case .customCNNMNIST, .customCNNCIFAR, .alexNet, .conv5x5Regularized, .conv5x5Dropout, .attention,
      .attentionL2:
      4
    }
  }

  /// The ready model that it trains, by the name that commands use.
  var model: String {
    switch self {
    case .customCNNMNIST, .customCNNCIFAR: "custom-cnn"
    case .alexNet: "alexnet"
    case .conv5x5: "conv5x5"
    case .conv5x5Regularized, .conv5x5Dropout: "conv5x5-regularized"
    case .dense: "dense"
    case .conv: "conv"
    case .convnet: "convnet"
    case .convnetLoop: "convnet-pytorch"
    case .attention, .attentionL2: "attention"
    }
  }

  private var hasDropout: Bool { self == .conv5x5Dropout }

  /// The ready model, without its dropout layers where the golden has none.
  func network() throws -> Sequential {
    let digits = InputSpec.image(28, 28, 1)
    let classes = GoldenData.classes
    let whole =
      switch self {
      case .customCNNMNIST: try ReadyModel.customCNN(input: digits, classes: classes)
      case .customCNNCIFAR: try ReadyModel.customCNN(input: .image(32, 32, 3), classes: classes)
      case .alexNet: try ReadyModel.alexNet(input: .image(16, 16, 3), classes: classes, width: 8)
      case .conv5x5: try ReadyModel.conv5x5(input: digits, classes: classes)
      case .conv5x5Regularized, .conv5x5Dropout:
        try ReadyModel.conv5x5(input: digits, classes: classes, dropout: 0.5)
      case .dense: try ReadyModel.dense(input: digits, classes: classes)
      case .conv: try ReadyModel.conv(input: digits, classes: classes)
      case .convnet: try ReadyModel.convnet(input: digits, classes: classes)
      case .convnetLoop:
        try ReadyModel.convnet(input: digits, classes: classes, preset: .pytorch, normalized: true)
      case .attention: try ReadyModel.attention(input: .image(12, 12, 1), classes: classes)
      case .attentionL2: try ReadyModel.attention(input: .image(12, 12, 1), classes: classes, l2: 1e-4)
      }
    return try Sequential(input: whole.input, preset: whole.preset) {
      whole.layers.filter { hasDropout || !($0 is Dropout) }
    }
  }

  /// The step that training makes, with every gradient readable and the golden's initial weights.
  func step(exact: Bool = false) throws -> TrainingStep {
    let system = self
    let step = try TrainingStep(
      try network(), optimizer: Adam(), threads: 2, exact: ExactLayers(exact),
      gradients: { gradients in
        for (path, value) in gradients.entries { value.graph.output(Self.gradientName(path), value) }
        return gradients
      },
      loss: { network, images, labels in system.loss(network, images, labels) })
    for entry in step.parameters.entries where entry.role != .optimizer {
      let values = GoldenData.initial(goldenPath(entry.path), shape: entry.shape)
      try step.parameters.setTensor(entry.path, Tensor(shape: entry.shape, scalars: values))
    }
    return step
  }

  static func gradientName(_ path: String) -> String { "slope of \(path)" }

  /// The golden's name of a tensor: it numbers the convnet's layers, which have names of their own.
  func goldenPath(_ path: String) -> String {
    let numbered = ["Conv1": "conv2d", "Conv2": "conv2d_1", "FC1": "dense", "Logits": "dense_1"]
    let parts = path.split(separator: "/").map { String($0) }
    return ([numbered[parts[0]] ?? parts[0]] + parts.dropFirst()).joined(separator: "/")
  }

  private func loss(_ network: TracedNetwork, _ images: Value, _ labels: Value) -> Value {
    let outputs = network(images)
    let rows = outputs.graph.apply(.classification(.oneHot(classes: GoldenData.classes)), [labels])
    switch self {
    case .customCNNMNIST, .customCNNCIFAR, .alexNet, .attention, .attentionL2:
      return Loss.categoricalCrossEntropy()(outputs, rows).mean()
    case .conv5x5: return Loss.categoricalCrossEntropy(fromLogits: true)(outputs, rows).mean()
    case .conv5x5Regularized, .conv5x5Dropout:
      return Loss.categoricalCrossEntropy(fromLogits: true)(outputs, rows).mean()
        + 0.001 * network.parameters.sum { $0.l1Norm() } + 0.001 * network.parameters.sum { $0.l2Norm() }
    case .dense, .conv: return Loss.sparseCategoricalCrossEntropy()(outputs, labels).mean()
    case .convnet, .convnetLoop:
      return Loss.sparseCategoricalCrossEntropy(fromLogits: true)(outputs, labels).mean()
    }
  }
}
