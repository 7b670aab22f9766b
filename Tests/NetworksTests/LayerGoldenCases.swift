import MartletGraphs
import MartletNetworks
import Testing

/// A layer that a peer computed with the same images, weights and parameters.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  let name: String
  let shape: [Int]
  let preset: Preset
  let layer: any Layer

  init(_ name: String, _ shape: [Int], preset: Preset = .keras, _ layer: some Layer) {
    self.name = name
    self.shape = shape
    self.preset = preset
    self.layer = layer
  }

  var testDescription: String { name }

  static let all: [GoldenCase] =
    convolutions + transposed + pooling + normalizations + activations + shapes + composed

  private static let convolutions: [GoldenCase] = [
    GoldenCase(
      "strides same", [2, 5, 6, 2], Conv2D(3, kernelSize: Extent(3, 2), strides: 2, padding: .same)),
    GoldenCase(
      "dilation same", [2, 5, 6, 2],
      Conv2D(3, kernelSize: 3, padding: .same, dilation: 2, activation: .sigmoid)),
    GoldenCase(
      "dilation", [2, 6, 7, 2], preset: .pytorch,
      Conv2D(3, kernelSize: Extent(2, 3), padding: 1, dilation: Extent(2, 3))),
    GoldenCase(
      "groups", [2, 5, 4, 4], preset: .pytorch,
      Conv2D(6, kernelSize: Extent(3, 2), strides: Extent(2, 1), padding: 1, groups: 2)),
    GoldenCase(
      "depthwise", [2, 5, 4, 3],
      DepthwiseConv2D(kernelSize: Extent(2, 3), depthMultiplier: 2, activation: .tanh)),
    GoldenCase(
      "depthwise strides", [2, 6, 5, 3], DepthwiseConv2D(kernelSize: 3, strides: 2, padding: .same)),
    GoldenCase(
      "separable", [2, 5, 6, 3],
      SeparableConv2D(4, kernelSize: Extent(3, 2), strides: 2, padding: .same, depthMultiplier: 2)),
  ]

  private static let transposed: [GoldenCase] = [
    GoldenCase(
      "transpose same", [2, 3, 4, 2], Conv2DTranspose(3, kernelSize: 3, strides: 2, padding: .same)),
    GoldenCase(
      "transpose valid", [2, 3, 2, 3], Conv2DTranspose(3, kernelSize: Extent(4, 3), strides: Extent(2, 1))),
    GoldenCase("transpose wide", [2, 2, 3, 2], Conv2DTranspose(3, kernelSize: Extent(2, 1), strides: 3)),
    GoldenCase(
      "transpose added", [2, 3, 2, 2], Conv2DTranspose(3, kernelSize: 3, strides: 3, outputPadding: 2)),
    GoldenCase(
      "transpose same added", [2, 2, 3, 2],
      Conv2DTranspose(3, kernelSize: 3, strides: 3, padding: .same, outputPadding: 1)),
    GoldenCase(
      "transpose same even", [2, 3, 2, 2],
      Conv2DTranspose(3, kernelSize: 4, strides: 2, padding: .same, outputPadding: 1)),
    GoldenCase(
      "transpose explicit", [2, 3, 4, 2], preset: .pytorch,
      Conv2DTranspose(
        3, kernelSize: Extent(3, 2), strides: 2, padding: 1, outputPadding: 1, dilation: 2)),
  ]

  private static let pooling: [GoldenCase] = [
    GoldenCase("maximum same", [2, 5, 6, 2], MaxPooling2D(3, strides: 2, padding: .same)),
    GoldenCase(
      "maximum of PyTorch", [2, 5, 6, 2], preset: .pytorch, MaxPooling2D(3, strides: 2, padding: 1)),
    GoldenCase("average same", [2, 5, 6, 2], AveragePooling2D(3, strides: 2, padding: .same)),
    GoldenCase(
      "average of PyTorch", [2, 5, 6, 2], preset: .pytorch, AveragePooling2D(3, strides: 2, padding: 1)),
    GoldenCase(
      "average without padding", [2, 5, 6, 2], preset: .pytorch,
      AveragePooling2D(3, strides: 2, padding: 1, countsPadding: false)),
    GoldenCase("maximum of all", [2, 3, 4, 3], GlobalMaxPooling2D()),
  ]

  private static let normalizations: [GoldenCase] = [
    GoldenCase("group", [2, 3, 2, 6], GroupNormalization(groups: 3)),
    GoldenCase("instance", [2, 3, 2, 3], GroupNormalization(groups: -1)),
    GoldenCase("group of PyTorch", [2, 3, 2, 6], preset: .pytorch, GroupNormalization(groups: 2)),
    GoldenCase("layer", [2, 2, 3, 5], LayerNormalization()),
    GoldenCase("layer of two axes", [2, 2, 3, 5], LayerNormalization(axes: [1, 2])),
    GoldenCase("layer of PyTorch", [2, 2, 3, 4], preset: .pytorch, LayerNormalization(axes: [1, 2, 3])),
    GoldenCase(
      "response of 4 channels", [2, 2, 2, 7], preset: .pytorch,
      LocalResponseNormalization(size: 4, alpha: 0.5, bias: 2)),
    GoldenCase(
      "response of 2 channels", [2, 2, 2, 5], preset: .pytorch,
      LocalResponseNormalization(size: 2, alpha: 0.5, beta: 0.5)),
  ]

  private static let activations: [GoldenCase] = [
    GoldenCase("sigmoid", [2, 7], Sigmoid()),
    GoldenCase("tanh", [2, 7], Tanh()),
    GoldenCase("softmax", [2, 7], Softmax()),
    GoldenCase("named function", [2, 7], Activation(.silu)),
    GoldenCase("prelu", [2, 2, 3, 4], PReLU()),
    GoldenCase("prelu shared", [2, 2, 3, 4], PReLU(sharedAxes: [1, 2])),
    GoldenCase("prelu of PyTorch", [2, 2, 3, 4], preset: .pytorch, PReLU()),
    GoldenCase("elu", [2, 7], ELU(alpha: 0.7)),
    GoldenCase("silu", [2, 7], SiLU()),
    GoldenCase("softplus", [2, 7], Softplus()),
    GoldenCase("gelu", [2, 7], GELU()),
    GoldenCase("gelu approximate", [2, 7], GELU(approximate: true)),
  ]

  private static let shapes: [GoldenCase] = [
    GoldenCase("reshape", [2, 2, 3, 2], Reshape([4, -1])),
    GoldenCase("padding", [2, 3, 2, 2], ZeroPadding2D((1, 2), (0, 3))),
    GoldenCase("cropping", [2, 4, 5, 2], Cropping2D((1, 0), (2, 1))),
    GoldenCase("nearest", [2, 3, 2, 2], UpSampling2D(Extent(2, 3))),
    GoldenCase("bilinear", [2, 3, 4, 2], UpSampling2D(Extent(3, 2), interpolation: .bilinear)),
  ]

  private static let composed: [GoldenCase] = [
    GoldenCase("joining", [2, 3, 2, 2], Lambda { x in Concatenate()(Add()(x, x * x, x), x) }),
    GoldenCase(
      "merging", [2, 3, 2, 2],
      Lambda { x in
        Subtract()(Maximum()(x, x * x), Average()(Minimum()(x, -x), x * x, Multiply()(x, x, x)))
      }),
    GoldenCase("residual", [2, 4, 5, 2], preset: .pytorch, ResidualBlock(3, strides: 2)),
    GoldenCase("residual identity", [2, 3, 4, 3], preset: .pytorch, ResidualBlock(3)),
  ]
}

