import Martlet
import MartletNetworks

/// The networks of the ready models written as functions and as types of one's own.
struct FamilyStyles: Sendable {
  /// The ready model, which is a `Sequential`.
  let name: String
  let input: InputSpec
  /// Whether the outputs are scores instead of probabilities.
  let putsOutScores: Bool
  var preset = Preset.keras
  let function: @Sendable (Value) -> Value
  let type: any Layer

  static let classes = 10

  func sequential() throws -> Sequential {
    try ReadyModel.named(name).make(input: input, classes: Self.classes)
  }

  func functional() throws -> Model {
    try Model(input: input, preset: preset, name: sequential().name, function)
  }

  func own() throws -> Model {
    let type = type
    return try Model(input: input, preset: preset, name: sequential().name) { x in type(x) }
  }

  static let all: [FamilyStyles] = [
    FamilyStyles(
      name: "convnet", input: .image(8, 8, 1), putsOutScores: true,
      function: { x in
        var x = Rescale(1 / 255, name: "Rescale")(x)
        for (number, filters) in [32, 64].enumerated() {
          x = Conv2D(
            filters, kernelSize: 3, padding: .same, activation: .relu, name: "Conv\(number + 1)")(x)
          x = MaxPooling2D(2, name: "Pool\(number + 1)")(x)
        }
        x = Dense(128, activation: .relu, name: "FC1")(Flatten(name: "Flatten")(x))
        return Dense(classes, name: "Logits")(Dropout(0.5, name: "Dropout")(x))
      }, type: ConvNet(classes: classes)),
    FamilyStyles(
      name: "conv5x5-regularized", input: .image(16, 16, 1), putsOutScores: true, preset: .pytorch,
      function: { x in
        var x = Rescale(1)(x)
        for filters in [32, 64] { x = MaxPooling2D(2)(Conv2D(filters, kernelSize: 5, activation: .relu)(x)) }
        x = Dropout(0.5)(Dense(128, activation: .relu)(Flatten()(x)))
        return Dense(classes)(x)
      }, type: Conv5x5()),
    FamilyStyles(
      name: "custom-cnn", input: .image(8, 8, 3), putsOutScores: false,
      function: { x in
        var x = Rescale(1 / 255)(x)
        for filters in [32, 64, 128] {
          x = Conv2D(filters, kernelSize: 3, padding: .same)(x)
          x = LeakyReLU()(BatchNormalization()(x))
          x = Dropout(0.3)(MaxPooling2D(2)(x))
        }
        x = Dropout(0.3)(Dense(128, activation: .relu)(Flatten()(x)))
        return Dense(classes, activation: .softmax)(x)
      }, type: CustomCNN()),
    FamilyStyles(
      name: "alexnet", input: .image(8, 8, 1), putsOutScores: false,
      function: { x in
        var x = Rescale(1 / 255)(x)
        for filters in [96, 256] {
          x = LocalResponseNormalization()(Conv2D(filters, kernelSize: 3, padding: .same)(x))
          x = MaxPooling2D(2)(ReLU()(x))
        }
        for filters in [384, 384, 256] {
          x = Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)(x)
        }
        x = Flatten()(MaxPooling2D(2, strides: 1)(x))
        for _ in 0..<2 { x = Dropout(0.5)(Dense(512, activation: .relu)(x)) }
        return Dense(classes, activation: .softmax)(x)
      }, type: AlexNet()),
    FamilyStyles(
      name: "dense", input: .image(8, 8, 1), putsOutScores: false,
      function: { x in
        let hidden = Dense(16, activation: .relu)(Flatten()(Rescale(1 / 255)(x)))
        return Dense(classes, activation: .softmax)(Dense(8, activation: .relu)(hidden))
      }, type: SmallDense()),
    FamilyStyles(
      name: "conv", input: .image(8, 8, 3), putsOutScores: false,
      function: { x in
        let maps = MaxPooling2D(2)(Conv2D(32, kernelSize: 4, activation: .relu)(Rescale(1 / 255)(x)))
        let hidden = Dense(8, activation: .relu)(Dense(16, activation: .relu)(Flatten()(maps)))
        return Dense(classes, activation: .softmax)(hidden)
      }, type: SmallConv()),
    FamilyStyles(
      name: "attention", input: .image(8, 8, 1), putsOutScores: false,
      function: { x in
        func convolution(_ filters: Int, _ x: Value) -> Value {
          Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)(x)
        }
        var x = Rescale(1 / 255)(x)
        for filters in [32, 64] {
          x = convolution(filters, BatchNormalization()(convolution(filters, x)))
          x = MaxPooling2D(2)(x)
        }
        x = SpatialAttention(kernelSize: 7)(ChannelAttention(ratio: 16)(x))
        x = Dropout(0.25)(BatchNormalization()(convolution(128, x)))
        x = Dense(256, activation: .relu)(GlobalAveragePooling2D()(x))
        return Dense(classes, activation: .softmax)(Dropout(0.5)(BatchNormalization()(x)))
      }, type: AttentionNet()),
  ]
}

