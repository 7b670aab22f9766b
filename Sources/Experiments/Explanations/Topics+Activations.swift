import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// The functions that stand between layers; the layers of the same name are explained with them.
  static let activations: [Topic] =
    [
      activation(
        "linear", "Puts out what it gets: no function at all.", ["out = x"],
        [
          "For the last layer where it puts out scores; anywhere else two linear layers are no more than one."
        ],
        .linear, seeAlso: ["logits-and-softmax"]),
      activation(
        "ReLU", "Lets positive numbers through and makes negative ones 0.", ["out = max(x, 0)"],
        [
          "Without such a bend a stack of layers would be one linear layer. This one costs next to nothing, and "
            + "where it is open the gradient passes whole, so deep networks learn. A unit that is negative for "
            + "every image gets no gradient any more and stays silent; few of them do no harm. At 0 the gradient "
            + "is 0."
        ], .relu, seeAlso: ["LeakyReLU", "GELU"]),
      activation(
        "LeakyReLU", "Like ReLU, with a small slope for negative numbers.",
        ["out = x where x > 0, else slope · x"],
        [
          "No unit falls silent for good, as some gradient always passes. The layer's slope is 0.3 in Keras's preset "
            + "(as a layer's activation 0.2, as in Keras) and 0.01 in PyTorch's; the table is the layer's with 0.3."
        ], .leakyReLU(negativeSlope: 0.3), seeAlso: ["ReLU", "PReLU", "custom-cnn"]),
      activation(
        "ELU", "Like ReLU, bending softly towards -1 for negative numbers.",
        ["out = x where x > 0, else e^x - 1"],
        ["Its means lie nearer to 0 than ReLU's; the exponential costs some time."], .elu, seeAlso: ["ReLU"]),
      activation(
        "GELU", "Weighs x by how likely a normal number lies below it.", ["out = x · Phi(x)"],
        ["A smooth ReLU, the usual choice in transformers. Slightly negative numbers come through a little."],
        .gelu, seeAlso: ["SiLU", "ReLU"]),
      activation(
        "SiLU", "Weighs x by its own sigmoid.", ["out = x / (1 + e^-x)"],
        ["Also called swish; close to GELU and cheaper."], .silu, seeAlso: ["GELU", "Sigmoid"]),
      activation(
        "Softplus", "A ReLU without the corner.", ["out = log(1 + e^x)"],
        ["Always positive: for quantities such as a variance that must not be negative."], .softplus,
        seeAlso: ["ReLU"]),
      activation(
        "Sigmoid", "Squeezes any number between 0 and 1.", ["out = 1 / (1 + e^-x)"],
        [
          "Read as a probability of yes, or as a factor: attention layers weigh channels and places with it. "
            + "Far from 0 it is flat and hardly any gradient passes; that is why it is no good between many "
            + "layers. For several classes of which one is right, see Softmax."
        ], .sigmoid, seeAlso: ["Softmax", "binary_crossentropy", "attention-what-and-where"]),
      activation(
        "Tanh", "Squeezes any number between -1 and 1.", ["out = (e^x - e^-x) / (e^x + e^-x)"],
        ["A sigmoid stretched to both sides of 0; flat far from 0 like it."], .tanh, seeAlso: ["Sigmoid"]),
      Topic(
        .activation, "Softmax", "Turns the scores of all classes into probabilities.",
        formulas: ["p[k] = e^score[k] / sum over j of e^score[j]"],
        [
          "Every probability lies between 0 and 1, together they are 1; the greatest score keeps the greatest "
            + "probability. Adding one number to all scores changes nothing. Training does not go through the "
            + "probabilities: the loss takes the scores themselves, which loses no digits."
        ], seeAlso: ["logits-and-softmax", "categorical_crossentropy"]
      ) { try softmaxTable() },
    ] + further

  private static let further: [Topic] = [
    layer(
      .prelu, "LeakyReLU with slopes that are learned.", formulas: ["out = x where x > 0, else alpha · x"],
      [
        "Keras's preset learns a slope for every element of a sample, PyTorch's one for all; sharedAxes: [1, 2] "
          + "gives one to each channel. Slopes start at 0, in PyTorch's preset at 0.25."
      ],
      LayerExample("PReLU(sharedAxes: [1, 2])", [14, 14, 32], count: "32") { PReLU(sharedAxes: [1, 2])($0) },
      seeAlso: ["LeakyReLU"]),
    layer(
      .activation, "An activation function as a layer of its own.",
      ["Where something stands between a layer and its function, such as BatchNormalization."],
      LayerExample("Activation(.relu)", [14, 14, 32]) { Activation(.relu)($0) },
      seeAlso: ["ReLU", "BatchNormalization"]),
  ]

  private static func activation(
    _ name: String, _ summary: String, _ formulas: [String], _ text: [String],
    _ function: ActivationFunction, seeAlso: [String]
  ) -> Topic {
    Topic(.activation, name, summary, formulas: formulas, text, seeAlso: seeAlso) {
      let places: [Float] = [-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4]
      let values = try LayerExample.output(places, shape: [places.count]) { Activation(function)($0) }
      var table = Table([.init("x", isNumeric: true), .init("out", isNumeric: true)])
      for (x, y) in zip(places, values.scalars) { table.append([short(Double(x)), fixed(Double(y), 4)]) }
      return [.heading("With numbers"), .table(table)]
    }
  }

  private static func softmaxTable() throws -> [Explanation.Block] {
    let scores: [Float] = [2, 1, 0, -1]
    let values = try LayerExample.output(scores, shape: [scores.count]) { Softmax()($0) }
    var table = Table([
      .init("Class"), .init("Score", isNumeric: true), .init("Probability", isNumeric: true),
    ])
    for (place, (score, p)) in zip(scores, values.scalars).enumerated() {
      table.append(["\(place)", short(Double(score)), Table.percent(Double(p))])
    }
    return [.heading("With numbers"), .table(table)]
  }
}
