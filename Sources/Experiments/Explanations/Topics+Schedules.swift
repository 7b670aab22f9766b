import MartletNetworks
import MartletReports

extension Topic {
  /// How the learning rate changes over the epochs.
  static let schedules: [Topic] = [
    schedule(
      "constant", .constant, "The same rate throughout.", ["rate = initial"],
      [
        "The rate that is good at the start is usually too large at the end: the loss then jumps around a "
          + "minimum instead of settling in it. For a few epochs that hardly matters."
      ], option: "constant"),
    schedule(
      "step", .stepDecay(at: [15, 30, 45]), "The rate falls to a tenth at some epochs.",
      ["rate = initial · factor^(number of falls so far)"],
      [
        "Long phases of learning, then of settling. After each fall the loss usually drops at once. Epochs are "
          + "counted from 0; a training that ends before the first fall has had a constant rate. "
          + "stepDecay(at:) takes the epochs, stepDecay(every:) a distance between them."
      ], option: "step:15,30,45"),
    schedule(
      "cosine", .cosineAnnealing(epochs: exampleEpochs), "Half a cosine from the initial rate down to 0.",
      ["rate = initial · (1 + cos(pi · e / epochs)) / 2"],
      [
        "Slow at first, fastest in the middle, slow again at the end: much time at a high rate, and a long "
          + "gentle landing. Cut off early it has hardly moved: after a tenth of its epochs the rate is still "
          + "\(share(.cosineAnnealing(epochs: exampleEpochs), after: exampleEpochs / 10)) of the initial one."
      ], option: "cosine:50"),
    schedule(
      "linear", .linearDecay(epochs: exampleEpochs), "A straight line from the initial rate to 0.",
      ["rate = initial · (1 - e / epochs)"],
      [
        "Simple and hard to beat where the number of epochs is known. linear(from:to:epochs:) runs between any "
          + "two parts of the initial rate."
      ], option: "linear:50"),
    schedule(
      "exponential", .exponentialDecay(factor: 0.95), "The rate falls by the same factor in every epoch.",
      ["rate = initial · factor^e"],
      [
        "Needs no number of epochs, but its factor must suit it: at 0.95 the rate halves in about "
          + "\(epochsToHalve(.exponentialDecay(factor: 0.95))) epochs."
      ],
      option: "exponential:0.95"),
    schedule(
      "inverse-time", .inverseTimeDecay(rate: 0.1), "The rate falls like 1 / e.",
      ["rate = initial / (1 + decay · e)"],
      ["Fast at first, then slower and slower, and never 0: the classic of the theory of descent."],
      option: nil),
    schedule(
      "polynomial", .polynomialDecay(epochs: exampleEpochs, power: 2), "A power of the line to an end rate.",
      ["rate = end + (initial - end) · (1 - e / epochs)^power"],
      [
        "A power of 1 is the straight line; with 2 (drawn here) the rate falls faster first and lands gently."
      ],
      option: nil),
    schedule(
      "warm-up", .warmUp(epochs: 5, then: .cosineAnnealing(epochs: exampleEpochs - 5)),
      "A short rise before another schedule.", [],
      [
        "At the beginning gradients are large and the running means of Adam and batch normalization know "
          + "nothing yet; a small rate keeps the first steps from doing damage. Useful for large batches and "
          + "large rates."
      ], option: "warm-up:5,50"),
    schedule(
      "restarts", .cosineWithRestarts(epochs: 10), "Cosines one after another: the rate jumps up again.", [],
      [
        "Each jump throws the weights out of the hollow they have settled in, the next cosine lets them settle "
          + "in perhaps a better one. The network at the end of each cosine is usable. Cycles can grow: "
          + "restarts:10,2 makes each twice as long as the one before."
      ], option: "restarts:10"),
    schedule(
      "one-cycle", .oneCycle(maximumRate: 0.001, epochs: exampleEpochs),
      "Up to a high rate, then down to almost 0.",
      [],
      [
        "Starts at a 25th of the greatest rate, reaches it after three tenths of the steps and ends far below "
          + "the start. The high rate in the middle keeps the network from settling too early; often fewer "
          + "epochs are enough. It moves with every step; the drawing shows the beginnings of epochs."
      ], option: "one-cycle:50"),
    schedule(
      "custom", .custom { epoch, initial in epoch < 10 ? initial : initial / Double(epoch - 8) },
      "A function of one's own.", [],
      [
        "custom gives the rate from the epoch and the initial rate, customFromCurrent from the epoch and the "
          + "rate before, customPerStep from the step. Drawn is an example: constant for 10 epochs, then divided "
          + "by 2, 3, 4, ..."
      ], option: nil),
  ]

  private static func schedule(
    _ name: String, _ schedule: RateSchedule, _ summary: String, _ formulas: [String], _ text: [String],
    option: String?
  ) -> Topic {
    let use =
      option.map { "In the command: --schedule \($0)." } ?? "In programs only: RateSchedule.\(member(name))."
    return Topic(
      .schedule, name, title: schedule.name, summary, formulas: formulas,
      text + [
        "\(use) It is set \(schedule.granularity == .epoch ? "before each epoch" : "before each step")."
      ],
      seeAlso: ["learning-rate"] + (name == "constant" ? [] : ["constant"])
    ) { RateDrawing(schedule: schedule, initial: 0.001, epochs: exampleEpochs).blocks }
  }

  private static func member(_ name: String) -> String {
    switch name {
    case "inverse-time": "inverseTimeDecay"
    case "polynomial": "polynomialDecay"
    default: name
    }
  }

  /// The first epoch at which at most half of the initial rate is left.
  private static func epochsToHalve(_ schedule: RateSchedule) -> Int {
    (0..<1000).first { schedule.rate(initial: 1, epoch: $0) <= 0.5 } ?? 1000
  }

  /// The rate after some epochs as a percentage of the initial one.
  private static func share(_ schedule: RateSchedule, after epochs: Int) -> String {
    Table.percent(schedule.rate(initial: 1, epoch: epochs))
  }
}

extension ScheduleSetting {
  /// The schedule with its own numbers, in the words of its kind.
  var topic: Topic {
    get throws {
      let kind = String(text.prefix { $0 != ":" })
      let words = try Topic.named("schedule:\(kind)")
      let schedule = schedule(learningRate: 0.001)
      let setting = text
      return Topic(
        .schedule, setting, title: "\(words.title), \(setting)", words.summary, formulas: words.formulas,
        words.text, seeAlso: words.seeAlso
      ) { RateDrawing(schedule: schedule, initial: 0.001, epochs: span(setting)).blocks }
    }
  }

  /// The epochs worth drawing: up to the ten at or behind the last number of the setting, from 10 to 60.
  private func span(_ text: String) -> Int {
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    guard let last = numbers.max(), last > 1 else { return Topic.exampleEpochs }
    return max(10, min(60, (last + 9) / 10 * 10))
  }
}
