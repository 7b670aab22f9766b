import Foundation
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func replacesTheFileAndLeavesNothingElse() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/report.txt"
      try AtomicFile.write(Array("old".utf8), to: path)
      var file = try AtomicFile(path: path)
      try file.write(Array("new ".utf8))
      try file.write(Array("text".utf8))
      try file.overwrite(Array("tex".utf8), at: 0)
      try file.overwrite(Array("T".utf8), at: 7)
      #expect(file.count == 8)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
      try file.commit()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "tex texT")
      #expect(try names(in: folder) == ["report.txt"])
    }
  }

  @Test func permissionsFollowTheMaskOfTheUser() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write([], to: folder + "/ours")
      let theirs = open(folder + "/theirs", O_CREAT | O_WRONLY, 0o666)
      close(theirs)
      func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
      }
      #expect(try mode("ours") == mode("theirs"))
    }
  }

  @Test func aLinkStaysAndItsTargetChanges() throws {
    try withTemporaryFolder { folder in
      let (target, link) = (folder + "/target", folder + "/link")
      try AtomicFile.write([1], to: target)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      try AtomicFile.write([1, 2], to: link)
      #expect(try InputFile.contents(of: target, limit: 10) == [1, 2])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    }
  }

  @Test func withoutCommitTheSiblingGoesAndTheFileStays() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write([1], to: folder + "/kept")
      do {
        var file = try AtomicFile(path: folder + "/kept")
        try file.write([1, 2, 3])
        let hidden = try names(in: folder).filter { AtomicFile.isTemporary($0) }
        #expect(hidden.count == 1)
      }
      #expect(try names(in: folder) == ["kept"])
      #expect(try InputFile.contents(of: folder + "/kept", limit: 10) == [1])
    }
  }

  @Test func errorsNamePathReasonAndRemedy() throws {
    #expect { try AtomicFile.write([1], to: "/nowhere/file") } throws: { error in
      (error as? FileError)?.kind == .cannotWrite
        && "\(error)"
          == "cannot write /nowhere/file (0 bytes): No such file or directory; "
          + "create the folder first or choose another"
    }
    #expect { try InputFile.contents(of: "/nowhere/file", limit: 1) } throws: { error in
      (error as? FileError)?.kind == .cannotRead
        && "\(error)" == "cannot read /nowhere/file: No such file or directory; check the path"
    }
    #expect { try InputFile.contents(of: "/", limit: 1) } throws: { ($0 as? FileError)?.kind == .badData }
  }

  /// Nobody writes into the pipe; who waited for that would be ended by the alarm.
  @Test func aPipeIsRefusedAtOnce() async {
    await #expect(processExitsWith: .success) {
      alarm(20)
      try withTemporaryFolder { folder in
        let path = folder + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        #expect {
          try InputFile.contents(of: path, limit: 10)
        } throws: { error in
          (error as? FileError)?.kind == .badData && "\(error)".contains("expected a file")
        }
      }
    }
  }

  /// The system refuses the write at one byte after the other, in a process of its own.
  @Test func aWriteThatFailsAnywhereLeavesTheOldFile() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryFolder { folder in
        let path = folder + "/checkpoint"
        let old = [UInt8](repeating: 7, count: 100)
        try AtomicFile.write(old, to: path)
        for limit in stride(from: 0, to: 300, by: 7) {
          limitFileSize(limit)
          #expect {
            var file = try AtomicFile(path: path)
            for _ in 0..<3 { try file.write([UInt8](repeating: 9, count: 100)) }
            try file.commit()
          } throws: { error in
            "\(error)".contains("\(path) (") && "\(error)".contains("free some space")
          }
          #expect(try InputFile.contents(of: path, limit: 1000) == old)
          #expect(try names(in: folder) == ["checkpoint"])
        }
        limitFileSize(nil)
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
