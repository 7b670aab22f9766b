import MartletDatasets
import MartletNetworks
import MartletRuns
import MartletTensors
import MartletTraining

/// A figure of a training or of data, drawn as SVG or PNG.
///
/// ```swift
/// try Plot.curves(history).write(to: "curves.png")
/// try Plot.confusion(try trainer.evaluate(test)).write(to: "confusion.svg")
/// ```
public struct Plot {
  private let figure: any Figure

  private init(_ figure: any Figure) { self.figure = figure }

  /// The figure as the text of an SVG image.
  public var svg: String { figure.svg }

  /// Writes the figure, whole or not at all, as the path's ending says: `.svg`, or `.png` with 300 dots an inch.
  ///
  /// A PNG image has fewer dots an inch where it would be more than 32,767 dots wide or high.
  public func write(to path: String) throws(FileError) { try figure.write(to: path) }

  /// Loss and accuracy against the epoch, of training and validation.
  public static func curves(_ history: History, title: String = "Training") -> Plot {
    Plot(trainingCurves(history.epochs.map { EpochEvent($0) }, title: title))
  }

  /// How many images of each true class (row) were taken for each class (column), as a heat map.
  ///
  /// - Parameters:
  ///   - evaluation: What `Trainer.evaluate` returned.
  ///   - isNormalized: Whether the cells show shares of their row instead of numbers.
  ///   - title: The line above the figure.
  public static func confusion(
    _ evaluation: Evaluation, isNormalized: Bool = false, title: String = "Confusion matrix"
  ) -> Plot {
    Plot(
      ConfusionMatrix(
        title: title, classes: evaluation.perClass.map(\.name), counts: evaluation.confusion,
        isNormalized: isNormalized))
  }

  /// Precision, recall and F1 of each class in percent.
  public static func classScores(
    _ evaluation: Evaluation, title: String = "Precision, recall and F1 of each class"
  ) -> Plot {
    Plot(MartletReports.classScores(title: title, evaluation.perClass.map { ResultEvent.ClassScore($0) }))
  }

  /// Images in rows, each with the name of its class.
  ///
  /// ```swift
  /// let result = try trainer.evaluate(test)
  /// let wrong = test.labels.indices.filter { result.predictions[$0] != test.label(at: $0) }
  /// try Plot.images(test, at: wrong.prefix(20), predictions: result.predictions).write(to: "wrong.png")
  /// ```
  ///
  /// Meant for PNG: in SVG every pixel is a rectangle.
  ///
  /// - Parameters:
  ///   - data: Where the images are from.
  ///   - indices: Which are shown, in this order.
  ///   - predictions: The class that each image of `data` was taken for, told where it is not its own; nil where none is.
  ///   - columns: The images of a row, at least 1.
  ///   - title: The line above the figure; nil takes the name of the data.
  /// - Throws: `TrainingError` where there is no such image or class, or no column.
  public static func images(
    _ data: ImageDataset, at indices: some Sequence<Int>, predictions: [Int]? = nil, columns: Int = 10,
    title: String? = nil
  ) throws(TrainingError) -> Plot {
    let indices = Array(indices)
    if let wrong = indices.first(where: { !(0..<data.count).contains($0) }) {
      throw TrainingError(
        .badArgument, at: "images", expected: "places from 0 to \(data.count - 1)", received: "\(wrong)")
    }
    guard columns >= 1 else {
      throw TrainingError(.badArgument, at: "columns", expected: "at least 1", received: "\(columns)")
    }
    if let predictions {
      guard predictions.count == data.count, predictions.allSatisfy(data.classNames.indices.contains) else {
        throw TrainingError(
          .badArgument, at: "predictions",
          expected: "a class from 0 to \(data.classNames.count - 1) for each of the \(data.count) images",
          received: "\(predictions.count) numbers",
          hint: "take the predictions of an evaluation of the same images")
      }
    }
    let pictures = indices.map { index in
      let label = data.label(at: index)
      let given = predictions?[index] ?? label
      let caption = data.classNames[label] + (given == label ? "" : "\nas \(data.classNames[given])")
      return PictureSheet.Picture(data.image(at: index).scalars, shape: data.imageShape, caption: caption)
    }
    let rows = stride(from: 0, to: pictures.count, by: columns).map {
      PictureSheet.Row(title: "", pictures: Array(pictures[$0..<min($0 + columns, pictures.count)]))
    }
    return Plot(PictureSheet(title: title ?? data.name, rows: rows))
  }

  /// The learning rate at the beginning of each epoch under some schedules, as if an epoch had one step.
  ///
  /// - Parameters:
  ///   - schedules: What each line is called, and its schedule.
  ///   - learningRate: The optimizer's rate.
  ///   - epochs: How many epochs are drawn, at least 1.
  ///   - title: The line above the figure.
  public static func learningRates(
    _ schedules: KeyValuePairs<String, RateSchedule>, learningRate: Double, epochs: Int,
    title: String = "Learning rate schedules"
  ) -> Plot {
    demand(epochs >= 1, "a figure of learning rates has at least 1 epoch, not \(epochs)")
    func rates(_ schedule: RateSchedule) -> [Double] {
      var rate = learningRate
      return (0..<epochs).map { epoch in
        rate = schedule.rate(
          initial: learningRate, epoch: epoch, step: 0, stepsPerEpoch: 1, previous: rate)
        return rate
      }
    }
    return Plot(scheduleCurves(title: title, rates: schedules.map { ($0.key, rates($0.value)) }))
  }

  /// A line for each series of values of epochs 1, 2, 3 ..., such as the accuracies of several trainings.
  ///
  /// ```swift
  /// let plot = Plot.lines(
  ///   ["Adam": adam.epochs.map(\.accuracy), "SGD": sgd.epochs.map(\.accuracy)], title: "Accuracy", yLabel: "Accuracy")
  /// ```
  ///
  /// Values that are not finite leave a gap.
  ///
  /// - Parameters:
  ///   - series: What each line is called, and its values.
  ///   - title: The line above the figure.
  ///   - xLabel: What the horizontal axis counts.
  ///   - yLabel: What the vertical axis shows, with its unit.
  ///   - isLogarithmic: Whether equal heights are equal factors; values that are not positive then leave a gap too.
  public static func lines(
    _ series: KeyValuePairs<String, [Double]>, title: String, xLabel: String = "Epoch", yLabel: String,
    isLogarithmic: Bool = false
  ) -> Plot {
    Plot(
      LineChart(
        title: title, xLabel: xLabel, yLabel: yLabel,
        series: series.map { name, values in
          LineChart.Series(
            name: name, points: values.enumerated().map { Point(Double($0.offset + 1), $0.element) })
        }, isLogarithmic: isLogarithmic))
  }
}

extension PictureSheet.Picture {
  /// The picture, smaller by a whole factor where a side has more pixels than `longest`.
  func scaled(longest: Int) -> Self {
    guard max(width, height) > longest else { return self }
    let scale = PictureScale([height, width, 3], longest: longest)
    let bytes = pixels.flatMap { [$0.red, $0.green, $0.blue] }
    return Self(scale.applied(to: bytes), shape: scale.shape, caption: caption)
  }
}
