import MartletGraphs

/// The networks of the goldens, written directly as graphs of one training step.
package enum GoldenNetwork: String, CaseIterable, Sendable {
  /// conv 5x5 valid twice; raw pixels, one-hot targets, PyTorch's Adam.
  case conv5x5PyTorch = "conv5x5-pytorch"
  /// conv 3x3 same twice; standardised pixels, labels, PyTorch's Adam.
  case convnetPyTorch = "convnet-pytorch"
  /// conv 3x3 same twice; rescaled pixels, labels, Keras's Adam.
  case convnetKeras = "convnet-keras"
  /// Two blocks of conv, batch norm, LeakyReLU, pool; one-hot targets, Keras's Adam.
  case batchNormKeras = "batchnorm-keras"

  package static let batchSize = 8
  package static let lossName = "loss"
  package static func gradientName(_ path: String) -> String { "gradient of \(path)" }
  static let rateName = "rate"
  static let correctionName = "second correction"

  /// The golden of this network.
  package func golden() throws -> Golden {
    try Golden(reading: "\(Golden.folder)/\(rawValue).safetensors")
  }

  var imageShape: [Int] {
    switch self {
    case .conv5x5PyTorch, .convnetPyTorch, .convnetKeras: [28, 28, 1]
    case .batchNormKeras: [13, 13, 3]
    }
  }

  var usesKerasAdam: Bool {
    switch self {
    case .conv5x5PyTorch, .convnetPyTorch: false
    case .convnetKeras, .batchNormKeras: true
    }
  }

  /// The training step: outputs `loss` and the gradients, assigns weights, moments and statistics.
  package func makeGraph() -> Graph {
    let graph = Graph(purpose: .training)
    let images = graph.input("images", shape: [Self.batchSize] + imageShape, element: .uint8)
    let labels = graph.input("labels", shape: [Self.batchSize], element: .int32)
    let builder = GoldenBuilder(graph)
    let loss: Value
    switch self {
    case .conv5x5PyTorch:
      let scores = builder.convnet(images.toFloat(), kernel: 5, padding: .valid)
      loss = builder.loss(scores, labels, isOneHot: true)
    case .convnetPyTorch:
      let scores = builder.convnet(
        (images.toFloat() * (1 / 255) - 0.1307) / 0.3081, kernel: 3, padding: .same)
      loss = builder.loss(scores, labels, isOneHot: false)
    case .convnetKeras:
      let scores = builder.convnet(images.toFloat() * (1 / 255), kernel: 3, padding: .same)
      loss = builder.loss(scores, labels, isOneHot: false)
    case .batchNormKeras:
      loss = builder.loss(builder.batchNorm(images.toFloat() * (1 / 255)), labels, isOneHot: true)
    }
    graph.output(Self.lossName, loss)
    builder.descend(loss, usesKerasAdam: usesKerasAdam)
    return graph
  }

  /// The initial elements of every parameter, exact in Float; the optimizer's moments are zeros.
  package func initialParameters(of graph: Graph) -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for spec in graph.parameters { result[spec.path] = spec.initial(0).map { Double($0) } }
    return result
  }

  /// The inputs of a step (from 0): images, labels and the optimizer's factors.
  package func inputs(step: Int) -> [String: [Double]] {
    let images = GoldenData.images(step: step, size: Self.batchSize, shape: imageShape)
    let labels = GoldenData.labels(step: step, size: Self.batchSize)
    let (first, second) = corrections(step: step + 1)
    let rate = usesKerasAdam ? 1e-3 * second.squareRoot() / first : 1e-3 / first
    return [
      "images": images.map { Double($0) }, "labels": labels.map { Double($0) }, Self.rateName: [rate],
      Self.correctionName: [second],
    ]
  }

  /// 1 - β₁ᵗ and 1 - β₂ᵗ.
  private func corrections(step: Int) -> (Double, Double) {
    var (first, second) = (1.0, 1.0)
    for _ in 0..<step { (first, second) = (first * 0.9, second * 0.999) }
    return (1 - first, 1 - second)
  }
}

/// What a training run of a golden's network gives.
package struct GoldenTrace: Sendable {
  package var losses: [Double] = []
  /// The first step's gradients, by parameter.
  package var gradients: [String: [Double]] = [:]
  /// All parameters after the last step, the optimizer's too.
  package var weights: [String: [Double]] = [:]
}

extension GoldenNetwork {
  /// Outputs by name and assignments by path of one execution.
  package typealias Step = (outputs: [String: [Double]], assignments: [String: [Double]])

  /// Trains for some steps on any backend.
  ///
  /// - Parameters:
  ///   - graph: The network's own graph.
  ///   - steps: How many steps to take.
  ///   - execute: Executes the graph once on inputs by name and parameters by path.
  /// - Returns: The losses, the first gradients, the last weights.
  package func train(
    _ graph: Graph, steps: Int,
    execute: (_ inputs: [String: [Double]], _ parameters: [String: [Double]]) throws -> Step
  ) rethrows -> GoldenTrace {
    var trace = GoldenTrace()
    trace.weights = initialParameters(of: graph)
    for step in 0..<steps {
      let result = try execute(inputs(step: step), trace.weights)
      trace.losses += result.outputs[Self.lossName] ?? []
      if step == 0 {
        for path in trace.weights.keys {
          trace.gradients[path] = result.outputs[Self.gradientName(path)]
        }
      }
      trace.weights.merge(result.assignments) { $1 }
    }
    return trace
  }
}
