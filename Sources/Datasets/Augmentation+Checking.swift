extension Augmentation {
  /// Refuses steps whose numbers are out of range, or do not suit images of a shape `[H, W, C]`.
  package func check(imageShape: [Int]) throws(DatasetError) {
    for step in steps {
      try step.check()
      if case .randomCrop(let padding, _) = step, padding >= min(imageShape[0], imageShape[1]) {
        throw step.refusal(
          "a padding below the \(min(imageShape[0], imageShape[1])) pixels of the shorter edge", "\(padding)")
      }
    }
  }
}

extension Augmentation.Step {
  /// Refuses numbers that are out of range.
  func check() throws(DatasetError) {
    switch self {
    case .randomFlip: break
    case .randomCrop(let padding, _):
      guard padding >= 1 else { throw refusal("a padding of at least 1 pixel", "\(padding)") }
    case .randomTranslation(let height, let width, _):
      for factor in [height, width] { try require(factor, in: 0...1, "a fraction of the extent") }
    case .randomRotation(let degrees, _): try require(degrees, in: 0...180, "degrees")
    case .randomZoom(let height, let width, _):
      for factor in [height, width ?? height] { try require(factor, in: 0...0.99, "a factor") }
    case .randomErasing(let probability, let area, let aspect, _):
      try require(probability, in: 0...1, "a probability")
      guard area.lowerBound > 0, area.upperBound <= 1 else {
        throw refusal("a range of areas above 0 and at most 1", "\(area)")
      }
      for ratio in [aspect.lowerBound, aspect.upperBound] {
        try require(ratio, in: 0.001...1000, "an aspect ratio")
      }
    case .randomBrightness(let factor), .randomContrast(let factor):
      try require(factor, in: 0...1, "a factor")
    }
  }

  private func require(
    _ number: Double, in range: ClosedRange<Double>, _ what: String
  ) throws(DatasetError) {
    guard range.contains(number) else {
      throw refusal("\(what) from \(range.lowerBound) to \(range.upperBound)", "\(number)")
    }
  }

  fileprivate func refusal(_ expected: String, _ received: String) -> DatasetError {
    DatasetError(.badArgument, at: "augmentation \"\(self)\"", expected: expected, received: received)
  }
}
