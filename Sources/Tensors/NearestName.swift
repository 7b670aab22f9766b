/// The name that a mistyped one most likely meant, if any is near.
///
/// Near are names within two letters, or a third of the letters, and names that begin with at least three
/// of them.
package func nearestName(to name: String, among names: [String]) -> String? {
  let wanted = name.lowercased()
  let distances = names.map { (name: $0, distance: editDistance($0.lowercased(), wanted)) }
  let near = distances.filter { $0.distance <= max(2, wanted.count / 3) }.min { $0.distance < $1.distance }
  return near?.name ?? names.first { $0.hasPrefix(wanted) && wanted.count >= 3 }
}

/// The least number of insertions, deletions and replacements that make one text of the other.
private func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (index, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in b.indices {
      let replaced = diagonal + (letter == b[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
    }
  }
  return row[b.count]
}
