import MartletGraphs

extension ReadyModel {
  /// Three blocks of convolution, batch normalization, LeakyReLU, pooling and dropout; probabilities.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - classes: The number of classes.
  ///   - baseFilters: The filters of the first block; the others have twice and four times as many.
  ///   - kernelSize: The extent of all kernels.
  ///   - dropoutRate: The share that is dropped after each block and before the output.
  ///   - denseUnits: The units of the dense layer.
  ///   - activation: What follows batch normalization in each block; `leakyReLU` as the layer, with its slope.
  /// - Throws: The first mistake, with the layer's path and place.
  public static func customCNN(
    input: InputSpec, classes: Int, baseFilters: Int = 32, kernelSize: Extent = 3, dropoutRate: Double = 0.3,
    denseUnits: Int = 128, activation: ActivationFunction = .leakyReLU()
  ) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "CustomCNN") {
      Rescale(1 / 255)
      for factor in [1, 2, 4] {
        Conv2D(baseFilters * factor, kernelSize: kernelSize, padding: .same)
        BatchNormalization()
        if case .leakyReLU(let slope) = activation {
          LeakyReLU(negativeSlope: slope)
        } else {
          Activation(activation)
        }
        MaxPooling2D(2)
        Dropout(dropoutRate)
      }
      Flatten()
      Dense(denseUnits, activation: .relu)
      Dropout(dropoutRate)
      Dense(classes, activation: .softmax)
    }
  }

  /// Five convolutions with local response normalization in AlexNet's manner; probabilities.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public static func alexNet(input: InputSpec, classes: Int) throws(ModelError) -> Sequential {
    try alexNet(input: input, classes: classes, width: 32)
  }

  /// The same with all widths in the proportion of `width` to 32.
  package static func alexNet(input: InputSpec, classes: Int, width: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "AlexNet") {
      Rescale(1 / 255)
      for filters in [3 * width, 8 * width] {
        Conv2D(filters, kernelSize: 3, padding: .same)
        LocalResponseNormalization()
        ReLU()
        MaxPooling2D(2)
      }
      for filters in [12 * width, 12 * width, 8 * width] {
        Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
      }
      MaxPooling2D(2, strides: 1)
      Flatten()
      for _ in 0..<2 {
        Dense(16 * width, activation: .relu)
        Dropout(0.5)
      }
      Dense(classes, activation: .softmax)
    }
  }

  /// Five convolutions with channel and spatial attention; probabilities.
  ///
  /// - Parameters:
  ///   - input: One sample's shape, such as `.image(28, 28, 1)`.
  ///   - classes: The number of classes.
  ///   - channel: Whether the channels are weighed.
  ///   - spatial: Whether the positions are weighed.
  ///   - dropout: Whether 0.25 is dropped after the last convolution and 0.5 before the output.
  ///   - l2: The factor of the L2 term of the trunk's and the dense layers' kernels; nil for none.
  /// - Throws: The first mistake, with the layer's path and place.
  public static func attention(
    input: InputSpec, classes: Int, channel: Bool = true, spatial: Bool = true, dropout: Bool = true,
    l2: Double? = nil
  ) throws(ModelError) -> Sequential {
    let term = l2.map { Regularizer.l2($0) }
    func convolution(_ filters: Int) -> Conv2D {
      Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu, kernelRegularizer: term)
    }
    return try Sequential(input: input, name: "Attention") {
      Rescale(1 / 255)
      for filters in [32, 64] {
        convolution(filters)
        BatchNormalization()
        convolution(filters)
        MaxPooling2D(2)
      }
      if channel { ChannelAttention(ratio: 16) }
      if spatial { SpatialAttention(kernelSize: 7) }
      convolution(128)
      BatchNormalization()
      if dropout { Dropout(0.25) }
      GlobalAveragePooling2D()
      Dense(256, activation: .relu, kernelRegularizer: term)
      BatchNormalization()
      if dropout { Dropout(0.5) }
      Dense(classes, activation: .softmax, kernelRegularizer: term)
    }
  }
}
