import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// What stands behind several layers.
  static let ideas: [Topic] = [
    Topic(
      .idea, "reading-an-image", title: "How a CNN reads an image",
      "Small windows find small things, later windows find things made of these, the end weighs what was found.",
      [
        "An image comes in as a grid of numbers. The first convolution lays little patterns over every place: "
          + "edges, corners, blobs. What it puts out are maps, one for each pattern: bright where it was found.",
        "Pooling shrinks the maps. A window of the second convolution therefore looks at a larger piece of the "
          + "image, and it looks at all maps of the first at once: an edge here and a corner there may be the "
          + "loop of a nine. So 'where' gets coarser from layer to layer while 'what' gets richer: less height "
          + "and width, more channels.",
        "At the end a dense layer weighs all of it: this loop speaks for a nine, that stroke against it. One "
          + "score for each class comes out.",
        "None of the patterns is written by anyone: all weights start at random, and training moves each in the "
          + "direction that makes the loss smaller.",
        "See it on your own image: martlet explain --run RUN --image FILE draws what each layer makes of it.",
      ], seeAlso: ["Conv2D", "MaxPooling2D", "Dense", "logits-and-softmax", "training-and-inference"]
    ) {
      let system = try TrainingSystem.named(model: TrainingSystem.defaultModel, dataset: "mnist")
      let card = try DatasetCatalog.card(system.dataset)
      let walk = try NetworkWalk(
        try system.network(imageShape: card.imageShape, classes: card.classNames.count))
      let reach = walk.stops.filter { $0.kind == .conv2D || $0.kind == .maxPooling2D }.map {
        "\($0.path): \(shapeText($0.shape)), each place sees "
          + ($0.reach.map { "\($0)x\($0) pixels" } ?? "all pixels")
      }
      return [
        .heading("In the model \(system.model) on \(card.title)"), .formula(walk.line), .items(reach),
      ]
    },
    Topic(
      .idea, "logits-and-softmax", title: "Scores (logits) and softmax",
      "A network puts out a score for each class; softmax makes probabilities of them.",
      formulas: ["p[k] = e^score[k] / sum over j of e^score[j]", "loss = -log p[right class]"],
      [
        "A score may be any number; only differences count: 1 more than another class means 2.7 times as "
          + "probable, 2 more means 7.4 times. The class with the greatest score is the answer, with softmax or "
          + "without.",
        "Some models end with the scores (also called logits), others with a softmax. The loss must know which "
          + "(fromLogits). In both cases it is computed from the scores: the logarithm of a probability that was "
          + "rounded to 0 would be lost.",
        "A probability is the network's own opinion. A network that has seen its training images too often is "
          + "sure of itself even where it is wrong.",
      ], seeAlso: ["Softmax", "sparse_categorical_crossentropy"]
    ) {
      let (scores, names): ([Float], [String]) = ([3.2, 1.2, 0.2, -2], ["3", "8", "5", "1"])
      let values = try LayerExample.output(scores, shape: [scores.count]) { Softmax()($0) }
      var table = Table([
        .init("Digit"), .init("Score", isNumeric: true), .init("Probability", isNumeric: true),
      ])
      for (name, (score, p)) in zip(names, zip(scores, values.scalars)) {
        table.append([name, fixed(Double(score), 1), Table.percent(Double(p))])
      }
      let loss = try LayerExample.output(scores, shape: [scores.count]) { x in
        let target = x * 0 + x.graph.table([1, 0, 0, 0], shape: [1, 4])
        return Loss.categoricalCrossEntropy(fromLogits: true)(x, target).reshaped([x.shape[0], 1])
      }
      return [
        .heading("With numbers"), .table(table),
        .paragraph("The loss, if it is a 3: \(fixed(Double(loss.scalars[0]), 4))."),
      ]
    },
    Topic(
      .idea, "training-and-inference", title: "Training against inference",
      "Some layers behave differently while a network learns than when it is used.",
      [
        "In a step of training a batch of images goes through the network, the loss compares the outputs with "
          + "the labels, gradients tell for every weight in which direction the loss falls, and the optimizer "
          + "moves all weights a little. At inference (evaluating, predicting) only the first part happens, and "
          + "nothing is random and nothing changes.",
        "The layers that differ are listed below. All others compute the same in both.",
        "That is why the accuracy printed during an epoch is not that of the finished network: it was measured "
          + "with dropout, on weights that were still changing. Compare training and test accuracy as "
          + "'martlet evaluate' measures them: both at inference, with the same weights.",
        "In Martlet the two are two programs, traced from the same network; there is no switch to forget.",
      ], seeAlso: ["Dropout", "BatchNormalization", "overfitting"]
    ) {
      let different = try layersThatDiffer()
      return [.heading("Layers that differ"), .items(different.map { "\($0.rawValue)" })]
    },
    Topic(
      .idea, "attention-what-and-where", title: "Attention: what and where",
      "Two small networks look at the feature maps and turn some of them, and some places, up or down.",
      [
        "What: channel attention asks which patterns matter in this image. It takes the mean of each channel, "
          + "squeezes the means through a bottleneck and gives each channel a factor between 0 and 1.",
        "Where: spatial attention asks which places matter. It takes mean and maximum over the channels at each "
          + "place, and one filter turns the two images into a factor for every place.",
        "Both only multiply: nothing is added that was not there. They cost next to nothing beside the "
          + "convolutions, as the numbers below show. Whether they help is a question for an experiment.",
      ], seeAlso: ["ChannelAttention", "SpatialAttention", "attention", "Sigmoid"]
    ) { try attentionNumbers() },
    Topic(
      .idea, "shapes-and-padding", title: "Shapes, padding and strides",
      "Images are [batch, height, width, channels]; windows without padding lose the edge.",
      formulas: ["extent = (extent + padding - kernel) / stride + 1, rounded down"],
      [
        "The batch is the number of images that go through together; layers treat each on its own, except "
          + "batch normalization. In summaries it is None or left out.",
        "'valid' puts windows only where they fit, 'same' fills up with zeros so that at stride 1 nothing is "
          + "lost. A dense layer wants a row: Flatten makes it of height, width and channels.",
      ], seeAlso: ["Conv2D", "Flatten", "ZeroPadding2D"]
    ) {
      var table = Table([.init("Layer on 28x28x1"), .init("Output")])
      for (code, padding, stride) in [
        ("Conv2D(8, kernelSize: 5)", Padding.valid, 1),
        ("Conv2D(8, kernelSize: 5, padding: .same)", .same, 1),
        ("Conv2D(8, kernelSize: 5, strides: 2, padding: .same)", .same, 2),
      ] {
        let traced = try LayerExample(code, [28, 28, 1]) {
          Conv2D(8, kernelSize: 5, strides: Extent(stride), padding: padding)($0)
        }.traced()
        table.append([code, shapeText(traced.output)])
      }
      return [.table(table)]
    },
    Topic(
      .idea, "overfitting", title: "Overfitting and regularization",
      "A network can learn its training images by heart; regularization makes that harder.",
      [
        "The sign is a gap: training accuracy rises on, validation accuracy stays or falls, and the validation "
          + "loss rises. The network is then sure of itself for reasons that hold for the training images only.",
        "Remedies, from the best to the cheapest: more images; changed images (augmentation); dropout; a "
          + "smaller network; weight decay or a penalty on large weights (L2 adds factor · sum of squares to "
          + "the loss, L1 factor · sum of magnitudes, which makes many weights exactly 0); early stopping at the "
          + "best validation loss.",
        "Each of them also makes training harder, so too much of it shows as a low training accuracy. "
          + "Differences of a few tenths of a point may be noise: repeat with several seeds before you believe "
          + "them.",
      ], seeAlso: ["Dropout", "adamw", "training-and-inference", "robustness"]),
    Topic(
      .idea, "preprocessing", title: "Preparing images",
      "Whatever is done to the pixels before training must be done to every image afterwards.",
      [
        "A network trained on pixels of 0 to 1 and used on pixels of 0 to 255 does not fail; it is just wrong, "
          + "and sure of it: losses of 69 or 280 have been published that way. In Martlet the preparation is "
          + "the network's first layer (Rescale, Normalize), is saved with it and travels with it.",
        "Data sets hold bytes as they were published. Sizes and classes of the training are noted in the run "
          + "folder, and other images are refused.",
        "Validation images are held out of the training images, never out of the test images: settings chosen "
          + "by looking at test results make these results too good.",
      ], seeAlso: ["Rescale", "Normalize"]),
    Topic(
      .idea, "learning-rate", title: "The learning rate",
      "How far weights move in a step: the setting that matters most.",
      [
        "Too large, and the loss jumps or becomes no number at all; too small, and nothing moves. Try factors "
          + "of 10, then of 3. Larger batches bear larger rates.",
        "A loss that stays at ln(classes), 2.303 for ten, is that of guessing. Often steps that were too great at "
          + "the beginning have killed the units behind ReLU, whose gradient is 0 from then on. It happens with "
          + "some seeds and not with others, so try another one, a smaller rate, a warm-up or batch normalization.",
        "A schedule changes the rate over the epochs: large steps first, small ones to settle in the end. Each "
          + "schedule below has a drawing: martlet explain cosine.",
      ], seeAlso: schedules.map(\.name) + ["adam", "sgd"]),
    Topic(
      .idea, "metrics", title: "Accuracy, precision, recall, F1",
      "Several ways to count right answers.",
      formulas: [
        "precision = right answers 'k' / all answers 'k'",
        "recall = right answers 'k' / all images of class k",
        "F1 = 2 · precision · recall / (precision + recall)",
      ],
      [
        "Accuracy is the part of all images classified rightly. Where classes differ in size, it says little "
          + "about small ones: look at recall (how many of them were found) and precision (how far an answer can "
          + "be trusted). F1 is high only where both are.",
        "The confusion matrix says which class was taken for which: rows are true classes, columns answers, "
          + "the diagonal is right.",
        "The loss sees more than the accuracy: it also counts how sure the network was.",
      ], seeAlso: ["logits-and-softmax", "overfitting"]),
    Topic(
      .idea, "robustness", title: "Robustness",
      "How well a network does on images that are not quite like those it has learned.",
      [
        "Test images come from the same source as training images. In use images are noisy, off center, turned, "
          + "blurred, dark. 'martlet evaluate RUN --robustness' changes the test images in such ways, each in "
          + "rising strengths, and shows how the accuracy falls; of two runs it says which withstands what "
          + "better, and whether the difference is more than chance.",
        "What a network has seen in training it withstands: augment the training images with the changes that "
          + "matter to you.",
      ], seeAlso: ["overfitting", "GaussianNoise"]
    ) {
      var table = Table([.init("Change"), .init("Strengths"), .init("Unit")])
      for change in ImageChange.allCases {
        let strengths = change.strengths.map(RobustnessTable.number).joined(separator: ", ")
        table.append([change.title, strengths, change.unit])
      }
      return [
        .heading("The changes"), .table(table),
        .items(ImageChange.allCases.map { "\($0.title): \($0.summary)" }),
      ]
    },
    Topic(
      .idea, "presets", title: "Keras's and PyTorch's defaults",
      "The two frameworks fill in open settings differently, and so do the two presets here.",
      [
        "First weights: Keras draws kernels from Glorot's uniform distribution and sets biases to 0; PyTorch "
          + "draws both from a uniform one that depends on the inputs. Batch normalization keeps 99% of its "
          + "averages in a step against 90%, and adds 1e-3 to the variance against 1e-5. Adam's epsilon is 1e-7 "
          + "against 1e-8. LeakyReLU's slope is 0.3 against 0.01.",
        "A published result can only be met with the defaults of its framework. A network names its preset "
          + "once: Sequential(input: ..., preset: .pytorch).",
      ], seeAlso: ["BatchNormalization", "adam", "LeakyReLU", "convnet-pytorch"]),
  ]

  /// The kinds of layers whose trace for training has other operations than that for inference.
  static func layersThatDiffer() throws -> [LayerKind] {
    try [
      (LayerKind.dropout, LayerExample("", [4, 4, 8]) { Dropout(0.5)($0) }),
      (.spatialDropout2D, LayerExample("", [4, 4, 8]) { SpatialDropout2D(0.5)($0) }),
      (.gaussianNoise, LayerExample("", [4, 4, 8]) { GaussianNoise(0.5)($0) }),
      (.batchNormalization, LayerExample("", [4, 4, 8]) { BatchNormalization()($0) }),
      (.layerNormalization, LayerExample("", [4, 4, 8]) { LayerNormalization()($0) }),
      (.conv2D, LayerExample("", [4, 4, 8]) { Conv2D(8, kernelSize: 3)($0) }),
      (.residualBlock, LayerExample("", [4, 4, 8]) { ResidualBlock(8)($0) }),
    ].filter { try $0.1.differsInTraining() }.map(\.0)
  }

  /// Both kinds of attention in the attention model, traced.
  private static func attentionNumbers() throws -> [Explanation.Block] {
    let system = try TrainingSystem.named("attention-fashion")
    let card = try DatasetCatalog.card(system.dataset)
    let walk = try NetworkWalk(
      try system.network(imageShape: card.imageShape, classes: card.classNames.count))
    guard let what = walk.stops.first(where: { $0.kind == .channelAttention }),
      let place = walk.stops.first(where: { $0.kind == .spatialAttention })
    else { return [] }
    let channels = what.shape[2]
    let units = channels / ChannelAttention().ratio
    let all = walk.summary.parameters
    func share(_ count: Int) -> String { Table.percent(Double(count) / Double(all)) }
    return [
      .heading("In the system \(system.id ?? "")"), .formula(walk.line),
      .items([
        "what: \(channels) means > bottleneck of \(units) > \(channels) factors; "
          + "\(Table.grouped(what.parameters)) parameters, \(share(what.parameters)) of all",
        "where: 2 images of \(what.shape[0])x\(what.shape[1]) > one filter of \(SpatialAttention().kernelSize) "
          + "> \(place.shape[0] * place.shape[1]) factors; \(place.parameters) parameters, "
          + "\(share(place.parameters)) of all",
        "the whole network: \(Table.grouped(all)) parameters; without attention "
          + "\(Table.grouped(all - what.parameters - place.parameters))",
      ]),
    ]
  }
}
