import MartletGraphs
import MartletNetworks

/// One row of the table of layers: a network of that layer on a small odd-sized input.
struct LayerCase: Sendable, CustomStringConvertible {
  let name: String
  let input: InputSpec
  let preset: Preset
  let layer: any Layer

  init(_ name: String, _ shape: [Int], preset: Preset = .keras, bytes: Bool = false, _ layer: some Layer) {
    self.name = name
    input = InputSpec(shape: shape, element: bytes ? .uint8 : .float)
    self.preset = preset
    self.layer = layer
  }

  var description: String { name }

  static let all: [LayerCase] =
    preprocessing + convolutions + large + pooling + plain + normalization + nested + further

  private static let preprocessing: [LayerCase] = [
    LayerCase("Rescale", [5, 4, 3], bytes: true, Rescale(1 / 255, offset: -0.5)),
    LayerCase(
      "Normalize by channel", [4, 3, 2], bytes: true,
      Stack {
        Rescale(1 / 255)
        Normalize(mean: [0.1, 0.4], deviation: [0.5, 0.25])
      }),
    LayerCase(
      "Rescale fused into a pooled convolution", [9, 8, 1], bytes: true,
      Stack {
        Rescale(1 / 255)
        Conv2D(8, kernelSize: 3, padding: .same, activation: .relu)
        MaxPooling2D(2)
      }),
  ]

  private static let convolutions: [LayerCase] = [1, 3, 5, 17].flatMap { channels in
    [
      LayerCase(
        "Conv2D same, \(channels) channels", [7, 6, channels],
        Conv2D(channels, kernelSize: 3, padding: .same, activation: .relu)),
      LayerCase(
        "Conv2D stride 2, dilation 2, \(channels) channels", [11, 12, channels],
        Conv2D(4, kernelSize: 3, strides: 2, padding: .explicit(2), dilation: 2, activation: .tanh)),
      LayerCase(
        "Conv2D, \(channels) groups", [6, 7, channels], preset: .pytorch,
        Conv2D(
          2 * channels, kernelSize: Extent(2, 3), groups: channels,
          activation: .leakyReLU(negativeSlope: 0.1), useBias: false)),
      LayerCase(
        "Conv2D, ReLU and pooling, \(channels) to 8", [8, 9, channels],
        Stack {
          Conv2D(8, kernelSize: 5, padding: .same, activation: .relu)
          MaxPooling2D(2)
        }),
      LayerCase(
        "Conv2D, ReLU and pooling, 8 to \(channels)", [8, 9, 3],
        Stack {
          Conv2D(8, kernelSize: 1)
          Conv2D(channels, kernelSize: 4, activation: .relu)
          MaxPooling2D(2)
        }),
      LayerCase("Dense, \(channels) features", [channels], Dense(5, activation: .sigmoid)),
    ]
  }

  /// Kernels so wide that they are cut into panels, or so large that they are cut into blocks as well; the last
  /// is of another width.
  private static let large: [LayerCase] = [
    LayerCase("Conv2D of 24 to 135 channels", [5, 4, 24], Conv2D(135, kernelSize: 1, activation: .relu)),
    LayerCase("Conv2D of 2 wide groups", [4, 3, 74], Conv2D(258, kernelSize: 2, strides: 2, groups: 2)),
    LayerCase(
      "Conv2D of 130 to 141 channels", [4, 5, 130],
      Conv2D(141, kernelSize: 3, padding: .same, activation: .relu)),
    LayerCase(
      "Conv2D of 2 large groups", [4, 3, 240],
      Conv2D(248, kernelSize: 3, strides: 2, padding: .same, groups: 2)),
    LayerCase(
      "Conv2D of 136 to 144 channels, ReLU and pooling", [5, 6, 136],
      Stack {
        Conv2D(144, kernelSize: 3, padding: .same, activation: .relu)
        MaxPooling2D(2)
      }),
    LayerCase(
      "Conv2D of 133 to 152 channels, ReLU and pooling", [5, 6, 133],
      Stack {
        Conv2D(152, kernelSize: 3, padding: .same, activation: .relu)
        MaxPooling2D(2)
      }),
    withoutBias(channels: 1, filters: 8), withoutBias(channels: 3, filters: 40),
    withoutBias(channels: 8, filters: 8), withoutBias(channels: 5, filters: 3),
  ]

