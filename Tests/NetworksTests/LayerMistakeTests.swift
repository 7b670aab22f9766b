import MartletGraphs
import MartletNetworks
import Testing

/// The three ways to write a network.
private enum Style: CaseIterable, Sendable {
  case sequential, functional, ownType

  /// The mistake that a layer makes behind nothing else.
  func mistake(_ layer: any Layer, _ input: InputSpec, _ preset: Preset) -> ModelError? {
    do throws(ModelError) {
      switch self {
      case .sequential: _ = try Sequential(input: input, preset: preset) { [layer] }
      case .functional: _ = try Model(input: input, preset: preset) { x in layer(x) }
      case .ownType: _ = try Model(input: input, preset: preset, Own(part: layer))
      }
      return nil
    } catch {
      return error
    }
  }
}

private struct Own: Layer {
  let part: any Layer
  func callAsFunction(_ x: Value) -> Value { part(x) }
}

/// A layer with a setting or an input that does not fit, and what the message must say.
private struct Mistake: Sendable, CustomTestStringConvertible {
  let path: String
  let layer: any Layer
  let shape: [Int]
  let bytes: Bool
  let expected: String
  let received: String
  /// A part of it; nil where there must be none.
  let hint: String?

  init(
    _ path: String, _ layer: some Layer, _ shape: [Int], bytes: Bool = false, expected: String,
    received: String, hint: String?
  ) {
    self.path = path
    self.layer = layer
    self.shape = shape
    self.bytes = bytes
    self.expected = expected
    self.received = received
    self.hint = hint
  }

  var testDescription: String { "\(path): \(expected)" }
  var input: InputSpec { InputSpec(shape: shape, element: bytes ? .uint8 : .float) }

  static let all: [Mistake] = convolutions + normalizations + shapes + merging + activations + constraints

  private static let images = [6, 6, 4]

  private static let convolutions: [Mistake] = [
    Mistake(
      "depthwise_conv2d", DepthwiseConv2D(kernelSize: 3), [36],
      expected: "images [batch, height, width, channels]", received: "[batch, 36]", hint: "Reshape"),
    Mistake(
      "depthwise_conv2d", DepthwiseConv2D(kernelSize: 7), images, expected: "an image of at least 7x7",
      received: "6x6", hint: "padding: .same"),
    Mistake(
      "depthwise_conv2d", DepthwiseConv2D(kernelSize: 3, depthMultiplier: 0), images,
      expected: "a positive depth multiplier", received: "0", hint: "results for each channel"),
    Mistake(
      "separable_conv2d", SeparableConv2D(0, kernelSize: 3), images,
      expected: "a positive number of filters", received: "0", hint: "output channels"),
    Mistake(
      "separable_conv2d", SeparableConv2D(2, kernelSize: 7), images, expected: "an image of at least 7x7",
      received: "6x6", hint: "smaller kernel"),
    Mistake(
      "conv2d_transpose", Conv2DTranspose(2, kernelSize: 3), [36],
      expected: "images [batch, height, width, channels]", received: "[batch, 36]", hint: "Flatten()"),
    Mistake(
      "conv2d_transpose", Conv2DTranspose(2, kernelSize: 3, strides: 2, outputPadding: 2), images,
      expected: "an output padding from 0 to 1", received: "2", hint: "smaller than the stride"),
    Mistake(
      "conv2d_transpose", Conv2DTranspose(2, kernelSize: 4, strides: 2, padding: .same, outputPadding: 0),
      images, expected: "an output padding from 1 to 2", received: "0", hint: "stride"),
    Mistake(
      "conv2d_transpose", Conv2DTranspose(2, kernelSize: 3, padding: 4), images,
      expected: "an explicit padding that leaves at least one pixel", received: "4", hint: "8 pixels"),
    Mistake(
      "residual_block", ResidualBlock(4, kernelSize: 2), images, expected: "an odd kernel size",
      received: "2", hint: "both branches"),
    Mistake(
      "residual_block", ResidualBlock(8, projection: false), images,
      expected: "8 channels and a stride of 1x1 without projection",
      received: "4 channels and a stride of 1x1", hint: "Leave projection open."),
    Mistake(
      "residual_block", ResidualBlock(8), [144], expected: "images [batch, height, width, channels]",
      received: "[batch, 144]", hint: "Reshape"),
  ]

  private static let normalizations: [Mistake] = [
    Mistake(
      "group_normalization", GroupNormalization(), images, expected: "groups that divide 4 channels",
      received: "32 groups", hint: "a divisor"),
    Mistake(
      "layer_normalization", LayerNormalization(axes: [0, 1]), images,
      expected: "different axes of [batch, 6, 6, 4] without the batch", received: "[0, 1]",
      hint: "-1 is the last axis"),
    Mistake(
      "local_response_normalization", LocalResponseNormalization(size: -1), images,
      expected: "a positive number of channels", received: "-1", hint: "neighbours"),
  ]

