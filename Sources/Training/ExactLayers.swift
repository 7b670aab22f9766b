import MartletGraphs
import MartletNetworks
import MartletTensors

/// The convolutions that keep to direct sums where a faster algorithm (Winograd's) rounds otherwise.
///
/// ```swift
/// try Trainer(network, loss: loss, exact: true)              // all of them
/// try Trainer(network, loss: loss, exact: ["conv2d_1"])      // one layer, or all within one
/// ```
public struct ExactLayers: Sendable, Hashable, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral {
  /// The paths of layers; nil stands for all.
  private let paths: Set<String>?

  /// All layers, or none.
  public init(_ isAll: Bool) { paths = isAll ? nil : [] }

  /// The layers of these paths, and those within them.
  public init(_ paths: Set<String>) { self.paths = paths }

  /// All layers, or none.
  public init(booleanLiteral value: Bool) { self.init(value) }

  /// The layers of these paths, and those within them.
  public init(arrayLiteral elements: String...) { self.init(Set(elements)) }

  /// Whether a layer is one of them.
  func contains(_ path: String) -> Bool {
    paths.map(path.isWithin) ?? true
  }

  /// Refuses paths that no convolution of a network has.
  func check(_ graph: Graph) throws(ModelError) {
    guard let paths, !paths.isEmpty else { return }
    var known: [String] = []
    for node in graph.nodes {
      guard case .convolution = node.op, !known.contains(node.path) else { continue }
      known.append(node.path)
    }
    for path in paths.sorted() where !known.contains(where: { $0.isWithin([path]) }) {
      throw ModelError(
        path: "exact", expected: "a convolution of the network", received: path,
        hint: known.isEmpty
          ? "The network has none." : "The convolutions are: \(known.joined(separator: ", ")).")
    }
  }
}

extension ExactLayers {
  /// `yes`, `no`, or the paths joined by commas, as options and files of experiments have it.
  package var text: String {
    guard let paths else { return "yes" }
    return paths.isEmpty ? "no" : paths.sorted().joined(separator: ",")
  }

  /// What configurations and checkpoints keep.
  package var json: JSON {
    self == true || self == false ? .bool(self == true) : .string(text)
  }

  /// Reads what `text` wrote; nil where a path is empty.
  package init?(parsing text: String) {
    switch text {
    case "yes", "true": self = true
    case "no", "false": self = false
    default:
      let paths = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if paths.contains("") { return nil }
      self.init(Set(paths))
    }
  }

  /// Reads what `json` wrote.
  package init?(_ json: JSON) {
    switch json {
    case .bool(let isAll): self.init(isAll)
    case .string(let text): self.init(parsing: text)
    default: return nil
    }
  }
}
