import Martlet
import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import MartletTensors
import MartletTraining

/// Networks written in every way, trained beside PyTorch's of `scripts/goldens/make_styles.py`.
enum StyleCase: String, CaseIterable {
  case shared, nested, frozen
  case twoInputs = "two-inputs"
  case twoOutputs = "two-outputs"
  case accumulation

  static let batchSize = 8
  static let steps = 6

  func golden() throws -> Golden { try Golden(reading: "\(Golden.folder)/style-\(rawValue).safetensors") }

  private static let picture = InputSpec.image(8, 8, 2, element: .float)

  func network() throws(ModelError) -> GraphModel {
    switch self {
    case .shared:
      return try GraphModel(inputs: ["x": .vector(6)], preset: .pytorch) { inputs in
        let dense = Dense(6, activation: .relu, name: "fc")
        let normalization = BatchNormalization(name: "bn")
        let x = normalization(dense(normalization(dense(inputs["x"]))))
        return ["scores": Dense(3, name: "head")(x)]
      }
    case .nested:
      let inner = try Model(input: .vector(36), preset: .pytorch, name: "inner") { x in Dense(5)(x) }
      let encoder = try Sequential(input: Self.picture, preset: .pytorch, name: "encoder") {
        Conv2D(4, kernelSize: 3, activation: .relu)
        MaxPooling2D(2)
        Flatten()
        inner
      }
      return try GraphModel(inputs: ["x": Self.picture], preset: .pytorch) { inputs in
        let x = inputs["x"]
        return ["scores": Dense(3)((encoder(x) + encoder(x.squared())).tanh())]
      }
    case .frozen:
      return try GraphModel(inputs: ["x": Self.picture], preset: .pytorch) { inputs in
        let x = BatchNormalization()(Conv2D(4, kernelSize: 3)(inputs["x"])).relu()
        return ["scores": Dense(3)(Flatten()(MaxPooling2D(2)(x)))]
      }
    case .twoInputs:
      return try GraphModel(
        inputs: ["left": .image(6, 6, 1, element: .float), "right": .vector(5)], preset: .pytorch
      ) { inputs in
        let left = Flatten()(Conv2D(3, kernelSize: 3, activation: .relu)(inputs["left"]))
        let right = Dense(4, activation: .tanh)(inputs["right"])
        return ["scores": Dense(3)(Concatenate()(left, right))]
      }
    case .twoOutputs:
      return try GraphModel(inputs: ["x": .vector(6)], preset: .pytorch) { inputs in
        let x = Dense(8, activation: .relu)(inputs["x"])
        return ["scores": Dense(3, name: "class")(x), "side": Dense(2, name: "side")(x)]
      }
    case .accumulation:
      return try GraphModel(inputs: ["x": .vector(6)], preset: .pytorch) { inputs in
        ["scores": Dense(3)(Dense(8, activation: .tanh)(inputs["x"]))]
      }
    }
  }

  var targets: NamedTargets {
    self == .twoOutputs ? ["labels": .labels, "places": .numbers([2])] : ["labels": .labels]
  }

  func loss(_ network: TracedNetwork, _ inputs: NamedValues, _ targets: NamedValues) -> Value {
    let outputs = network(inputs)
    let loss = crossEntropy(outputs["scores"], targets["labels"])
    guard self == .twoOutputs else { return loss }
    return loss + 0.5 * (outputs["side"] - targets["places"]).squared().mean()
  }

  func frozen(step: Int) -> Set<String> {
    self == .frozen && [1, 2, 4].contains(step) ? ["conv2d", "batch_normalization"] : []
  }

  /// The inputs of a step as the maker of the goldens draws them, by the graph's names.
  func numbers(step: Int) throws -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, spec) in try network().inputs.entries { result[name] = Self.uniform(name, step, spec.shape) }
    if self == .twoOutputs { result["places"] = Self.uniform("places", step, [2]) }
    let seed = Hash.seed("labels \(step)")
    result["labels"] = (0..<Self.batchSize).map { Double((Hash.word(seed, $0) >> 32) % 3) }
    return result
  }

  private static func uniform(_ name: String, _ step: Int, _ shape: [Int]) -> [Double] {
    let seed = Hash.seed("\(name) \(step)")
    return (0..<batchSize * shape.reduce(1, *)).map { Double(Float(Hash.unit(seed, $0) * 2 - 1)) }
  }

  /// The same as tensors, inputs and targets.
  func data(step: Int) throws -> (inputs: NamedData, targets: NamedData) {
    let numbers = try numbers(step: step)
    func floats(_ name: String, _ shape: [Int]) -> BatchData {
      .floats(Tensor(shape: [Self.batchSize] + shape, scalars: (numbers[name] ?? []).map { Float($0) }))
    }
    let labels = Tensor(shape: [Self.batchSize], scalars: (numbers["labels"] ?? []).map { Int32($0) })
    return (
      NamedData(try network().inputs.entries.map { ($0, floats($0, $1.shape)) }),
      NamedData(targets.entries.map { ($0, $0 == "labels" ? .labels(labels) : floats($0, $1.shape)) })
    )
  }

  /// Gives weights the initial values that the maker of the goldens gives.
  func initialize(_ parameters: Parameters) {
    for entry in parameters.entries where entry.role == .weight {
      let seed = Hash.seed(entry.path)
      let limit = entry.shape.count > 1 ? 0.3 : 0.1
      for index in 0..<entry.count {
        let value = Double(Float((Hash.unit(seed, index) * 2 - 1) * limit))
        entry.pointer[index] = Float(entry.path.hasSuffix("gamma") ? 1 + value : value)
      }
    }
  }

  func gradientStep(_ parameters: Parameters? = nil) throws -> GradientStep {
    let step = try GradientStep(
      network(), targets: targets, threads: 2, parameters: parameters, loss: loss)
    if parameters == nil { initialize(step.parameters) }
    return step
  }

  func trainingStep() throws -> TrainingStep {
    let step = try TrainingStep(
      network(), targets: targets, optimizer: Self.descent, threads: 2, loss: loss)
    initialize(step.parameters)
    return step
  }

  static let descent = SGD(learningRate: 0.05, momentum: 0.9)
  static let adam = Adam(learningRate: 1e-2, formula: .pytorch)
}

extension Parameters {
  /// All tensors in double precision, by path.
  var numbers: [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: entries.map {
        ($0.path, UnsafeBufferPointer(start: $0.pointer, count: $0.count).map { Double($0) })
      })
  }
}

extension Optimizer {
  /// The numbers of a step, from 1, as inputs of a graph.
  func inputs(step: Int) -> [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: scalars(rate: learningRate, step: step).map {
        (Self.scalarInputName($0.name), [$0.value])
      })
  }
}
