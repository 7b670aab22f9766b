import Martlet

let (train, test) = try FashionMNIST.load()  // fetched once, checked, cached
let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 3, padding: .same, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dense(128, activation: .relu)
  Dropout(0.5)
  Dense(10)
}
let trainer = try Trainer(model, optimizer: Adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(train, epochs: 5, batchSize: 64, validation: .last(0.2), progress: progress.report)
let result = try trainer.evaluate(test)
print("test accuracy \(result.accuracy), loss \(result.loss)")
