extension Golden {
  /// The worst difference of tensors from stored ones, with the tensor's path.
  ///
  /// - Returns: A fraction of the bound, which is 1e-8 of the element (or of the norm, or of the sum of
  ///   magnitudes) plus 1e-10 of the norm of all tensors; infinite where a tensor is missing.
  package static func worst(
    _ golden: [String: Stored], _ actual: [String: [Double]]
  ) -> (fraction: Double, path: String) {
    let global = golden.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    var worst = (fraction: golden.isEmpty ? Double.infinity : 0, path: "")
    for (path, stored) in golden {
      guard let whole = actual[path], stored.part(of: whole).count == stored.values.count else {
        return (.infinity, path)
      }
      let norm = whole.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // A sum may cancel; its terms do not.
      let total = whole.reduce(0) { $0 + abs($1) }
      var fractions = zip(stored.part(of: whole), stored.values).map {
        abs($0 - $1) / (1e-8 * abs($1) + 1e-10 * global)
      }
      fractions.append(abs(norm - stored.norm) / (1e-8 * stored.norm + 1e-10 * global))
      fractions.append(abs(whole.reduce(0, +) - stored.sum) / (1e-8 * total + 1e-10 * global))
      let fraction = fractions.worst
      if fraction > worst.fraction { worst = (fraction, path) }
    }
    return worst
  }
}
