/// Names of which each is given once: `relu`, `relu_1`, `relu_2`.
struct UniqueNames {
  private var used: Set<String> = []
  /// The number that is tried next, by name.
  private var numbers: [String: Int] = [:]

  /// A name that was not given before: the one wanted, else a numbered one.
  ///
  /// - Parameter base: What is numbered where the wanted name is taken; nil for the wanted name.
  mutating func take(_ wanted: String, else base: String? = nil) -> String {
    if used.insert(wanted).inserted { return wanted }
    let base = base ?? wanted
    while true {
      let number = numbers[base, default: 1]
      numbers[base] = number + 1
      let name = "\(base)_\(number)"
      if used.insert(name).inserted { return name }
    }
  }
}
