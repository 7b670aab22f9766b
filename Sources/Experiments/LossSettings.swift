import MartletNetworks
import MartletTraining

/// What is added to the loss over all trained tensors, as written in options and run folders: `none`,
/// `l1:0.001`, `l2:0.0001` (sum of squares), `l2-norm:0.001` (its root, for each tensor), joined by commas.
package struct PenaltySetting: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case l1
    case l2
    case l2Norm = "l2-norm"
  }
  package struct Term: Equatable, Sendable {
    package let kind: Kind
    package let factor: Double
  }
  package let terms: [Term]

  package static let none = PenaltySetting(terms: [])

  private init(terms: [Term]) { self.terms = terms }

  package init(_ terms: (Kind, Double)...) { self.terms = terms.map { Term(kind: $0.0, factor: $0.1) } }

  package init(parsing text: String) throws {
    guard text != "none" else {
      self = .none
      return
    }
    terms = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let pieces = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2, let kind = Kind(rawValue: String(pieces[0])),
        let factor = Double(pieces[1]), factor > 0, factor.isFinite
      else {
        throw SettingError(
          at: "--penalty", expected: "none, or l1:FACTOR, l2:FACTOR and l2-norm:FACTOR joined by commas",
          received: text, hint: "for instance l1:0.001,l2-norm:0.001")
      }
      return Term(kind: kind, factor: factor)
    }
  }

  package var text: String {
    terms.isEmpty ? "none" : terms.map { "\($0.kind.rawValue):\($0.factor)" }.joined(separator: ",")
  }

  package var penalties: [Penalty] {
    terms.map { term in
      switch term.kind {
      case .l1: .l1Norm(term.factor)
      case .l2: .l2(term.factor)
      case .l2Norm: .l2Norm(term.factor)
      }
    }
  }
}

/// How far gradients may reach, as written in options and run folders: `none`, `norm:1` (all together),
/// `value:0.5` (each element).
package enum ClippingSetting: Equatable, Sendable {
  case none
  case norm(Double)
  case value(Double)

  package init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let limit = parts.count > 1 ? Double(parts[1]) ?? 0 : 0
    switch parts[0] {
    case "none" where parts.count == 1: self = .none
    case "norm" where limit > 0 && limit.isFinite: self = .norm(limit)
    case "value" where limit > 0 && limit.isFinite: self = .value(limit)
    default:
      throw SettingError(
        at: "--clip", expected: "none, norm:LIMIT or value:LIMIT", received: text,
        hint: "norm:1 is a good first choice")
    }
  }

  package var text: String {
    switch self {
    case .none: "none"
    case .norm(let limit): "norm:\(limit)"
    case .value(let limit): "value:\(limit)"
    }
  }

  package var change: ((Gradients) -> Gradients)? {
    switch self {
    case .none: nil
    case .norm(let limit): { $0.clipped(norm: limit) }
    case .value(let limit): { $0.clipped(value: limit) }
    }
  }
}
