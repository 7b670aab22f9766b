extension Summary: CustomStringConvertible {
  /// A table like Keras's, with the totals below it.
  public var description: String {
    let header = ["Layer (type)", "Output Shape", "Param #"]
    let cells = rows.map { row in
      ["\(row.name) (\(row.type))", Self.shapeText(row.outputShape), Self.grouped(row.parameters)]
    }
    let widths = (0..<3).map { column in ([header] + cells).map { $0[column].count }.max() ?? 0 }
    func line(_ left: String, _ fill: String, _ middle: String, _ right: String) -> String {
      left + widths.map { String(repeating: fill, count: $0 + 2) }.joined(separator: middle) + right
    }
    func text(_ cells: [String], _ bar: String) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 2 ? " \(space)\(cell) " : " \(cell)\(space) "
      }
      return bar + padded.joined(separator: bar) + bar
    }
    var lines = ["Model: \"\(name)\"", line("┏", "━", "┳", "┓"), text(header, "┃"), line("┡", "━", "╇", "┩")]
    lines.append(contentsOf: cells.map { text($0, "│") }.joinedPairs(by: line("├", "─", "┼", "┤")))
    lines.append(line("└", "─", "┴", "┘"))
    lines += [
      "Total params: \(Self.counted(parameters))",
      "Trainable params: \(Self.counted(trainableParameters))",
      "Non-trainable params: \(Self.counted(nonTrainableParameters))",
    ]
    if optimizerParameters > 0 { lines.append("Optimizer state: \(Self.counted(optimizerParameters))") }
    lines.append("FLOPs per sample (forward): \(Self.grouped(flops))")
    lines.append("Activations of a batch of \(batchSize): \(Self.size(activationBytes))")
    return lines.joined(separator: "\n")
  }

  private static func shapeText(_ shape: [Int?]) -> String {
    "(\(shape.map { $0.map(String.init) ?? "None" }.joined(separator: ", ")))"
  }

  /// `12,786 (49.95 KB)`.
  private static func counted(_ count: Int) -> String { "\(grouped(count)) (\(size(count * 4)))" }

  /// The number with a comma between thousands.
  package static func grouped(_ number: Int) -> String {
    var result = ""
    let digits = String(number)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return result
  }

  /// The bytes with two decimals in the largest fitting unit of 1,024.
  package static func size(_ bytes: Int) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1024, unit + 1 < units.count {
      value /= 1024
      unit += 1
    }
    let hundredths = Int((value * 100).rounded())
    let decimals = hundredths % 100
    return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) \(units[unit])"
  }
}

extension [String] {
  /// The lines with a separator between them.
  fileprivate func joinedPairs(by separator: String) -> [String] {
    enumerated().flatMap { $0 == 0 ? [$1] : [separator, $1] }
  }
}
