import MartletGraphs

/// The ready model `convnet` as a type of one's own: layers in fields, applied in order.
public struct ConvNet: Layer {
  let rescale = Rescale(1 / 255, name: "Rescale")
  let conv1 = Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")
  let pool1 = MaxPooling2D(2, name: "Pool1")
  let conv2 = Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")
  let pool2 = MaxPooling2D(2, name: "Pool2")
  let flatten = Flatten(name: "Flatten")
  let fc1 = Dense(128, activation: .relu, name: "FC1")
  let dropout = Dropout(0.5, name: "Dropout")
  let logits: Dense

  /// Creates the layers for a number of classes.
  public init(classes: Int) { logits = Dense(classes, name: "Logits") }

  /// The scores `[N, classes]` of images `[N, H, W, C]` of bytes.
  public func callAsFunction(_ x: Value) -> Value {
    var x = rescale(x)
    x = pool1(conv1(x))
    x = pool2(conv2(x))
    return logits(dropout(fc1(flatten(x))))
  }
}

extension ReadyModel {
  /// The model `convnet` made from the type `ConvNet`: for one seed the same bytes.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public static func typedConvnet(input: InputSpec, classes: Int) throws(ModelError) -> Model {
    try Model(input: input, name: "ConvNet", ConvNet(classes: classes))
  }

  /// The model `convnet` written as a function of its input: for one seed the same bytes.
  ///
  /// - Throws: The first mistake, with the layer's path and place.
  public static func functionalConvnet(input: InputSpec, classes: Int) throws(ModelError) -> Model {
    try Model(input: input, name: "ConvNet") { images in
      var x = Rescale(1 / 255, name: "Rescale")(images)
      x = Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")(x)
      x = MaxPooling2D(2, name: "Pool1")(x)
      x = Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")(x)
      x = MaxPooling2D(2, name: "Pool2")(x)
      x = Flatten(name: "Flatten")(x)
      x = Dense(128, activation: .relu, name: "FC1")(x)
      x = Dropout(0.5, name: "Dropout")(x)
      return Dense(classes, name: "Logits")(x)
    }
  }
}
