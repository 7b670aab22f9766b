import Martlet
import MartletTraining
import Testing

@Suite struct ProgressTests {
  private func course(isTerminal: Bool, width: Int = 80) throws -> String {
    var text = ""
    let progress = TerminalProgress(isTerminal: isTerminal, width: width, interval: .zero) { text += $0 }
    try Samples.trainer().fit(try Samples.data(40), epochs: 2, batchSize: 16, validation: .last(8)) { event in
      // A debug build warns of itself.
      if case .warning = event { return }
      progress.report(event)
    }
    return text
  }

  @Test func aFileGetsALineForEachEpoch() throws {
    let text = try course(isTerminal: false)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 3 && lines[2].isEmpty)
    #expect(lines[0].hasPrefix("Epoch 1/2  ") && lines[1].hasPrefix("Epoch 2/2  "))
    #expect(lines[0].contains("validation accuracy 0."))
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 && $0.value < 127 })
  }

  @Test(arguments: [20, 60, 80, 200]) func aTerminalGetsABarThatFits(width: Int) throws {
    let text = try course(isTerminal: true, width: width)
    let pictures = text.split(separator: "\r").filter { !$0.hasSuffix("\n") }.map { $0.dropLast(3) }
    #expect(pictures.count == 4)
    #expect(pictures.allSatisfy { $0.count < width })
    #expect(text.split(separator: "\n").count == 2)
    if width >= 80 { #expect(pictures.allSatisfy { $0.contains("images/s") && $0.contains(" left ") }) }
  }

  @Test func barAndNumbers() {
    let progress = TerminalProgress(isTerminal: true, width: 110) { _ in }
    let plan = TrainingPlan(
      epochs: 5, firstEpoch: 1, firstStep: 0, images: 1000, validationImages: 0, batchSize: 10, steps: 100)
    let step = StepProgress(
      epoch: 2, step: 50, steps: 100, images: 500, loss: 0.32125, accuracy: 0.5, batchLoss: 0.4)
    #expect(
      progress.bar(step, plan, elapsed: 0.25)
        == "Epoch 2/5 [===============>              ] 50/100  2,000 images/s  0:01 left  "
        + "loss 0.3213  accuracy 0.5000")
    #expect(TerminalProgress.fixed(-0.00001, 4) == "0.0000")
    #expect(TerminalProgress.fixed(-12.5, 1) == "-12.5")
    #expect(TerminalProgress.fixed(0.05, 2) == "0.05")
    #expect(TerminalProgress.fixed(.nan, 2) == "nan")
    #expect(TerminalProgress.clock(3723) == "1:02:03")
    #expect(TerminalProgress.clock(59.2) == "1:00")
    #expect(TerminalProgress.clock(.infinity) == "?")
  }

  @Test func theSummaryCountsTheOptimizer() throws {
    let trainer = try Samples.trainer()
    let summary = trainer.summary()
    #expect(try trainer.stepMemory(batchSize: 32) > trainer.stepMemory(batchSize: 8))
    #expect(throws: TrainingError.self) { try trainer.stepMemory(batchSize: 0) }
    #expect(summary.parameters == trainer.parameters.count)
    #expect(summary.optimizerParameters == trainer.parameters.optimizerCount)
    #expect(summary.trainableParameters == trainer.parameters.trainableCount)
  }
}
