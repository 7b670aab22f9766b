import MartletDatasets
import MartletNetworks
import MartletTensors

/// What decides the result of a training; a checkpoint goes on only under the same.
struct TrainingSetup: Equatable {
  private let members: [JSON.Member]

  init(_ trainer: Trainer, _ job: FitJob) throws {
    let loader = job.loader
    var step = SHA256()
    step.update(Array(try job.step.trace(batch: 2).text.utf8))
    // A schedule by steps shows itself within an epoch.
    let rates = (0..<100).map { index in
      trainer.schedule.rate(
        initial: trainer.optimizer.learningRate, epoch: index, step: index, stepsPerEpoch: 101,
        previous: trainer.optimizer.learningRate)
    }
    var schedule = SHA256()
    rates.withUnsafeBytes { schedule.update($0) }
    var tensors = SHA256()
    for entry in trainer.parameters.entries { tensors.update(Array("\(entry.path)\(entry.shape)\n".utf8)) }
    let ofTraining = [
      JSON.Member("seed", .string("\(trainer.seed)")),
      JSON.Member("tensors", .string(tensors.hexDigest())),
      JSON.Member("optimizer", .string("\(trainer.optimizer)")),
      JSON.Member("schedule", .string(trainer.schedule.name)),
      JSON.Member("rates", .string(schedule.hexDigest())),
      JSON.Member("loss", .string(trainer.loss.name)),
      JSON.Member("metrics", .string(Self.list(trainer.metrics.map(\.name) + job.trainingFigures))),
      JSON.Member("penalties", .string(Self.list(trainer.objective.penalties.map(\.text)))),
      JSON.Member(
        "class weights", .string(trainer.objective.classWeights.map { "\($0)" } ?? Self.list([]))),
      JSON.Member("sample weights", .string(Self.digest(of: job))),
      JSON.Member(
        "callbacks",
        .string(
          Self.list(job.callbacks.compactMap { call in call.settings.map { "\(call.name) (\($0))" } }))),
      JSON.Member("graph of a step", .string(step.hexDigest())),
      JSON.Member("exact", job.step.engine.exact.json),
      JSON.Member("batch size", .integer(loader.batchSize)),
      JSON.Member("images", .integer(loader.data.count)),
      JSON.Member("data", .string(loader.data.contentDigest)),
    ]
    members = ofTraining + job.dataSettings
  }

  private static func list(_ words: [String]) -> String {
    words.isEmpty ? "none" : words.joined(separator: "; ")
  }

  /// The digest of the weights of the images, those of the validation included.
  private static func digest(of job: FitJob) -> String {
    guard let weights = job.weights else { return list([]) }
    var digest = SHA256()
    weights.withUnsafeBytes { digest.update($0) }
    job.validationWeights?.withUnsafeBytes { digest.update($0) }
    return digest.hexDigest()
  }

  init?(_ json: JSON?) {
    guard let members = json?.members else { return nil }
    self.members = members
  }

  var json: JSON { .object(members) }

  /// Refuses the setup of a checkpoint that differs, saying in what.
  func require(_ saved: TrainingSetup) throws(TrainingError) {
    let differences = members.filter { saved.json[$0.key] != $0.value }
    guard !differences.isEmpty else { return }
    func list(_ setup: JSON) -> String {
      differences.map { "\($0.key) \(Self.text(setup[$0.key]))" }.joined(separator: ", ")
    }
    throw TrainingError(
      .badData, at: "checkpoint", expected: "the settings it was made with: \(list(saved.json))",
      received: list(json), hint: "resume with the old settings or begin a new run")
  }

  private static func text(_ value: JSON?) -> String {
    switch value {
    case .string(let text): text.count == 64 ? "\(text.prefix(12))…" : text
    case .some(let other): other.text
    case nil: "unknown"
    }
  }
}

/// The notes of a checkpoint.
struct TrainingNotes {
  let setup: TrainingSetup
  let position: TrainingPosition
  /// The losses that the next ones are compared with; none in files of earlier versions.
  let spikes: LossSpikes
  /// What the callbacks count.
  let callbacks: JSON
  /// Raised when the notes change their meaning.
  static let version = 3
  private static let key = "martlet.training"

  init(setup: TrainingSetup, position: TrainingPosition, spikes: LossSpikes, callbacks: JSON) {
    self.setup = setup
    self.position = position
    self.spikes = spikes
    self.callbacks = callbacks
  }

  /// Reads the notes of a checkpoint.
  init(_ file: TensorFile, of place: String) throws(TrainingError) {
    let json = file.metadata[Self.key].flatMap { try? JSON(parsing: Array($0.utf8)) }
    guard let json, let version = json["version"]?.intValue else {
      throw TrainingError(
        .badData, at: place, expected: "the state of a training, as .checkpoint(.last) and .every write it",
        received: "weights alone", hint: "begin with these weights by load(from:) before fit")
    }
    guard version == Self.version else { throw Self.unreadable(place, "version \(version)") }
    guard let setup = TrainingSetup(json["setup"]),
      let position = json["position"].flatMap({ TrainingPosition($0) }),
      let callbacks = json["callbacks"],
      let spikes = json["recent_losses"].map({ LossSpikes($0) }) ?? LossSpikes()
    else { throw Self.unreadable(place, "incomplete notes") }
    self.setup = setup
    self.position = position
    self.spikes = spikes
    self.callbacks = callbacks
  }

  /// Refuses an end that lies before the place in the training; at its end, or ended by a callback, it may be looked
  /// at again.
  func requireUnfinished(before lastEpoch: Int) throws(TrainingError) {
    let isWhole = position.stepInEpoch == 0
    guard callbacks["stop"]?.stringValue == nil else { return }
    guard lastEpoch > position.completedEpochs || lastEpoch == position.completedEpochs && isWhole else {
      throw TrainingError(
        .badArgument, at: "epochs",
        expected:
          "at least \(position.completedEpochs + (isWhole ? 0 : 1)), the place at which the training is resumed",
        received: "\(lastEpoch)")
    }
  }

  private static func unreadable(_ place: String, _ received: String) -> TrainingError {
    TrainingError(
      .badData, at: place, expected: "notes on a training, version \(version)", received: received,
      hint: "it cannot be resumed; begin a new run")
  }

  var metadata: [String: String] {
    let json: JSON = [
      "version": .integer(Self.version), "setup": setup.json, "position": position.json,
      "recent_losses": spikes.json, "callbacks": callbacks,
    ]
    return [Self.key: json.text]
  }
}
