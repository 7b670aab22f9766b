import MartletGraphs

extension Interpreter {
  func normalization(_ op: NormalizationOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    let operands = x.map(\.numbers)
    let channels = x[0].shape[x[0].shape.count - 1]
    switch op {
    case .batchMoments: return batchMoments(operands[0], channels)
    case .batchNormalize(let epsilon):
      let (moments, gamma, beta) = (operands[1], operands[2], operands[3])
      let normalized = normalized(operands[0], moments, channels, epsilon)
      return normalized.indices.map { gamma[$0 % channels] * normalized[$0] + beta[$0 % channels] }
    case .batchGradientSums(let epsilon):
      return gradientSums(operands[0], normalized(operands[1], operands[2], channels, epsilon), channels)
    case .batchInputGradient(let epsilon):
      let (dy, moments, gamma, sums) = (operands[0], operands[2], operands[3], operands[4])
      let normalized = normalized(operands[1], moments, channels, epsilon)
      let count = Scalar(dy.count / channels)
      return dy.indices.map { index in
        let channel = index % channels
        let scale = gamma[channel] / (moments[channels + channel] + Scalar(epsilon)).squareRoot()
        let mean = sums[channel] / count
        let slope = sums[channels + channel] / count
        return scale * (dy[index] - mean - normalized[index] * slope)
      }
    case .localResponse(let attributes):
      let bases = localBases(operands[0], channels, attributes)
      return zip(operands[0], bases).map { $0 * $1.raised(to: -Scalar(attributes.beta)) }
    case .localResponseGradient(let attributes):
      return localResponseGradient(operands[0], operands[1], channels, attributes)
    }
  }

  /// Means, then population variances, of every channel; summed in double precision.
  private func batchMoments(_ x: [Scalar], _ channels: Int) -> [Scalar] {
    let count = Double(x.count / channels)
    var means = [Double](repeating: 0, count: channels)
    for index in x.indices { means[index % channels] += Double(x[index]) }
    for channel in 0..<channels { means[channel] /= count }
    var variances = [Double](repeating: 0, count: channels)
    for index in x.indices {
      let distance = Double(x[index]) - means[index % channels]
      variances[index % channels] += distance * distance
    }
    return means.map { Scalar($0) } + variances.map { Scalar($0 / count) }
  }

  /// x̂ = (x - mean) / √(variance + ε).
  private func normalized(_ x: [Scalar], _ moments: [Scalar], _ channels: Int, _ epsilon: Double) -> [Scalar]
  {
    let deviations = (0..<channels).map { (moments[channels + $0] + Scalar(epsilon)).squareRoot() }
    return x.indices.map { (x[$0] - moments[$0 % channels]) / deviations[$0 % channels] }
  }

  /// Σ dy, then Σ dy·x̂, of every channel; summed in double precision.
  private func gradientSums(_ dy: [Scalar], _ normalized: [Scalar], _ channels: Int) -> [Scalar] {
    var sums = [Double](repeating: 0, count: 2 * channels)
    for index in dy.indices {
      sums[index % channels] += Double(dy[index])
      sums[channels + index % channels] += Double(dy[index]) * Double(normalized[index])
    }
    return sums.map { Scalar($0) }
  }

  /// The channels of the window around a channel; of an even window the larger half lies before it.
  private func localWindow(_ channel: Int, _ channels: Int, _ size: Int) -> Range<Int> {
    max(channel - size / 2, 0)..<min(channel - size / 2 + size, channels)
  }

  /// bias + alpha · Σ x² of every element.
  private func localBases(_ x: [Scalar], _ channels: Int, _ attributes: LocalResponse) -> [Scalar] {
    x.indices.map { index in
      let channel = index % channels
      let squares = localWindow(channel, channels, attributes.size).reduce(Scalar(0)) {
        let neighbor = x[index - channel + $1]
        return $0 + neighbor * neighbor
      }
      return Scalar(attributes.bias) + Scalar(attributes.alpha) * squares
    }
  }

  private func localResponseGradient(
    _ x: [Scalar], _ dy: [Scalar], _ channels: Int, _ attributes: LocalResponse
  ) -> [Scalar] {
    let bases = localBases(x, channels, attributes)
    let beta = Scalar(attributes.beta)
    var result = zip(dy, bases).map { $0 * $1.raised(to: -beta) }
    // y[i] also falls with every x[j] in the window around i.
    for index in x.indices {
      let channel = index % channels
      let share =
        -2 * Scalar(attributes.alpha) * beta * dy[index] * x[index] * bases[index].raised(to: -beta - 1)
      for neighbor in localWindow(channel, channels, attributes.size) {
        result[index - channel + neighbor] += share * x[index - channel + neighbor]
      }
    }
    return result
  }
}
