import MartletCPU
import MartletDatasets
import MartletExperiments
import MartletTraining
import Testing

/// What is too large for the memory is planned, refused or told; it never ends a program without a word.
@Suite struct MemoryTests {
  private func configuration(batchSize: Int) throws -> RunConfiguration {
    var system = try TrainingSystem.named("convnet-mnist-loop")
    system.settings.batchSize = batchSize
    return RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
  }

  @Test func aPlanTakesNoMemory() throws {
    let configuration = try configuration(batchSize: 8)
    let (planned, real) = (
      try configuration.planningTrainer(threads: 2), try configuration.trainer(threads: 2)
    )
    #expect(try planned.stepMemory(batchSize: 8) == real.stepMemory(batchSize: 8))
    #expect(planned.arenaBytes == real.arenaBytes)
    // More bytes than any machine has.
    #expect(try planned.stepMemory(batchSize: SettingLimit.batch) > 1 << 39)
  }

  @Test func aBatchThatDoesNotFitIsRefusedBeforeTheTraining() throws {
    let configuration = try configuration(batchSize: 60_000)
    let error = #expect(throws: SettingError.self) {
      try configuration.requireMemory(images: 1_000_000, threads: 1) { $0 < 1 << 30 }
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("--batch-size: expected a batch whose training step fits into memory"), "\(text)")
    #expect(text.contains("received 60000 images, which take ") && text.contains("choose a smaller batch"))
    // Fewer images make smaller batches.
    try configuration.requireMemory(images: 600, threads: 1) { $0 < 1 << 30 }
    // What the layers' outputs make too much, the plan may allow.
    let step = try configuration.planningTrainer(threads: 1).stepMemory(batchSize: 60_000)
    try configuration.requireMemory(images: 60_000, threads: 1) { $0 <= step }
  }

  @Test func anArenaWithoutMemorySaysSo() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Arena(workers: 0).reserve(shared: 1 << 56, worker: 0)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    // A sanitizer's allocator ends the program itself.
    #expect(text.contains("Fatal error: out of memory: ") || text.contains("Sanitizer: "), "\(text)")
  }
}
