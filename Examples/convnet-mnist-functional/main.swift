import Martlet

// One network, three ways to write it; here as a functional graph with named layers.
let model = try Model(input: .image(28, 28, 1), name: "ConvNet") { images in
  var x = Rescale(1 / 255, name: "Rescale")(images)
  x = Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")(x)
  x = MaxPooling2D(2, name: "Pool1")(x)
  x = Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")(x)
  x = MaxPooling2D(2, name: "Pool2")(x)
  x = Flatten(name: "Flatten")(x)
  x = Dense(128, activation: .relu, name: "FC1")(x)
  x = Dropout(0.5, name: "Dropout")(x)
  return Dense(10, name: "Logits")(x)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try MNIST.load()
let train = allTrain.prefix(limit)
let trainer = try Trainer(
  model, optimizer: Adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true), seed: 69)
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(
  train, epochs: 5, batchSize: 512, validation: .last(0.2), progress: progress.report)

let (training, result) = (try trainer.evaluate(train), try trainer.evaluate(test))
print("training accuracy \(training.accuracy), loss \(training.loss)")
print("test accuracy \(result.accuracy), loss \(result.loss)")
