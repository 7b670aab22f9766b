import MartletGraphs

/// A network that comes with the library, by name.
public struct ReadyModel: Sendable {
  /// The name that commands use.
  public let name: String
  /// One sentence on what it is.
  public let summary: String
  private let build: @Sendable (InputSpec, Int) throws(ModelError) -> Sequential

  package init(
    _ name: String, _ summary: String,
    _ build: @escaping @Sendable (InputSpec, Int) throws(ModelError) -> Sequential
  ) {
    self.name = name
    self.summary = summary
    self.build = build
  }

  /// Makes the network for images of bytes and a number of classes.
  ///
  /// - Throws: The first mistake, such as images too small for the network.
  public func make(input: InputSpec, classes: Int) throws(ModelError) -> Sequential {
    try build(input, classes)
  }

  /// The model of a name.
  ///
  /// - Throws: A mistake that lists the names.
  public static func named(_ name: String) throws(ModelError) -> ReadyModel {
    if let model = all.first(where: { $0.name == name }) { return model }
    throw ModelError(
      path: "model", expected: "one of \(all.map(\.name).joined(separator: ", "))", received: name)
  }

  /// All models with their standard settings.
  public static let all: [ReadyModel] = [
    ReadyModel("convnet", "Two convolutions of 32 and 64 filters, a dense layer and dropout") {
      (input, classes) throws(ModelError) in try convnet(input: input, classes: classes)
    },
    ReadyModel("convnet-pytorch", "The same with PyTorch's defaults and normalized pixels") {
      (input, classes) throws(ModelError) in
      try convnet(input: input, classes: classes, preset: .pytorch, normalized: true)
    },
    ReadyModel("conv5x5", "Two 5x5 convolutions on pixels of 0...255, PyTorch's defaults") {
      (input, classes) throws(ModelError) in try conv5x5(input: input, classes: classes)
    },
    ReadyModel("conv5x5-regularized", "The same with dropout of a half before the last layer") {
      (input, classes) throws(ModelError) in try conv5x5(input: input, classes: classes, dropout: 0.5)
    },
    ReadyModel("custom-cnn", "Three blocks of convolution, batch normalization, LeakyReLU and dropout") {
      (input, classes) throws(ModelError) in try customCNN(input: input, classes: classes)
    },
    ReadyModel("alexnet", "Five convolutions with local response normalization in AlexNet's manner") {
      (input, classes) throws(ModelError) in try alexNet(input: input, classes: classes)
    },
    ReadyModel("dense", "Two small dense layers and softmax") {
      (input, classes) throws(ModelError) in try dense(input: input, classes: classes)
    },
    ReadyModel("conv", "One 4x4 convolution before two small dense layers and softmax") {
      (input, classes) throws(ModelError) in try conv(input: input, classes: classes)
    },
    ReadyModel("attention", "Five convolutions with channel and spatial attention") {
      (input, classes) throws(ModelError) in try attention(input: input, classes: classes)
    },
  ]
}
