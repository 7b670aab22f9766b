import Foundation
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

/// What the user hears of an experiment: on a terminal a line with a bar for each trial under way, else a line
/// for each trial that ends, or one JSON object a line.
final class ExperimentVoice: Sendable {
  /// A trial under way.
  private struct Active {
    let name: String
    let title: String
    var epoch = 1
    var epochs = 1
    var step = 0
    var steps = 1
    var loss = Double.nan
    var validation: Double?
    let start = ContinuousClock.now

    /// The share of the training that is done.
    var share: Double {
      (Double(epoch - 1) + Double(step) / Double(max(1, steps))) / Double(max(1, epochs))
    }
  }
  private struct State {
    var total = 0
    /// Trials that ended, also those of an earlier attempt; and those of this one.
    var ended = 0
    var endedNow = 0
    var active: [Active] = []
    /// The lines that will be drawn over.
    var drawn = 0
    var last = ContinuousClock.now
    var start = ContinuousClock.now
    var warned: Set<String> = []
  }
  private let isJSON: Bool
  private let isQuiet: Bool
  private let isTerminal: Bool
  private let state = Guarded(State())

  init(isJSON: Bool, isQuiet: Bool) {
    self.isJSON = isJSON
    self.isQuiet = isQuiet
    isTerminal = Output.isTerminal && !isJSON && !isQuiet
  }

  /// Takes note of an event; it may come from several threads.
  func hear(_ event: ExperimentEvent) {
    state.withLock { state in
      switch event {
      case .began(let trials, let finished):
        state.total = trials
        state.ended = finished
        state.start = .now
        if finished > 0 { line("\(finished) of \(trials) trials are finished already", &state) }
      case .trialBegan(let trial):
        state.active.append(Active(name: trial.name, title: trial.title))
        draw(&state)
      case .trial(let trial, let progress): note(progress, of: trial, &state)
      case .trialEnded(let trial, let end): note(end, of: trial, &state)
      }
    }
  }

  /// Warns of what a trial warned of, once for all trials.
  func warn(_ text: String) {
    state.withLock { state in
      let words = text.split(separator: ":", maxSplits: 1).last.map(String.init) ?? text
      guard state.warned.insert(words).inserted else { return }
      wipe(&state)
      Output.warn(text)
      draw(&state)
    }
  }

  /// Removes what is under way from the terminal.
  func finish() { state.withLock { wipe(&$0) } }

  private func note(_ progress: TrialProgress, of trial: Experiment.Trial, _ state: inout State) {
    guard let index = state.active.firstIndex(where: { $0.name == trial.name }) else { return }
    switch progress {
    case .step(let epoch, let epochs, let step, let steps, let loss):
      state.active[index].epoch = epoch
      state.active[index].epochs = epochs
      state.active[index].step = step
      state.active[index].steps = steps
      state.active[index].loss = loss
    case .epoch(let event):
      state.active[index].validation = event.validationAccuracy ?? event.accuracy
      state.active[index].loss = event.loss
      if isJSON {
        Output.json([
          "event": "epoch", "trial": .string(trial.name), "epoch": .integer(event.epoch),
          "loss": .number(event.loss), "accuracy": event.accuracy.map(JSON.number) ?? .null,
          "validation_loss": event.validationLoss.map(JSON.number) ?? .null,
          "validation_accuracy": event.validationAccuracy.map(JSON.number) ?? .null,
          "learning_rate": .number(event.learningRate), "seconds": .number(event.seconds),
        ])
      }
    }
    if ContinuousClock.now - state.last > .milliseconds(100) { draw(&state) }
  }

  private func note(_ end: TrialEnd, of trial: Experiment.Trial, _ state: inout State) {
    let active = state.active.first { $0.name == trial.name }
    state.active.removeAll { $0.name == trial.name }
    let (word, rest): (String, String)
    switch end {
    case .finished:
      state.ended += 1
      state.endedNow += 1
      let accuracy = active?.validation.map { "  accuracy \(Table.percent($0))" } ?? ""
      (word, rest) = ("done", accuracy)
    case .failed(let reason):
      state.ended += 1
      state.endedNow += 1
      (word, rest) = ("failed", ": \(reason)")
    case .interrupted: (word, rest) = ("stopped", ", saved")
    }
    if isJSON {
      return Output.json([
        "event": "trial", "trial": .string(trial.name), "seed": .integer(trial.seed),
        "end": .string(word),
      ])
    }
    let seconds = active.map { (ContinuousClock.now - $0.start) / .seconds(1) } ?? 0
    let count = "[\(state.ended)/\(state.total)]"
    line("\(count) \(trial.title)  \(word)\(rest)  \(TerminalProgress.clock(seconds))", &state)
    draw(&state)
  }

  // MARK: Drawing

  /// Writes a line that stays.
  private func line(_ text: String, _ state: inout State) {
    guard !isJSON, !isQuiet else { return }
    wipe(&state)
    Output.line(text)
  }

  /// Removes the lines drawn last.
  private func wipe(_ state: inout State) {
    guard isTerminal, state.drawn > 0 else { return }
    Output.write("\u{1B}[\(state.drawn)A\r\u{1B}[J")
    state.drawn = 0
  }

  private func draw(_ state: inout State) {
    guard isTerminal else { return }
    wipe(&state)
    state.last = .now
    let width = Output.width - 1
    let titleWidth = state.active.map(\.title.count).max() ?? 0
    var lines = state.active.map { Self.bar($0, titleWidth: titleWidth, width: width) }
    if state.total > 0 {
      lines.append(String("\(state.ended) of \(state.total) trials\(Self.left(state))".prefix(width)))
    }
    Output.write(lines.map { $0 + "\n" }.joined())
    state.drawn = lines.count
  }

  /// The time that is left by what the trials took so far.
  private static func left(_ state: State) -> String {
    let done = Double(state.endedNow) + state.active.reduce(0) { $0 + $1.share }
    let elapsed = (ContinuousClock.now - state.start) / .seconds(1)
    let toDo = Double(state.total - state.ended) - state.active.reduce(0) { $0 + $1.share }
    guard done > 0.05, toDo > 0 else { return "" }
    return ", about \(TerminalProgress.clock(elapsed / done * toDo)) left"
  }

  /// `Cosine Annealing, seed 0 [=====>    ] epoch 2/5  loss 0.3212  accuracy 89.1%`, the bars under each other.
  private static func bar(_ trial: Active, titleWidth: Int, width: Int) -> String {
    let validation = trial.validation.map { "  accuracy \(Table.percent($0))" } ?? ""
    let loss = trial.loss.isFinite ? "  loss \(TerminalProgress.fixed(trial.loss, 4))" : ""
    let after = " epoch \(trial.epoch)/\(trial.epochs)\(loss)\(validation)"
    // Room for the longest of such ends.
    let end = 44
    let cells = min(30, max(8, width - titleWidth - 3 - end))
    let room = min(titleWidth, max(8, width - cells - 3 - end))
    let title = trial.title.count > room ? trial.title.prefix(room - 1) + "…" : trial.title[...]
    let filled = min(cells, Int(trial.share * Double(cells)))
    let tip = filled < cells ? ">" : ""
    let bar =
      String(repeating: "=", count: filled) + tip
      + String(repeating: " ", count: cells - filled - tip.count)
    let space = String(repeating: " ", count: room - title.count)
    return String("\(title)\(space) [\(bar)]\(after)".prefix(width))
  }
}
