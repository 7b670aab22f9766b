import Foundation
import MartletRuns
import MartletTensors
import Testing

/// Kills commands at random moments, and counts those that were still at work.
struct Killer {
  private let stream: RandomStream
  private let milliseconds: Double
  private var draws: UInt64 = 0
  /// The commands that a kill ended; one that was done before is none.
  private(set) var kills = 0

  /// - Parameter time: The longest time that a command is given.
  init(seed: UInt64, within time: Duration) {
    stream = RandomStream(seed: seed, purpose: .sample)
    milliseconds = time / .milliseconds(1)
  }

  mutating func kill(_ command: RunningCommand) throws {
    let share = Double(stream.uint32(at: draws)) / Double(UInt32.max)
    draws += 1
    usleep(UInt32(share * milliseconds * 1000))
    // The number of a process that has ended may be another one's by now.
    if command.process.isRunning { Foundation.kill(command.process.processIdentifier, SIGKILL) }
    if try command.wait().wasKilled { kills += 1 }
  }
}

extension CommandRunner {
  /// Runs a command that goes on with a run to its end, and checks that it does not begin anew, which would
  /// end with the same weights.
  ///
  /// - Returns: What it printed, and the epochs of the checkpoint that it found; 0 where there was none.
  static func goOn(
    _ arguments: [String], with run: String, in folder: TemporaryFolder
  ) throws -> (result: CommandResult, from: Int) {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints")) ?? []
    let newest = files.compactMap { $0.wholeMatch(of: /epoch-(\d+)\.safetensors/).flatMap { Int($0.1) } }
    let place = newest.max() ?? 0
    let result = try self.run(arguments, in: folder)
    #expect(result.status == 0, "\(arguments[0]): \(result.errors)")
    let told = try result.objects().compactMap { $0["epoch"]?.intValue }
    let all = try RunRecord.load(run).epochs.map(\.epoch)
    #expect(all == Array(1...all.count) && told == all.filter { $0 > place }, "\(run) from \(place): \(told)")
    return (result, place)
  }
}
