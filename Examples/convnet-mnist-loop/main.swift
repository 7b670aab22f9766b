import Martlet

// One network, three ways to write it; here with PyTorch's defaults and a training loop by hand.
let model = try Sequential(input: .image(28, 28, 1), preset: .pytorch, name: "ConvNet") {
  Rescale(1 / 255, name: "Rescale")
  Normalize(mean: 0.1307, deviation: 0.3081, name: "Normalize")
  Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "Conv1")
  MaxPooling2D(2, name: "Pool1")
  Conv2D(64, kernelSize: 3, padding: .same, activation: .relu, name: "Conv2")
  MaxPooling2D(2, name: "Pool2")
  Flatten(name: "Flatten")
  Dense(128, activation: .relu, name: "FC1")
  Dropout(0.5, name: "Dropout")
  Dense(10, name: "Logits")
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try MNIST.load()
let train = allTrain.prefix(limit)
let step = try TrainingStep(model, optimizer: Adam()) { network, images, labels in
  crossEntropy(network(images), labels)
}
let loader = try DataLoader(train, batchSize: 64)
for epoch in 1...5 {
  var sum: Float = 0
  for (index, batch) in loader.enumerated() {
    sum += try step(batch.images, batch.labels)
    if (index + 1) % 100 == 0 {
      print("Epoch \(epoch), Batch \(index + 1), Loss: \(sum / 100)")
      sum = 0
    }
  }
}

let trainer = try Trainer(
  model, loss: .sparseCategoricalCrossEntropy(fromLogits: true), parameters: step.parameters)
print("test accuracy \(try trainer.evaluate(test).accuracy)")
