import Martlet

// Two 5x5 convolutions in the PyTorch manner: its defaults, raw pixels of 0...255, one-hot targets.
let model = try Sequential(input: .image(28, 28, 1), preset: .pytorch, name: "Conv5x5") {
  Rescale(1)
  Conv2D(32, kernelSize: 5, activation: .relu)
  MaxPooling2D(2)
  Conv2D(64, kernelSize: 5, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dense(128, activation: .relu)
  Dense(10)
}
print(model.summary())

// A number as argument trains on so many images only, for a quick look.
let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try MNIST.load()
let train = allTrain.prefix(limit)
let step = try TrainingStep(model, optimizer: Adam()) { network, images, labels in
  crossEntropy(network(images), oneHot(labels, classes: 10))
}
let epochs = 10
let loader = try DataLoader(train, batchSize: 32)
for epoch in 1...epochs {
  var loss: Float = 0
  for batch in loader { loss = try step(batch.images, batch.labels) }
  print("Epoch [\(epoch)/\(epochs)], Step [\(loader.batchCount)/\(loader.batchCount)], Loss: \(loss)")
}
try step.parameters.save(to: "mnist_cnn_model.safetensors")

// The test images one by one, as a user's pictures would come.
let predictor = try Predictor(model, parameters: step.parameters)
var correct = 0
for index in 0..<test.count {
  let probabilities = try predictor(test.image(at: index)).scalars
  if probabilities.firstIndex(of: probabilities.max()!) == test.label(at: index) { correct += 1 }
}
print("test accuracy \(Double(correct) / Double(test.count))")
