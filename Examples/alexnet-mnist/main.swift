import Martlet

// Five convolutions with local response normalization, in AlexNet's manner, on MNIST.
let model = try Sequential(input: .image(28, 28, 1), name: "AlexNet") {
  Rescale(1 / 255)
  for filters in [96, 256] {
    Conv2D(filters, kernelSize: 3, padding: .same)
    LocalResponseNormalization()
    ReLU()
    MaxPooling2D(2)
  }
  for filters in [384, 384, 256] {
    Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
  }
  MaxPooling2D(2, strides: 1)
  Flatten()
  for _ in 0..<2 {
    Dense(512, activation: .relu)
    Dropout(0.5)
  }
  Dense(10, activation: .softmax)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, allTest) = try MNIST.load()
let train = try allTrain.prefix(limit).sampled(.bootstrap(fraction: 0.5, seed: 42))
let test = try allTest.sampled(.bootstrap(fraction: 0.5, seed: 42))
let trainer = try Trainer(model, optimizer: Adam(learningRate: 0.001), loss: .categoricalCrossEntropy())
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(train, epochs: 20, batchSize: 64, validation: .last(0.2), progress: progress.report)

let result = try trainer.evaluate(test)
print("test accuracy \(result.accuracy), loss \(result.loss)")
