import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// The ready models, each on the data set it was made for.
  static let models: [Topic] = ReadyModel.all.map { model in
    let dataset = homeDataset(of: model.name)
    return Topic(
      .model, model.name, model.summary + ".", words(of: model.name), seeAlso: related(model.name)
    ) {
      let system = try TrainingSystem.named(model: model.name, dataset: dataset)
      return try walk(system)
    }
  }

  /// A system: its model on its data set, and how it is trained.
  static func model(of system: TrainingSystem) -> Topic {
    let settings = system.settings
    let schedule = String(settings.schedule.text.prefix { $0 != ":" })
    return Topic(
      .model, system.id ?? system.model, "\(system.title).", words(of: system.model),
      seeAlso: related(system.model) + [
        settings.optimizer.rule.rawValue, settings.loss.loss.name, "schedule:\(schedule)", system.dataset,
      ]
    ) {
      let training: [Explanation.Block] = [
        .heading("How it is trained"),
        .items([
          "data: \(system.dataset), held out for validation: \(settings.validation.text)",
          "\(settings.epochs) epochs at most, in batches of \(settings.batchSize)",
          "optimizer \(settings.optimizer.text) at a rate of \(short(settings.learningRate)), "
            + "schedule \(settings.schedule.text)",
          "loss: \(settings.loss.loss.name)", "penalty: \(settings.penalties.text)",
        ]),
      ]
      return try walk(system) + training
    }
  }

  /// The smallest published data set a model is trained on here.
  private static func homeDataset(of model: String) -> String {
    TrainingSystem.all.first { $0.model == model }?.dataset ?? TrainingSystem.defaultDataset
  }

  private static func related(_ model: String) -> [String] {
    switch model {
    case "attention": ["attention-what-and-where", "ChannelAttention", "BatchNormalization"]
    case "custom-cnn": ["BatchNormalization", "LeakyReLU", "Dropout", "overfitting"]
    case "alexnet": ["LocalResponseNormalization", "Dropout"]
    case "dense": ["layer:Dense", "conv"]
    case "conv": ["dense", "Conv2D"]
    default: ["reading-an-image", "Conv2D", "Dropout"]
    }
  }

  private static func words(of model: String) -> [String] {
    switch model {
    case "convnet":
      [
        "The network to begin with: two rounds of looking (convolution) and shrinking (pooling), then a dense "
          + "layer that weighs what was found. It puts out scores, one for each class."
      ]
    case "convnet-pytorch":
      [
        "The convnet as a PyTorch program has it: pixels with mean 0 and deviation 1, PyTorch's way of drawing "
          + "the first weights. What it learns is the same; how it starts is not."
      ]
    case "conv5x5":
      [
        "Larger windows, no padding: each convolution cuts off an edge. Pixels are left in 0...255, which costs "
          + "a rough start: the first losses are large."
      ]
    case "conv5x5-regularized":
      [
        "The conv5x5 network held down: half of the dense layer's units are dropped in every step, and the "
          + "system of this name also adds norms of all weights to the loss. Training takes longer and ends with "
          + "a smaller gap between training and test images."
      ]
    case "custom-cnn":
      [
        "Three equal blocks: convolution, batch normalization, LeakyReLU, pooling, dropout. Each halves height "
          + "and width and doubles the channels: less where, more what."
      ]
    case "alexnet":
      [
        "The plan of the network that won ImageNet in 2012, for small images: five convolutions, local response "
          + "normalization after the first two, and two wide dense layers, which hold most of the parameters."
      ]
    case "dense":
      [
        "No convolution at all: every pixel is a number among others, and nothing says which are neighbors. The "
          + "comparison that shows what convolutions are good for."
      ]
    case "conv":
      [
        "The dense network with one convolution in front. It has more parameters, nearly all of them in the "
          + "dense layer behind Flatten."
      ]
    case "attention":
      [
        "Two blocks of convolutions, then attention: which channels matter in this image, and which places. The "
          + "classifier reads the mean of each channel instead of a flattened image."
      ]
    default: []
    }
  }

  /// The way of an image through a system's network, and what the layers on it do.
  private static func walk(_ system: TrainingSystem) throws -> [Explanation.Block] {
    let card = try DatasetCatalog.card(system.dataset)
    let network = try system.network(imageShape: card.imageShape, classes: card.classNames.count)
    let walk = try NetworkWalk(network)
    var blocks: [Explanation.Block] = [
      .heading("How the image changes on its way (\(card.title))"), .formula(walk.line), .table(walk.table),
      .paragraph(
        "Together \(Table.grouped(walk.summary.parameters)) parameters "
          + "(\(Table.grouped(walk.summary.trainableParameters)) trained by gradients) and "
          + "\(Table.grouped(walk.summary.flops)) operations for one image; a product with its sum counts as two."
      ),
    ]
    if let heaviest = walk.heaviest {
      let same = heaviest.parameters.path == heaviest.operations.path
      blocks.append(
        .paragraph(
          same
            ? "\(heaviest.parameters.path) holds most of the parameters and does most of the work."
            : "Most parameters are in \(heaviest.parameters.path), most work in \(heaviest.operations.path): "
              + "a convolution uses its few weights again at every place, a dense layer each of its many only once."
        ))
    }
    if let last = walk.stops.last(where: \.looksAround) {
      let side = max(card.imageShape[0], card.imageShape[1])
      let reach = last.reach ?? side
      blocks.append(
        .paragraph(
          "One place of \(last.path) depends on \(reach >= side ? "all of" : "\(reach)x\(reach) pixels of") the image."
        ))
    }
    return blocks + [.heading("What each part does"), .items(parts(walk))]
  }

  /// Each kind of layer on the way once, in its topic's words.
  private static func parts(_ walk: NetworkWalk) -> [String] {
    var seen: [LayerKind] = []
    for kind in walk.stops.compactMap(\.kind) where !seen.contains(kind) { seen.append(kind) }
    return seen.compactMap { kind in
      let topic = (layers + activations).first { $0.name == kind.rawValue }
      return topic.map { "\(kind.rawValue): \($0.summary)" }
    }
  }

  /// The ready models in which a kind of layer is used.
  static func modelsWith(_ kind: LayerKind) throws -> [String] {
    try ReadyModel.all.filter { model in
      let graph = Graph(purpose: .training)
      _ = try model.make(input: .image(32, 32, 3), classes: 10).trace(batch: 1, into: graph)
      return graph.layerOutputs.contains { $0.type == kind.pathName }
    }.map(\.name)
  }
}
