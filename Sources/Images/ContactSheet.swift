import MartletDatasets
import MartletTensors

/// A picture of many samples of a data set.
public enum ContactSheet {
  /// The least edge of a sample on the sheet, in pixels; smaller images are enlarged by a whole number.
  private static let leastEdge = 56
  /// Pixels between samples and around them.
  private static let gap = 4

  /// Draws samples in rows by class: the first images of class 0 in the first row, and so on.
  ///
  /// A class with too few images leaves places empty.
  ///
  /// - Parameters:
  ///   - dataset: The images; 1 or 3 channels.
  ///   - rows: The number of classes shown, from the first; nil for all.
  ///   - columns: Samples of each class.
  /// - Returns: The bytes of a PNG file.
  /// - Throws: `ImageError` where the sheet would be empty or too large.
  public static func png(
    _ dataset: ImageDataset, rows: Int? = nil, columns: Int = 10
  ) throws(ImageError) -> [UInt8] {
    try ImageCoder.png(try image(dataset, rows: rows, columns: columns))
  }

  /// The sheet as an image `[H, W, C]`.
  package static func image(
    _ dataset: ImageDataset, rows: Int?, columns: Int
  ) throws(ImageError) -> Tensor<UInt8> {
    let rows = min(rows ?? dataset.classNames.count, dataset.classNames.count)
    guard rows > 0, columns > 0, ImageCoder.Channels(count: dataset.channels) != nil else {
      throw ImageError(
        at: "contact sheet of \(dataset.name)", expected: "rows, columns, and 1 or 3 channels",
        received: "\(rows) rows, \(columns) columns, \(dataset.channels) channels")
    }
    let edge = min(dataset.height, dataset.width)
    let zoom = max(1, (leastEdge + edge - 1) / edge)
    let (cellHeight, cellWidth) = (dataset.height * zoom + gap, dataset.width * zoom + gap)
    let (height, heightOverflow) = rows.multipliedReportingOverflow(by: cellHeight)
    let (width, widthOverflow) = columns.multipliedReportingOverflow(by: cellWidth)
    guard !heightOverflow, !widthOverflow, height + gap <= ImageCoder.mostPixels,
      width + gap <= ImageCoder.mostPixels, (height + gap) * (width + gap) <= ImageCoder.mostPixels
    else {
      throw ImageError(
        at: "contact sheet of \(dataset.name)", expected: "at most \(ImageCoder.mostPixels) pixels",
        received: "\(rows) rows and \(columns) columns", hint: "choose fewer columns or rows")
    }
    var sheet = Tensor<UInt8>(repeating: 255, shape: [height + gap, width + gap, dataset.channels])
    for (row, samples) in firstSamples(dataset, classes: rows, of: columns).enumerated() {
      for (column, sample) in samples.enumerated() {
        paste(
          dataset.image(at: sample), zoom: zoom, into: &sheet, top: gap + row * cellHeight,
          left: gap + column * cellWidth)
      }
    }
    return sheet
  }

  private static func firstSamples(_ dataset: ImageDataset, classes: Int, of columns: Int) -> [[Int]] {
    var samples = [[Int]](repeating: [], count: classes)
    var open = classes
    for index in 0..<dataset.count where open > 0 {
      let label = dataset.label(at: index)
      guard label < classes, samples[label].count < columns else { continue }
      samples[label].append(index)
      if samples[label].count == columns { open -= 1 }
    }
    return samples
  }

  private static func paste(
    _ image: Tensor<UInt8>, zoom: Int, into sheet: inout Tensor<UInt8>, top: Int, left: Int
  ) {
    let (width, channels) = (image.shape[1], image.shape[2])
    for row in 0..<image.shape[0] * zoom {
      for column in 0..<width * zoom {
        let source = (row / zoom * width + column / zoom) * channels
        let target = ((top + row) * sheet.shape[1] + left + column) * channels
        for channel in 0..<channels { sheet.scalars[target + channel] = image.scalars[source + channel] }
      }
    }
  }
}
