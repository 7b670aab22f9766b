import Foundation
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct RunFolderTests {
  @Test func aWholeRunCanBeReadBack() throws {
    try withTemporaryFolder { parent in
      let path = parent + "/deep/run"
      let folder = try Sample.folder(at: path)
      #expect(
        try names(in: path) == [
          "checkpoints", "configuration.json", "environment.json", "events.jsonl", "owner.lock",
        ])
      for epoch in 1...3 {
        folder.append(Sample.epoch(epoch))
        try folder.saveCheckpoint(Sample.weights(Float(epoch)), epoch: epoch)
      }
      try folder.saveBest(Sample.weights(2))
      try folder.saveWeights(Sample.weights(30))
      folder.append(.result(Sample.result))

      let record = try RunRecord.load(path)
      #expect(record.configuration == Sample.configuration)
      #expect(record.environment == Sample.environment)
      #expect(record.epochs.map(\.epoch) == [1, 2, 3])
      #expect(record.result == Sample.result)
      #expect(try record.weights { _ in }["w"] == Sample.weights(30)["w"])
      #expect(try folder.best()?["w"] == Sample.weights(2)["w"])
      #expect(
        try names(in: path + "/checkpoints") == [
          "best.safetensors", "epoch-0002.safetensors", "epoch-0003.safetensors",
        ])
    }
  }

  @Test func theEnvironmentDescribesThisMachine() {
    let environment = Sample.environment
    #expect(environment.cores >= 1)
    #expect(environment.memoryBytes > 1 << 20)
    #expect(!environment.processor.isEmpty && !environment.operatingSystem.isEmpty)
    #expect(environment.swiftVersion.hasPrefix("6."))
    #expect(environment.started?.hasSuffix("Z") == true)
  }

  @Test func runsBegunInOneSecondGetNamesOfTheirOwn() throws {
    try withTemporaryFolder { parent in
      let date = Date(timeIntervalSince1970: 1_700_000_000)
      let folders = try (0..<3).map { _ in
        try RunFolder.create(
          in: parent + "/runs", name: "convnet", date: date, configuration: Sample.configuration,
          environment: Sample.environment, onProblem: { _ in })
      }
      let stem = folders[0].path
      #expect(stem.wholeMatch(of: /.*\/runs\/convnet-2023111[45]-\d{6}/) != nil)
      #expect(folders.map(\.path) == [stem, stem + "-2", stem + "-3"])
    }
  }

  @Test func aFolderThatIsTakenIsRefused() throws {
    try withTemporaryFolder { path in
      let run = path + "/run"
      var folder: RunFolder? = try Sample.folder(at: run)
      #expect { try RunFolder.resume(at: run) { _ in } } throws: { error in
        (error as? FileError)?.kind == .cannotWrite
          && "\(error)".hasPrefix("\(run) is in use by process \(getpid()) on ")
      }
      _ = folder?.path
      folder = nil
      // The lock file stays but no longer locks.
      #expect(try RunFolder.resume(at: run) { _ in }.checkpoint == nil)
      #expect { try Sample.folder(at: run) } throws: {
        "\($0)" == "\(run) already holds a run; resume it or choose another folder"
      }
      try AtomicFile.write([1], to: path + "/photo.png")
      #expect { try Sample.folder(at: path) } throws: {
        "\($0)".contains("is not empty (it holds photo.png)")
      }
      #expect { try Sample.folder(at: path + "/photo.png/run") } throws: {
        "\($0)".contains("Not a directory")
      }
      #expect { try RunFolder.resume(at: path) { _ in } } throws: { ($0 as? FileError)?.kind == .cannotRead }
      #expect(RunFolder.exists(at: run) && !RunFolder.exists(at: path))
    }
  }

  @Test func aKilledOwnerLeavesNoLock() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { parent in
        let run = parent + "/run"
        do { _ = try Sample.folder(at: run) }
        // Another process takes the lock and dies without giving it back.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
          "-c", "exec 9>>\(run)/owner.lock; flock -n 9 && echo 'process 1 on x' >&9; kill -9 $$",
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(try RunFolder.resume(at: run) { _ in }.checkpoint == nil)
      }
    }
  }

  @Test func beginningDropsWhatCameAfterTheCheckpoint() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      do {
        let folder = try Sample.folder(at: run)
        for epoch in 1...3 {
          folder.append(Sample.epoch(epoch))
          if epoch < 3 { try folder.saveCheckpoint(Sample.weights(Float(epoch)), epoch: epoch) }
        }
        folder.append(.result(Sample.result))
      }
      try Data([1]).write(
        to: URL(fileURLWithPath: run + "/checkpoints/.epoch-0003.safetensors.1-1.martlet-partial"))
      let torn = try FileHandle(forUpdating: URL(fileURLWithPath: run + "/events.jsonl"))
      try torn.seekToEnd()
      try torn.write(contentsOf: Data(#"{"event":"epoch","epo"#.utf8))
      try torn.close()
      let log = try InputFile.contents(of: run + "/events.jsonl", limit: 1 << 20)
      #expect(try RunRecord.load(run).epochs.count == 3)

      let (folder, checkpoint) = try RunFolder.resume(at: run) { Issue.record("\($0)") }
      #expect(checkpoint?.epoch == 2)
      #expect(try InputFile.contents(of: run + "/events.jsonl", limit: 1 << 20) == log)
      try folder.begin(after: 2)
      #expect(checkpoint?.file["w"] == Sample.weights(2)["w"])
      #expect(folder.configuration == Sample.configuration)
      #expect(try RunRecord.load(run).epochs.map(\.epoch) == [1, 2])
      #expect(try RunRecord.load(run).result == nil)
      #expect(try names(in: run + "/checkpoints") == ["epoch-0001.safetensors", "epoch-0002.safetensors"])
      folder.append(Sample.epoch(3))
      #expect(try RunRecord.load(run).epochs.map(\.epoch) == [1, 2, 3])
    }
  }

  @Test func aDamagedCheckpointFallsBackOneGeneration() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      do {
        let folder = try Sample.folder(at: run)
        for epoch in 1...3 {
          folder.append(Sample.epoch(epoch))
          try folder.saveCheckpoint(Sample.weights(Float(epoch)), epoch: epoch)
        }
      }
      let newest = run + "/checkpoints/epoch-0003.safetensors"
      var bytes = try InputFile.contents(of: newest, limit: 10_000)
      bytes[bytes.count - 3] ^= 4
      try Data(bytes).write(to: URL(fileURLWithPath: newest))

      var problems: [String] = []
      let record = try RunRecord.load(run)
      #expect(try record.weights { problems.append($0) }["w"] == Sample.weights(2)["w"])
      let (folder, checkpoint) = try RunFolder.resume(at: run) { problems.append($0) }
      #expect(checkpoint?.epoch == 2)
      #expect(FileManager.default.fileExists(atPath: newest))
      try folder.begin(after: 2)
      #expect(problems.count == 2)
      #expect(
        problems.allSatisfy { $0.hasPrefix(newest) && $0.contains("falling back to the checkpoint before") })
      #expect(try RunRecord.load(run).epochs.map(\.epoch) == [1, 2])
      #expect(try names(in: run + "/checkpoints") == ["epoch-0002.safetensors"])
    }
  }

  @Test func changedSettingsAreWrittenAtTheBegin() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      do { _ = try Sample.folder(at: run) }
      let changes = [JSON.Member("seed", 8), JSON.Member("unknown", 1)]
      let folder = try RunFolder.resume(at: run, changes: changes) { Issue.record("\($0)") }.folder
      let changed: JSON = ["model": "convnet", "seed": 8, "learning_rate": 0.001]
      #expect(folder.configuration == changed)
      #expect(try RunRecord.load(run).configuration == Sample.configuration)
      try folder.begin(after: 0)
      #expect(try RunRecord.load(run).configuration == changed)
    }
  }

  /// A kill can fall between an epoch's line and its checkpoint; more than that is not trained again.
  @Test func withoutACheckpointOneEpochMayBeLost() throws {
    try withTemporaryFolder { parent in
      let cases: [(name: String, events: [RunEvent], isRefused: Bool)] = [
        ("killed", [Sample.epoch(1)], false), ("trained", [Sample.epoch(1), Sample.epoch(2)], true),
        ("finished", [.result(Sample.result)], true),
      ]
      for (name, events, isRefused) in cases {
        let run = "\(parent)/\(name)"
        do {
          let folder = try Sample.folder(at: run)
          for event in events { folder.append(event) }
        }
        let log = try InputFile.contents(of: run + "/events.jsonl", limit: 1 << 20)
        if isRefused {
          let text = "\(run)/checkpoints: expected an intact checkpoint to go on from, received none; "
          #expect { try RunFolder.resume(at: run) { _ in } } throws: {
            ($0 as? FileError)?.kind == .badData && "\($0)".hasPrefix(text)
          }
        } else {
          #expect(try RunFolder.resume(at: run) { _ in }.checkpoint == nil)
        }
        #expect(try InputFile.contents(of: run + "/events.jsonl", limit: 1 << 20) == log)
      }
    }
  }

  /// A training that goes on has left the weights of its first end, or of another program, behind.
  @Test func theWeightsOfAnUnfinishedRunAreItsNewest() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      do {
        let folder = try Sample.folder(at: run)
        try folder.saveWeights(Sample.weights(30))
        #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(30)["w"])
        try folder.saveCheckpoint(Sample.weights(1), epoch: 1)
        #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(1)["w"])
        folder.append(.result(Sample.result))
        #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(30)["w"])
        try folder.begin(after: 1)
      }
      try FileManager.default.removeItem(atPath: run + "/checkpoints")
      #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(30)["w"])
    }
  }

  /// A training ends with its best weights, which the last checkpoint may not hold, before its result is there; one
  /// that goes on leaves them behind.
  @Test func theWeightsThatATrainingEndsWithAreItsOwn() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      let folder = try Sample.folder(at: run)
      try folder.saveCheckpoint(Sample.weights(1), epoch: 1)
      var best = Sample.weights(30)
      best.metadata["weights_sha256"] = "digest"
      try folder.saveWeights(best)
      #expect(try RunRecord.load(run).weights { _ in }["w"] == best["w"])
      try folder.begin(after: 1)
      #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(1)["w"])
    }
  }

  @Test func weightsOfATrainingHereAreNotImported() throws {
    try withTemporaryFolder { parent in
      let folder = try Sample.folder(at: parent + "/run")
      let record = try RunRecord.load(folder.path)
      #expect(try record.importedWeights() == nil)
      try folder.saveWeights(Sample.weights(1))
      #expect(try record.importedWeights()?["w"] == Sample.weights(1)["w"])
      var trained = Sample.weights(1)
      trained.metadata = ["weights_sha256": "00ff"]
      try folder.saveWeights(trained)
      #expect(try record.importedWeights() == nil)
    }
  }

  @Test func damageInTheMiddleOfTheLogIsNamed() throws {
    try withTemporaryFolder { parent in
      let run = parent + "/run"
      do {
        let folder = try Sample.folder(at: run)
        folder.append(Sample.epoch(1))
        folder.append(Sample.epoch(2))
      }
      let log = run + "/events.jsonl"
      let text = try String(contentsOfFile: log, encoding: .utf8)
      try AtomicFile.write(Array(("{{{\n" + text).utf8), to: log)
      #expect { try RunRecord.load(run) } throws: {
        "\($0)" == "\(log): line 1 is not a JSON object; repair or remove the line"
      }
    }
  }

  /// The disk "fills" at one size after the other, in a process of its own.
  @Test func aLogThatCannotGrowDoesNotStopTheTraining() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryFolder { parent in
        var problems: [String] = []
        let run = parent + "/run"
        let folder = try Sample.folder(at: run) { problems.append($0) }
        folder.append(Sample.epoch(1))
        let line = Sample.epoch(1).json.text.utf8.count + 1
        limitFileSize(line + line / 2)
        folder.append(Sample.epoch(2))
        folder.append(Sample.epoch(3))
        limitFileSize(nil)
        folder.append(Sample.epoch(4))
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("cannot write \(run)/events.jsonl (") == true)
        #expect(problems.first?.hasSuffix("training goes on, its history has a gap") == true)
        #expect(try RunRecord.load(run).epochs.map(\.epoch) == [1, 4])

        // A checkpoint that does not fit throws, and the one before stays the newest.
        try folder.saveCheckpoint(Sample.weights(4), epoch: 4)
        limitFileSize(100)
        #expect { try folder.saveCheckpoint(Sample.weights(5), epoch: 5) } throws: {
          ($0 as? FileError)?.kind == .cannotWrite
        }
        limitFileSize(nil)
        #expect(try RunRecord.load(run).weights { _ in }["w"] == Sample.weights(4)["w"])
        #expect(try names(in: run + "/checkpoints") == ["epoch-0004.safetensors"])
      }
    }
  }
}

/// Makes the system refuse to grow any file of this process beyond a size.
func limitFileSize(_ bytes: Int?) {
  #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  #else
    let resource = RLIMIT_FSIZE
  #endif
  var bound = rlimit()
  getrlimit(resource, &bound)
  bound.rlim_cur = bytes.map { rlim_t($0) } ?? bound.rlim_max
  setrlimit(resource, &bound)
}
