import Martlet

/// Small images of three classes made by a formula: bars that lie, stand, or slant, at some place.
enum Samples {
  static func data(
    _ count: Int, seed: Int = 0, name: String = "bars", classes: Int = 3
  ) throws -> ImageDataset {
    var pixels: [UInt8] = []
    var labels: [Int] = []
    for index in 0..<count {
      let number = index + seed
      let label = (number * 7 + number / 5) % 3
      let place = (number * 5 + number / 3) % 6
      for row in 0..<8 {
        for column in 0..<8 {
          let distance = [row - place, column - place, row - column - place + 3][label]
          let noise = (number * 31 + row * 17 + column * 29) % 40
          pixels.append(UInt8((distance == 0 || distance == 1 ? 200 : 0) + noise))
        }
      }
      labels.append(label)
    }
    return try ImageDataset(
      name: name, classNames: (0..<classes).map { "class \($0)" },
      images: Tensor(shape: [count, 8, 8, 1], scalars: pixels), labels: labels)
  }

  /// A small convolutional network with dropout and batch normalization.
  static func network(
    preset: Preset = .keras, dropout: Double = 0.2, normalized: Bool = true,
    activation: ActivationFunction = .linear
  ) throws -> Sequential {
    try Sequential(input: .image(8, 8, 1), preset: preset) {
      Rescale(1 / 255)
      Conv2D(8, kernelSize: 3, padding: .same, activation: .relu)
      MaxPooling2D(2)
      if normalized { BatchNormalization() }
      Flatten()
      Dense(16, activation: .relu)
      Dropout(dropout)
      Dense(3, activation: activation)
    }
  }

  static let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)

  static func trainer(
    _ network: some Network, seed: UInt64 = 1, threads: Int = 1, frozen: Set<String> = [],
    optimizer: Adam = Adam(learningRate: 0.01)
  ) throws -> Trainer {
    try Trainer(network, optimizer: optimizer, loss: loss, seed: seed, threads: threads, frozen: frozen)
  }

  static func trainer(seed: UInt64 = 1, threads: Int = 1) throws -> Trainer {
    try trainer(network(), seed: seed, threads: threads)
  }
}

/// What is thrown, as text.
func text(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
