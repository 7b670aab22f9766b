/// A table of a page that a click on a heading sorts.
package struct PageTable: Sendable {
  /// What stands in a cell.
  package struct Cell: Sendable {
    package var html: HTML
    /// By what the rows are sorted; nil for the text.
    package var key: Double?
    /// The length of a bar behind the number, from 0 to 1; nil for none.
    package var bar: Double?

    package init(_ text: String, key: Double? = nil, bar: Double? = nil) {
      html = "\(text)"
      self.key = key
      self.bar = bar
    }

    package init(html: HTML, key: Double? = nil) {
      self.html = html
      self.key = key
    }
  }

  package var columns: [Table.Column]
  package var rows: [[Cell]]
  /// What the table shows, for those who cannot see it.
  package var caption: String
  package var isSortable: Bool

  package init(_ columns: [Table.Column], caption: String, isSortable: Bool = true, rows: [[Cell]] = []) {
    precondition(
      rows.allSatisfy { $0.count == columns.count },
      "a table of \(columns.count) columns has rows of \(rows.map(\.count))")
    self.columns = columns
    self.caption = caption
    self.isSortable = isSortable
    self.rows = rows
  }

  package var html: HTML {
    let heads = columns.enumerated().map { index, column -> HTML in
      let kind: HTML = column.isNumeric ? " class=\"number\"" : ""
      let title: HTML =
        isSortable
        ? "<button type=\"button\" data-column=\"\(index)\">\(column.title)</button>" : "\(column.title)"
      return "<th scope=\"col\"\(kind)>\(title)</th>"
    }
    let lines = rows.map { row -> HTML in
      let cells = zip(columns, row).enumerated().map { index, pair -> HTML in
        let (column, cell) = pair
        let key: HTML = cell.key.map { " data-key=\"\("\($0)")\"" } ?? ""
        if index == 0, !column.isNumeric { return "<th scope=\"row\"\(key)>\(cell.html)</th>" }
        let kind: HTML = column.isNumeric ? " class=\"number\"" : ""
        guard let bar = cell.bar else { return "<td\(kind)\(key)>\(cell.html)</td>" }
        let width = Page.number(max(0, min(1, bar)) * 100)
        return """
          <td class="number bar"\(key)><span class="track"><span class="fill" style="width:\(width)%"></span></span>\
          <span class="over">\(cell.html)</span></td>
          """
      }
      return "<tr>\(cells.joined(""))</tr>"
    }
    let kind: HTML = isSortable ? " class=\"sortable\"" : ""
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table\(kind)>
      <caption class="hidden">\(caption)</caption>
      <thead><tr>\(heads.joined(""))</tr></thead>
      <tbody>
      \(lines.joined())
      </tbody>
      </table></div>
      """
  }
}
