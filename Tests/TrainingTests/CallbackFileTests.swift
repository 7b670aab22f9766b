import Foundation
import Martlet
import MartletTestSupport
import MartletTraining
import Testing

/// The table and the event files that callbacks write.
@Suite struct CallbackFileTests {
  @Test func theTableHasALineForEachEpoch() throws {
    try withTemporaryFolder { path in
      let file = "\(path)/logs/history.csv"
      let trainer = try Trainer(
        Samples.network(), loss: Samples.loss, metrics: [Samples.confidence], seed: 1, threads: 1)
      let data = try Samples.data(48)
      func lines() throws -> [[String]] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
          .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      }
      let history = try trainer.fit(
        data, epochs: 2, batchSize: 16, validation: .last(16), callbacks: [.csv(file)])
      #expect(
        try lines()[0] == [
          "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds",
          "confidence", "validation_confidence",
        ])
      let record = history.epochs[1]
      #expect(
        try lines()[2] == [
          "2", "\(record.loss)", "\(record.accuracy)", "\(try #require(record.validationLoss))",
          "\(try #require(record.validationAccuracy))", "0.001", "\(record.seconds)",
          "\(try #require(record.metrics["confidence"]))",
          "\(try #require(record.metrics["validation_confidence"]))",
        ])
      // A second call adds to it, a training begun anew begins it anew.
      try trainer.fit(data, epochs: 1, batchSize: 16, validation: .last(16), callbacks: [.csv(file)])
      #expect(try lines().map { $0[0] } == ["epoch", "1", "2", "3"])
      try Samples.trainer().fit(data, epochs: 1, batchSize: 16, callbacks: [.csv(file)])
      #expect(try lines().map { $0[0] } == ["epoch", "1"])
      #expect(try lines()[0].count == 5)
    }
  }

  @Test func checksumsArePublishedOnes() {
    #expect(EventFile.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    // RFC 3720, B.4.
    #expect(EventFile.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(EventFile.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(EventFile.crc32c((0..<32).map { $0 }) == 0x46DD_794E)
    // crc32c_test.cc of LevelDB: the mask is its own, and undoing it gives the checksum.
    let crc = EventFile.crc32c(Array("foo".utf8))
    let rotated = EventFile.maskedCRC32C(Array("foo".utf8)) &- 0xA282_EAD8
    #expect(rotated >> 17 | rotated << 15 == crc)
  }

  @Test func eventFilesHoldTheFigures() throws {
    try withTemporaryFolder { path in
      let history = try Trainer(
        Samples.network(), loss: Samples.loss, metrics: [Samples.confidence], seed: 1, threads: 1
      ).fit(
        try Samples.data(48), epochs: 3, batchSize: 16, validation: .last(16),
        callbacks: [.tensorBoard(path)])
      let training = try DecodedEvent.read("\(path)/train/events.out.tfevents.0.martlet")
      #expect(training[0].version == "brain.Event:2")
      #expect(training.allSatisfy { abs($0.time - Date().timeIntervalSince1970) < 600 })
      #expect(
        training.dropFirst().map { "\($0.step) \($0.tag) \($0.value)" }
          == history.epochs.flatMap { record in
            [
              "\(record.epoch) epoch_loss \(Float(record.loss))",
              "\(record.epoch) epoch_accuracy \(Float(record.accuracy))",
              "\(record.epoch) epoch_learning_rate \(Float(0.001))",
              "\(record.epoch) epoch_confidence \(Float(record.metrics["confidence"] ?? 0))",
            ]
          })
      let validation = try DecodedEvent.read("\(path)/validation/events.out.tfevents.0.martlet")
      #expect(validation.filter { $0.tag == "epoch_loss" }.map(\.step) == [1, 2, 3])
      #expect(
        validation.filter { $0.tag == "epoch_loss" }.map(\.value)
          == history.epochs.map { Float($0.validationLoss ?? 0) })
      #expect(Set(validation.map(\.tag)) == ["", "epoch_loss", "epoch_accuracy", "epoch_confidence"])
    }
  }
}

/// An event read back by the definition of its protocol buffer.
struct DecodedEvent {
  var time = 0.0
  var step = 0
  var version = ""
  var tag = ""
  var value: Float = 0

  /// The events of a file whose checksums are right.
  static func read(_ path: String) throws -> [DecodedEvent] {
    var rest = try Data(contentsOf: URL(fileURLWithPath: path))[...]
    var events: [DecodedEvent] = []
    func take(_ count: Int) throws -> [UInt8] {
      try #require(rest.count >= count)
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    while !rest.isEmpty {
      let length = try take(8)
      #expect(try number(take(4)) == EventFile.maskedCRC32C(length))
      let message = try take(Int(number(length)))
      #expect(try number(take(4)) == EventFile.maskedCRC32C(message))
      var event = DecodedEvent()
      event.fill(from: message, [])
      events.append(event)
    }
    return events
  }

  private mutating func fill(from message: [UInt8], _ path: [Int]) {
    var rest = message[...]
    func varint() -> UInt64 {
      var (result, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        result |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return result
    }
    func fixed(_ count: Int) -> UInt64 {
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    while !rest.isEmpty {
      let key = varint()
      let field = path + [Int(key >> 3)]
      switch key & 7 {
      case 0:
        let number = varint()
        if field == [2] { step = Int(number) }
      case 1:
        let number = fixed(8)
        if field == [1] { time = Double(bitPattern: number) }
      case 5:
        let number = fixed(4)
        if field == [5, 1, 2] { value = Float(bitPattern: UInt32(number)) }
      default:
        let count = Int(varint())
        let part = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        switch field {
        case [3]: version = String(decoding: part, as: UTF8.self)
        case [5, 1, 1]: tag = String(decoding: part, as: UTF8.self)
        default: fill(from: part, field)
        }
      }
    }
  }
}
