/// A file in the IDX format of MNIST: two zero bytes, the type, the rank, the extents, the elements.
package struct IDXFile {
  /// The extents, outermost first.
  package let shape: [Int]
  /// The elements.
  package let elements: ArraySlice<UInt8>
  /// Where the elements begin.
  package var headerSize: Int { elements.startIndex }

  /// Checks every byte of the header and the exact length.
  package init(_ bytes: [UInt8], file: String, rank: Int) throws(DatasetError) {
    let headerSize = 4 + 4 * rank
    guard bytes.count >= headerSize else {
      throw .malformed(
        file, offset: bytes.count, expected: "an IDX header of \(headerSize) bytes",
        received: "the end of the file")
    }
    guard bytes[0] == 0, bytes[1] == 0 else {
      throw .malformed(
        file, offset: 0, expected: "the two zero bytes that begin an IDX file",
        received: "\(bytes[0]), \(bytes[1])", hint: "check that this is an IDX file")
    }
    guard bytes[2] == 8 else {
      throw .malformed(file, offset: 2, expected: "type 8 (unsigned bytes)", received: "type \(bytes[2])")
    }
    guard bytes[3] == rank else {
      throw .malformed(
        file, offset: 3, expected: "\(rank) dimensions", received: "\(bytes[3])",
        hint: "check that images and labels are not interchanged")
    }
    var shape: [Int] = []
    var size = 1
    for dimension in 0..<rank {
      let offset = 4 + 4 * dimension
      let extent = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflow else {
        throw .malformed(
          file, offset: offset, expected: "an extent above 0 whose elements can be counted",
          received: "\(extent)")
      }
      shape.append(extent)
      size = product
    }
    let available = bytes.count - headerSize
    guard available == size else {
      throw .malformed(
        file, offset: available < size ? bytes.count : headerSize + size,
        expected: "\(size) elements for the shape \(shape)",
        received: available < size ? "only \(available)" : "\(available - size) bytes more",
        hint: "copy or fetch it again")
    }
    self.shape = shape
    elements = bytes[headerSize...]
  }

  /// Images and their labels, checked against each other.
  package static func pair(
    images: [UInt8], at imagesFile: String, labels: [UInt8], at labelsFile: String, imageShape: [Int],
    classes: Int
  ) throws(DatasetError) -> DecodedImages {
    let images = try IDXFile(images, file: imagesFile, rank: 3)
    let labels = try IDXFile(labels, file: labelsFile, rank: 1)
    guard Array(images.shape[1...]) == Array(imageShape.prefix(2)), imageShape[2] == 1 else {
      throw .malformed(
        imagesFile, offset: 8, expected: "images of \(imageShape[0])x\(imageShape[1])",
        received: "\(images.shape[1])x\(images.shape[2])")
    }
    guard images.shape[0] == labels.shape[0] else {
      throw .malformed(
        labelsFile, offset: 4, expected: "\(images.shape[0]) labels, one for each image",
        received: "\(labels.shape[0])")
    }
    if let wrong = labels.elements.firstIndex(where: { Int($0) >= classes }) {
      throw .malformed(
        labelsFile, offset: wrong, expected: "a label from 0 to \(classes - 1)",
        received: "\(labels.elements[wrong])")
    }
    return DecodedImages(
      shape: imageShape, pixels: [images.elements], labelLevels: [Array(labels.elements)])
  }
}
