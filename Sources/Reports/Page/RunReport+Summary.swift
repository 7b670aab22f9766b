import Foundation
import MartletRuns

extension RunReport {
  /// The key figures and what they say, in sentences computed from them.
  var summary: HTML {
    let alert: HTML = unfinished.map { "<p class=\"alert\">\($0)</p>" } ?? ""
    let verdict: HTML =
      sentences.isEmpty ? "" : "<p class=\"verdict\">\(sentences.joined(separator: " "))</p>"
    return "<div class=\"summary\">\(alert)\(Page.figures(figures))\(verdict)</div>"
  }

  /// Says that there is no result yet.
  private var unfinished: String? {
    guard record.result == nil else { return nil }
    let wanted = record.configuration["epochs"]?.intValue.map { " of \($0)" } ?? ""
    return """
      This training has not come to its end: \(record.epochs.count)\(wanted) epochs so far, and the test \
      images have not been classified. To go on: martlet train --run \(folderName) --resume
      """
  }

  private var testImages: Int? {
    record.result?.confusion.map { $0.joined().reduce(0, +) } ?? material.predictions?.labels.count
  }

  private var figures: [(name: String, value: String, remark: String)] {
    var figures: [(name: String, value: String, remark: String)] = []
    let result = record.result
    if let accuracy = result?.testAccuracy {
      var remark = ""
      if let images = testImages, images > 0 {
        let interval = Self.wilson(accuracy, of: images)
        remark = """
          \(Table.percent(interval.lowerBound))–\(Table.percent(interval.upperBound)) (95%), \
          \(Table.grouped(images)) images
          """
      }
      figures.append(("Test accuracy", Self.percent(accuracy), remark))
    } else if let last = record.epochs.last {
      if let accuracy = last.validationAccuracy {
        figures.append(("Validation accuracy", Self.percent(accuracy), "after epoch \(last.epoch)"))
      }
      if let accuracy = last.accuracy {
        figures.append(("Training accuracy", Self.percent(accuracy), "during epoch \(last.epoch)"))
      }
    }
    if let loss = result?.testLoss {
      figures.append(("Test loss", Self.decimals(loss), "mean over the images"))
    } else if let last = record.epochs.last {
      figures.append(("Training loss", Self.decimals(last.loss), "epoch \(last.epoch)"))
    }
    if let f1 = result?.f1 { figures.append(("F1", Self.percent(f1), "weighted by the classes' images")) }
    if let seconds = result?.secondsPerEpoch ?? Self.median(record.epochs.map(\.seconds)) {
      let step = result?.millisecondsPerStep.map { Self.decimals($0, 1) + " ms a step" } ?? ""
      figures.append(("Time per epoch", Self.duration(seconds), step))
    }
    if let parameters = material.details?.parameters {
      let trainable = material.details?.trainableParameters ?? parameters
      let remark = trainable == parameters ? "all trained" : "\(Table.grouped(trainable)) trained"
      figures.append(("Parameters", Table.grouped(parameters), remark))
    }
    return figures
  }

  /// What the figures say.
  var sentences: [String] {
    [resultSentence, confusionSentence, gapSentence, courseSentence, robustnessSentence].compactMap(\.self)
  }

  private var resultSentence: String? {
    guard let result = record.result, let accuracy = result.testAccuracy else { return nil }
    let epochs = record.epochs.count
    let time = epochs == 1 ? "1 epoch" : "\(epochs) epochs"
    guard let images = testImages, images > 0 else {
      return "After \(time) the network classifies \(Table.percent(accuracy)) of the test images rightly."
    }
    let wrong = images - Int((accuracy * Double(images)).rounded())
    let chance = classNames.count > 1 ? 1 / Double(classNames.count) : nil
    var text = """
      After \(time) the network classifies \(Table.grouped(images - wrong)) of \(Table.grouped(images)) test \
      images rightly and \(Table.grouped(wrong)) wrongly.
      """
    if let chance, Self.wilson(accuracy, of: images).contains(chance) {
      text += " That is no better than guessing, which would reach \(Table.percent(chance))."
    }
    return text
  }

  private var confusionSentence: String? {
    guard let confusion = record.result?.confusion else { return nil }
    let pairs = confusion.indices.flatMap { row in
      confusion[row].indices.filter { $0 != row }.map { (row, $0, confusion[row][$0]) }
    }
    guard let worst = pairs.max(by: { $0.2 < $1.2 }), worst.2 > 0 else { return nil }
    let (row, column, count) = worst
    let images = confusion[row].reduce(0, +)
    return """
      The most frequent mistake is \(className(row)) taken for \(className(column)): \
      \(count) of \(Table.grouped(images)) images.
      """
  }

  private var gapSentence: String? {
    guard let test = record.result?.testAccuracy, let train = record.result?.trainAccuracy else { return nil }
    let gap = (train - test) * 100
    let images = testImages ?? 0
    let noise = images > 0 ? Self.wilson(test, of: images) : test...test
    if noise.contains(train) {
      return "On its training images it is right in \(Table.percent(train)): no gap beyond chance."
    }
    return """
      On its training images it is right in \(Table.percent(train)), \(Self.decimals(abs(gap), 1)) points \
      \(gap > 0 ? "more" : "less") than on the test images.
      """
  }

  private var courseSentence: String? {
    let course = record.epochs.compactMap { epoch in epoch.validationLoss.map { (epoch.epoch, $0) } }
    guard course.count > 2, let best = course.min(by: { $0.1 < $1.1 }), let last = course.last else {
      return nil
    }
    if best.0 == last.0 { return "The validation loss was still falling in the last epoch." }
    let rise = (last.1 / best.1 - 1) * 100
    guard rise.isFinite, rise >= 1 else { return nil }
    return """
      The validation loss was lowest in epoch \(best.0) (\(Self.decimals(best.1))) and \
      \(Self.decimals(rise, 0))% higher at the end.
      """
  }

  /// Wilson's interval of 95 % of a share of so many.
  static func wilson(_ share: Double, of count: Int) -> ClosedRange<Double> {
    let (z, n) = (1.959963984540054, Double(count))
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  static func percent(_ share: Double) -> String { String(format: "%.2f%%", share * 100) }

  static func decimals(_ value: Double, _ digits: Int = 4) -> String {
    value.isFinite ? String(format: "%.\(digits)f", value) : "not finite"
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "-" }
    // What a text is rounded to decides on its unit, so that none says 1000 ms or 2 min 60 s.
    let (milliseconds, tenths) = ((seconds * 1000).rounded(), (seconds * 10).rounded())
    if milliseconds < 1000 { return String(format: "%.0f ms", milliseconds) }
    if tenths < 1200 { return String(format: "%.1f s", tenths / 10) }
    let whole = seconds.rounded()
    return String(
      format: "%.0f min %02.0f s", (whole / 60).rounded(.down), whole.truncatingRemainder(dividingBy: 60))
  }

  /// In the largest unit of 1,024 that fits.
  static func bytes(_ count: Int) -> String {
    let kilobytes = Double(count) / 1024
    if kilobytes.rounded() < 1024 { return String(format: "%.0f kB", kilobytes) }
    let megabytes = kilobytes / 1024
    if (megabytes * 10).rounded() < 10240 { return String(format: "%.1f MB", megabytes) }
    return String(format: "%.1f GB", megabytes / 1024)
  }

  private static func median(_ values: [Double]) -> Double? {
    let sorted = values.filter(\.isFinite).sorted()
    return sorted.isEmpty ? nil : sorted[sorted.count / 2]
  }
}
