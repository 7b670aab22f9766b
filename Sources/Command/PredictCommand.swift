import ArgumentParser
import MartletExperiments
import MartletImages
import MartletNetworks
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

/// `martlet predict`: says what pictures show.
struct PredictCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Say what PNG and JPEG pictures show, with the network of a run.",
    discussion: """
      Pictures are stretched or shrunk to the network's input and turned to gray or color as it needs. For \
      networks trained on MNIST or Fashion-MNIST the object must be bright on black, as in the data sets.

      EXAMPLES
        martlet predict runs/first shoe.png
        martlet predict runs/first *.jpg --json
      """)

  @Argument(help: "The run folder.")
  var run: String
  @Argument(help: "The pictures.")
  var images: [String]
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let (configuration, record) = try RunConfiguration.load(run: run)
    let shape = configuration.imageShape
    let conversion = try configuration.conversion(at: run)
    // All are read before anything is told, so that a bad one leaves no half result.
    let pictures = try images.map { path in (path, try conversion.image(file: path)) }
    let network = try configuration.network()
    let weights = try Parameters(of: network)
    try weights.load(try record.weights(onProblem: Output.warn), from: run)
    let predictor = try Predictor(network, parameters: weights, batchSize: 1, threads: common.threadCount)
    for (path, picture) in pictures {
      let image = Tensor(shape: shape, scalars: picture.scalars)
      tell(path, try predictor(image).scalars, configuration.classNames)
    }
    if common.json {
      Output.json(["event": "result", "run": .string(run), "images": .integer(pictures.count)])
    }
  }

  private func tell(_ path: String, _ probabilities: [Float], _ names: [String]) {
    // The first of equal ones, as everywhere.
    let label = probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    let probability = Double(probabilities[label])
    if common.json {
      Output.json([
        "event": "image", "file": .string(path), "label": .integer(label), "class": .string(names[label]),
        "probability": .number(probability),
        "probabilities": .array(probabilities.map { .number(Double($0)) }),
      ])
    } else {
      Output.line("\(path): \(names[label]) (\(Table.percent(probability)))")
    }
  }
}
