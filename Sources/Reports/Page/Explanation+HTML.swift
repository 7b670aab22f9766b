extension Explanation {
  /// The explanation for a page: its title and sentence, under which the rest unfolds.
  package var html: HTML {
    """
    <details class="explanation"><summary>\(title)</summary><p>\(summary)</p>
    \(blocks.map(\.html).joined())</details>
    """
  }
}

extension Explanation.Block {
  fileprivate var html: HTML {
    switch self {
    case .heading(let text): return "<h4>\(text)</h4>"
    case .paragraph(let text): return "<p>\(text)</p>"
    case .formula(let text): return "<pre>\(text)</pre>"
    case .items(let items): return "<ul>\(items.map { "<li>\($0)</li>" as HTML }.joined())</ul>"
    case .table(let table): return PageTable(table).html
    case .drawing(let lines): return "<pre>\(lines.joined(separator: "\n"))</pre>"
    }
  }
}

extension PageTable {
  /// A table of texts as it would stand in a terminal.
  fileprivate init(_ table: Table) {
    self.init(
      table.columns, caption: "Numbers of the explanation", isSortable: false,
      rows: table.rows.map { row in row.map { Cell($0) } })
  }
}
