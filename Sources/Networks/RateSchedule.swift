import MartletGraphs

/// How the learning rate changes while a network is trained.
///
/// A schedule is a value: the rate is a function of where the training stands, so a resumed training needs
/// no state of it. Epochs and steps are counted from 0. Arguments out of range are reported by `validate`,
/// which `Trainer` calls when it is made.
public struct RateSchedule: Sendable {
  /// When the rate is set anew.
  public enum Granularity: String, Sendable, Hashable {
    /// Before an epoch's first step.
    case epoch
    /// Before every step.
    case step
  }

  /// Where a training stands when a rate is asked for.
  package struct Moment {
    /// The optimizer's rate before any schedule.
    package var initial: Double
    /// The epoch, counted from 0.
    package var epoch: Int
    /// The step within the epoch, counted from 0.
    package var step: Int
    /// The steps of an epoch.
    package var stepsPerEpoch: Int
    /// The rate of the step before; at the very beginning the initial rate.
    package var previous: Double
    /// The epochs done so far: whole ones, or with the part of the current one that is done.
    package var progress: Double

    /// The steps done so far in the whole training.
    package var stepsDone: Int { epoch * stepsPerEpoch + step }
  }

  /// The name in reports.
  public let name: String
  /// When the rate is set anew.
  public let granularity: Granularity
  /// Why the rate cannot also be lowered on a plateau; nil where it can.
  public let plateauConflict: String?
  package let function: @Sendable (Moment) -> Double
  /// The first argument out of range.
  let mistake: ModelError?

  package init(
    name: String, granularity: Granularity = .epoch, plateauConflict: String? = nil,
    mistake: ModelError? = nil, function: @escaping @Sendable (Moment) -> Double
  ) {
    self.name = name
    self.granularity = granularity
    self.plateauConflict = plateauConflict
    self.mistake = mistake
    self.function = function
  }

  /// Creates a schedule from the factor of the initial rate at each epoch, counted from 0.
  public init(name: String, factor: @escaping @Sendable (_ epoch: Int) -> Double) {
    self.init(name: name) { $0.initial * factor($0.epoch) }
  }

  /// Whether a callback may lower the rate on a plateau besides: the schedule's rate is then multiplied by
  /// the callback's factor.
  ///
  /// Possible where the rate does not depend on the rate before and the schedule does not end in a rate of
  /// its own; else `plateauConflict` says why not.
  public var composesWithPlateau: Bool { plateauConflict == nil }

  /// The rate of a step.
  ///
  /// - Parameters:
  ///   - initial: The optimizer's rate.
  ///   - epoch: The epoch, counted from 0.
  ///   - step: The step within the epoch, counted from 0; a schedule by epochs does not look at it.
  ///   - stepsPerEpoch: The steps of an epoch, at least 1.
  ///   - previous: The rate of the step before; at the very beginning the initial rate.
  public func rate(
    initial: Double, epoch: Int, step: Int, stepsPerEpoch: Int, previous: Double
  ) -> Double {
    guard mistake == nil else { return initial }
    let (step, steps) = (granularity == .epoch ? 0 : step, max(stepsPerEpoch, 1))
    return function(
      Moment(
        initial: initial, epoch: epoch, step: step, stepsPerEpoch: steps, previous: previous,
        progress: Double(epoch) + Double(step) / Double(steps)))
  }

  /// The rate at the beginning of an epoch, counted from 0, as if an epoch had one step.
  public func rate(initial: Double, epoch: Int) -> Double {
    rate(initial: initial, epoch: epoch, step: 0, stepsPerEpoch: 1, previous: initial)
  }

  /// The rate of a step, refused where a function of one's own gives no rate.
  package func checkedRate(
    initial: Double, epoch: Int, step: Int, stepsPerEpoch: Int, previous: Double
  ) throws(ModelError) -> Double {
    let rate = rate(
      initial: initial, epoch: epoch, step: step, stepsPerEpoch: stepsPerEpoch, previous: previous)
    guard rate.isFinite, rate >= 0 else {
      throw ModelError(
        path: "schedule \(name)", expected: "a finite rate of at least 0",
        received: "\(rate) for epoch \(epoch), step \(step)", hint: "Epochs and steps are counted from 0.")
    }
    return rate
  }

  /// Throws where an argument of the schedule is out of its range.
  public func validate() throws(ModelError) {
    if let mistake { throw mistake }
  }

  /// The same curve followed step by step instead of epoch by epoch: at the middle of epoch 3 it has the
  /// value of "epoch" 3.5.
  ///
  /// Schedules made of whole epochs (steps, functions of one's own) change only when the rate is set.
  public func perStep() -> RateSchedule {
    RateSchedule(
      name: name, granularity: .step, plateauConflict: plateauConflict, mistake: mistake, function: function)
  }

  /// The schedule, with its first argument out of range as its mistake.
  func requiring(_ arguments: Requirement...) -> RateSchedule {
    RateSchedule(
      name: name, granularity: granularity, plateauConflict: plateauConflict,
      mistake: mistake ?? arguments.mistake(at: "schedule \(name)"), function: function)
  }
}