  private static let shapes: [Mistake] = [
    Mistake(
      "zero_padding2d", ZeroPadding2D((1, -1), (0, 0)), images,
      expected: "0 or more rows and columns on each side", received: "((1, -1), (0, 0))", hint: "Cropping2D"),
    Mistake(
      "zero_padding2d", ZeroPadding2D(), [8], expected: "images", received: "[batch, 8]", hint: "Reshape"),
    Mistake(
      "cropping2d", Cropping2D(3), images, expected: "an image larger than 6x6",
      received: "[batch, 6, 6, 4]", hint: "At least one pixel"),
    Mistake(
      "up_sampling2d", UpSampling2D(0), images, expected: "factors of at least 1x1", received: "0x0",
      hint: "pooling"),
    Mistake(
      "spatial_dropout2d", SpatialDropout2D(0.5), [8], expected: "images", received: "[batch, 8]",
      hint: "Flatten()"),
    Mistake(
      "gaussian_noise", GaussianNoise(-1), images, expected: "a standard deviation of 0 or more",
      received: "-1.0", hint: "0 adds nothing"),
    Mistake(
      "spatial_dropout2d", SpatialDropout2D(1), images, expected: "a rate of at least 0 and below 1",
      received: "1.0", hint: "dropped"),
  ]

  private static let merging: [Mistake] = [
    Mistake(
      "lambda/subtract", Lambda { x in Subtract()(x, x.slice(axis: 1, start: 0, count: 2)) }, images,
      expected: "values of one shape, or extents of 1 that are repeated",
      received: "[batch, 6, 6, 4] and [batch, 2, 6, 4]", hint: "UpSampling2D"),
    Mistake(
      "lambda/average", Lambda { x in Average()(x, x, x.slice(axis: 3, start: 0, count: 3)) }, images,
      expected: "values of one shape", received: "[batch, 6, 6, 4] and [batch, 6, 6, 4] and [batch, 6, 6, 3]",
      hint: "1x1 Conv2D"),
    Mistake(
      "lambda/maximum", Lambda { x in Maximum()(x, x.slice(axis: 3, start: 0, count: 3)) }, images,
      expected: "values of one shape", received: "[batch, 6, 6, 3]", hint: "1x1 Conv2D"),
    Mistake(
      "lambda/minimum", Lambda { x in Minimum()(x, x.slice(axis: 3, start: 0, count: 3)) }, images,
      expected: "values of one shape", received: "[batch, 6, 6, 3]", hint: "1x1 Conv2D"),
  ]

  private static let activations: [Mistake] = [
    Mistake(
      "p_re_lu", PReLU(sharedAxes: [4]), images,
      expected: "shared axes of [batch, 6, 6, 4] without the batch", received: "[4]", hint: "[1, 2]"),
    Mistake(
      "elu", ELU(alpha: .infinity), images, expected: "a finite alpha", received: "inf", hint: "Leave it out"),
    Mistake(
      "gelu", GELU(approximate: true), images, bytes: true, expected: "floating-point numbers",
      received: "uint8 [batch, 6, 6, 4]", hint: "Rescale(1 / 255)"),
    Mistake(
      "gelu", GELU(), images, bytes: true, expected: "floating-point numbers", received: "uint8",
      hint: "Rescale(1 / 255)"),
    Mistake(
      "si_lu", SiLU(), images, bytes: true, expected: "floating-point numbers", received: "uint8",
      hint: "Rescale(1 / 255)"),
    Mistake(
      "softplus", Softplus(), images, bytes: true, expected: "floating-point numbers", received: "uint8",
      hint: "Rescale(1 / 255)"),
  ]

  private static let constraints: [Mistake] = [
    Mistake(
      "conv2d", Conv2D(3, kernelSize: 2, kernelConstraint: .maxNorm(1, axes: [4])), images,
      expected: "different axes of the kernel [2, 2, 4, 3] for its constraint", received: "[4]",
      hint: "Axis 0"),
    Mistake(
      "conv2d", Conv2D(3, kernelSize: 2, biasConstraint: .minMaxNorm(minimum: 2, maximum: 1)), images,
      expected: "a minimum norm of 0 up to the maximum for the bias", received: "2.0 and 1.0", hint: nil),
    Mistake(
      "conv2d", Conv2D(3, kernelSize: 2, kernelConstraint: .maxNorm(-1)), images,
      expected: "a norm of 0 or more for the kernel", received: "-1.0", hint: nil),
    Mistake(
      "conv2d", Conv2D(3, kernelSize: 2, kernelConstraint: .unitNorm(axes: [0, -4])), images,
      expected: "different axes of the kernel", received: "[0, -4]", hint: "-1 is the last"),
    Mistake(
      "dense/kernel", Dense(3, kernelRegularizer: .l2(-0.1)), [4], expected: "l2 at least 0",
      received: "-0.1", hint: nil),
    Mistake(
      "dense/bias", Dense(3, biasRegularizer: .l1l2(l1: 0, l2: .nan)), [4], expected: "l2 at least 0",
      received: "nan", hint: nil),
    Mistake(
      "", Dense(3, name: ""), [4], expected: "a layer's name, with something before and after each /",
      received: "\"\"", hint: nil),
    Mistake(
      "", Dense(3, name: "a/"), [4], expected: "a layer's name", received: "\"a/\"", hint: nil),
  ]
}

@Suite struct LayerMistakeTests {
  @Test(arguments: Mistake.all, Style.allCases)
  private func isToldInEveryStyle(_ entry: Mistake, style: Style) throws {
    for preset in Preset.allCases {
      let error = try #require(style.mistake(entry.layer, entry.input, preset))
      #expect(error.path == entry.path)
      #expect(error.expected.hasPrefix(entry.expected))
      #expect(error.received.contains(entry.received))
      #expect(error.hint.tells(entry.hint), "\(error)")
      #expect(error.location.hasPrefix("\(#fileID):"))
    }
  }
}
