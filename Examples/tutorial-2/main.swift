import Martlet
import MartletReports

let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let (allTrain, test) = try FashionMNIST.load()
let model = try Sequential(input: .image(28, 28, 1)) {
  Rescale(1 / 255)
  Conv2D(32, kernelSize: 3, activation: .relu, name: "edges")
  MaxPooling2D(2)
  Conv2D(64, kernelSize: 3, activation: .relu, name: "shapes")
  MaxPooling2D(2)
  Flatten()
  Dense(64, activation: .relu)
  Dense(10, name: "scores")
}
let trainer = try Trainer(model, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
let history = try trainer.fit(allTrain.prefix(limit), epochs: 2, batchSize: 64)

let result = try trainer.evaluate(test)
print(result.classificationReport())

let names = test.classNames
let shirt = names.firstIndex(of: "Shirt") ?? 6
for (name, count) in zip(names, result.confusion[shirt]) where count > 0 && name != "Shirt" {
  print("\(count) shirts were taken for \(name)")
}

let probabilities = try trainer.predict(test)
func probability(_ index: Int, _ label: Int) -> Float { probabilities.scalars[10 * index + label] }
let worst = (0..<test.count).sorted {
  probability($0, test.label(at: $0)) < probability($1, test.label(at: $1))
}
for index in worst.prefix(5) {
  let (label, given) = (test.label(at: index), result.predictions[index])
  print("picture \(index), a \(names[label]), was called \(names[given]): \(probability(index, given))")
}

let predictor = try Predictor(model, parameters: trainer.parameters)
let image = test.image(at: 0)
let maps = try predictor.outputs(
  of: "edges", Tensor(shape: [1] + image.shape, scalars: image.scalars))
print("the first layer's maps have the shape \(maps.shape)")
let means = (0..<32).map { filter in
  stride(from: filter, to: maps.scalars.count, by: 32).reduce(Float(0)) { $0 + maps.scalars[$1] } / 676
}
print("the liveliest filter is number \(means.indices.max { means[$0] < means[$1] } ?? 0)")

try Report(trainer, history, train: allTrain.prefix(limit), test: test).write(to: "report.html")
try Plot.images(test, at: worst.prefix(10), predictions: result.predictions).write(to: "worst.png")
