import MartletDatasets

/// How both parts of a data set are thinned out, as written in options and run folders: `none`,
/// `bootstrap:0.5:42` (with replacement), `stratified:0.2:42` (without, rounded for each class).
package enum SamplingSetting: Equatable, Sendable {
  case none
  case bootstrap(fraction: Double, seed: Int)
  case stratified(fraction: Double, seed: Int)

  package init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let fraction = parts.count > 1 ? Double(parts[1]) ?? 0 : 0
    let seed = parts.count > 2 ? Int(parts[2]) ?? -1 : 42
    switch (parts[0], parts.count) {
    case ("none", 1): self = .none
    case ("bootstrap", 2...3) where fraction > 0 && fraction <= 1 && seed >= 0:
      self = .bootstrap(fraction: fraction, seed: seed)
    case ("stratified", 2...3) where fraction > 0 && fraction <= 1 && seed >= 0:
      self = .stratified(fraction: fraction, seed: seed)
    default:
      throw SettingError(
        at: "--sample", expected: "none, bootstrap:FRACTION[:SEED] or stratified:FRACTION[:SEED]",
        received: text, hint: "for instance bootstrap:0.5:42")
    }
  }

  package var text: String {
    switch self {
    case .none: "none"
    case .bootstrap(let fraction, let seed): "bootstrap:\(fraction):\(seed)"
    case .stratified(let fraction, let seed): "stratified:\(fraction):\(seed)"
    }
  }

  /// The images drawn from one part.
  package func applied(to data: ImageDataset) throws -> ImageDataset {
    switch self {
    case .none: data
    case .bootstrap(let fraction, let seed):
      try data.sampled(.bootstrap(fraction: fraction, seed: UInt64(seed)))
    case .stratified(let fraction, let seed):
      try data.sampled(.stratified(fraction: fraction, seed: UInt64(seed)))
    }
  }
}
