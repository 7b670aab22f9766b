import Foundation
import Martlet
import MartletTraining
import Testing

private let life = ProcessInfo.processInfo.environment["MARTLET_LIFE"]

/// Long training does not make the process grow.
///
/// Other tests in the process would, so it runs alone: `make test` gives `MARTLET_LIFE` for some steps,
/// `make test-long` for 10,000 steps and 200 cycles of training and evaluation.
@Suite(
  .serialized, .enabled(if: life != nil && ProcessMeter.anonymousBytes != nil, "runs alone"))
struct LongLifeTests {
  /// Bytes that the memory may grow by; a leak of 200 bytes a step exceeds it after 10,000 steps.
  private static let tolerance = 2 << 20

  private var isLong: Bool { life == "long" }

  /// The growth in bytes from the end of the first rounds to that of the last.
  private func growth(rounds: Int, after first: Int, _ round: () throws -> Void) throws -> Int {
    for _ in 0..<first { try round() }
    let start = try #require(ProcessMeter.anonymousBytes)
    for _ in 0..<rounds { try round() }
    return try #require(ProcessMeter.anonymousBytes) - start
  }

  @Test func stepsLeaveNothing() throws {
    let trainer = try Samples.trainer(threads: 2)
    // 20 steps an epoch.
    let data = try Samples.data(160)
    let rounds = isLong ? 50 : 10
    let growth = try growth(rounds: rounds, after: 5) {
      try trainer.fit(data, epochs: 10, batchSize: 8, gradientNorm: true)
    }
    #expect(growth < Self.tolerance, "\(growth) bytes in \(rounds * 200) steps")
  }

  @Test func cyclesLeaveNothing() throws {
    let data = try Samples.data(60)
    let rounds = isLong ? 200 : 20
    let trainer = try Samples.trainer()
    let same = try growth(rounds: rounds, after: 10) {
      try trainer.fit(data, epochs: 1, batchSize: 16, validation: .last(0.2))
      _ = try trainer.evaluate(data)
    }
    #expect(same < Self.tolerance, "\(same) bytes in \(rounds) cycles of one trainer")
    let fresh = try growth(rounds: rounds, after: 10) {
      let trainer = try Samples.trainer(threads: 2)
      try trainer.fit(data, epochs: 1, batchSize: 16, validation: .last(0.2))
      _ = try trainer.evaluate(data)
      _ = try Predictor(trainer.network, parameters: trainer.parameters, threads: 1).probabilities(data)
    }
    #expect(fresh < Self.tolerance, "\(fresh) bytes in \(rounds) cycles of new trainers")
  }
}
