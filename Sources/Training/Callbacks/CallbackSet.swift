import MartletRuns
import MartletTensors

/// The callbacks of one call of `fit`, heard in the order of the list.
final class CallbackSet {
  let control: TrainingControl
  private let entries: [(key: String, handler: any CallbackHandler)]

  /// Makes the handlers; throws where one refuses the training.
  init(_ callbacks: [Callback], _ context: CallbackContext, _ control: TrainingControl) throws {
    self.control = control
    var counts: [String: Int] = [:]
    entries = callbacks.map { callback in
      counts[callback.key, default: 0] += 1
      let number = counts[callback.key, default: 1]
      return (number == 1 ? callback.key : "\(callback.key)_\(number)", callback.makeHandler())
    }
    var files: Set<String> = []
    for case let handler as any PreparedHandler in entries.map(\.handler) {
      try handler.prepare(context)
      if let path = (handler as? BestSaver)?.path, !files.insert(path).inserted {
        throw TrainingError(
          .badArgument, at: CheckpointFolder.name, expected: "a file for each",
          received: "two that write \(path)",
          hint: "give one of them a directory of its own")
      }
    }
  }

  func trainingBegan(_ plan: TrainingPlan) throws {
    for (_, handler) in entries { try handler.trainingBegan(plan, control) }
  }

  func epochBegan(_ epoch: Int) throws {
    for (_, handler) in entries { try handler.epochBegan(epoch, control) }
  }

  func stepEnded(_ progress: StepProgress) throws {
    for (_, handler) in entries { try handler.stepEnded(progress, control) }
  }

  func stepFailed(_ error: TrainingError) throws {
    for (_, handler) in entries { try handler.stepFailed(error, control) }
  }

  func epochEnded(_ record: EpochRecord) throws {
    control.epochs.append(record)
    for (_, handler) in entries { try handler.epochEnded(record, control) }
  }

  func trainingEnded(_ history: History) throws {
    for (_, handler) in entries { try handler.trainingEnded(history, control) }
  }

  /// The epoch whose weights are put in place, else the best one by the first callback that knows one.
  var bestEpoch: Int? {
    let keeper = keepers.compactMap { $0.handler.bestEpoch }.last
    return keeper ?? entries.lazy.compactMap { ($0.handler as? any BestEpochHolder)?.bestEpoch }.first
  }

  /// Puts the best weights and statistics in place, of several those of the last callback; the optimizer's state stays.
  func restoreBest() throws(TrainingError) {
    for (key, keeper) in keepers {
      if let best = keeper.bestWeights { try control.parameters.load(best, from: key) }
    }
  }

  private var keepers: [(key: String, handler: any BestWeightsKeeper)] {
    entries.compactMap { key, handler in
      guard let keeper = handler as? any BestWeightsKeeper, keeper.restoresBest else { return nil }
      return (key, keeper)
    }
  }
}

extension CallbackSet {
  /// Lets the callbacks that save the whole state do so.
  func save(epoch: Int, isWhole: Bool, _ state: () -> TensorFile) throws(FileError) {
    for case let saver as any StateSaver in entries.map(\.handler) {
      try saver.save(epoch: epoch, isWhole: isWhole, state)
    }
  }

  /// Whether a callback saves the whole state.
  var savesState: Bool { entries.contains { $0.handler is any StateSaver } }

  /// What the callbacks count, and what they made of the rate.
  var json: JSON {
    [
      "rate_factor": .number(control.rates.factor),
      "scheduled_rate": .number(control.rates.scheduled),
      "own_rate": control.rates.own.map { .number($0) } ?? .null,
      "stop": control.stopReason.map { .string($0.text) } ?? .null,
      "handlers": .object(
        entries.map { key, handler in
          JSON.Member(
            key, .object(handler.state.sorted { $0.key < $1.key }.map { .init($0.key, Self.json($0.value)) }))
        }),
    ]
  }

  /// The best weights that differ from those in the store, under names of their own.
  var bestTensors: [(name: String, value: AnyTensor)] {
    let current = Dictionary(
      control.parameters.tensorFile(metadata: [:]).tensors.map { ($0.name, $0.value) },
      uniquingKeysWith: { first, _ in first })
    return keepers.flatMap { key, keeper -> [(name: String, value: AnyTensor)] in
      guard let best = keeper.bestWeights else { return [] }
      let isCurrent = best.tensors.allSatisfy { name, value in
        current[name].map { $0.hasSameBytes(as: value) } ?? false
      }
      return isCurrent ? [] : best.tensors.map { ("\(Checkpoint.bestPrefix)\(key)/\($0.name)", $0.value) }
    }
  }

  /// Takes up the counters of a checkpoint; the store holds its weights already.
  func restore(_ json: JSON, tensors: [(name: String, value: AnyTensor)]) {
    control.rates = TrainingRates(
      scheduled: json["scheduled_rate"]?.doubleValue ?? control.rates.scheduled,
      own: json["own_rate"]?.doubleValue, factor: json["rate_factor"]?.doubleValue ?? 1)
    if let reason = json["stop"]?.stringValue.flatMap({ History.StopReason(text: $0) }) {
      control.stop(reason)
    }
    for (key, handler) in entries {
      guard let members = json["handlers"]?[key]?.members else { continue }
      let numbers = members.compactMap { member in Self.number(member.value).map { (member.key, $0) } }
      handler.state = Dictionary(numbers, uniquingKeysWith: { first, _ in first })
    }
    for (key, keeper) in keepers where keeper.bestEpoch != nil {
      let prefix = "\(Checkpoint.bestPrefix)\(key)/"
      let own = tensors.filter { $0.name.hasPrefix(prefix) }
      keeper.bestWeights =
        own.isEmpty
        ? control.parameters.tensorFile(metadata: [:])
        : TensorFile(tensors: own.map { (String($0.name.dropFirst(prefix.count)), $0.value) })
    }
  }

  // JSON has no word for numbers that are not finite.
  private static func json(_ number: Double) -> JSON {
    number.isFinite ? .number(number) : .string("\(number)")
  }

  private static func number(_ json: JSON) -> Double? {
    json.doubleValue ?? json.stringValue.flatMap { Double($0) }
  }
}

extension AnyTensor {
  /// Whether the elements are the same bit by bit.
  fileprivate func hasSameBytes(as other: AnyTensor) -> Bool {
    withUnsafeBytes { a in other.withUnsafeBytes { b in a.elementsEqual(b) } }
  }
}
