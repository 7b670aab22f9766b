import MartletCases
import MartletGraphs
import MartletNetworks
import Testing

/// Rates over 50 epochs, or 100 steps in 10 epochs, against PyTorch and Keras in float64.
@Suite struct ScheduleGoldenTests {
  private static let rate = 0.02
  private static let stepsPerEpoch = 10

  /// The factory's name and the schedule.
  private static let cases: [String: (kind: String, schedule: RateSchedule)] = [
    "constant-pytorch": ("constant", .constant),
    "step-at-pytorch": ("stepDecay", .stepDecay(at: [15, 30, 45])),
    "step-every-pytorch": ("stepDecay", .stepDecay(factor: 0.5, every: 7)),
    "exponential-pytorch": ("exponentialDecay", .exponentialDecay(factor: 0.93)),
    "exponential-steps-keras": ("exponentialDecay", .exponentialDecay(factor: 0.5, every: 5).perStep()),
    "inverse-time-keras": ("inverseTimeDecay", .inverseTimeDecay(rate: 0.5, every: 5)),
    "cosine-keras": ("cosineAnnealing", .cosineAnnealing(epochs: 40, minimumRate: 0.1 * rate)),
    "cosine-pytorch": ("cosineAnnealing", .cosineAnnealing(epochs: 50, minimumRate: 0.001)),
    "cosine-steps-keras": ("cosineAnnealing", .cosineAnnealing(epochs: 8).perStep()),
    "restarts-pytorch": (
      "cosineWithRestarts", .cosineWithRestarts(epochs: 5, multiplier: 2, minimumRate: 0.001)
    ),
    "restarts-steps-pytorch": ("cosineWithRestarts", .cosineWithRestarts(epochs: 3).perStep()),
    "linear-decay-pytorch": ("linearDecay", .linearDecay(epochs: 40)),
    "linear-pytorch": ("linear", .linear(from: 0.2, to: 0.9, epochs: 30)),
    "polynomial-keras": ("polynomialDecay", .polynomialDecay(epochs: 40, power: 2, endRate: 0.0001)),
    "polynomial-pytorch": ("polynomialDecay", .polynomialDecay(epochs: 40, power: 0.5)),
    "one-cycle-cos-pytorch": ("oneCycle", .oneCycle(maximumRate: 0.1, epochs: 10)),
    "one-cycle-linear-pytorch": ("oneCycle", .oneCycle(maximumRate: 0.1, epochs: 10, annealing: .linear)),
    "one-cycle-settings-pytorch": (
      "oneCycle",
      .oneCycle(maximumRate: 0.3, epochs: 10, risingPart: 0.15, divisor: 10, finalDivisor: 100)
    ),
    "warm-up-pytorch": ("warmUp", .warmUp(epochs: 5, then: .cosineAnnealing(epochs: 45))),
    "warm-up-steps-keras": (
      "warmUp",
      .warmUp(epochs: 2, from: 0.25, then: .cosineAnnealing(epochs: 8, minimumRate: 0.05 * rate)).perStep()
    ),
    "custom-pytorch": ("custom", .custom { epoch, initial in initial / Double(1 + epoch).squareRoot() }),
    "custom-current-pytorch": (
      "customFromCurrent",
      .customFromCurrent { epoch, rate in epoch == 0 ? rate : rate * (0.9 + Double(epoch) / 1000) }
    ),
    "custom-steps-pytorch": (
      "customPerStep", .customPerStep { step, initial in initial / (1 + 0.01 * Double(step)) }
    ),
  ]

  @Test func ratesAgreeWithThePeers() throws {
    let golden = try RuleGolden()
    #expect(golden.cases("schedule") == Set(Self.cases.keys))
    for (name, (_, schedule)) in Self.cases {
      try schedule.validate()
      let isByStep = schedule.granularity == .step
      var rates: [Double] = []
      for index in 0..<(isByStep ? 100 : 50) {
        let place = isByStep ? index.quotientAndRemainder(dividingBy: Self.stepsPerEpoch) : (index, 0)
        rates.append(
          try schedule.checkedRate(
            initial: Self.rate, epoch: place.0, step: place.1, stepsPerEpoch: Self.stepsPerEpoch,
            previous: rates.last ?? Self.rate))
      }
      let worst = golden.worst(of: rates, "schedule/\(name)")
      #expect(worst.fraction <= 1, "\(name): \(worst.place)")
    }
  }

