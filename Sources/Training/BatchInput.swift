import MartletGraphs
import MartletNetworks
import MartletTensors

/// What a network expects of the images and labels it is given.
struct BatchInput {
  let spec: InputSpec
  /// The number of classes, where the network puts out one score for each.
  let classes: Int?

  init(_ network: any Network) throws(ModelError) {
    spec = network.input
    let graph = Graph(purpose: .inference)
    let outputs = network.trace(batch: 1, into: graph)
    try graph.check()
    classes = outputs.rank == 2 ? outputs.shape[1] : nil
  }

  /// Checks images `[N, ...]` and returns N.
  func batch(of shape: [Int], _ element: ElementType) throws(TrainingError) -> Int {
    guard element == spec.element, shape.count == spec.shape.count + 1,
      shape.dropFirst().elementsEqual(spec.shape)
    else {
      throw TrainingError(
        .badData, at: "images", expected: "\(spec.element) elements in a batch [N, \(Self.list(spec.shape))]",
        received: "\(element) elements in shape \(shape)",
        hint: "the network's input says what one image looks like")
    }
    guard shape[0] > 0 else {
      throw TrainingError(.badData, at: "images", expected: "at least one image", received: "an empty batch")
    }
    return shape[0]
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
  func wrongLabel(in labels: [Int32]) -> Int? {
    let bound = labelBound ?? .max
    return labels.firstIndex { $0 < 0 || $0 >= bound }
  }

  /// The number of labels there may be; one output stands for two classes.
  private var labelBound: Int32? { classes.map { $0 == 1 ? 2 : Int32(clamping: $0) } }

  func outOfRange(_ label: Int32, at place: String) -> TrainingError {
    TrainingError(
      .badData, at: place,
      expected: labelBound.map { "a label from 0 to \($0 - 1), as the network has \($0) classes" }
        ?? "a label of at least 0",
      received: "\(label)")
  }

  static func list(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: ", ") }
}
