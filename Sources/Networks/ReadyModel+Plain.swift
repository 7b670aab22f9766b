import MartletGraphs

extension ReadyModel {
  /// Convolutions of 32 and 64 filters, a dense layer of 128 units, dropout; scores.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - classes: The number of classes.
  ///   - preset: Whose defaults the layers take.
  ///   - normalized: Whether pixels are normalized with MNIST's mean and deviation.
  /// - Throws: The first mistake, with the layer's path and place.
  public static func convnet(
    input: InputSpec, classes: Int, preset: Preset = .keras, normalized: Bool = false
  ) throws(ModelError) -> Sequential {
    try Sequential(input: input, preset: preset, name: "ConvNet") {
      Rescale(1 / 255, name: "Rescale")
      if normalized { Normalize(mean: 0.1307, deviation: 0.3081, name: "Normalize") }
      Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")
      MaxPooling2D(2, name: "Pool1")
      Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")
      MaxPooling2D(2, name: "Pool2")
      Flatten(name: "Flatten")
      Dense(128, activation: .relu, name: "FC1")
      Dropout(0.5, name: "Dropout")
      Dense(classes, name: "Logits")
    }
  }

  /// Two 5x5 convolutions on pixels of 0...255, PyTorch's defaults; scores.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - classes: The number of classes.
  ///   - dropout: The rate between the dense layers; nil for none.
  /// - Throws: The first mistake, with the layer's path and place.
  public static func conv5x5(
    input: InputSpec, classes: Int, dropout: Double? = nil
  ) throws(ModelError) -> Sequential {
    try Sequential(input: input, preset: .pytorch, name: "Conv5x5") {
      Rescale(1)
      Conv2D(32, kernelSize: 5, activation: .relu)
      MaxPooling2D(2)
      Conv2D(64, kernelSize: 5, activation: .relu)
      MaxPooling2D(2)
      Flatten()
      Dense(128, activation: .relu)
      if let dropout { Dropout(dropout) }
      Dense(classes)
    }
  }

  /// Dense layers of 16 and 8 units; probabilities.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public static func dense(input: InputSpec, classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "Dense") {
      Rescale(1 / 255)
      Flatten()
      Dense(16, activation: .relu)
      Dense(8, activation: .relu)
      Dense(classes, activation: .softmax)
    }
  }

  /// One 4x4 convolution and dense layers of 16 and 8 units; probabilities.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public static func conv(input: InputSpec, classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "Conv") {
      Rescale(1 / 255)
      Conv2D(32, kernelSize: 4, activation: .relu)
      MaxPooling2D(2)
      Flatten()
      Dense(16, activation: .relu)
      Dense(8, activation: .relu)
      Dense(classes, activation: .softmax)
    }
  }
}
