import Foundation
import MartletTensors

/// Draws the numbers of an augmentation for each image of one epoch, and changes the pixels.
package struct Augmenter: Sendable {
  private let augmentation: Augmentation
  private let seed: UInt64
  private let epoch: UInt64

  package init(_ augmentation: Augmentation, seed: UInt64, epoch: Int) {
    self.augmentation = augmentation
    self.seed = seed
    self.epoch = UInt64(epoch)
  }

  /// Changes an image in place.
  ///
  /// - Parameter sample: The index of the image in the data set.
  package func apply(to image: PixelBlock, sample: Int) {
    let stream = RandomStream(seed: seed, purpose: .augment, epoch: epoch, stream: UInt64(sample))
    for (place, step) in augmentation.steps.enumerated() {
      apply(step, to: image, Draws(stream: stream, start: UInt64(place) << 16))
    }
  }

  private func apply(_ step: Augmentation.Step, to image: PixelBlock, _ draws: Draws) {
    switch step {
    case .randomFlip(let direction):
      if direction != .vertical, draws.uniform(0) < 0.5 { image.flipColumns() }
      if direction != .horizontal, draws.uniform(1) < 0.5 { image.flipRows() }
    case .randomCrop(let padding, let border):
      image.shift(
        rows: draws.integer(below: 2 * padding + 1, 0) - padding,
        columns: draws.integer(below: 2 * padding + 1, 1) - padding, border)
    case .randomTranslation(let height, let width, let border):
      image.warp(
        AffineMap(
          rowShift: draws.signed(0, height) * Double(image.height),
          columnShift: draws.signed(1, width) * Double(image.width)), border)
    case .randomRotation(let degrees, let border):
      image.warp(
        AffineMap(degrees: draws.signed(0, degrees), height: image.height, width: image.width), border)
    case .randomZoom(let height, let width, let border):
      let rows = 1 + draws.signed(0, height)
      let columns = width.map { 1 + draws.signed(1, $0) } ?? rows
      image.warp(
        AffineMap(rowScale: rows, columnScale: columns, height: image.height, width: image.width), border)
    case .randomErasing(let probability, let area, let aspect, let fill):
      guard draws.uniform(0) < probability,
        let hole = Hole(in: image, area: area, aspect: aspect, draws)
      else { return }
      image.erase(rows: hole.rows, columns: hole.columns, fill: fill)
    case .randomBrightness(let factor):
      image.brighten(by: Int((draws.signed(0, factor) * 255).rounded()))
    case .randomContrast(let factor):
      image.changeContrast(by: 1 + draws.signed(0, factor))
    }
  }
}

/// The random numbers of one step for one image.
private struct Draws {
  let stream: RandomStream
  let start: UInt64

  /// A number in [0, 1).
  func uniform(_ number: Int) -> Double { stream.uniformDouble(at: start + UInt64(number)) }

  /// A number in [-limit, limit).
  func signed(_ number: Int, _ limit: Double) -> Double { (2 * uniform(number) - 1) * limit }

  func integer(below bound: Int, _ number: Int) -> Int {
    stream.integer(below: bound, at: start + UInt64(number))
  }
}

/// The rectangle that an erasing overwrites.
private struct Hole {
  let rows: Range<Int>
  let columns: Range<Int>

  /// Draws until a rectangle fits; nil where none of ten did.
  init?(
    in image: PixelBlock, area: ClosedRange<Double>, aspect: ClosedRange<Double>, _ draws: Draws
  ) {
    for attempt in 0..<10 {
      let first = 1 + 4 * attempt
      let pixels =
        Double(image.height * image.width)
        * (area.lowerBound + (area.upperBound - area.lowerBound) * draws.uniform(first))
      let (low, high) = (log(aspect.lowerBound), log(aspect.upperBound))
      let ratio = exp(low + (high - low) * draws.uniform(first + 1))
      let height = Int((pixels * ratio).squareRoot().rounded())
      let width = Int((pixels / ratio).squareRoot().rounded())
      guard height > 0, width > 0, height <= image.height, width <= image.width else { continue }
      let top = draws.integer(below: image.height - height + 1, first + 2)
      let left = draws.integer(below: image.width - width + 1, first + 3)
      rows = top..<top + height
      columns = left..<left + width
      return
    }
    return nil
  }
}
