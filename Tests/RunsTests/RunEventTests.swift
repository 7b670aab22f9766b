import MartletRuns
import MartletTensors
import Testing

@Suite struct RunEventTests {
  @Test func anEpochHasTheKeysOfTheMachineOutput() {
    #expect(
      Sample.epoch(2).json.text == """
        {"event":"epoch","epoch":2,"loss":0.5,"accuracy":0.9,"validation_loss":0.5,\
        "validation_accuracy":null,"learning_rate":0.001,"seconds":1.5}
        """)
  }

  @Test func aResultHasTheKeysOfTheMachineOutput() {
    #expect(
      ResultEvent().json.members?.map(\.key) == [
        "event", "run", "test_accuracy", "test_loss", "train_accuracy", "train_loss", "precision", "recall",
        "f1", "per_class", "confusion", "stop_reason", "epochs", "seconds_per_epoch",
        "milliseconds_per_step", "seconds_to_first_step", "peak_memory_bytes", "dataset_bytes",
        "arena_bytes", "weights_sha256", "seed", "threads",
      ])
  }

  @Test func eventsReadBackFromTheirText() throws {
    for event in [Sample.epoch(3), .result(Sample.result), .result(ResultEvent())] {
      #expect(RunEvent(try JSON(parsing: event.json.text)) == event)
    }
    let measured = EpochEvent(
      epoch: 1, loss: 1, learningRate: 0.1, seconds: 1, metrics: ["b": 0.5, "a": 0.25])
    #expect(measured.json.text.hasSuffix(#""metrics":{"a":0.25,"b":0.5}}"#))
    #expect(EpochEvent(try JSON(parsing: measured.json.text)) == measured)
    let diverged = EpochEvent(epoch: 1, loss: .infinity, learningRate: 0.1, seconds: 1)
    #expect(EpochEvent(try JSON(parsing: diverged.json.text))?.loss.isNaN == true)
    #expect(RunEvent(["event": "other"]) == nil)
    #expect(RunEvent(["event": "epoch"]) == nil)
  }
}
