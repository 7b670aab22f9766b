import Martlet

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let train = allTrain.prefix(limit)
print("\(train.count) training images of shape \(train.imageShape), \(test.count) test images")
print("classes: \(train.classNames.joined(separator: ", "))")

let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 3, activation: .relu)
  MaxPooling2D(2)
  Conv2D(64, kernelSize: 3, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dense(64, activation: .relu)
  Dense(10)
}
print(model.summary())

let trainer = try Trainer(model, optimizer: Adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
let history = try trainer.fit(
  train, epochs: 3, batchSize: 64, validation: .last(0.1), progress: progress.report)

let result = try trainer.evaluate(test)
print("test accuracy \(result.accuracy), loss \(result.loss)")
if let last = history.epochs.last {
  print("the last epoch's training accuracy was \(last.accuracy)")
}
try trainer.save(to: "fashion.safetensors")
