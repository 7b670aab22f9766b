import MartletGraphs
import MartletNetworks
import MartletTensors

/// What a network and its loss expect of the inputs and targets they are given.
struct BatchInput {
  let inputs: NamedInputs
  let targets: NamedTargets
  /// The names of the first input and target: the only ones of a network that takes images and labels.
  let imagesName: String
  let labelsName: String
  /// The number of classes that a target's labels choose from, where it is known.
  private let bounds: [String: Int]

  /// The one input of a network of images.
  var spec: InputSpec { inputs.entries[0].element }

  /// The number of classes, where the network puts out one score for each.
  var classes: Int? { bounds[StepTrace.labelsName] }

  /// What a network of one input and one output expects, with labels as targets.
  init(_ network: any Network) throws(ModelError) {
    self.init(
      network.inputs, [StepTrace.labelsName: .labels],
      try Self.classes(of: network).map { [StepTrace.labelsName: $0] } ?? [:])
  }

  /// What a network expects that only predicts.
  init(_ network: any GraphNetwork) { self.init(network.inputs, [:], [:]) }

  private init(_ inputs: NamedInputs, _ targets: NamedTargets, _ bounds: [String: Int]) {
    self.inputs = inputs
    self.targets = targets
    self.bounds = bounds
    imagesName = inputs.names[0]
    labelsName = targets.names.first ?? StepTrace.labelsName
  }

  /// What a loss expects, as its trace uses the labels.
  init(_ recipe: LossRecipe, _ graph: Graph) throws(ModelError) {
    let targets = recipe.targets
    var bounds: [String: Int] = [:]
    for (name, target) in targets.entries where target.element == .int32 {
      bounds[name] = graph.classes(ofLabels: name)
    }
    if bounds.isEmpty, targets.names == [StepTrace.labelsName], let network = recipe.network as? any Network {
      bounds[StepTrace.labelsName] = try Self.classes(of: network)
    }
    self.init(recipe.network.inputs, targets, bounds)
  }

  private static func classes(of network: any Network) throws(ModelError) -> Int? {
    let graph = Graph(purpose: .inference)
    let outputs = network.trace(batch: 1, into: graph)
    try graph.check()
    return outputs.rank == 2 ? outputs.shape[1] : nil
  }

  /// Checks images `[N, ...]` and returns N.
  func batch(of shape: [Int], _ element: ElementType) throws(TrainingError) -> Int {
    try batch(of: shape, element, spec, at: "images", each: "image")
  }

  /// Images and labels by the names that the network and the loss know them by.
  func named(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) -> (inputs: NamedData, targets: NamedData) {
    ([imagesName: .bytes(images)], [labelsName: .labels(labels)])
  }

  private func batch(
    of shape: [Int], _ element: ElementType, _ spec: InputSpec, at place: String, each: String
  ) throws(TrainingError) -> Int {
    guard element == spec.element, shape.count == spec.shape.count + 1,
      shape.dropFirst().elementsEqual(spec.shape)
    else {
      throw TrainingError(
        .badData, at: place, expected: "\(spec.element) elements in a batch [N, \(Self.list(spec.shape))]",
        received: "\(element) elements in shape \(shape)",
        hint: "the network's input says what one \(each) looks like")
    }
    guard shape[0] > 0 else {
      throw TrainingError(
        .badData, at: place, expected: "at least one \(each)", received: "an empty batch")
    }
    return shape[0]
  }

  /// Checks inputs `[N, ...]` by name and returns N.
  func batch(of data: NamedData) throws(TrainingError) -> Int {
    try Self.check(data.names, against: inputs.names, "inputs")
    var count: Int?
    for (name, spec) in inputs.entries {
      guard let given = data.element(named: name) else { continue }
      let isImages = name == InputSpec.inputName
      let found = try batch(
        of: given.shape, given.element, spec, at: isImages ? "images" : "input \(name)",
        each: isImages ? "image" : "sample")
      guard found == count ?? found else {
        throw TrainingError(
          .badData, at: "input \(name)", expected: "\(count ?? 0) samples, as in \(inputs.names[0])",
          received: "\(found)")
      }
      count = found
    }
    return count ?? 0
  }

  /// Checks targets `[N, ...]` by name.
  func check(targets data: NamedData, batch: Int) throws(TrainingError) {
    try Self.check(data.names, against: targets.names, "targets")
    for (name, spec) in targets.entries {
      guard let given = data.element(named: name) else { continue }
      if name == StepTrace.labelsName, case .labels(let labels) = given {
        try check(labels: labels, batch: batch)
        continue
      }
      guard given.element == spec.element, given.shape == [batch] + spec.shape else {
        throw TrainingError(
          .badData, at: "target \(name)",
          expected: "\(spec.element) elements in shape \([batch] + spec.shape)",
          received: "\(given.element) elements in shape \(given.shape)")
      }
      guard case .labels(let labels) = given, let index = wrongLabel(in: labels.scalars, of: name) else {
        continue
      }
      throw outOfRange(labels.scalars[index], of: name, at: "target \(name), sample \(index) of the batch")
    }
  }

  private static func check(
    _ names: [String], against expected: [String], _ what: String
  ) throws(TrainingError) {
    guard names.sorted() != expected.sorted() else { return }
    throw TrainingError(
      .badData, at: what, expected: expected.joined(separator: ", "),
      received: names.isEmpty ? "none" : names.joined(separator: ", "),
      hint: "give each of them once, by its name")
  }

  /// Checks labels `[N]`.
  func check(labels: Tensor<Int32>, batch: Int) throws(TrainingError) {
    guard labels.shape == [batch] else {
      throw TrainingError(
        .badData, at: "labels", expected: "shape [\(batch)], one for each image",
        received: "shape \(labels.shape)")
    }
    if let index = wrongLabel(in: labels.scalars) {
      throw outOfRange(labels.scalars[index], at: "labels, sample \(index) of the batch")
    }
  }

  /// The index of the first label that has no class.
  func wrongLabel(in labels: [Int32], of target: String = StepTrace.labelsName) -> Int? {
    let bound = labelBound(of: target).map { Int32(clamping: $0) } ?? .max
    return labels.firstIndex { $0 < 0 || $0 >= bound }
  }

  /// The number of labels there may be; one output stands for two classes.
  func labelBound(of target: String) -> Int? { bounds[target].map { $0 == 1 ? 2 : $0 } }

  func outOfRange(
    _ label: Int32, of target: String = StepTrace.labelsName, at place: String
  ) -> TrainingError {
    TrainingError(
      .badData, at: place,
      expected: labelBound(of: target).map { "a label from 0 to \($0 - 1), as the network has \($0) classes" }
        ?? "a label of at least 0",
      received: "\(label)")
  }

  static func list(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: ", ") }
}

extension Graph {
  /// The least number of classes among which the labels of an input choose; nil where they choose none.
  func classes(ofLabels name: String) -> Int? {
    var derived: Set<Int> = []
    var counts: [Int] = []
    for (id, node) in nodes.enumerated() {
      if case .source(.input(name, _, _)) = node.op { derived.insert(id) }
      guard node.inputs.contains(where: derived.contains) else { continue }
      if node.element == .int32 { derived.insert(id) }
      if case .classification(.crossEntropy(.sparse)) = node.op {
        counts.append(nodes[node.inputs[0]].shape[1])
      }
      if case .classification(.oneHot(let classes)) = node.op { counts.append(classes) }
    }
    return counts.min()
  }
}
