import Martlet
import Testing

/// What an update writes has the shape of what it is written over, whoever computes it.
@Suite struct UpdateShapeTests {
  private func network() throws -> Sequential {
    try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Flatten()
      Dense(1)
    }
  }

  private static let loss = Loss.binaryCrossEntropy(fromLogits: true)

  private static func stepLoss(_ network: TracedNetwork, _ images: Value, _ labels: Value) throws -> Value {
    try loss.mean(network(images), labels)
  }

  /// Subtracts the mean of each row of a kernel: `[64, 1]` less `[64]` broadcasts to `[64, 64]`.
  private static func centered(keepsAxes: Bool) -> (Gradients) -> Gradients {
    { $0.map { _, g in g.rank == 2 ? g - g.mean(axes: [1], keepsAxes: keepsAxes) : g } }
  }

  @Test func aChangedGradientKeepsItsShape() throws {
    func texts(_ change: @escaping (Gradients) -> Gradients) throws -> [String] {
      let gradients = try GradientStep(network(), threads: 1, loss: Self.stepLoss)
      return [
        text { _ = try Trainer(network(), loss: Self.loss, gradients: change, threads: 1) },
        text { _ = try TrainingStep(network(), threads: 1, gradients: change, loss: Self.stepLoss) },
        text { _ = try UpdateStep(gradients, gradients: change) },
      ]
    }
    for message in try texts(Self.centered(keepsAxes: false)) {
      #expect(
        message.hasSuffix(
          "gradient of dense/kernel: expected shape [64, 1], as before the change, received shape [64, 64]. "
            + "sum, mean and max take keepsAxes: true."))
    }
    for message in try texts(Self.centered(keepsAxes: true)) { #expect(message == "no error") }
  }

  /// Descent by gradients whose rows are centered.
  private struct Centered: Optimizer {
    let keepsAxes: Bool
    let name = "centered"
    let learningRate = 0.1
    let slots: [String] = []

    func scalars(rate: Double, step: Int) -> StepScalars { StepScalars("rate", rate) }

    func update(
      _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
    ) -> (parameter: Value, slots: [String: Value]) {
      guard let rate = scalars["rate"] else { preconditionFailure("centered needs a rate") }
      let last = gradient.rank - 1
      return (parameter - (gradient - gradient.mean(axes: [last], keepsAxes: keepsAxes)) * rate, [:])
    }
  }

  @Test func anOptimizerOfOnesOwnKeepsTheShape() throws {
    func texts(keepsAxes: Bool) throws -> [String] {
      let rule = Centered(keepsAxes: keepsAxes)
      let gradients = try GradientStep(network(), threads: 1, loss: Self.stepLoss)
      return [
        text { _ = try Trainer(network(), optimizer: rule, loss: Self.loss, threads: 1) },
        text { _ = try TrainingStep(network(), optimizer: rule, threads: 1, loss: Self.stepLoss) },
        text { _ = try UpdateStep(gradients, optimizer: rule) },
      ]
    }
    for message in try texts(keepsAxes: false) {
      #expect(
        message.contains(
          "dense/kernel: expected a tensor of shape [64, 1] from the optimizer centered, received shape [64, 64]"
        ))
    }
    for message in try texts(keepsAxes: true) { #expect(message == "no error") }
  }
}
