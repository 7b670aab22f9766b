import MartletReports
import MartletRuns

/// Fixed records and figures for the tests.
enum Sample {
  static func record(epochs: Int, hasValidation: Bool = true) -> RunRecord {
    RunRecord(
      path: "runs/convnet", configuration: ["model": "convnet", "dataset": "fashion-mnist"],
      epochs: (1...epochs).map { epoch in
        EpochEvent(
          epoch: epoch, loss: 0.6 / Double(epoch), accuracy: 1 - 0.2 / Double(epoch),
          validationLoss: hasValidation ? 0.2 + 0.3 / Double(epoch) : nil,
          validationAccuracy: hasValidation ? 0.92 - 0.15 / Double(epoch) : nil,
          learningRate: 0.001, seconds: 2)
      })
  }

  static let classes = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  static func confusion(classes: [String]) -> ConfusionMatrix {
    let counts = classes.indices.map { row in
      classes.indices.map { column in
        row == column ? 850 + row * 17 : (row + column) % 3 == 0 ? 8 + row + column : 0
      }
    }
    return ConfusionMatrix(title: "Confusion matrix", classes: classes, counts: counts)
  }

  static let bars = BarChart(
    title: "Recall by class",
    bars: classes.enumerated().map { index, name in
      let share = 1 - Double(index * index) / 150
      return .init(name: name, value: share, text: Table.percent(share))
    })
}
