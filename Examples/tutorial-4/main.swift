import Martlet

let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let train = allTrain.prefix(limit)

let functional = try Model(input: .image(28, 28, 1)) { x in
  let features = Conv2D(16, kernelSize: 3, padding: .same, activation: .relu)(Rescale(1 / 255)(x))
  let fine = Conv2D(16, kernelSize: 3, padding: .same, activation: .relu, name: "fine")(features)
  let coarse = Conv2D(16, kernelSize: 5, padding: .same, activation: .relu, name: "coarse")(features)
  let both = Concatenate()(fine, coarse)
  return Dense(10)(GlobalAveragePooling2D()(MaxPooling2D(2)(both)))
}
print(functional.summary())

struct Shortcut: Layer {
  let first: Conv2D
  let second: Conv2D

  init(_ filters: Int) {
    first = Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
    second = Conv2D(filters, kernelSize: 3, padding: .same)
  }

  /// What the two convolutions add to their input.
  func callAsFunction(_ x: Value) -> Value { (second(first(x)) + x).relu() }
}

struct Spotlight: Layer {
  func callAsFunction(_ x: Value) -> Value {
    let strength = x.mean(axes: [1, 2], keepsAxes: true)  // [N, 1, 1, C]
    return x * (strength - strength.mean(axes: [3], keepsAxes: true)).sigmoid()
  }
}

let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 3, padding: .same, activation: .relu)
  MaxPooling2D(2)
  Shortcut(32)
  Spotlight()
  MaxPooling2D(2)
  Shortcut(32)
  GlobalAveragePooling2D()
  Dense(10)
}
let trainer = try Trainer(model, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
try trainer.fit(train, epochs: 2, batchSize: 64)
print("test accuracy \(try trainer.evaluate(test).accuracy)")

for path in trainer.parameters.paths.prefix(4) {
  print("\(path) has the shape \(trainer.parameters.tensor(path)?.shape ?? [])")
}

let two = try GraphModel(inputs: ["image": .image(28, 28, 1)]) { inputs in
  let maps = Conv2D(16, kernelSize: 3, activation: .relu)(Rescale(1 / 255)(inputs["image"]))
  let features = GlobalAveragePooling2D()(MaxPooling2D(2)(maps))
  return ["class": Dense(10)(features), "shoe": Dense(1)(features)]
}
let step = try TrainingStep(two, targets: ["class": .labels, "shoe": .numbers([1])]) {
  network, inputs, targets in
  let outputs = network(inputs)
  return crossEntropy(outputs["class"], targets["class"])
    + (outputs["shoe"].sigmoid() - targets["shoe"]).squared().mean()
}
for batch in try DataLoader(train, batchSize: 64) {
  let isShoe = batch.labels.scalars.map { [5, 7, 9].contains($0) ? Float(1) : 0 }
  try step(
    ["image": .bytes(batch.images)],
    targets: [
      "class": .labels(batch.labels), "shoe": .floats(Tensor(shape: [batch.count, 1], scalars: isShoe)),
    ])
}
let predictor = try GraphPredictor(two, parameters: step.parameters)
let first = test.image(at: 0)
let outputs = try predictor.outputs([
  "image": .bytes(Tensor(shape: [1] + first.shape, scalars: first.scalars))
])
print("a shoe, as a score: \(outputs["shoe"]?.scalars[0] ?? 0)")