  private static func withoutBias(channels: Int, filters: Int) -> LayerCase {
    LayerCase(
      "Conv2D without bias, \(channels) to \(filters) channels, ReLU and pooling", [7, 6, channels],
      Stack {
        Conv2D(filters, kernelSize: 3, activation: .relu, useBias: false)
        MaxPooling2D(2)
      })
  }

  private static let pooling: [LayerCase] = [
    LayerCase("MaxPooling2D", [7, 8, 3], MaxPooling2D(3, strides: 2, padding: .same)),
    LayerCase("AveragePooling2D", [7, 8, 3], AveragePooling2D(Extent(2, 3), padding: .same)),
    LayerCase(
      "AveragePooling2D of PyTorch", [7, 8, 5], preset: .pytorch, AveragePooling2D(3, strides: 2, padding: 1)),
    LayerCase("GlobalMaxPooling2D", [5, 3, 17], GlobalMaxPooling2D()),
    LayerCase("GlobalAveragePooling2D", [5, 3, 17], GlobalAveragePooling2D()),
  ]

  private static let plain: [LayerCase] = [
    LayerCase(
      "Flatten", [3, 5, 2],
      Stack {
        Flatten()
        Dense(3)
      }),
    LayerCase("Reshape", [3, 4], Reshape([2, 6])),
    LayerCase("Dropout", [37], Dropout(0.4)),
    LayerCase("Activation", [3, 3, 5], Activation(.elu)),
    LayerCase("Activation gelu", [5], Activation(.gelu)),
    LayerCase("Activation silu", [5], Activation(.silu)),
    LayerCase("Activation softplus", [5], Activation(.softplus)),
    LayerCase("ReLU", [3, 3, 3], ReLU()),
    LayerCase("LeakyReLU", [3, 3, 3], LeakyReLU()),
    LayerCase("Sigmoid", [17], Sigmoid()),
    LayerCase("Tanh", [17], Tanh()),
    LayerCase("Softmax", [10], Softmax()),
    LayerCase(
      "Add, Multiply, Concatenate", [3, 3, 5],
      Lambda { x in
        let sum = Add()(x, x * 2)
        return Concatenate()(Multiply()(sum, x), x)
      }),
    LayerCase("Weight", [5], ScaledByWeight()),
  ]

  private static let normalization: [LayerCase] = [
    LayerCase("BatchNormalization", [3, 5, 3], BatchNormalization()),
    LayerCase("BatchNormalization of PyTorch", [17], preset: .pytorch, BatchNormalization()),
    LayerCase("LocalResponseNormalization", [3, 3, 17], LocalResponseNormalization()),
    LayerCase(
      "LocalResponseNormalization of PyTorch", [3, 3, 5], preset: .pytorch,
      LocalResponseNormalization(size: 3)),
    LayerCase(
      "conv, BatchNormalization, LeakyReLU, pooling", [6, 6, 2],
      Stack {
        Conv2D(5, kernelSize: 3, padding: .same)
        BatchNormalization()
        LeakyReLU()
        MaxPooling2D(2)
      }),
  ]

  private static let nested: [LayerCase] = [
    LayerCase("ChannelAttention", [4, 5, 32], ChannelAttention()),
    LayerCase("SpatialAttention", [9, 8, 3], SpatialAttention()),
    LayerCase("Scope", [5], Scope("inner", Dense(3))),
  ]
}

/// An own layer with a weight of its own.
private struct ScaledByWeight: Layer {
  let scale = Weight(.constant(0.5), name: "scale")

  func callAsFunction(_ x: Value) -> Value { x * scale(shape: [5], for: x) }
}