/// One step of descent of a layer with a regularizer or constraint.
struct StepCase: Sendable, CustomTestStringConvertible {
  let name: String
  let layer: any Layer

  var testDescription: String { name }
  var shape: [Int] { layer is Dense ? [4, 3] : [2, 3, 3, 2] }

  static let all: [StepCase] = [
    StepCase(
      name: "max norm",
      layer: Dense(2, kernelConstraint: .maxNorm(0.5), biasConstraint: .maxNorm(0.25))),
    StepCase(
      name: "max norm of filters",
      layer: Conv2D(2, kernelSize: 2, kernelConstraint: .maxNorm(0.5, axes: [0, 1, 2]))),
    StepCase(
      name: "not negative", layer: Dense(2, kernelConstraint: .nonNegative, biasConstraint: .nonNegative)),
    StepCase(name: "unit norm", layer: Dense(2, kernelConstraint: .unitNorm())),
    StepCase(
      name: "min max norm",
      layer: Dense(2, kernelConstraint: .minMaxNorm(minimum: 0.5, maximum: 0.75, rate: 0.25))),
    StepCase(
      name: "min max norm of rows",
      layer: Conv2D(2, kernelSize: 2, kernelConstraint: .minMaxNorm(minimum: 0.75, axes: [-1]))),
    StepCase(name: "l1", layer: Dense(2, kernelRegularizer: .l1(0.125))),
    StepCase(
      name: "l2", layer: Conv2D(2, kernelSize: 2, kernelRegularizer: .l2(0.125), biasRegularizer: .l2(0.25))),
    StepCase(
      name: "l1 and l2",
      layer: Dense(
        2, kernelRegularizer: .l1l2(l1: 0.125, l2: 0.25), biasRegularizer: .l1(0.5),
        kernelConstraint: .unitNorm())),
  ]
}
