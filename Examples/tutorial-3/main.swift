import Martlet

let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let (train, validation) = try allTrain.prefix(limit).split(.stratified(0.1, seed: 1))

let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  for filters in [32, 64] {
    Conv2D(filters, kernelSize: 3, padding: .same)
    BatchNormalization()
    ReLU()
    MaxPooling2D(2)
    Dropout(0.2)
  }
  Flatten()
  Dense(128, activation: .relu, kernelRegularizer: .l2(1e-4))
  Dropout(0.5)
  Dense(10)
}

let trainer = try Trainer(
  model, optimizer: AdamW(learningRate: 2e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
  gradients: { $0.clipped(norm: 5) },
  schedule: .warmUp(epochs: 1, then: .cosineAnnealing(epochs: 7)).perStep(), seed: 1)
let history = try trainer.fit(
  train, epochs: 8, batchSize: 64, validation: .data(validation),
  augmentation: [.randomFlip(), .randomTranslation(height: 0.05, width: 0.05)],
  callbacks: [
    .earlyStopping(monitor: .validationLoss, patience: 3),
    .checkpoint(.best, directory: "tutorial-checkpoints"),
    .csv("tutorial-log.csv"),
    .onEpochEnd { epoch, _ in
      print("epoch \(epoch.epoch): loss \(epoch.loss), validation \(epoch.validationAccuracy ?? 0)")
    },
  ])
print("ended: \(history.stopReason.text)")

try trainer.save(to: "tutorial.safetensors")
let again = try Trainer(model, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
try again.load(from: "tutorial.safetensors")
let (before, after) = (try trainer.evaluate(test), try again.evaluate(test))
print("test accuracy \(after.accuracy), the same as before: \(before.accuracy == after.accuracy)")
