import Martlet

// One 4x4 convolution before two small dense layers, on Fashion-MNIST. Rescaling is a layer, so that no evaluation can forget it.
let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 4, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dense(16, activation: .relu)
  Dense(8, activation: .relu)
  Dense(10, activation: .softmax)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let train = allTrain.prefix(limit)
print("training images [\(train.count), 28, 28, 1], labels \(Set(train.labels).sorted())")
let trainer = try Trainer(model, optimizer: Adam(), loss: .sparseCategoricalCrossEntropy())
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(
  train, epochs: 10, batchSize: 2000, validation: .first(min(4000, train.count / 5)),
  progress: progress.report)

let result = try trainer.evaluate(test)
print("test accuracy \(result.accuracy), loss \(result.loss)")
