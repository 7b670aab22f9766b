import MartletGraphs

/// A network given by a function from its input to its output, or by a layer of one's own type.
public struct Model: Network {
  /// One sample's shape and type.
  public let input: InputSpec
  /// Whose defaults the layers take where a setting is left open.
  public let preset: Preset
  /// The name in summaries, and the scope as a part of another network.
  public let name: String?
  private let body: @Sendable (Value) -> Value
  private let origin: LayerOrigin

  /// Creates the network from a function and checks every shape and setting.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - preset: Whose defaults the layers take where a setting is left open.
  ///   - name: The name in summaries, and the scope as a part of another network.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - body: Applies layers to the input `[N, ...]`.
  /// - Throws: The first mistake, with the layer's path and place.
  public init(
    input: InputSpec, preset: Preset = .keras, name: String? = nil, file: String = #fileID,
    line: Int = #line, _ body: @escaping @Sendable (Value) -> Value
  ) throws(ModelError) {
    self.input = input
    self.preset = preset
    self.name = name
    self.body = body
    origin = LayerOrigin(name, file, line)
    try check(origin.location)
  }

  /// Creates the network from a layer of one's own type and checks every shape and setting.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public init(
    input: InputSpec, preset: Preset = .keras, name: String? = nil, file: String = #fileID,
    line: Int = #line, _ layer: some Layer
  ) throws(ModelError) {
    try self.init(input: input, preset: preset, name: name, file: file, line: line) { x in layer(x) }
  }

  /// The function's result.
  public func forward(_ x: Value) -> Value { body(x) }

  /// Applies the network as a part of another one.
  public func callAsFunction(_ x: Value) -> Value { traceNested(.model, origin, x) }
}
