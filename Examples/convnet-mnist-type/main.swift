import Martlet

// One network, three ways to write it; here as a type of one's own with a forward function.
struct ConvNet: Layer {
  let rescale = Rescale(1 / 255, name: "Rescale")
  let conv1 = Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")
  let pool1 = MaxPooling2D(2, name: "Pool1")
  let conv2 = Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")
  let pool2 = MaxPooling2D(2, name: "Pool2")
  let flatten = Flatten(name: "Flatten")
  let fc1 = Dense(128, activation: .relu, name: "FC1")
  let dropout = Dropout(0.5, name: "Dropout")
  let logits = Dense(10, name: "Logits")

  func callAsFunction(_ x: Value) -> Value {
    let maps = pool2(conv2(pool1(conv1(rescale(x)))))
    return logits(dropout(fc1(flatten(maps))))
  }
}
let model = try Model(input: .image(28, 28, 1), name: "ConvNet", ConvNet())
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
