import MartletTensors

/// A drawing of a fixed size, which any canvas can take.
package protocol Figure {
  /// The size in points (1/72 inch).
  var size: (width: Double, height: Double) { get }
  /// Draws within the figure's size; the paper is blank already.
  func draw(on canvas: any Canvas)
}

extension Figure {
  /// The figure as the text of an SVG image.
  package var svg: String {
    let canvas = SVGCanvas(width: size.width, height: size.height)
    draw(onPaper: canvas)
    return canvas.text
  }

  /// Writes the figure whole or not at all, as the path's ending says: `.svg` or `.png` (300 dpi).
  package func write(to path: String) throws(FileError) {
    if path.hasSuffix(".svg") { return try AtomicFile.write(Array(svg.utf8), to: path) }
    guard path.hasSuffix(".png") else {
      throw FileError(
        kind: .cannotWrite, path: path,
        description: "cannot write \(path): a figure's name must end in .svg or .png; rename it")
    }
    let canvas = PNGCanvas(width: size.width, height: size.height)
    draw(onPaper: canvas)
    guard let bytes = canvas.bytes else {
      throw FileError(
        kind: .cannotWrite, path: path,
        description: "cannot write \(path): not enough memory for the image; write an .svg instead")
    }
    try AtomicFile.write(bytes, to: path)
  }

  private func draw(onPaper canvas: any Canvas) {
    canvas.fill(Rect(x: 0, y: 0, width: size.width, height: size.height), .paper)
    draw(on: canvas)
  }
}
