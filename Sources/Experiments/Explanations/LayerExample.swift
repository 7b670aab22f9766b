import MartletGraphs
import MartletNetworks
import MartletReports
import MartletTensors
import MartletTraining

/// A layer applied to one sample, traced to learn its output's shape, its parameters and its operations.
package struct LayerExample: Sendable {
  /// The layer as one writes it.
  package let code: String
  /// The shape of one sample, such as `[28, 28, 1]`.
  let input: [Int]
  let isBytes: Bool
  /// How the parameters are counted, such as `3·3·1·32 weights + 32 biases`; nil where there are none.
  package let count: String?
  let layer: @Sendable (Value) -> Value

  init(
    _ code: String, _ input: [Int], bytes: Bool = false, count: String? = nil,
    _ layer: @escaping @Sendable (Value) -> Value
  ) {
    self.code = code
    self.input = input
    isBytes = bytes
    self.count = count
    self.layer = layer
  }

  /// What a trace tells of the layer.
  package struct Traced {
    package let output: [Int]
    package let parameters: Int
    let trainable: Int
    let operations: Int
  }

  private func model() throws -> Model {
    try Model(input: InputSpec(shape: input, element: isBytes ? .uint8 : .float)) { layer($0) }
  }

  package func traced() throws -> Traced {
    let model = try model()
    let graph = Graph(purpose: .inference)
    let output = model.trace(batch: 1, into: graph)
    try graph.check()
    let summary = model.summary(batchSize: 1)
    return Traced(
      output: Array(output.shape.dropFirst()), parameters: summary.parameters,
      trainable: summary.trainableParameters, operations: summary.flops)
  }

  /// The layer at work: shapes, parameters, operations.
  func blocks() throws -> [Explanation.Block] {
    let traced = try traced()
    var items = ["in: \(shapeText(input))", "out: \(shapeText(traced.output))"]
    let parameters = Table.grouped(traced.parameters)
    items.append("parameters: \(count.map { "\($0) = \(parameters)" } ?? parameters)")
    if traced.trainable < traced.parameters {
      items.append("trained by gradients: \(Table.grouped(traced.trainable)) of them")
    }
    if traced.operations > 0 {
      items.append("operations for one sample: \(Table.grouped(traced.operations))")
    }
    return [.heading("Example"), .formula(code), .items(items)]
  }

  /// The layer's output for numbers `[H, W]` or `[features]`, computed by the library itself.
  static func output(
    _ numbers: [Float], shape: [Int], _ layer: @escaping @Sendable (Value) -> Value
  ) throws -> Tensor<Float> {
    let model = try Model(input: InputSpec(shape: shape, element: .float)) { layer($0) }
    let predictor = try GraphPredictor(model, threads: 1)
    let outputs = try predictor.outputs([
      InputSpec.inputName: .floats(Tensor(shape: [1] + shape, scalars: numbers))
    ])
    guard let output = outputs[InputSpec.outputName] else {
      preconditionFailure("a model without the output \(InputSpec.outputName)")
    }
    return output
  }

  /// A small image of one channel before and after a layer, side by side.
  static func picture(
    _ rows: [[Float]], decimals: Int = 0, _ text: String? = nil, _ layer: @escaping @Sendable (Value) -> Value
  ) throws -> [Explanation.Block] {
    let result = try output(rows.flatMap { $0 }, shape: [rows.count, rows[0].count, 1], layer)
    let (height, width) = (result.shape[1], result.shape[2])
    let after = (0..<height).map { row in Array(result.scalars[row * width..<(row + 1) * width]) }
    let (left, right) = (lines(rows, decimals), lines(after, decimals))
    let gap = left.map(\.count).max() ?? 0
    let drawing = (0..<max(left.count, right.count)).map { row in
      let before = row < left.count ? left[row] : ""
      let arrow = row == 0 ? "  ->  " : "      "
      return before + String(repeating: " ", count: gap - before.count) + arrow
        + (row < right.count ? right[row] : "")
    }
    return [.heading("With numbers")] + (text.map { [.paragraph($0)] } ?? [])
      + [.drawing(drawing.map(\.withoutBlanksAtEnd))]
  }

  private static func lines(_ rows: [[Float]], _ decimals: Int) -> [String] {
    let cells = rows.map { $0.map { fixed(Double($0), decimals) } }
    let width = cells.joined().map(\.count).max() ?? 1
    return cells.map { row in
      row.map { String(repeating: " ", count: width - $0.count) + $0 }.joined(separator: " ")
    }
  }
}

/// `28x28x1`, `3,136`.
func shapeText(_ shape: [Int]) -> String {
  shape.isEmpty ? "1" : shape.map { Table.grouped($0) }.joined(separator: "x")
}

extension LayerExample {
  /// Whether a trace for training has other operations than one for inference.
  func differsInTraining() throws -> Bool {
    let model = try Model(input: InputSpec(shape: input, element: .float)) { layer($0) }
    let ops = [Purpose.training, .inference].map { purpose in
      let graph = Graph(purpose: purpose)
      _ = model.trace(batch: 2, into: graph)
      return graph.nodes.map(\.op)
    }
    return ops[0] != ops[1]
  }
}
