import MartletReports

extension Output {
  /// Writes a paragraph in lines of the terminal's width, at most 100 columns.
  static func paragraph(_ text: String) {
    for line in TextWrap.lines(text, width: min(width, 100)) { Output.line(line) }
  }
}
