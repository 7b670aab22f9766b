import MartletDatasets

extension Experiment {
  /// What can be changed when a published experiment is made.
  package struct Options: Sendable {
    /// The longer trainings instead of those the publication ran.
    package var isFull = false
    /// What is changed in all settings, such as fewer epochs for a look.
    package var changes: [SettingChange] = []

    package init(isFull: Bool = false, changes: [SettingChange] = []) {
      self.isFull = isFull
      self.changes = changes
    }

    /// The text that a setting is changed to, which is then no more among the changes.
    fileprivate mutating func take(_ key: SettingKey) -> String? {
      defer { changes.removeAll { $0.key == key } }
      return changes.last { $0.key == key }?.text
    }
  }

  /// A published experiment that can be made by its id.
  package struct Entry: Sendable {
    /// The id, such as `experiment-learning-rate`.
    package let id: String
    package let title: String
    package let make: @Sendable (Options) throws -> Experiment
  }

  /// All published experiments, in the order of their publication.
  package static let all: [Entry] = [
    Entry(
      id: "experiment-custom-cnn", title: "Dropout, dense units and kernel of the custom network",
      make: customNetwork),
    Entry(
      id: "experiment-dense-or-conv", title: "Dense layers against a convolution", make: denseOrConvolutional),
    Entry(id: "experiment-learning-rate", title: "Strategies of the learning rate", make: learningRates),
    Entry(id: "experiment-batch-size", title: "Batch sizes: time, accuracy, memory", make: batchSizes),
    Entry(id: "experiment-attention", title: "Kinds of attention", make: attentionKinds),
    Entry(id: "experiment-regularization", title: "Dropout and L2", make: regularization),
  ]

  /// An experiment of named changes to one system.
  private static func make(
    _ name: String, _ title: String, _ base: TrainingSystem, _ options: Options, metric: ExperimentMetric,
    _ settings: [(String, [SettingChange])], baseline: String? = nil, group: String? = nil,
    _ presentation: Presentation
  ) throws -> Experiment {
    let varied = settings.flatMap { $0.1.map(\.key) }
    if let change = options.changes.first(where: { varied.contains($0.key) }) {
      throw SettingError(
        at: "--\(change.key.name)", expected: "a setting that the experiment \(name) does not vary",
        received: change.text, hint: "leave it out")
    }
    let base = try base.changed(options.changes)
    return Experiment(
      name: name, title: title, metric: metric, seeds: (0..<3).map { base.settings.seed + $0 },
      variants: try settings.map { name, changes in
        Variant(name: name, group: group, changes: changes, system: try base.changed(changes))
      }, baseline: baseline, presentation: presentation)
  }

  /// The attention network as the four experiments on it train it: without schedule and early stopping.
  private static func attentionBase(epochs: Int) throws -> TrainingSystem {
    var base = try TrainingSystem.named("attention-fashion")
    base.id = nil
    base.settings.epochs = epochs
    base.settings.schedule = .constant
    base.settings.patience = nil
    return base
  }

  private static func learningRates(_ options: Options) throws -> Experiment {
    let base = try attentionBase(epochs: options.isFull ? 50 : 5)
    return try make(
      "learning-rate", "Strategies of the learning rate", base, options, metric: .validationAccuracy,
      [
        ("Constant", [.init(.schedule, "constant")]),
        ("Step Decay", [.init(.schedule, "step:15,30,45")]),
        ("Cosine Annealing", [.init(.schedule, "cosine:50")]),
        ("Linear Decay", [.init(.schedule, "linear:50")]),
      ], .learningRate)
  }

  private static func batchSizes(_ options: Options) throws -> Experiment {
    let base = try attentionBase(epochs: 3)
    return try make(
      "batch-size", "Batch sizes", base, options, metric: .validationAccuracy,
      [16, 32, 64, 128, 256].map { ("\($0)", [.init(.batchSize, "\($0)")]) }, baseline: "64", .batchSize)
  }

