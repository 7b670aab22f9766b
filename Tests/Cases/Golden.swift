import MartletTensors

/// What a peer computed in double precision: ten losses, the first step's gradients, the last weights.
///
/// The files in `Tests/Goldens` are made by `scripts/goldens`; each names its maker and the versions.
package struct Golden: Sendable {
  /// A tensor of which only every `stride`-th element is kept.
  package struct Stored: Sendable {
    package let values: [Double]
    package let stride: Int
    /// The norm and the sum of all elements.
    package let norm: Double
    package let sum: Double
    /// How far the peer's own single-precision gradient is from this one (relative, in the L2 norm).
    package let peerDistance: Double

    init?(_ file: TensorFile, _ name: String) {
      guard let values = file.numbers("\(name)/values"), let summary = file.numbers("\(name)/summary"),
        summary.count >= 3, summary[0] >= 1
      else { return nil }
      self.values = values
      stride = Int(summary[0])
      norm = summary[1]
      sum = summary[2]
      peerDistance = summary.count > 3 ? summary[3] : 0
    }

    /// The elements of a whole tensor that are stored here.
    package func part(of whole: [Double]) -> [Double] {
      Swift.stride(from: 0, to: whole.count, by: stride).map { whole[$0] }
    }

    /// The relative distance of a whole tensor from the golden, over the stored elements.
    package func distance(of whole: [Double]) -> Double {
      let part = part(of: whole)
      guard part.count == values.count else { return .infinity }
      let size = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let distance = zip(part, values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      return distance == 0 ? 0 : distance / size
    }
  }

  package let losses: [Double]
  package let gradients: [String: Stored]
  package let weights: [String: Stored]
  /// The file's notes: maker, versions, what it is about.
  package let notes: [String: String]

  /// Reads a golden from a file.
  package init(reading path: String) throws(FileError) {
    let file = try TensorFile(reading: path)
    func stored(_ kind: String) -> [String: Stored] {
      var result: [String: Stored] = [:]
      for (name, _) in file.tensors where name.hasPrefix("\(kind)/") && name.hasSuffix("/values") {
        let path = name.dropFirst(kind.count + 1).dropLast("/values".count)
        result[String(path)] = Stored(file, "\(kind)/\(path)")
      }
      return result
    }
    losses = file.numbers("losses") ?? []
    gradients = stored("gradient")
    weights = stored("weight")
    notes = file.metadata
  }

  /// How far a first step's gradient is from the golden, as a multiple of the peer's own
  /// single-precision distance.
  ///
  /// A gradient that is zero but for rounding (of a bias before batch normalisation) has no relative
  /// distance: it is measured in 1e-6 of the norm of all gradients.
  package func peerDistances(of gradient: [Double], _ path: String) -> Double {
    guard let stored = gradients[path] else { return .infinity }
    let global = gradients.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    guard stored.norm > 1e-12 * global else {
      return gradient.reduce(0) { $0 + $1 * $1 }.squareRoot() / (1e-6 * global)
    }
    return stored.distance(of: gradient) / stored.peerDistance
  }

  /// The folder of the goldens beside this file's.
  package static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    return parts.joined(separator: "/") + "/Goldens"
  }()
}

extension TensorFile {
  fileprivate func numbers(_ name: String) -> [Double]? {
    guard case .float64(let tensor) = self[name] else { return nil }
    return tensor.scalars
  }
}
