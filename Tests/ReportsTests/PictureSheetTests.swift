import MartletReports
import MartletRuns
import MartletTestSupport
import Testing

/// Sheets of small pictures, panels of robustness, wrapped text.
@Suite struct PictureSheetTests {
  @Test func picturesAreDrawnPixelByPixel() throws {
    let gray = PictureSheet.Picture([0, 255, 128, 128], shape: [2, 2, 1], caption: "a < b")
    #expect(
      gray.pixels == [Color(0, 0, 0), Color(255, 255, 255), Color(128, 128, 128), Color(128, 128, 128)])
    let color = PictureSheet.Picture([1, 2, 3], shape: [1, 1, 3])
    #expect(color.pixels == [Color(1, 2, 3)])
    let values = PictureSheet.Picture([-1, 0, 3], height: 1, width: 3)
    #expect(values.pixels.map(\.red) == [0, 64, 255])
    #expect(PictureSheet.Picture([2, 2], height: 1, width: 2).pixels.map(\.red) == [0, 0])
    let sheet = PictureSheet(
      title: "Sheet", rows: [.init(title: "row", note: "note", pictures: [gray, color])])
    // Two equal neighbors are one rectangle: 3 for the gray picture, 1 for the other, 1 for the paper.
    #expect(sheet.svg.split(separator: "<rect").count - 1 == 5)
    #expect(sheet.svg.contains("a &lt; b"))
    try withTemporaryFolder { folder in try sheet.write(to: folder + "/sheet.png") }
  }

  /// A picture with more pixels than its place has dots is made smaller by a whole factor.
  @Test func aLargePictureStaysInItsPlace() throws {
    let picture = PictureSheet.Picture(
      width: 320, height: 320, pixels: [Color](repeating: Color(1, 2, 3), count: 320 * 320),
      caption: String(repeating: "caption ", count: 20))
    let svg = PictureSheet(title: "", rows: [.init(title: "", pictures: [picture, picture])]).svg
    let cells = svg.matches(of: /width="([0-9.]+)" height="([0-9.]+)" fill="#010203"/)
    // One rectangle for each of the 160 rows of both.
    #expect(cells.count == 320 && cells.allSatisfy { $0.1 == "38.4" && $0.2 == "0.24" })
    #expect(svg.contains(/>caption[^<]*…</))
  }

  @Test func robustnessHasAPanelForEachChange() {
    let record = RobustnessRecord(
      accuracy: 0.9, images: 100,
      rows: ["Noise", "Shift", "Blur", "Rotation"].flatMap { change in
        [1.0, 2].map { .init(change: change, strength: $0, unit: "pixels", accuracy: 0.9 - $0 / 10) }
      })
    let figure = RobustnessFigure(
      title: "Changed", runs: [(name: "one", record: record), (name: "two", record: record)])
    #expect(figure.size.width == 750 && figure.size.height == 426)
    let svg = figure.svg
    for text in ["Noise", "Shift", "Blur", "Rotation", "Strength (pixels)", ">two<"] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(svg.split(separator: "<polyline").count > 8)
  }

  @Test func textIsBrokenBetweenWords() {
    #expect(TextWrap.lines("one two three", width: 8) == ["one two", "three"])
    #expect(TextWrap.lines("one two", width: 6, first: "- ", rest: "  ") == ["- one", "  two"])
    #expect(TextWrap.lines("unbreakable", width: 4) == ["unbreakable"])
    #expect(TextWrap.lines("", width: 4) == [""])
  }

  @Test func anExplanationIsLaidOutForATerminal() {
    var table = Table([.init("x", isNumeric: true)])
    table.append(["1"])
    let explanation = Explanation(
      name: "a", group: .idea, title: "A", summary: "Short.",
      blocks: [
        .formula("y = x"), .formula("z = y"), .paragraph("Some words here."), .heading("B"), .table(table),
        .items(["first item", "second"]), .drawing(["##"]),
      ], seeAlso: ["b"])
    #expect(
      explanation.text(width: 12, isStyled: false) == """
        A
        =
        Short.

            y = x
            z = y

        Some words
        here.

        B
        -
          x
          -
          1

        - first item
        - second

          ##

        See also: b

        """)
    #expect(explanation.text(width: 12, isStyled: true).hasPrefix("\u{1B}[1mA\u{1B}[0m\n"))
  }
}
