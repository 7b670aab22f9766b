import Foundation
import MartletCPU
import MartletRuns

extension RunEnvironment {
  /// This version on this machine, for a training that began then; nil where that is not known.
  package static func current(started: Date? = Date()) -> RunEnvironment {
    RunEnvironment(
      started: started, martletVersion: MartletRuns.martletVersion, instructionSet: InstructionSet.name)
  }
}
