/// What a system's publication reports, what must be reached, and what a peer reaches at the same settings.
package struct ReferenceFigures: Sendable, Equatable {
  /// A figure that a peer reached over several seeds on the same data.
  package struct Peer: Sendable, Equatable {
    /// The framework, such as `Keras 3`.
    package var name: String
    /// The test accuracy of each seed.
    package var testAccuracies: [Double]

    package init(name: String, testAccuracies: [Double]) {
      self.name = name
      self.testAccuracies = testAccuracies
    }
  }

  /// The published test accuracies, one for each run.
  package var testAccuracies: [Double] = []
  package var testLoss: Double?
  package var trainAccuracy: Double?
  package var trainLoss: Double?
  /// Published curves by the name of the epoch's figure: `loss`, `accuracy`, `validation_loss`,
  /// `validation_accuracy`, `last_loss` (of the last step); the first element is epoch 1.
  package var curves: [String: [Double?]] = [:]
  /// The test accuracy that must be reached.
  package var floor: Double?
  package var peer: Peer?
  /// What one must know to compare, such as a flaw of the publication.
  package var note: String?
}