  @Test func everyScheduleHasAGolden() throws {
    let declared = try DeclaredNames.all(
      in: "Networks", files: "RateSchedule",
      /public static (?:func|var) (\w+)[^{]*(?:->|:) RateSchedule \{/)
    #expect(declared == Set(Self.cases.values.map(\.kind)) && declared.count >= 14)
  }

  @Test func aScheduleByEpochsDoesNotLookAtTheStep() {
    let schedule = RateSchedule.cosineAnnealing(epochs: 4)
    func rate(_ schedule: RateSchedule, _ step: Int) -> Double {
      schedule.rate(initial: 1, epoch: 1, step: step, stepsPerEpoch: 8, previous: 1)
    }
    #expect(rate(schedule, 4) == rate(schedule, 0) && schedule.granularity == .epoch)
    #expect(rate(schedule.perStep(), 4) < rate(schedule, 0))
    #expect(rate(schedule.perStep(), 0) == schedule.rate(initial: 1, epoch: 1))
    // A function of the epoch before stays one, also where it is asked at every step.
    let halving = RateSchedule.customFromCurrent { _, rate in rate / 2 }.perStep()
    #expect(halving.rate(initial: 1, epoch: 1, step: 0, stepsPerEpoch: 8, previous: 0.5) == 0.25)
    #expect(halving.rate(initial: 1, epoch: 1, step: 3, stepsPerEpoch: 8, previous: 0.25) == 0.25)
  }

  /// The first change after a warm-up holds for its whole epoch, also where the rate is set step by step.
  @Test func aFunctionOfTheRateBeforeFollowsAWarmUp() {
    let halving = RateSchedule.warmUp(epochs: 1, from: 0.5, then: .customFromCurrent { _, rate in rate / 2 })
    var rates: [Double] = []
    for step in 0..<12 {
      rates.append(
        halving.perStep().rate(
          initial: 1, epoch: step / 4, step: step % 4, stepsPerEpoch: 4, previous: rates.last ?? 1))
    }
    #expect(rates == [0.5, 0.625, 0.75, 0.875, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
  }

  @Test func ratesStayAfterTheLastEpoch() {
    #expect(RateSchedule.cosineAnnealing(epochs: 3, minimumRate: 0.1).rate(initial: 1, epoch: 100) == 0.1)
    #expect(RateSchedule.linearDecay(epochs: 3).rate(initial: 1, epoch: 100) == 0)
    let cycle = RateSchedule.oneCycle(maximumRate: 1, epochs: 3)
    let last = cycle.rate(initial: 1, epoch: 2, step: 9, stepsPerEpoch: 10, previous: 1)
    #expect(abs(last - 1 / 25.0 / 10_000) < 1e-15)
    #expect(cycle.rate(initial: 1, epoch: 7, step: 0, stepsPerEpoch: 10, previous: 1) == last)
  }

  @Test func whatComposesWithAPlateau() {
    let ready: [RateSchedule] = [
      .constant, .stepDecay(at: [1]), .cosineAnnealing(epochs: 3), .warmUp(epochs: 1, then: .constant),
      .custom { $1 * Double($0) }, RateSchedule(name: "own") { _ in 1 },
    ]
    #expect(ready.allSatisfy { $0.composesWithPlateau && $0.plateauConflict == nil })
    let cycle = RateSchedule.oneCycle(maximumRate: 1, epochs: 3)
    #expect(!cycle.composesWithPlateau)
    #expect(cycle.plateauConflict == "a one-cycle schedule fixes the rate of every step up to its end")
    #expect(!RateSchedule.warmUp(epochs: 1, then: .customFromCurrent { $1 }).composesWithPlateau)
  }

  @Test func argumentsOutOfRangeAreNamed() {
    func text(_ schedule: RateSchedule) -> String {
      // A rate can be asked for all the same.
      #expect(schedule.rate(initial: 0.5, epoch: 3) == 0.5)
      do throws(ModelError) {
        try schedule.validate()
        return "no mistake"
      } catch { return "\(error)" }
    }
    #expect(
      text(.cosineAnnealing(epochs: 0))
        == "schedule Cosine Annealing: expected epochs at least 1, received 0.")
    #expect(text(.cosineAnnealing(epochs: 3, minimumRate: -1)).contains("minimumRate at least 0"))
    #expect(text(.stepDecay(at: [3, -1])).contains("epochs counted from 0, received [3, -1]"))
    #expect(text(.stepDecay(factor: 0, every: 1)).contains("factor above 0"))
    #expect(text(.stepDecay(every: 0)).contains("epochs at least 1"))
    #expect(text(.exponentialDecay(factor: .nan)).contains("factor above 0, received nan"))
    #expect(text(.inverseTimeDecay(rate: -1)).contains("rate at least 0"))
    #expect(text(.cosineWithRestarts(epochs: 2, multiplier: 0)).contains("multiplier at least 1"))
    #expect(text(.linearDecay(epochs: -3)).contains("epochs at least 1, received -3"))
    #expect(text(.linear(from: -1, to: 1, epochs: 2)).contains("from at least 0"))
    #expect(text(.polynomialDecay(epochs: 2, power: 0)).contains("power above 0"))
    #expect(text(.oneCycle(maximumRate: 0, epochs: 2)).contains("maximumRate above 0"))
    #expect(text(.oneCycle(maximumRate: 1, epochs: 2, risingPart: 2)).contains("risingPart from 0 to 1"))
    #expect(text(.warmUp(epochs: 2, from: 2, then: .constant)).contains("from from 0 to 1"))
    // The mistake of what follows is the warm-up's too, also step by step.
    #expect(text(.warmUp(epochs: 2, then: .linearDecay(epochs: 0)).perStep()).contains("Linear Decay"))
  }

  @Test func aFunctionThatGivesNoRateIsRefused() {
    let schedule = RateSchedule.custom(name: "mine") { epoch, _ in epoch == 2 ? .nan : 1 }
    func rate(_ epoch: Int) throws(ModelError) -> Double {
      try schedule.checkedRate(initial: 1, epoch: epoch, step: 0, stepsPerEpoch: 1, previous: 1)
    }
    #expect(throws: Never.self) { try rate(1) }
    #expect {
      try rate(2)
    } throws: { "\($0)".contains("schedule mine: expected a finite rate of at least 0, received nan") }
  }
}
