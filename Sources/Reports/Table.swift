import Foundation

/// Rows of text in columns, for a terminal or a text file.
package struct Table: Sendable {
  /// A column's heading and the side its cells lean to.
  package struct Column: Sendable {
    package var title: String
    package var isNumeric: Bool

    /// Numbers stand to the right, under one another.
    package init(_ title: String, isNumeric: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
    }
  }

  package let columns: [Column]
  package private(set) var rows: [[String]] = []

  package init(_ columns: [Column]) {
    self.columns = columns
  }

  /// Appends a row with a cell for each column.
  package mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count, "a row of \(cells.count) cells in \(columns.count) columns")
    rows.append(cells)
  }

  /// The table as lines: the headings, a rule, the rows; two spaces between columns, none at the end.
  package var text: String {
    let widths = columns.indices.map { index in
      rows.map { $0[index].count }.reduce(columns[index].title.count, max)
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    let lines = [columns.map(\.title), rule] + rows
    return lines.map { cells in
      let padded = zip(cells, zip(columns, widths)).map { cell, column in
        let space = String(repeating: " ", count: column.1 - cell.count)
        return column.0.isNumeric ? space + cell : cell + space
      }
      var line = padded.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// A whole number with commas between thousands.
  package static func grouped(_ value: Int) -> String {
    var text = String(value.magnitude)
    var index = text.count - 3
    while index > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: index))
      index -= 3
    }
    return value < 0 ? "-" + text : text
  }

  /// A share of 1 as a percentage with one decimal, a dash where there is none.
  package static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "-" }
    let text = String(format: "%.1f%%", share * 100)
    return text == "-0.0%" ? "0.0%" : text
  }
}
