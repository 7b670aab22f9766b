import MartletRuns
import MartletTensors

extension RunReport {
  /// Which classes are taken for which, with the images behind each cell.
  var confusion: Page.Section? {
    guard let counts = record.result?.confusion, counts.count > 1,
      counts.allSatisfy({ $0.count == counts.count })
    else { return nil }
    // More cells than this are too small to be read or touched.
    let fits = counts.count <= 20
    let pairs = confusedPairs(counts)
    let table =
      fits
      ? "\(matrixHead)\(matrix(counts))\(matrixFoot)" as HTML
      : Page.figure(
        ConfusionMatrix(
          title: "", classes: counts.indices.map(className), counts: counts), alternative: "Confusion matrix")
    let body: HTML = """
      <div class="confusion">
      \(HTML.data(confusionData(pairs.first)))
      <div class="beside"><div>\(table)</div><div class="confused" aria-live="polite"></div></div>
      \(Page.details("The most frequent confusions", pairTable(pairs).html))
      </div>
      """
    return Page.Section(
      id: "confusion", title: "What is taken for what", label: "Confusion",
      lead: """
        Rows are the true classes, columns what the network said. \
        A click on a \(fits ? "cell" : "class under “The most frequent confusions”") shows the images behind it.
        """, body: body)
  }

  private var matrixHead: HTML {
    """
    <div class="head"><span class="switch" role="group" aria-label="Cells show">\
    <button type="button" value="count" aria-pressed="true">Counts</button>\
    <button type="button" value="share" aria-pressed="false">% of true class</button></span></div>
    """
  }

  private var matrixFoot: HTML {
    let ramp = [0, 0.01, 0.05, 0.2, 0.5, 1].map { share -> HTML in
      let color = Color.depth(share)
      return """
        <span class="key" style="background:\(color.hex);color:\(color.isDark ? "#fff" : "#1c2127")">\
        \(Int(share * 100))%</span>
        """
    }
    return "<p class=\"axis\">Shade: part of the true class \(ramp.joined(""))</p>"
  }

  private func matrix(_ counts: [[Int]]) -> HTML {
    let heads = counts.indices.map {
      "<th scope=\"col\"><span>\(className($0))</span></th>" as HTML
    }
    let rows = counts.enumerated().map { row, cells -> HTML in
      let total = cells.reduce(0, +)
      let buttons = cells.enumerated().map { column, count -> HTML in
        let share = total > 0 ? Double(count) / Double(total) : 0
        let color = Color.depth(share)
        let ink = color.isDark ? "#fff" : count == 0 ? "#98a1ab" : "#1c2127"
        let percent = String(Table.percent(share).dropLast())
        return """
          <td><button type="button" data-cell="\(row),\(column)" data-number="\(count)" \
          data-count="\(Table.grouped(count))" data-share="\(percent)" aria-pressed="false" \
          title="\(className(row)) taken for \(className(column)): \(count)" \
          style="background:\(color.hex);color:\(ink)">\(Table.grouped(count))</button></td>
          """
      }
      return "<tr><th scope=\"row\">\(className(row))</th>\(buttons.joined(""))</tr>"
    }
    let columns = counts.map { _ in "<col>" as HTML }.joined("")
    return """
      <div class="scroll"><table class="matrix">
      <caption class="hidden">Images by true class (rows) and predicted class (columns)</caption>
      <colgroup><col class="names">\(columns)</colgroup>
      <thead><tr><td></td>\(heads.joined(""))</tr></thead>
      <tbody>
      \(rows.joined())
      </tbody></table></div>
      """
  }

  private func confusedPairs(_ counts: [[Int]]) -> [(row: Int, column: Int, count: Int)] {
    counts.indices.flatMap { row in
      counts[row].indices.filter { $0 != row && counts[row][$0] > 0 }.map { (row, $0, counts[row][$0]) }
    }.sorted { ($1.count, $0.row, $0.column) < ($0.count, $1.row, $1.column) }
  }

  private func pairTable(_ pairs: [(row: Int, column: Int, count: Int)]) -> PageTable {
    PageTable(
      [
        .init("True class"), .init("Taken for"), .init("Images", isNumeric: true),
        .init("Of true class", isNumeric: true),
      ], caption: "The most frequent confusions",
      rows: pairs.prefix(20).map { pair in
        let total = record.result?.confusion?[pair.row].reduce(0, +) ?? 0
        let share = total > 0 ? Double(pair.count) / Double(total) : 0
        let link: HTML = """
          <button type="button" class="link" data-cell="\(pair.row),\(pair.column)" \
          data-number="\(pair.count)">\(className(pair.column))</button>
          """
        return [
          .init(className(pair.row)), .init(html: link),
          .init(Table.grouped(pair.count), key: Double(pair.count)),
          .init(Table.percent(share), key: share),
        ]
      })
  }

  /// The classes, the pictures that were kept and the pair that is shown first.
  private func confusionData(_ first: (row: Int, column: Int, count: Int)?) -> JSON {
    [
      "classes": .array(classNames.map(JSON.string)),
      "first": first.map { [.integer($0.row), .integer($0.column), .integer($0.count)] } ?? .null,
      "pictures": .array(
        cellPictures.map { picture in
          [
            "i": .integer(picture.index), "t": .integer(picture.label), "p": .integer(picture.prediction),
            "top": .array(
              picture.top.map {
                [.integer($0.label), .number((Double($0.probability) * 1e4).rounded() / 1e4)]
              }),
            "src": .string(picture.source),
          ]
        }),
    ]
  }

  /// The pictures in the order in which a cell shows them: mistakes by their sureness, hits by their doubt.
  private var cellPictures: [ShownPicture] {
    shownPictures.sorted { a, b in
      let (x, y) = (a.top.first?.probability ?? 0, b.top.first?.probability ?? 0)
      return a.label == a.prediction ? (x, a.index) < (y, b.index) : (-x, a.index) < (-y, b.index)
    }
  }
}
