import MartletGraphs
import MartletNetworks

/// The layers that the first networks do without.
extension LayerCase {
  static let further: [LayerCase] = transposed + separable + normalizations + resized + smooth + blocks

  private static let transposed: [LayerCase] =
    [1, 3, 8, 17].map { channels in
      LayerCase(
        "Conv2DTranspose same, \(channels) channels", [4, 3, channels],
        Conv2DTranspose(channels, kernelSize: 3, strides: 2, padding: .same, activation: .relu))
    } + [
      LayerCase(
        "Conv2DTranspose of steps wider than the kernel", [3, 4, 5],
        Conv2DTranspose(3, kernelSize: Extent(2, 1), strides: 3, activation: .tanh)),
      LayerCase(
        "Conv2DTranspose of PyTorch, dilated and filled up", [4, 5, 3], preset: .pytorch,
        Conv2DTranspose(
          6, kernelSize: 3, strides: 2, padding: 1, outputPadding: 1, dilation: 2, useBias: false)),
      LayerCase(
        "Conv2DTranspose padded beyond its kernel", [6, 6, 2],
        Conv2DTranspose(3, kernelSize: 2, strides: 2, padding: 3)),
      LayerCase(
        "Conv2DTranspose of 130 to 141 channels", [3, 2, 130],
        Conv2DTranspose(141, kernelSize: 3, padding: .same, activation: .leakyReLU(negativeSlope: 0.1))),
      LayerCase(
        "Conv2DTranspose between a convolution and pooling, of bytes", [7, 6, 1], bytes: true,
        Stack {
          Rescale(1 / 255)
          Conv2DTranspose(4, kernelSize: 2, strides: 2)
          Conv2D(8, kernelSize: 3, activation: .relu)
          Conv2DTranspose(8, kernelSize: 3, activation: .relu)
          MaxPooling2D(2)
        }),
    ]

  private static let separable: [LayerCase] =
    [1, 3, 8, 17].flatMap { channels in
      [
        LayerCase(
          "DepthwiseConv2D, \(channels) channels", [6, 5, channels],
          DepthwiseConv2D(kernelSize: 3, padding: .same, activation: .relu)),
        LayerCase(
          "SeparableConv2D, \(channels) channels", [6, 7, channels],
          SeparableConv2D(
            8, kernelSize: Extent(3, 2), strides: 2, padding: .same, depthMultiplier: 2, activation: .tanh)),
      ]
    } + [
      LayerCase(
        "DepthwiseConv2D of three results, dilated", [7, 8, 3], preset: .pytorch,
        DepthwiseConv2D(kernelSize: 2, padding: 1, depthMultiplier: 3, dilation: 2)),
      LayerCase(
        "DepthwiseConv2D, ReLU and pooling", [8, 8, 8],
        Stack {
          DepthwiseConv2D(kernelSize: 3, activation: .relu)
          MaxPooling2D(2)
        }),
      LayerCase(
        "SeparableConv2D of PyTorch, dilated", [7, 6, 4], preset: .pytorch,
        SeparableConv2D(3, kernelSize: 3, dilation: Extent(2, 1), activation: .relu)),
    ]

  private static let normalizations: [LayerCase] = [
    LayerCase("GroupNormalization", [3, 5, 6], GroupNormalization(groups: 3)),
    LayerCase(
      "GroupNormalization of PyTorch", [4, 3, 8], preset: .pytorch, GroupNormalization(groups: 2)),
    LayerCase("GroupNormalization by channel", [5, 3, 3], GroupNormalization(groups: -1)),
    LayerCase("GroupNormalization of rows", [12], GroupNormalization(groups: 4, center: false)),
    LayerCase("LayerNormalization", [3, 4, 17], LayerNormalization()),
    LayerCase("LayerNormalization of rows", [17], LayerNormalization(scale: false)),
    LayerCase(
      "LayerNormalization of PyTorch", [3, 4, 5], preset: .pytorch, LayerNormalization(axes: [1, 2, 3])),
    LayerCase("LayerNormalization of rows and columns", [3, 4, 5], LayerNormalization(axes: [1, 2])),
    LayerCase(
      "LocalResponseNormalization of 4 channels", [3, 3, 9], preset: .pytorch,
      LocalResponseNormalization(size: 4, alpha: 0.5)),
    LayerCase(
      "LocalResponseNormalization of 2 channels", [2, 3, 5],
      LocalResponseNormalization(size: 2, alpha: 0.5, beta: 0.75)),
  ]

  private static let resized: [LayerCase] = [
    LayerCase("ZeroPadding2D", [3, 4, 5], ZeroPadding2D((1, 2), (0, 3))),
    LayerCase("Cropping2D", [6, 5, 3], Cropping2D((1, 0), (2, 1))),
    LayerCase("UpSampling2D", [3, 4, 5], UpSampling2D(Extent(2, 3))),
    LayerCase(
      "UpSampling2D, bilinear", [3, 4, 5], UpSampling2D(Extent(3, 2), interpolation: .bilinear)),
    LayerCase(
      "UpSampling2D of one row, bilinear", [1, 2, 3], UpSampling2D(2, interpolation: .bilinear)),
    LayerCase(
      "padding, convolution, cropping, bytes", [6, 5, 3], bytes: true,
      Stack {
        Rescale(1 / 255)
        ZeroPadding2D()
        Conv2D(8, kernelSize: 3, activation: .relu)
        MaxPooling2D(2)
        Cropping2D(Extent(1, 0))
        UpSampling2D()
      }),
  ]

  private static let smooth: [LayerCase] = [
    LayerCase("PReLU", [3, 4, 5], PReLU(alphaInitializer: .uniform(-0.5, 0.5))),
    LayerCase("PReLU by channel", [3, 4, 5], PReLU(sharedAxes: [1, 2], alphaInitializer: .normal())),
    LayerCase("PReLU of PyTorch", [17], preset: .pytorch, PReLU()),
    LayerCase("ELU", [17], ELU(alpha: 0.7)),
    LayerCase("GELU", [17], GELU()),
    LayerCase("GELU, approximate", [17], GELU(approximate: true)),
    LayerCase("SiLU", [17], SiLU()),
    LayerCase("Softplus", [17], Softplus()),
    LayerCase("GaussianNoise", [7, 5, 3], GaussianNoise(0.5)),
    LayerCase("SpatialDropout2D", [3, 5, 17], SpatialDropout2D(0.4)),
    LayerCase(
      "Subtract, Average, Maximum, Minimum", [3, 3, 5],
      Lambda { x in
        let mean = Average()(x, x.squared(), x * 3)
        return Subtract()(Maximum()(x, mean), Minimum()(x, mean.squared()))
      }),
  ]

  private static let blocks: [LayerCase] = [
    LayerCase("ResidualBlock", [5, 4, 3], ResidualBlock(3)),
    LayerCase("ResidualBlock that projects", [6, 5, 3], ResidualBlock(8, strides: 2, activation: .elu)),
    LayerCase(
      "ResidualBlock of PyTorch", [6, 5, 3], preset: .pytorch, ResidualBlock(4, kernelSize: 5, strides: 2)),
  ]
}
