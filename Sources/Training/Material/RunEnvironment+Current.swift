import Foundation
import MartletCPU
import MartletRuns

extension RunEnvironment {
  /// This version on this machine; nil where it is not known when the training began.
  package static func current(started: Date? = Date()) -> RunEnvironment {
    RunEnvironment(
      started: started, martletVersion: MartletRuns.martletVersion, instructionSet: InstructionSet.name)
  }
}
