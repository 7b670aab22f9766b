extension RateSchedule {
  /// A straight line from a part of the initial rate to all of it, then another schedule from its beginning.
  ///
  /// At epoch e of the warm-up the rate is initial·(start + (1 - start)·e / epochs), as PyTorch's LinearLR
  /// in a SequentialLR has it. Followed epoch by epoch or step by step as the other schedule is; a warm-up
  /// of few epochs is better followed `perStep()`.
  ///
  /// - Parameters:
  ///   - epochs: The epochs of the warm-up.
  ///   - start: The part of the initial rate at the beginning.
  ///   - schedule: What follows; its epoch 0 is the first after the warm-up.
  public static func warmUp(
    epochs: Int, from start: Double = 1.0 / 3, then schedule: RateSchedule
  ) -> RateSchedule {
    RateSchedule(
      name: "Warm-up, \(schedule.name)", granularity: schedule.granularity,
      plateauConflict: schedule.plateauConflict, mistake: schedule.mistake
    ) { now in
      guard now.progress >= Double(epochs) else {
        return now.initial * (start + (1 - start) * now.progress / Double(epochs))
      }
      var later = now
      later.epoch -= epochs
      later.progress -= Double(epochs)
      if later.epoch == 0, later.step == 0 { later.previous = later.initial }
      return schedule.function(later)
    }
    .requiring(
      .atLeast1("epochs", epochs), .above0("from", start), .fraction("from", start))
  }

  /// The way between two rates of `oneCycle`.
  public enum Annealing: String, Sendable, Hashable, CaseIterable {
    /// Half a cosine.
    case cosine
    /// A straight line.
    case linear
  }

  /// Up to a greatest rate and down to almost nothing in one cycle, step by step (Smith and Topin 2018,
  /// with PyTorch's formula for OneCycleLR; the momentum stays as it is).
  ///
  /// With T = epochs · steps of an epoch, the rate goes from maximum / 25 up to the maximum at step
  /// 0.3·T - 1 and down to maximum / 25 / 10,000 at step T - 1, where it stays. The optimizer's own rate is
  /// not used.
  ///
  /// - Parameters:
  ///   - maximumRate: The greatest rate.
  ///   - epochs: The epochs of the whole cycle.
  ///   - risingPart: The part of the steps on which the rate rises.
  ///   - annealing: The way between two rates.
  ///   - divisor: The greatest rate divided by the first.
  ///   - finalDivisor: The first rate divided by the last.
  public static func oneCycle(
    maximumRate: Double, epochs: Int, risingPart: Double = 0.3, annealing: Annealing = .cosine,
    divisor: Double = 25, finalDivisor: Double = 10_000
  ) -> RateSchedule {
    RateSchedule(
      name: "One Cycle", granularity: .step,
      plateauConflict: "a one-cycle schedule fixes the rate of every step up to its end"
    ) { now in
      let first = maximumRate / divisor
      let total = Double(epochs) * Double(now.stepsPerEpoch)
      let step = Double(now.stepsDone)
      let top = risingPart * total - 1
      func between(_ start: Double, _ end: Double, _ part: Double) -> Double {
        switch annealing {
        case .cosine: cosine(from: start, to: end, part: part)
        case .linear: start + (end - start) * part
        }
      }
      if step <= top { return between(first, maximumRate, top > 0 ? step / top : 1) }
      let down = total - 1 - top
      return between(maximumRate, first / finalDivisor, down > 0 ? min((step - top) / down, 1) : 1)
    }
    .requiring(
      .atLeast1("epochs", epochs), .above0("maximumRate", maximumRate), .fraction("risingPart", risingPart),
      .atLeast1("divisor", divisor), .atLeast1("finalDivisor", finalDivisor))
  }

  /// A function of one's own of the epoch, counted from 0, and the initial rate.
  public static func custom(
    name: String = "Custom", _ rate: @escaping @Sendable (_ epoch: Int, _ initialRate: Double) -> Double
  ) -> RateSchedule {
    RateSchedule(name: name) { rate($0.epoch, $0.initial) }
  }

  /// A function of one's own of the epoch, counted from 0, and the rate of the epoch before, as Keras's
  /// LearningRateScheduler has it; epoch 0 is given the initial rate.
  public static func customFromCurrent(
    name: String = "Custom", _ rate: @escaping @Sendable (_ epoch: Int, _ currentRate: Double) -> Double
  ) -> RateSchedule {
    RateSchedule(
      name: name,
      plateauConflict: "a function of the current rate would see the lowered rate and change it again"
    ) { $0.step == 0 ? rate($0.epoch, $0.previous) : $0.previous }
  }

  /// A function of one's own of the step, counted from 0 over the whole training, and the initial rate.
  public static func customPerStep(
    name: String = "Custom", _ rate: @escaping @Sendable (_ step: Int, _ initialRate: Double) -> Double
  ) -> RateSchedule {
    RateSchedule(name: name, granularity: .step) { rate($0.stepsDone, $0.initial) }
  }
}
