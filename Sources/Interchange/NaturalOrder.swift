/// The words and numbers of a name, one after another.
private func pieces(_ name: String) -> [(text: String, number: Int?)] {
  var pieces: [(text: String, number: Int?)] = []
  var rest = Substring(name)
  while let first = rest.first {
    let run = rest.prefix { $0.isASCII && $0.isNumber == (first.isASCII && first.isNumber) }
    let piece = run.isEmpty ? rest.prefix(1) : run
    pieces.append((String(piece), Int(piece)))
    rest = rest.dropFirst(piece.count)
  }
  return pieces
}

/// Whether a name comes before another, numbers in them compared by their values.
package func naturalOrder(_ a: String, _ b: String) -> Bool {
  let (left, right) = (pieces(a), pieces(b))
  for (x, y) in zip(left, right) where x.text != y.text {
    if let m = x.number, let n = y.number, m != n { return m < n }
    return x.text < y.text
  }
  return left.count < right.count
}

/// Whether numbers tell which of two names comes first: `fc1` and `fc2`, `conv2d` and `conv2d_1`.
func isOrderedByNumbers(_ a: String, _ b: String) -> Bool {
  let (short, long) = a.count < b.count ? (a, b) : (b, a)
  if long.hasPrefix("\(short)_"), Int(long.dropFirst(short.count + 1)) != nil { return true }
  let difference = zip(pieces(a), pieces(b)).first { $0.text != $1.text }
  return difference.map { $0.number != nil && $1.number != nil } ?? true
}
