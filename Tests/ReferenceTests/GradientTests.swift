import MartletCases
import MartletGraphs
import MartletReference
import Testing

@Suite struct GradientTests {
  /// Central differences in double precision against the graph's own gradients, for every case.
  @Test(arguments: OpCases.all.filter { !$0.differentiable.isEmpty })
  func gradientsAgreeWithCentralDifferences(_ entry: OpCase) throws {
    let graph = entry.makeGraph(withGradients: true)
    try graph.check()
    let values = entry.values(for: graph)
    let analytic = graph.run64(values).outputs
    let plain = entry.makeGraph()
    let weights = try #require(values.inputs[OpCase.weightsName])

    var worst = (fraction: 0.0, text: "")
    for operand in entry.differentiable {
      let gradient = try #require(analytic[OpCase.gradientName(operand.name)])
      #expect(gradient.count == operand.count)
      for index in sample(of: operand.count) {
        let numeric = slope(plain, values, operand, index, weights)
        let fraction = (abs(gradient[index] - numeric) / (1e-7 + 1e-5 * abs(numeric))).infiniteIfNaN
        if fraction > worst.fraction {
          worst = (fraction, "\(operand.name)[\(index)]: rule \(gradient[index]), difference \(numeric)")
        }
      }
    }
    #expect(worst.fraction <= 1, "\(worst.text)")
    WorstFigure.gradient.note(worst.fraction, entry.name)
  }

  /// All elements of a small operand, 40 spread ones of a large one.
  private func sample(of count: Int) -> [Int] {
    guard count > 40 else { return Array(0..<count) }
    return (0..<40).map { ($0 * count + Int(Hash.word(17, $0) % UInt64(count))) / 40 }
  }

  /// The derivative of Σ result·weights with respect to one element, from two evaluations.
  ///
  /// The differences are taken before the sum, so that the sum's size costs no digits.
  private func slope(
    _ graph: Graph, _ values: (inputs: [String: [Double]], parameters: [String: [Double]]),
    _ operand: CaseOperand, _ index: Int, _ weights: [Double]
  ) -> Double {
    func result(_ change: Double) -> [Double] {
      var moved = values
      if operand.isParameter {
        moved.parameters[operand.name]?[index] += change
      } else {
        moved.inputs[operand.name]?[index] += change
      }
      moved.inputs[OpCase.weightsName] = nil
      return graph.run64(moved).outputs[OpCase.resultName] ?? []
    }
    let step = 1e-6
    let (above, below) = (result(step), result(-step))
    return weights.indices.reduce(0) { $0 + weights[$1] * (above[$1] - below[$1]) } / (2 * step)
  }
}
