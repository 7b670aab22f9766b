import MartletTensors

/// Whether a graph is traced to train or to predict.
public enum Purpose: Sendable, Hashable {
  /// Dropout is active and batch normalisation uses the batch's statistics.
  case training
  /// Nothing is random and batch normalisation uses its running statistics.
  case inference
}

/// A list of operations in the order of their computation, built by tracing one network.
///
/// A graph belongs to the task that traces it; programs compiled from it are what travels.
public final class Graph {
  /// What the graph is traced for; may be read in one's own forward function.
  public let purpose: Purpose
  package private(set) var nodes: [Node] = []
  package private(set) var parameters: [ParameterSpec] = []
  /// Parameters' values after the step, by path; applied after the guard.
  package var assignments: [(path: String, value: Value)] { assigned.map { ($0.path, result($0.id)) } }
  package var outputs: [(name: String, value: Value)] { named.map { ($0.name, result($0.id)) } }
  package private(set) var firstError: ModelError?
  package var scopes = ScopeTable()
  /// What the trace is told from outside: the preset and the frozen parameters.
  package var settings = TraceSettings()
  /// The samples of the batch that a network is traced for.
  package var batch: Int?
  /// Terms that layers' regularizers add to the loss, by the parameter's path.
  package var penalties: [(path: String, value: Value)] { penalized.map { ($0.path, result($0.id)) } }
  private var parameterValues: [String: Int] = [:]
  private var inputValues: [String: Int] = [:]
  /// The outputs of layers by path, in order of first use.
  package var layerOutputs: [LayerOutput] {
    layerUses.map { LayerOutput(path: $0.path, type: $0.type, value: result($0.id)) }
  }
  // Places, not values: a value holds its graph, which would then hold itself and never be freed.
  private var assigned: [(path: String, id: Int)] = []
  private var named: [(name: String, id: Int)] = []
  private var penalized: [(path: String, id: Int)] = []
  private var layerUses: [(path: String, type: String, id: Int)] = []

  package init(purpose: Purpose) { self.purpose = purpose }

  /// An operation, its inputs and what is known of its result.
  package struct Node {
    package var op: Op
    package var inputs: [Int]
    package var shape: [Int]
    package var element: ElementType
    /// The layer (or part of the step) it was traced in.
    package var path: String
  }

  /// The result of one use of a layer.
  package struct LayerOutput {
    package var path: String
    package var type: String
    package var value: Value
  }

  /// Appends an operation; after a first mistake the result carries the mistake onward.
  package func apply(_ op: Op, _ inputs: [Value], location: String = "") -> Value {
    guard inputs.allSatisfy(\.isValid) else { return invalidValue }
    demand(inputs.allSatisfy { $0.graph === self }, "values of two traces are mixed in \(op.name)")
    let operands = inputs.map { nodes[$0.id] }
    do throws(ShapeMismatch) {
      let (shape, element) = try op.result(of: operands.map { ($0.shape, $0.element) })
      nodes.append(
        Node(op: op, inputs: inputs.map(\.id), shape: shape, element: element, path: scopes.current))
      return result(nodes.count - 1)
    } catch {
      return fail(
        ModelError(
          path: scopes.current, expected: error.expected, received: error.received,
          hint: [error.hint, batchNote(error, operands)].filter { !$0.isEmpty }.joined(separator: " "),
          location: location.isEmpty ? scopes.location : location))
    }
  }

  /// Explains the extent that nobody wrote, where a mistake tells it.
  private func batchNote(_ error: ShapeMismatch, _ operands: [Node]) -> String {
    guard let batch, "\(error.expected) \(error.received)".contains("[\(batch), "),
      operands.contains(where: { node in
        if case .source(.parameter) = node.op { return false }
        return node.shape.count > 1 && node.shape[0] == batch
      })
    else { return "" }
    return "The \(batch) in front is the batch in which the network is checked."
  }

