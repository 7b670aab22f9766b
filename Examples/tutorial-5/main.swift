import Martlet

let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let train = allTrain.prefix(limit)
let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 3, padding: .same, activation: .relu, name: "conv")
  MaxPooling2D(2)
  Flatten()
  Dense(64, activation: .relu, name: "hidden")
  Dense(10, name: "scores")
}

let step = try TrainingStep(model, optimizer: SGD(learningRate: 0.05, momentum: 0.9), seed: 3) {
  network, images, labels in
  let scores = network(images)
  network.report("confidence", scores.softmax().max(axes: [1]).mean())
  return crossEntropy(scores, labels) + 1e-4 * network.parameters.sum { $0.squared().sum() }
}

let loader = try DataLoader(train, batchSize: 64, seed: 3)
for epoch in 1...2 {
  var sum: Float = 0
  var confidence: Float = 0
  for batch in loader {
    let result = try step.result(batch.images, batch.labels)
    sum += result.loss
    confidence += result.outputs["confidence"]?.scalars[0] ?? 0
  }
  let count = Float(loader.batchCount)
  print("epoch \(epoch): loss \(sum / count), mean confidence \(confidence / count)")
  step.learningRate *= 0.5
}

try step.setFrozen(["conv/kernel", "conv/bias"])
let kernel = step.parameters.tensor("conv/kernel")
for batch in loader { try step(batch.images, batch.labels) }
print("frozen layers stay as they are: \(step.parameters.tensor("conv/kernel") == kernel)")

let gradients = try GradientStep(model, parameters: step.parameters) { network, images, labels in
  crossEntropy(network(images), labels)
}
if let batch = loader.makeIterator().next() {
  let result = try gradients(batch.images, batch.labels)
  for (path, gradient) in result.gradients.sorted(by: { $0.key < $1.key }) {
    let size = gradient.scalars.reduce(0) { $0 + $1 * $1 }.squareRoot()
    print("the gradient of \(path) has the norm \(size)")
  }
}

let evaluate = try Evaluator(step, model, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
print("test accuracy \(try evaluate(test).accuracy)")
