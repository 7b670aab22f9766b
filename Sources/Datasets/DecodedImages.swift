/// Checked images on their way from a source to the cache: pixels `[N, H, W, C]` in pieces, and labels.
package struct DecodedImages {
  /// The shape `[H, W, C]` of an image.
  package let shape: [Int]
  /// The pixels in order; several pieces where the source had several files.
  package private(set) var pixels: [ArraySlice<UInt8>]
  /// A label for each image, for each level of labels.
  package private(set) var labelLevels: [[UInt8]]

  package init(shape: [Int], pixels: [ArraySlice<UInt8>], labelLevels: [[UInt8]]) {
    self.shape = shape
    self.pixels = pixels
    self.labelLevels = labelLevels
  }

  package var count: Int { labelLevels[0].count }

  /// Adds the images of a further file.
  package mutating func append(_ other: DecodedImages) {
    precondition(shape == other.shape, "images of \(other.shape) appended to images of \(shape)")
    pixels += other.pixels
    for level in labelLevels.indices { labelLevels[level] += other.labelLevels[level] }
  }
}
