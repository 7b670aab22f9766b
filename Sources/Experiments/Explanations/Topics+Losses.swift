import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// What training makes small.
  static let losses: [Topic] = [
    loss(
      .sparseCategoricalCrossEntropy(),
      "How surprised the network is by the right class, given as its number.",
      ["loss = -log p[label]"],
      [
        "Certain and right costs nothing; the smaller the probability of the right class, the more it costs, "
          + "without bound. Its gradient for the scores is simply p - 1 at the right class and p elsewhere: "
          + "push the right score up, the others down, each by how wrong it is.",
        "Labels are numbers (3 for the digit three). fromLogits: true says that the network puts out scores; "
          + "where it ends with a softmax, the loss goes back to the scores in front of it.",
        "A network that knows nothing about K classes has the loss log K: 2.3026 for ten.",
      ], from: .probabilities, seeAlso: ["categorical_crossentropy", "logits-and-softmax"]),
    loss(
      .categoricalCrossEntropy(), "The same, with the target as a row of probabilities.",
      ["loss = -sum over k of target[k] · log p[k]"],
      [
        "Usually the row is one-hot: 1 at the right class, 0 elsewhere; then it equals the sparse form. Rows can "
          + "also spread the target, as label smoothing does."
      ], from: .probabilities, seeAlso: ["sparse_categorical_crossentropy", "Softmax"]),
    loss(
      .categoricalFocalCrossEntropy(), "Cross-entropy that cares less about what is already easy.",
      ["loss = -alpha · sum over k of (1 - p[k])^gamma · target[k] · log p[k]"],
      [
        "Where most images are easy, they drown the few hard ones. The factor (1 - p)^gamma takes weight from "
          + "images that are classified with certainty. Usual are alpha 0.25 and gamma 2."
      ], from: .probabilities, seeAlso: ["categorical_crossentropy"]),
    loss(
      .binaryCrossEntropy(), "Cross-entropy of yes or no, for each output on its own.",
      ["loss = mean over k of -t[k] · log p[k] - (1 - t[k]) · log(1 - p[k])"],
      ["For two classes with one output, or for several things that may all be present or not in one image."],
      from: .probabilities, seeAlso: ["Sigmoid", "categorical_crossentropy"]),
    loss(
      .categoricalHinge, "Wants the right score to lead by 1, and no more.",
      ["loss = max(0, 1 + greatest score of others - score of the right class)"],
      ["As in a support vector machine: an image with a safe lead costs nothing and teaches nothing."],
      from: .scores, seeAlso: ["hinge"]),
    loss(
      .hinge, "The same for outputs of yes or no.",
      ["loss = mean over k of max(0, 1 - t[k] · out[k]), t = 1 for yes and -1 for no"],
      ["Targets are 0 and 1 and read as -1 and 1."], from: .scores, seeAlso: ["categorical_hinge"]),
    loss(
      .meanSquaredError, "The mean of the squared distances to the target.",
      ["loss = mean over k of (out[k] - target[k])²"],
      [
        "For quantities rather than classes. A large mistake costs much more than several small ones, so single "
          + "odd targets pull hard."
      ], from: .scores, seeAlso: ["mean_absolute_error", "huber"]),
    loss(
      .meanAbsoluteError, "The mean of the distances to the target.",
      ["loss = mean over k of |out[k] - target[k]|"],
      ["Odd targets pull no harder than others. Its gradient does not shrink near the target."],
      from: .scores, seeAlso: ["mean_squared_error", "huber"]),
    loss(
      .huber(), "Squared near the target, straight farther away.",
      ["loss = mean of d²/2 where |d| <= delta, else delta · |d| - delta²/2"],
      ["Between the two errors above: smooth at the target, calm about odd targets. Usually delta is 1."],
      from: .scores, seeAlso: ["mean_squared_error", "mean_absolute_error"]),
  ]

  /// What the network of a loss's example puts out.
  private enum Outputs {
    case probabilities
    case scores
  }

  private static func loss(
    _ loss: Loss, _ summary: String, _ formulas: [String], _ text: [String], from outputs: Outputs,
    seeAlso: [String]
  ) -> Topic {
    Topic(.loss, loss.name, summary, formulas: formulas, text, seeAlso: seeAlso) {
      let rows: [(String, [Float])] =
        switch outputs {
        case .probabilities:
          [
            ("sure and right", [0.98, 0.01, 0.01]), ("rather right", [0.6, 0.3, 0.1]),
            ("no idea", [1.0 / 3, 1.0 / 3, 1.0 / 3]), ("rather wrong", [0.2, 0.7, 0.1]),
            ("sure and wrong", [0.01, 0.98, 0.01]),
          ]
        case .scores:
          [
            ("far ahead", [3, -1, 0]), ("the target itself", [1, 0, 0]), ("no idea", [0, 0, 0]),
            ("wrong", [0, 1, 0]), ("far off", [-1, 3, 0]),
          ]
        }
      var table = Table([.init("The network is"), .init("It puts out"), .init("Loss", isNumeric: true)])
      for (name, numbers) in rows {
        let value = try LayerExample.output(numbers, shape: [numbers.count]) { x in
          loss(x, x * 0 + x.graph.table([1, 0, 0], shape: [1, 3])).reshaped([x.shape[0], 1])
        }
        let texts = numbers.map { outputs == .scores ? short(Double($0)) : fixed(Double($0), 2) }
        table.append([name, texts.joined(separator: "  "), fixed(Double(value.scalars[0]), 4)])
      }
      return [
        .heading("With numbers"), .paragraph("Three outputs; the first class is right."), .table(table),
      ]
    }
  }
}
