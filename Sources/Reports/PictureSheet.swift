/// Small pictures in rows, with captions: what was done to an image, or what a network makes of it.
///
/// Meant for PNG; as SVG every pixel would be a rectangle.
package struct PictureSheet: Figure {
  /// One picture, pixel by pixel.
  package struct Picture: Sendable {
    package let width: Int
    package let height: Int
    /// The pixels row by row.
    package let pixels: [Color]
    /// What stands below the picture, in one line or several.
    package var caption: String

    package init(width: Int, height: Int, pixels: [Color], caption: String = "") {
      precondition(
        width > 0 && height > 0 && pixels.count == width * height,
        "\(pixels.count) pixels for \(width)x\(height)")
      self.width = width
      self.height = height
      self.pixels = pixels
      self.caption = caption
    }

    /// A picture of bytes `[H, W, C]`; three channels are red, green and blue, else the first is gray.
    package init(_ bytes: [UInt8], shape: [Int], caption: String = "") {
      let channels = shape[2]
      self.init(
        width: shape[1], height: shape[0],
        pixels: (0..<shape[0] * shape[1]).map { place in
          let pixel = bytes[place * channels..<(place + 1) * channels]
          let first = pixel.startIndex
          return channels == 3
            ? Color(pixel[first], pixel[first + 1], pixel[first + 2])
            : Color(pixel[first], pixel[first], pixel[first])
        }, caption: caption)
    }

    /// Numbers `[H, W]` as gray, black at the least and white at the greatest of them.
    package init(_ values: [Float], height: Int, width: Int, caption: String = "") {
      let (least, greatest) = (values.min() ?? 0, values.max() ?? 0)
      let factor = greatest > least ? 255 / (greatest - least) : 0
      self.init(
        values.map { UInt8(max(0, min(255, (($0 - least) * factor).rounded()))) }, shape: [height, width, 1],
        caption: caption)
    }
  }

  /// Pictures with what they have in common.
  package struct Row: Sendable {
    package var title: String
    /// A smaller line below the title.
    package var note: String
    package var pictures: [Picture]

    package init(title: String, note: String = "", pictures: [Picture]) {
      self.title = title
      self.note = note
      self.pictures = pictures
    }
  }

  package var title: String
  package var rows: [Row]

  package init(title: String, rows: [Row]) {
    self.title = title
    self.rows = rows
  }

  /// A dot at 300 dots an inch: cells begin and end on dots, so that no seam shows between them.
  private static let dot = 0.24
  /// The longer side of a picture's place, in dots; a larger picture is drawn smaller.
  private static let side = 224
  private static let gap = 8.0
  private static let margin = 14.0
  private static let top = 34.0
  private static let lineHeight = 9.0
  private static let note = TextStyle(size: 7.5, color: .axis)

  private var edge: Double { Double(Self.side) * Self.dot }
  private var captionLines: Int {
    rows.flatMap(\.pictures).map { $0.caption.count { $0 == "\n" } + 1 }.max() ?? 1
  }
  private var rowHeight: Double { edge + 22 + Self.lineHeight * Double(captionLines - 1) }
  /// The width of the rows' titles with the gap after them; 0 where there are none.
  private var labelWidth: Double {
    let widest =
      rows.map { max(TextStyle.label.width(of: $0.title), Self.note.width(of: $0.note)) }.max() ?? 0
    return widest > 0 ? widest + Self.gap : 0
  }

  package var size: (width: Double, height: Double) {
    let columns = rows.map(\.pictures.count).max() ?? 0
    let width = 2 * Self.margin + labelWidth + (edge + Self.gap) * Double(columns)
    return (
      max(width, TextStyle.title.width(of: title) + 2 * Self.margin),
      Self.top + rowHeight * Double(rows.count) + 6
    )
  }

  package func draw(on canvas: any Canvas) {
    canvas.text(title, at: Point(Self.margin, 20), .title)
    for (index, row) in rows.enumerated() {
      let y = Self.top + rowHeight * Double(index)
      canvas.text(row.title, at: Point(Self.margin, y + edge / 2), .label)
      canvas.text(row.note, at: Point(Self.margin, y + edge / 2 + 11), Self.note)
      for (column, picture) in row.pictures.enumerated() {
        let x = Self.margin + labelWidth + (edge + Self.gap) * Double(column)
        draw(picture, at: Point(x, y), on: canvas)
        for (line, text) in picture.caption.split(separator: "\n").enumerated() {
          let below = Self.lineHeight * Double(line + 1)
          canvas.text(
            String(text), at: Point(x + edge / 2, y + edge + below), Self.note.anchored(.middle),
            room: row.pictures.count > 1 ? edge + Self.gap - 2 : .infinity)
        }
      }
    }
  }

  /// Draws a picture in the upper left of its place, in whole dots.
  private func draw(_ picture: Picture, at place: Point, on canvas: any Canvas) {
    let picture = picture.scaled(longest: Self.side)
    let cell = Double(Self.side / max(picture.width, picture.height)) * Self.dot
    let left = (place.x / Self.dot).rounded() * Self.dot
    let top = (place.y / Self.dot).rounded() * Self.dot
    for row in 0..<picture.height {
      var column = 0
      while column < picture.width {
        let color = picture.pixels[row * picture.width + column]
        var end = column + 1
        // Neighbors of one color are one rectangle.
        while end < picture.width, picture.pixels[row * picture.width + end] == color { end += 1 }
        canvas.fill(
          Rect(
            x: left + cell * Double(column), y: top + cell * Double(row), width: cell * Double(end - column),
            height: cell), color)
        column = end
      }
    }
  }
}
