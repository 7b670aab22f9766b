import Martlet
import MartletNetworks
import MartletTensors
import MartletTraining
import Testing

/// The courses of Keras's own callbacks on made-up figures, from `scripts/goldens/make_callbacks.py`.
@Suite struct CallbackCourseTests {
  private struct Course {
    let values: [Double]
    let settings: [Double]
    let results: [Double]
  }

  private func courses(_ name: String) throws -> [Course] {
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    let file = try TensorFile(
      reading: folder.joined(separator: "/") + "/Goldens/callbacks-keras.safetensors")
    func rows(_ part: String) throws -> [[Double]] {
      guard case .float64(let tensor) = file["\(name)/\(part)"] else {
        throw FileError.badData(name, "no \(part)")
      }
      let width = tensor.shape[1]
      return (0..<tensor.shape[0]).map { Array(tensor.scalars[$0 * width..<($0 + 1) * width]) }
    }
    let (values, settings, results) = (try rows("values"), try rows("settings"), try rows("results"))
    return values.indices.map { Course(values: values[$0], settings: settings[$0], results: results[$0]) }
  }

  private func control() -> TrainingControl {
    TrainingControl(Parameters(seed: 0), epochs: [], rates: TrainingRates(scheduled: 0.125)) { _ in }
  }

  @Test func earlyStoppingIsKeras() throws {
    let courses = try courses("early")
    #expect(courses.count == 24)
    for course in courses {
      let isGreater = course.settings[4] == 1
      let baseline = course.settings[3].isNaN ? nil : course.settings[3] * (isGreater ? -1 : 1)
      let handler = Callback.earlyStopping(
        monitor: .metric("figure"), patience: Int(course.settings[0]), minimumDelta: course.settings[1],
        mode: isGreater ? .max : .min, startFromEpoch: Int(course.settings[2]), baseline: baseline
      ).makeHandler()
      let control = control()
      var trained = 0
      for (index, value) in course.values.enumerated() where !control.isStopping {
        // Its counters survive a checkpoint at any place.
        handler.state = handler.state
        trained = index + 1
        try handler.epochEnded(.made(trained, figure: value), control)
      }
      let best = (handler as? any BestEpochHolder)?.bestEpoch
      #expect([trained, best] == course.results.map { Int($0) }, "\(course)")
      #expect(control.stopReason == (trained < course.values.count ? .earlyStopping : control.stopReason))
    }
  }

  @Test func reductionOnAPlateauIsKeras() throws {
    let courses = try courses("plateau")
    #expect(courses.contains { Set($0.results).count > 3 })
    for course in courses {
      let handler = Callback.reduceOnPlateau(
        monitor: .metric("figure"), factor: course.settings[0], patience: Int(course.settings[1]),
        minimumDelta: course.settings[2], mode: .min, cooldown: Int(course.settings[3]),
        minimumRate: course.settings[4]
      ).makeHandler()
      let control = control()
      for (index, value) in course.values.enumerated() {
        handler.state = handler.state
        try handler.epochEnded(.made(index + 1, figure: value), control)
        // Keras keeps its rate in single precision.
        let expected = course.results[index]
        #expect(abs(control.learningRate - expected) <= 1e-6 * expected, "epoch \(index + 1) of \(course)")
      }
    }
  }

  @Test func whatIsNotANumberNeverImproves() throws {
    let handler = Callback.earlyStopping(monitor: .metric("figure"), patience: 2, mode: .min).makeHandler()
    let control = control()
    for (index, value) in [Double.nan, 1, .nan].enumerated() {
      try handler.epochEnded(.made(index + 1, figure: value), control)
    }
    #expect((handler as? any BestEpochHolder)?.bestEpoch == 2)
    #expect(!control.isStopping)
    try handler.epochEnded(.made(4, figure: .nan), control)
    #expect(control.stopReason == .earlyStopping)
  }
}
