import MartletRuns
import MartletTensors

/// A test image as the page shows it.
struct ShownPicture {
  /// The place among the test images.
  var index: Int
  var label: Int
  var prediction: Int
  /// The most probable classes, at most three.
  var top: [(label: Int, probability: Float)]
  /// The probability of the true class.
  var trueProbability: Float
  /// The address of the picture.
  var source: String
}

extension RunReport {
  /// The pictures that were kept.
  var shownPictures: [ShownPicture] {
    guard let predictions = material.predictions else { return [] }
    return predictions.pictures.compactMap { picture in
      guard let raster = Raster(bytes: picture.pixels[...], shape: predictions.shape) else { return nil }
      let prediction = predictions.predictions[picture.index]
      // The predicted class first, even where another is exactly as probable.
      let order = picture.probabilities.indices.sorted {
        (picture.probabilities[$1], $1 == prediction ? 1 : 0, $0)
          < (picture.probabilities[$0], $0 == prediction ? 1 : 0, $1)
      }
      return ShownPicture(
        index: picture.index, label: predictions.labels[picture.index], prediction: prediction,
        top: order.prefix(3).map { ($0, picture.probabilities[$0]) },
        trueProbability: predictions.trueProbabilities[picture.index], source: raster.source)
    }
  }

  /// The most wrong and the least sure test images.
  var pictures: Page.Section? {
    guard let predictions = material.predictions else { return nil }
    let shown = Dictionary(uniqueKeysWithValues: shownPictures.map { ($0.index, $0) })
    func found(_ indices: [Int]) -> [ShownPicture] {
      Array(indices.prefix(24).compactMap { shown[$0] }.prefix(16))
    }
    let wrong = found(predictions.mostWrong)
    let unsure = found(predictions.leastSure)
    guard !wrong.isEmpty || !unsure.isEmpty else { return nil }
    var body: HTML = ""
    if !wrong.isEmpty {
      body = """
        <h3>Surest mistakes</h3>
        <p class="note">Wrong answers with the greatest probability; some labels of a data set are wrong too.</p>
        \(list(wrong))
        """
    }
    if !unsure.isEmpty {
      body = """
        \(body)
        <h3>Least sure answers</h3>
        <p class="note">Images whose best class was given the least probability.</p>
        \(list(unsure))
        """
    }
    return Page.Section(id: "images", title: "Mistakes and doubts", label: "Images", body: body)
  }

  private func list(_ pictures: [ShownPicture]) -> HTML {
    let items = pictures.map { picture -> HTML in
      let isRight = picture.label == picture.prediction
      let said = "\(className(picture.prediction)) \(Self.wholePercent(picture.top.first?.probability))"
      let truth: HTML =
        isRight
        ? "<small>right</small>"
        : "<small>is \(className(picture.label)) \(Self.wholePercent(picture.trueProbability))</small>"
      return """
        <li><img class="picture" src="\(picture.source)" \
        alt="Test image \(picture.index): a \(className(picture.label)) taken for \
        \(className(picture.prediction))"><b>\(said)</b><br>\(truth)</li>
        """
    }
    return "<ul class=\"pictures\">\(items.joined())</ul>"
  }

  private static func wholePercent(_ probability: Float?) -> String {
    // Weights that are finite and too great can give probabilities that are not.
    probability.map { $0.isFinite ? "\(Int((Double($0) * 100).rounded()))%" : "not a number" } ?? ""
  }
}
