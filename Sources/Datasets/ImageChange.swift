import MartletTensors

/// A change of images that leaves their class what it is, to see how much of it a network stands.
///
/// Unlike an augmentation it has a strength, and for one seed and strength it is always the same; at another
/// strength an image is moved in the same direction and gets the same noise, scaled.
package enum ImageChange: String, CaseIterable, Sendable {
  case noise
  case shift
  case rotation
  case blur
  case contrast
  case brightness
  case occlusion

  /// The name for people.
  package var title: String {
    switch self {
    case .noise: "Noise"
    case .shift: "Shift"
    case .rotation: "Rotation"
    case .blur: "Blur"
    case .contrast: "Contrast lost"
    case .brightness: "Brightness added"
    case .occlusion: "Covered square"
    }
  }

  /// The unit of the strength.
  package var unit: String {
    switch self {
    case .noise, .brightness: "levels of 255"
    case .shift, .blur: "pixels"
    case .rotation: "degrees"
    case .contrast: "%"
    case .occlusion: "% of the side"
    }
  }

  /// What is done, in a sentence.
  package var summary: String {
    switch self {
    case .noise: "A normal random number is added to every value; the strength is its standard deviation."
    case .shift: "The image moves in one of eight directions; the edge is repeated behind it."
    case .rotation: "The image turns about its center, one way or the other; the edge is repeated behind it."
    case .blur: "Every pixel becomes a Gaussian mean of those around it; the strength is the deviation."
    case .contrast: "The distances of the values to the image's mean shrink."
    case .brightness: "A number is added to every value."
    case .occlusion: "A black square covers a part of the image."
    }
  }

  /// The strengths that are measured, rising.
  package var strengths: [Double] {
    switch self {
    case .noise: [16, 32, 64, 96, 128]
    case .shift: [1, 2, 3, 4, 6]
    case .rotation: [10, 20, 30, 45, 60]
    case .blur: [0.5, 1, 1.5, 2, 3]
    case .contrast: [25, 50, 75, 90, 95]
    case .brightness: [16, 32, 64, 96, 128]
    case .occlusion: [15, 25, 35, 45, 55]
    }
  }

  /// Changes an image in place.
  ///
  /// - Parameters:
  ///   - strength: How much, in `unit`; 0 changes nothing.
  ///   - stream: Decides directions, places and noise.
  package func apply(to image: PixelBlock, strength: Double, _ stream: RandomStream) {
    guard strength > 0 else { return }
    switch self {
    case .noise: image.addNoise(deviation: strength, stream)
    case .shift:
      let directions = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
      let (rows, columns) = directions[stream.integer(below: directions.count, at: 0)]
      let pixels = Int(strength.rounded())
      image.shift(rows: rows * pixels, columns: columns * pixels, .nearest)
    case .rotation:
      let degrees = stream.integer(below: 2, at: 0) == 0 ? strength : -strength
      image.warp(AffineMap(degrees: degrees, height: image.height, width: image.width), .nearest)
    case .blur: image.blur(deviation: strength)
    case .contrast: image.changeContrast(by: 1 - strength / 100)
    case .brightness: image.brighten(by: Int(strength.rounded()))
    case .occlusion:
      let side = Int((strength / 100 * Double(min(image.height, image.width))).rounded())
      let top = stream.integer(below: image.height - side + 1, at: 0)
      let left = stream.integer(below: image.width - side + 1, at: 1)
      image.erase(rows: top..<top + side, columns: left..<left + side, fill: 0)
    }
  }
}

extension ImageDataset {
  /// The images, each changed; labels stay, and an image that occurs twice is changed in the same way.
  ///
  /// - Parameters:
  ///   - seed: Decides directions, places and noise, together with the image's place in the stored set.
  ///   - threads: How many threads at most; they change no bit.
  package func changed(
    _ change: ImageChange, strength: Double, seed: UInt64, threads: Int
  ) throws(DatasetError) -> ImageDataset {
    let chunk = 256
    let size = bytesPerImage
    let parts = parallelMap(count: (count + chunk - 1) / chunk, threads: threads) { part in
      let images = part * chunk..<Swift.min(count, (part + 1) * chunk)
      var bytes = [UInt8](repeating: 0, count: images.count * size)
      var scratch = [UInt8](repeating: 0, count: size)
      bytes.withUnsafeMutableBufferPointer { bytes in
        scratch.withUnsafeMutableBufferPointer { scratch in
          guard let base = bytes.baseAddress, let spare = scratch.baseAddress else { return }
          for (place, index) in images.enumerated() {
            let pixels = base + place * size
            withImage(at: index) { source in
              for (offset, byte) in source.enumerated() { pixels[offset] = byte }
            }
            let stream = RandomStream(
              seed: seed, purpose: .change, epoch: change.number, stream: UInt64(storedIndex(at: index)))
            change.apply(
              to: PixelBlock(shape: imageShape, pixels: pixels, scratch: spare), strength: strength, stream)
          }
        }
      }
      return bytes
    }
    return try ImageDataset(
      name: "\(name), \(change.rawValue) \(strength)", classNames: classNames, height: height, width: width,
      channels: channels, storage: PixelStorage(Array(parts.joined())), labels: labels, isOfficial: false,
      conversion: conversion)
  }
}

extension ImageChange {
  /// Its place, so that the changes draw different numbers.
  fileprivate var number: UInt64 {
    UInt64(Self.allCases.firstIndex(of: self) ?? 0)
  }
}
