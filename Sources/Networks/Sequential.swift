import MartletGraphs

/// Collects the layers written between braces; `if`, `for` and arrays work.
@resultBuilder
public enum LayerBuilder {
  /// One layer.
  public static func buildExpression(_ layer: some Layer) -> [any Layer] { [layer] }
  /// Layers made elsewhere.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  /// Layers one after another.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  /// The layers of a loop.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  /// The layers of an `if` without `else`.
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  /// The layers of an `if`.
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  /// The layers of an `else`.
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
}

/// Layers one after another, as a part of a network.
public struct Stack: Layer {
  private let layers: [any Layer]

  /// Creates a stack from its layers.
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  /// The last layer's result.
  public func callAsFunction(_ x: Value) -> Value { layers.applied(to: x) }
}

/// A network of layers one after another.
public struct Sequential: Network {
  /// One sample's shape and type.
  public let input: InputSpec
  /// Whose defaults the layers take where a setting is left open.
  public let preset: Preset
  /// The name in summaries, and the scope as a part of another network.
  public let name: String?
  package let layers: [any Layer]
  private let origin: LayerOrigin

  /// Creates the network and checks every shape and setting.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - preset: Whose defaults the layers take where a setting is left open.
  ///   - name: The name in summaries, and the scope as a part of another network.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - layers: The layers in their order.
  /// - Throws: The first mistake, with the layer's path and place.
  public init(
    input: InputSpec, preset: Preset = .keras, name: String? = nil, file: String = #fileID,
    line: Int = #line, @LayerBuilder _ layers: () -> [any Layer]
  ) throws(ModelError) {
    self.input = input
    self.preset = preset
    self.name = name
    self.layers = layers()
    origin = LayerOrigin(name, file, line)
    guard !self.layers.isEmpty else {
      throw ModelError(
        path: name ?? "sequential", expected: "at least one layer", received: "none",
        location: origin.location)
    }
    try check(origin.location)
  }

  /// The last layer's result.
  public func forward(_ x: Value) -> Value { layers.applied(to: x) }

  /// Applies the network as a part of another one.
  public func callAsFunction(_ x: Value) -> Value { traceNested(.sequential, origin, x) }
}

extension [any Layer] {
  /// One layer after another; after a mistake the layers that follow are not asked.
  fileprivate func applied(to x: Value) -> Value { reduce(x) { $0.isValid ? $1($0) : $0 } }
}
