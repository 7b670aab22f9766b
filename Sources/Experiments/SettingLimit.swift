/// How far the whole numbers of settings may reach, in options and in files.
package enum SettingLimit {
  /// Epochs, images and other counts: the product of two still fits into an `Int`.
  package static let count = Int(Int32.max)
  /// The samples of a batch that is planned or timed: some numbers are kept for each.
  package static let batch = 1 << 24
  /// The seeds, the settings and the trials of an experiment, which are listed before the first is trained.
  package static let trials = 10_000

  /// The count that a text says, from 1 on.
  ///
  /// - Throws: A mistake that names the option.
  @discardableResult
  package static func count(
    _ text: String, at option: String, atMost most: Int = count
  ) throws(SettingError) -> Int {
    if let number = Int(text), 1...most ~= number { return number }
    throw SettingError(
      at: option, expected: "a whole number from 1 to \(most)", received: text, hint: "choose one in between")
  }
}
