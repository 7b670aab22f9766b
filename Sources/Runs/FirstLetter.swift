/// A phrase as the beginning of a line and inside a sentence: the rest stays as it is (CIFAR-10, ReLU).
extension StringProtocol {
  package var withLargeFirstLetter: String { prefix(1).uppercased() + dropFirst() }
  package var withSmallFirstLetter: String { prefix(1).lowercased() + dropFirst() }
}
