import Martlet

// Two small dense layers, on CIFAR-100's 20 superclasses. Rescaling is a layer, so that no evaluation can forget it.
let model = try Sequential(input: .image(32, 32, 3)) {
  Rescale(1 / 255)
  Flatten()
  Dense(16, activation: .relu)
  Dense(8, activation: .relu)
  Dense(20, activation: .softmax)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try CIFAR100.load(labels: .coarse)
let train = allTrain.prefix(limit)
print("training images [\(train.count), 32, 32, 3], labels \(Set(train.labels).sorted())")
let trainer = try Trainer(model, optimizer: Adam(), loss: .sparseCategoricalCrossEntropy())
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(
  train, epochs: 10, batchSize: 1000, validation: .first(min(4000, train.count / 5)),
  progress: progress.report)

let result = try trainer.evaluate(test)
print("test accuracy \(result.accuracy), loss \(result.loss)")
