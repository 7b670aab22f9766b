import Martlet

// Three blocks of convolution, batch normalization, LeakyReLU, pooling and dropout on MNIST.

/// A network with its settings as arguments, so that others are a call away.
func customCNN(
  baseFilters: Int = 32, kernelSize: Extent = 3, dropoutRate: Double = 0.3, denseUnits: Int = 128
) throws -> Sequential {
  try Sequential(input: .image(28, 28, 1)) {
    Rescale(1 / 255)
    for factor in [1, 2, 4] {
      Conv2D(baseFilters * factor, kernelSize: kernelSize, padding: .same)
      BatchNormalization()
      LeakyReLU()
      MaxPooling2D(2)
      Dropout(dropoutRate)
    }
    Flatten()
    Dense(denseUnits, activation: .relu)
    Dropout(dropoutRate)
    Dense(10, activation: .softmax)
  }
}

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, allTest) = try MNIST.load()
// Half of both parts, drawn with replacement.
let train = try allTrain.prefix(limit).sampled(.bootstrap(fraction: 0.5, seed: 42))
let test = try allTest.sampled(.bootstrap(fraction: 0.5, seed: 42))
print("training images [\(train.count), 28, 28, 1], test images [\(test.count), 28, 28, 1]")

let model = try customCNN(dropoutRate: 0.5, denseUnits: 128)
print(model.summary())
let trainer = try Trainer(model, optimizer: Adam(), loss: .categoricalCrossEntropy())
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(train, epochs: 20, batchSize: 64, validation: .last(0.2), progress: progress.report)

let result = try trainer.evaluate(test)
print("Dropout:0.5, Dense:128, Kernel:(3, 3)")
print("test accuracy \(result.accuracy), loss \(result.loss)")
