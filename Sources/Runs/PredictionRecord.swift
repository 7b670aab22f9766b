import MartletTensors

/// What a run said of its test images, and some of the images themselves: `predictions.safetensors`.
package struct PredictionRecord: Equatable, Sendable {
  /// A test image that is kept for the report.
  package struct Picture: Equatable, Sendable {
    /// The place of the image among the test images.
    package var index: Int
    /// The bytes `[H, W, C]` of `shape`.
    package var pixels: [UInt8]
    /// The probability of each class.
    package var probabilities: [Float]

    package init(index: Int, pixels: [UInt8], probabilities: [Float]) {
      self.index = index
      self.pixels = pixels
      self.probabilities = probabilities
    }
  }

  /// The true class of each test image.
  package var labels: [Int]
  /// The predicted class of each test image.
  package var predictions: [Int]
  /// The probability that each image was given for its true class.
  package var trueProbabilities: [Float]
  /// The probability that each image was given for its predicted class.
  package var probabilities: [Float]
  /// The shape `[H, W, C]` of the pictures, which may be smaller than the images were.
  package var shape: [Int]
  package var pictures: [Picture]

  package init(
    labels: [Int], predictions: [Int], trueProbabilities: [Float], probabilities: [Float], shape: [Int],
    pictures: [Picture]
  ) {
    precondition(
      labels.count == predictions.count && labels.count == probabilities.count
        && labels.count == trueProbabilities.count,
      "\(labels.count) labels, \(predictions.count) predictions")
    self.labels = labels
    self.predictions = predictions
    self.trueProbabilities = trueProbabilities
    self.probabilities = probabilities
    self.shape = shape
    self.pictures = pictures
  }

  /// The images that were taken for another class, those with the most probable wrong class first.
  package var mostWrong: [Int] {
    labels.indices.filter { labels[$0] != predictions[$0] }.sorted {
      (probabilities[$1], trueProbabilities[$0], $0) < (probabilities[$0], trueProbabilities[$1], $1)
    }
  }

  /// All images, those whose predicted class is the least probable first.
  package var leastSure: [Int] {
    labels.indices.sorted { (probabilities[$0], $0) < (probabilities[$1], $1) }
  }

  /// The images of each confused pair of classes, the pair with the most images first; of a pair the one
  /// with the most probable wrong class first.
  package var confusedPairs: [(label: Int, prediction: Int, images: [Int])] {
    var pairs: [[Int]: [Int]] = [:]
    for image in mostWrong { pairs[[labels[image], predictions[image]], default: []].append(image) }
    return pairs.map { (label: $0.key[0], prediction: $0.key[1], images: $0.value) }.sorted {
      ($1.images.count, $0.label, $0.prediction) < ($0.images.count, $1.label, $1.prediction)
    }
  }
}

extension PredictionRecord {
  /// The file that holds the record.
  var file: TensorFile {
    func integers(_ values: [Int]) -> AnyTensor {
      .int32(Tensor(shape: [values.count], scalars: values.map { Int32(clamping: $0) }))
    }
    func numbers(_ values: [Float], _ shape: [Int]? = nil) -> AnyTensor {
      .float32(Tensor(shape: shape ?? [values.count], scalars: values))
    }
    let classes = pictures.first?.probabilities.count ?? 0
    return TensorFile(tensors: [
      ("labels", integers(labels)), ("predictions", integers(predictions)),
      ("true_probabilities", numbers(trueProbabilities)), ("probabilities", numbers(probabilities)),
      ("picture_indices", integers(pictures.map(\.index))),
      ("pictures", .uint8(Tensor(shape: [pictures.count] + shape, scalars: pictures.flatMap(\.pixels)))),
      ("picture_probabilities", numbers(pictures.flatMap(\.probabilities), [pictures.count, classes])),
    ])
  }

  /// Reads the file; nil where its tensors do not belong together.
  init?(_ file: TensorFile) {
    guard let labels = file["labels"]?.integers, let predictions = file["predictions"]?.integers,
      let trueProbabilities = file["true_probabilities"]?.float32?.scalars,
      let probabilities = file["probabilities"]?.float32?.scalars,
      [predictions.count, trueProbabilities.count, probabilities.count].allSatisfy({ $0 == labels.count }),
      (labels + predictions).allSatisfy({ $0 >= 0 })
    else { return nil }
    self.init(
      labels: labels, predictions: predictions, trueProbabilities: trueProbabilities,
      probabilities: probabilities, shape: [0, 0, 1], pictures: [])
    guard case .uint8(let pixels)? = file["pictures"], pixels.shape.count == 4,
      let indices = file["picture_indices"]?.integers, indices.count == pixels.shape[0],
      let values = file["picture_probabilities"]?.float32, values.shape.count == 2,
      values.shape[0] == indices.count, indices.allSatisfy({ labels.indices.contains($0) })
    else { return }
    shape = Array(pixels.shape.dropFirst())
    let (size, classes) = (shape.reduce(1, *), values.shape[1])
    pictures = indices.enumerated().map { place, index in
      Picture(
        index: index, pixels: Array(pixels.scalars[place * size..<(place + 1) * size]),
        probabilities: Array(values.scalars[place * classes..<(place + 1) * classes]))
    }
  }
}

extension AnyTensor {
  /// The elements as whole numbers; nil where they are of another type.
  var integers: [Int]? {
    if case .int32(let tensor) = self { tensor.scalars.map { Int($0) } } else { nil }
  }

  /// The tensor of bytes; nil where the elements are of another type.
  var uint8: Tensor<UInt8>? {
    if case .uint8(let tensor) = self { tensor } else { nil }
  }
}
