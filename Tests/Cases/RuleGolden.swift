import Foundation
import MartletTensors

/// What peers computed in double precision for optimizers, losses, metrics and schedules, with the inputs.
package struct RuleGolden: Sendable {
  private let file: TensorFile

  /// Reads `rules.safetensors`, which `scripts/goldens/make_rules.py` makes.
  package init() throws {
    file = try TensorFile(reading: "\(Golden.folder)/rules.safetensors")
  }

  /// The elements of a tensor; empty where there is none.
  package subscript(name: String) -> [Double] {
    guard case .float64(let tensor) = file[name] else { return [] }
    return tensor.scalars
  }

  /// The elements as whole numbers.
  package func integers(_ name: String) -> [Int32] { self[name].map { Int32($0) } }

  /// A note of the file, such as the text of a report.
  package func note(_ name: String) -> String? { file.metadata[name] }

  /// The cases of a kind such as `optimizer`, without those names.
  package func cases(_ kind: String, but inputs: Set<String> = []) -> Set<String> {
    let names = file.tensors.map(\.name).filter { $0.hasPrefix("\(kind)/") }
    return Set(names.map { String($0.dropFirst(kind.count + 1)) }).subtracting(inputs)
  }

  /// The worst difference from a golden as a multiple of 1e-8 of the element (and at least 1e-12).
  package func worst(of actual: [Double], _ name: String) -> (fraction: Double, place: String) {
    Closeness.elementwise(relative: 1e-8, absolute: 1e-12).worst(of: actual, against: self[name])
  }
}

/// Names declared in the sources, so that a test can ask for a golden of each.
package enum DeclaredNames {
  /// What a pattern captures in the files of a folder of `Sources` whose names begin so.
  package static func all(
    in folder: String, files prefix: String, _ pattern: Regex<(Substring, Substring)>
  ) throws -> Set<String> {
    let folder = "\(Golden.folder.dropLast("/Tests/Goldens".count))/Sources/\(folder)"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(prefix) }
    let names = try files.flatMap { file in
      try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).matches(of: pattern).map {
        String($0.output.1)
      }
    }
    return Set(names)
  }
}
