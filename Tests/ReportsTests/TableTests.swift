import MartletReports
import Testing

@Suite struct TableTests {
  @Test func columnsAlign() {
    var table = Table([.init("class"), .init("images", isNumeric: true), .init("recall", isNumeric: true)])
    table.append(["Trouser", Table.grouped(1000), Table.percent(0.98765)])
    table.append(["Größe", Table.grouped(-1_234_567), Table.percent(nil)])
    #expect(
      table.text == """
        class        images  recall
        -------  ----------  ------
        Trouser       1,000   98.8%
        Größe    -1,234,567       -

        """)
  }

  @Test func numbers() {
    #expect(
      [0, 7, 999, 1000, 60_000, 421_642, 1_000_000, .min].map { Table.grouped($0) } == [
        "0", "7", "999", "1,000", "60,000", "421,642", "1,000,000", "-9,223,372,036,854,775,808",
      ])
    #expect([0, 1, 0.005, 0.9996].map { Table.percent($0) } == ["0.0%", "100.0%", "0.5%", "100.0%"])
    #expect(Table.percent(.nan) == "-")
    #expect([-0.0004, -0.0006].map { Table.percent($0) } == ["0.0%", "-0.1%"])
  }
}
