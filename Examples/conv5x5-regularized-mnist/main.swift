import Martlet

// The 5x5 network held down: dropout, and the L1 and L2 norms of all parameters in the loss. It trains
// until the mean of an epoch's losses is at most 0.38.
let model = try Sequential(input: .image(28, 28, 1), preset: .pytorch, name: "Conv5x5") {
  Rescale(1)
  Conv2D(32, kernelSize: 5, activation: .relu)
  MaxPooling2D(2)
  Conv2D(64, kernelSize: 5, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dense(128, activation: .relu)
  Dropout(0.5)
  Dense(10)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try MNIST.load()
let train = allTrain.prefix(limit)
let step = try TrainingStep(model, optimizer: Adam()) { network, images, labels in
  let loss = crossEntropy(network(images), oneHot(labels, classes: 10))
  return loss + 0.001 * network.parameters.sum { $0.l1Norm() }
    + 0.001 * network.parameters.sum { $0.l2Norm() }
}
let loader = try DataLoader(train, batchSize: 32)
let (threshold, cap) = (0.38, 200)
var epochs = 0
var mean = Double.infinity
while mean > threshold, epochs < cap {
  var sum = 0.0
  for batch in loader { sum += Double(try step(batch.images, batch.labels)) }
  mean = sum / Double(loader.batchCount)
  epochs += 1
  print("Epoch \(epochs), Loss: \(mean)")
}
print(mean <= threshold ? "reached after \(epochs) epochs" : "the loss is still \(mean) after \(cap) epochs")

// Saved, loaded again, tested.
try step.parameters.save(to: "mnist_cnn_dropout_model.safetensors")
let trainer = try Trainer(model, loss: .categoricalCrossEntropy(fromLogits: true))
try trainer.load(from: "mnist_cnn_dropout_model.safetensors")
print("test accuracy \(try trainer.evaluate(test).accuracy)")