  /// Records a mistake (the first one wins) and returns the value that carries it.
  package func fail(_ error: ModelError) -> Value {
    if firstError == nil { firstError = error }
    return invalidValue
  }

  package var invalidValue: Value { result(-1) }

  private func result(_ id: Int) -> Value { Value(graph: self, id: id) }

  /// Throws the first mistake of the trace.
  package func check() throws(ModelError) {
    if let firstError { throw firstError }
  }

  /// Data given at every execution; asking again for the name gives the same value.
  package func input(_ name: String, shape: [Int], element: ElementType = .float) -> Value {
    if let id = inputValues[name] { return result(id) }
    let value = apply(.source(.input(name: name, shape: shape, element: element)), [])
    inputValues[name] = value.id
    return value
  }

  /// The seed and step from which random values are drawn.
  package var randomKey: Value { input(Graph.randomKeyName, shape: [4], element: .int32) }
  package static let randomKeyName = "random key"

  /// A tensor of the store; the same path again is the same tensor.
  package func parameter(_ spec: ParameterSpec) -> Value {
    if let id = parameterValues[spec.path] {
      let known = nodes[id].shape
      guard known == spec.shape else {
        return fail(
          ModelError(
            path: spec.path, expected: "shape \(known), as at its first use", received: "shape \(spec.shape)",
            hint:
              "The layer's weights are shared with an earlier use, so its input must have as many channels.",
            location: scopes.location))
      }
      return result(id)
    }
    let value = apply(.source(.parameter(path: spec.path, shape: spec.shape)), [])
    var spec = spec
    if settings.isFrozen(spec.path) { spec.isTrainable = false }
    parameters.append(spec)
    parameterValues[spec.path] = value.id
    return value
  }

  /// The value of a parameter already declared.
  package func parameterValue(_ path: String) -> Value? {
    parameterValues[path].map(result)
  }

  /// What is known of a parameter already declared.
  package func parameterSpec(_ path: String) -> ParameterSpec? { parameters.first { $0.path == path } }

  /// Adds a term to the loss for a parameter, once however often the parameter is used.
  package func penalize(_ path: String, _ value: Value) {
    guard !penalized.contains(where: { $0.path == path }) else { return }
    penalized.append((path, value.id))
  }

  /// What the parameter becomes when the step is accepted; a later assignment replaces an earlier one.
  package func assign(_ path: String, _ value: Value) {
    assigned.removeAll { $0.path == path }
    assigned.append((path, value.id))
  }

  /// The value a parameter has at this point of the trace: its latest assignment, else its stored value.
  package func currentValue(_ path: String) -> Value? {
    assigned.last { $0.path == path }.map { result($0.id) } ?? parameterValue(path)
  }

  /// Makes a value readable after execution.
  package func output(_ name: String, _ value: Value) {
    named.removeAll { $0.name == name }
    named.append((name, value.id))
  }

  /// Notes the result of a layer's use under its path.
  package func record(_ value: Value, path: String, type: String) {
    guard value.isValid else { return }
    layerUses.append((path, type, value.id))
  }
}

/// A tensor that a network or an optimizer keeps in the store.
package struct ParameterSpec: Sendable {
  /// What a tensor of the store is for.
  package enum Role: String, Sendable { case weight, state, optimizer }
  package var path: String
  package var shape: [Int]
  package var role: Role
  /// Whether gradients may change it.
  package var isTrainable: Bool
  /// The initial elements, a function of (seed, path).
  package var initial: @Sendable (_ seed: UInt64) -> [Float]
  /// What becomes of the optimizer's result before it is stored.
  package var constraint: (@Sendable (Value) -> Value)?

  package init(
    path: String, shape: [Int], role: Role, isTrainable: Bool = true,
    initial: @escaping @Sendable (_ seed: UInt64) -> [Float]
  ) {
    self.path = path
    self.shape = shape
    self.role = role
    self.isTrainable = isTrainable
    self.initial = initial
  }

  package var count: Int { shape.reduce(1, *) }
}
