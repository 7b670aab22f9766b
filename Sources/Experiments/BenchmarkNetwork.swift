import MartletGraphs
import MartletNetworks

/// A network that nobody tuned for: what `martlet benchmark` times besides the systems.
package struct BenchmarkNetwork: Sendable {
  package let name: String
  /// One line on what it is.
  package let title: String
  /// `[H, W, C]` of an image.
  package let imageShape: [Int]
  package let batchSize: Int
  /// The data set whose images have this shape; nil where none has, so that pixels are random.
  package let dataset: String?
  private let build: @Sendable (InputSpec, Int) throws(ModelError) -> Sequential

  package static let classes = 10

  /// The network, which puts out scores.
  package func make() throws(ModelError) -> Sequential {
    try build(.image(imageShape[0], imageShape[1], imageShape[2]), Self.classes)
  }

  /// All of them.
  package static let all: [BenchmarkNetwork] = [
    BenchmarkNetwork(
      name: "vgg-like", title: "Six 3x3 convolutions with ReLU in three blocks",
      imageShape: [32, 32, 3], batchSize: 64, dataset: "cifar10", build: vggLike),
    BenchmarkNetwork(
      name: "resnet-like", title: "Six residual blocks with strides of 2 and 1x1 projections",
      imageShape: [32, 32, 3], batchSize: 64, dataset: "cifar10", build: resnetLike),
    BenchmarkNetwork(
      name: "mobilenet-like", title: "Five depthwise separable blocks with batch normalization",
      imageShape: [32, 32, 3], batchSize: 64, dataset: "cifar10", build: mobilenetLike),
    BenchmarkNetwork(
      name: "odd", title: "27x31 images of 2 channels, batches of 37, 20, 37 and 24 filters",
      imageShape: [27, 31, 2], batchSize: 37, dataset: nil, build: odd),
  ]

  private static func vggLike(_ input: InputSpec, _ classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "VGGLike") {
      Rescale(1 / 255)
      for filters in [32, 64, 128] {
        Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
        Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
        MaxPooling2D(2)
      }
      Flatten()
      Dense(256, activation: .relu)
      Dropout(0.5)
      Dense(classes)
    }
  }

  private static func resnetLike(_ input: InputSpec, _ classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "ResNetLike") {
      Rescale(1 / 255)
      Conv2D(32, kernelSize: 3, padding: .same, useBias: false)
      BatchNormalization()
      ReLU()
      ResidualBlock(32)
      ResidualBlock(32)
      ResidualBlock(64, strides: 2)
      ResidualBlock(64)
      ResidualBlock(128, strides: 2)
      ResidualBlock(128)
      GlobalAveragePooling2D()
      Dense(classes)
    }
  }

  private static func mobilenetLike(_ input: InputSpec, _ classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "MobileNetLike") {
      Rescale(1 / 255)
      Conv2D(32, kernelSize: 3, padding: .same, useBias: false)
      BatchNormalization()
      ReLU()
      for (filters, stride) in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1)] {
        DepthwiseConv2D(kernelSize: 3, strides: Extent(stride), padding: .same, useBias: false)
        BatchNormalization()
        ReLU()
        Conv2D(filters, kernelSize: 1, useBias: false)
        BatchNormalization()
        ReLU()
      }
      GlobalAveragePooling2D()
      Dense(classes)
    }
  }

  private static func odd(_ input: InputSpec, _ classes: Int) throws(ModelError) -> Sequential {
    try Sequential(input: input, name: "Odd") {
      Rescale(1 / 255)
      Conv2D(20, kernelSize: 5, activation: .relu)
      Conv2D(37, kernelSize: 3, strides: 2, padding: .same)
      BatchNormalization()
      LeakyReLU()
      MaxPooling2D(3, strides: 2)
      Conv2D(24, kernelSize: 1, activation: .relu)
      Flatten()
      Dense(50, activation: .relu)
      Dense(classes)
    }
  }
}