  private static func attentionKinds(_ options: Options) throws -> Experiment {
    let base = try attentionBase(epochs: options.isFull ? 20 : 5)
    return try make(
      "attention", "Kinds of attention", base, options, metric: .validationAccuracy,
      [
        ("No Attention", "attention:channel=no,spatial=no"), ("Channel Only", "attention:spatial=no"),
        ("Spatial Only", "attention:channel=no"), ("Channel + Spatial (AE-CNN)", "attention"),
      ].map { ($0, [.init(.model, $1)]) }, .attention)
  }

  private static func regularization(_ options: Options) throws -> Experiment {
    let base = try attentionBase(epochs: options.isFull ? 20 : 5)
    let (noDropout, l2) = (
      SettingChange(.modelSetting("dropout"), "no"), SettingChange(.modelSetting("l2"), "0.0001")
    )
    return try make(
      "regularization", "Dropout and L2", base, options, metric: .validationAccuracy,
      [
        ("No Regularization", [noDropout]), ("Dropout Only", []), ("L2 Only", [noDropout, l2]),
        ("Dropout + L2", [l2]),
      ], .regularization)
  }

  private static func customNetwork(_ options: Options) throws -> Experiment {
    let grid = [("0.5", "128", "3"), ("0.3", "256", "3"), ("0.7", "64", "5")]
    var (ids, options) = (["mnist", "cifar10"], options)
    if let dataset = options.take(.dataset) {
      guard ids.contains(dataset) else { throw SettingError.unknown("--dataset", dataset, among: ids) }
      ids = [dataset]
    }
    let parts = try ids.map { id in
      let base = try TrainingSystem.named("custom-cnn-\(id)")
      return try make(
        "custom-cnn", "Settings of the custom network", base, options, metric: .testAccuracy,
        grid.map { dropout, dense, kernel in
          (
            "Dropout:\(dropout), Dense:\(dense), Kernel:(\(kernel), \(kernel))",
            [SettingChange(.model, "custom-cnn:kernel=\(kernel),dropout=\(dropout),dense=\(dense)")]
          )
        }, group: try DatasetCatalog.card(base.dataset).title, .customNetwork)
    }
    var experiment = parts[0]
    experiment.variants = parts.flatMap(\.variants)
    return experiment
  }

  private static func denseOrConvolutional(_ options: Options) throws -> Experiment {
    let names = ["fashion-mnist": "fashion", "cifar100-coarse": "cifar100-coarse"]
    var options = options
    let dataset = options.take(.dataset) ?? "fashion-mnist"
    guard let name = names[dataset] else {
      throw SettingError.unknown("--dataset", dataset, among: names.keys.sorted())
    }
    var base = try TrainingSystem.named("dense-\(name)")
    base.id = nil
    // One batch size for both makes the number of steps equal too.
    let batch = options.take(.batchSize)
    let conv = try TrainingSystem.named("conv-\(name)").settings.batchSize
    let batches = [batch ?? "\(base.settings.batchSize)", batch ?? "\(conv)"]
    var experiment = try make(
      "dense-or-conv", "Dense layers against a convolution on \(try DatasetCatalog.card(dataset).title)",
      base,
      options, metric: .testAccuracy,
      [
        ("Dense", [.init(.model, "dense"), .init(.batchSize, batches[0])]),
        ("Convolutional", [.init(.model, "conv"), .init(.batchSize, batches[1])]),
      ], .denseOrConvolutional)
    if dataset != "fashion-mnist" { experiment.name += "-\(dataset)" }
    return experiment
  }

  /// The training that ends the attention study: one setting with all its seeds.
  static func finalTraining(_ options: Options) throws -> Experiment {
    var base = try TrainingSystem.named("attention-fashion")
    base.id = nil
    return try make(
      "final", "Final training with channel and spatial attention", base, options, metric: .testAccuracy,
      [("AE-CNN", [])], .finalTraining)
  }
}
