import Martlet

// Five convolutions with channel attention ("what") and spatial attention ("where"), on Fashion-MNIST.
let model = try Sequential(input: .image(28, 28, 1), name: "Attention") {
  Rescale(1 / 255)
  for filters in [32, 64] {
    Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
    BatchNormalization()
    Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
    MaxPooling2D(2)
  }
  ChannelAttention(ratio: 16)
  SpatialAttention(kernelSize: 7)
  Conv2D(128, kernelSize: 3, padding: .same, activation: .relu)
  BatchNormalization()
  Dropout(0.25)
  GlobalAveragePooling2D()
  Dense(256, activation: .relu)
  BatchNormalization()
  Dropout(0.5)
  Dense(10, activation: .softmax)
}
print(model.summary())

// Numbers as arguments train on so many images for so many epochs only, for a quick look.
let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let (limit, epochs) = (numbers.first ?? .max, numbers.count > 1 ? numbers[1] : 30)
let (allTrain, test) = try FashionMNIST.load()
let train = allTrain.prefix(limit)
let trainer = try Trainer(
  model, optimizer: Adam(), loss: .categoricalCrossEntropy(), schedule: .cosineAnnealing(epochs: 50))
let progress = TerminalProgress(isTerminal: false) { print($0, terminator: "") }
try trainer.fit(
  train, epochs: epochs, batchSize: 64, validation: .random(1.0 / 6, seed: 42),
  callbacks: [.earlyStopping(monitor: .validationLoss, patience: 5)], progress: progress.report)

let result = try trainer.evaluate(test)
for score in result.perClass {
  print("\(score.name): precision \(score.precision), recall \(score.recall), F1 \(score.f1)")
}
print("test accuracy \(result.accuracy), weighted F1 \(result.weighted.f1)")