private struct Conv5x5: Layer {
  let rescale = Rescale(1)
  let first = Conv2D(32, kernelSize: 5, activation: .relu)
  let second = Conv2D(64, kernelSize: 5, activation: .relu)
  let hidden = Dense(128, activation: .relu)
  let dropout = Dropout(0.5)
  let scores = Dense(10)

  func callAsFunction(_ x: Value) -> Value {
    var x = MaxPooling2D(2)(first(rescale(x)))
    x = MaxPooling2D(2)(second(x))
    return scores(dropout(hidden(Flatten()(x))))
  }
}

private struct CustomCNN: Layer {
  struct Block: Layer {
    let convolution: Conv2D
    let normalization = BatchNormalization()
    let activation = LeakyReLU()
    let pooling = MaxPooling2D(2)
    let dropout = Dropout(0.3)

    func callAsFunction(_ x: Value) -> Value {
      dropout(pooling(activation(normalization(convolution(x)))))
    }
  }

  let blocks = [32, 64, 128].map { Block(convolution: Conv2D($0, kernelSize: 3, padding: .same)) }
  let hidden = Dense(128, activation: .relu)
  let probabilities = Dense(10, activation: .softmax)

  func callAsFunction(_ x: Value) -> Value {
    let maps = blocks.reduce(Rescale(1 / 255)(x)) { $1($0) }
    return probabilities(Dropout(0.3)(hidden(Flatten()(maps))))
  }
}

private struct AlexNet: Layer {
  let wide = [96, 256].map { Conv2D($0, kernelSize: 3, padding: .same) }
  let deep = [384, 384, 256].map { Conv2D($0, kernelSize: 3, padding: .same, activation: .relu) }
  let dense = [512, 512].map { Dense($0, activation: .relu) }
  let probabilities = Dense(10, activation: .softmax)

  func callAsFunction(_ x: Value) -> Value {
    var x = Rescale(1 / 255)(x)
    for layer in wide { x = MaxPooling2D(2)(ReLU()(LocalResponseNormalization()(layer(x)))) }
    for layer in deep { x = layer(x) }
    x = Flatten()(MaxPooling2D(2, strides: 1)(x))
    for layer in dense { x = Dropout(0.5)(layer(x)) }
    return probabilities(x)
  }
}

private struct SmallDense: Layer {
  let layers = [Dense(16, activation: .relu), Dense(8, activation: .relu), Dense(10, activation: .softmax)]
  func callAsFunction(_ x: Value) -> Value {
    layers.reduce(Flatten()(Rescale(1 / 255)(x))) { $1($0) }
  }
}

private struct SmallConv: Layer {
  let convolution = Conv2D(32, kernelSize: 4, activation: .relu)
  let layers = [Dense(16, activation: .relu), Dense(8, activation: .relu), Dense(10, activation: .softmax)]
  func callAsFunction(_ x: Value) -> Value {
    let maps = MaxPooling2D(2)(convolution(Rescale(1 / 255)(x)))
    return layers.reduce(Flatten()(maps)) { $1($0) }
  }
}

private struct AttentionNet: Layer {
  struct Block: Layer {
    let first: Conv2D
    let normalization = BatchNormalization()
    let second: Conv2D

    init(_ filters: Int) {
      first = Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
      second = Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
    }

    func callAsFunction(_ x: Value) -> Value { MaxPooling2D(2)(second(normalization(first(x)))) }
  }

  let blocks = [Block(32), Block(64)]
  let channel = ChannelAttention(ratio: 16)
  let spatial = SpatialAttention(kernelSize: 7)
  let last = Conv2D(128, kernelSize: 3, padding: .same, activation: .relu)
  let hidden = Dense(256, activation: .relu)
  let probabilities = Dense(10, activation: .softmax)

  func callAsFunction(_ x: Value) -> Value {
    var x = blocks.reduce(Rescale(1 / 255)(x)) { $1($0) }
    x = last(spatial(channel(x)))
    x = GlobalAveragePooling2D()(Dropout(0.25)(BatchNormalization()(x)))
    return probabilities(Dropout(0.5)(BatchNormalization()(hidden(x))))
  }
}
