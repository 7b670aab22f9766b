import Foundation
import MartletDatasets
import MartletExperiments
import MartletGraphs
import MartletImages
import MartletInterchange
import MartletTensors
import MartletTraining

/// How the command ends, as shells see it.
enum ExitStatus: Int32 {
  case done = 0
  case usage = 64
  case badData = 65
  case couldNotFetch = 69
  case software = 70
  case cannotWrite = 73
  case notFinite = 75
  case interrupted = 130
  case terminated = 143
}

/// The end of a command that did not do what was asked: the text for the user and the exit code.
struct Failure: Error {
  let status: ExitStatus
  /// One line: where, what was expected, what was received, what to do.
  let text: String

  init(_ status: ExitStatus, _ text: String) {
    self.status = status
    self.text = text
  }

  init(_ status: ExitStatus, at place: String, expected: String, received: String, hint: String) {
    self.init(status, "\(place): expected \(expected), received \(received); \(hint)")
  }

  /// A name that is not among those there are.
  static func unknown(_ kind: String, _ name: String, among names: [String], hint: String? = nil) -> Failure {
    Failure(SettingError.unknown(kind, name, among: names, hint: hint))
  }

  /// Gives any error its exit code and text.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as SettingError: self.init(error.isInFile ? .badData : .usage, error.description)
    case let error as DatasetError: self.init(Self.status(of: error.kind), error.description)
    case let error as TrainingError: self.init(Self.status(of: error.kind), error.description)
    case let error as ModelError: self.init(.badData, error.description)
    case let error as ImageError: self.init(.badData, error.description)
    case let error as InterchangeError: self.init(.badData, error.description)
    case let error as FileError:
      self.init(error.kind == .cannotWrite ? .cannotWrite : .badData, error.description)
    default:
      self.init(.software, "an unforeseen failure: \(error); please report it with the command you gave")
    }
  }

  private static func status(of kind: DatasetError.Kind) -> ExitStatus {
    switch kind {
    case .badData: .badData
    case .couldNotFetch: .couldNotFetch
    case .cannotWrite: .cannotWrite
    case .unknownName, .badArgument: .usage
    }
  }

  private static func status(of kind: TrainingError.Kind) -> ExitStatus {
    switch kind {
    case .badArgument: .usage
    case .badData: .badData
    case .notFinite: .notFinite
    }
  }
}
