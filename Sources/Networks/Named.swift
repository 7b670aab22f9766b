import MartletGraphs
import MartletTensors

/// Elements by name, in the order in which they are written.
///
/// ```swift
/// let inputs: NamedInputs = ["left": .image(28, 28, 1), "right": .vector(10)]
/// ```
public struct Named<Element> {
  /// The names and elements in order.
  public let entries: [(name: String, element: Element)]

  /// Creates the list from its names and elements.
  public init(_ entries: [(name: String, element: Element)]) { self.entries = entries }

  /// The names in order.
  public var names: [String] { entries.map(\.name) }

  /// The elements in order.
  public var elements: [Element] { entries.map(\.element) }

  /// The number of elements.
  public var count: Int { entries.count }

  /// The element of a name, or nil where there is none.
  public func element(named name: String) -> Element? { entries.first { $0.name == name }?.element }
}

extension Named: ExpressibleByDictionaryLiteral {
  /// Creates the list from pairs such as `["left": a, "right": b]`.
  public init(dictionaryLiteral elements: (String, Element)...) {
    self.init(elements.map { (name: $0.0, element: $0.1) })
  }
}

extension Named: Sendable where Element: Sendable {}

/// A network's inputs by name: what one sample looks like.
public typealias NamedInputs = Named<InputSpec>

/// Values of a trace by name: a network's inputs or outputs, or a step's targets.
public typealias NamedValues = Named<Value>

extension Named where Element == MartletGraphs.Value {
  /// The value of a name; an unknown name is a mistake that the network's constructor throws.
  public subscript(_ name: String, file: String = #fileID, line: Int = #line) -> MartletGraphs.Value {
    if let value = element(named: name) { return value }
    guard let graph = entries.first?.element.graph else {
      fatalError("asked for \(name) where there are no values")
    }
    let near = nearestName(to: name, among: names).map { "Is \"\($0)\" meant?" }
    return graph.fail(
      ModelError(
        path: graph.scopes.current, expected: "one of the names \(names.joined(separator: ", "))",
        received: name, hint: near ?? "", location: "\(file):\(line)"))
  }

  /// The one value there is, or a mistake of the network where there are several.
  package func single(_ what: String, hint: String) -> MartletGraphs.Value {
    guard let first = entries.first?.element else { fatalError("there is no \(what)") }
    guard first.isValid, count > 1 else { return first }
    return first.graph.fail(
      ModelError(
        path: first.graph.scopes.current, expected: "one \(what)",
        received: "\(count): \(names.joined(separator: ", "))", hint: hint))
  }

  /// What stands for values that a mistake kept from being computed.
  package init(invalid value: MartletGraphs.Value) { self.init([(name: "", element: value)]) }
}
