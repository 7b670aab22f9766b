import MartletGraphs

extension Loss {
  /// The mean over a sample's outputs of the squared difference.
  public static var meanSquaredError: Loss {
    Loss(name: "mean_squared_error", targets: .dense, binaryThreshold: 0.5) { outputs, targets in
      meanOfSample((outputs - targets.toFloat()).squared())
    }
  }

  /// The mean over a sample's outputs of the difference's magnitude; its gradient at 0 is 0.
  public static var meanAbsoluteError: Loss {
    Loss(name: "mean_absolute_error", targets: .dense, binaryThreshold: 0.5) { outputs, targets in
      meanOfSample((outputs - targets.toFloat()).abs())
    }
  }

  /// The mean over a sample's outputs of ½·d² where |d| ≤ delta, else delta·|d| - ½·delta² (Keras's Huber
  /// and PyTorch's HuberLoss).
  public static func huber(delta: Double = 1) -> Loss {
    let loss = Loss(name: "huber", targets: .dense, binaryThreshold: 0.5) { outputs, targets in
      let size = (outputs - targets.toFloat()).abs()
      let near = size.minimum(outputs.graph.constant(delta))
      return meanOfSample(near.squared() * 0.5 + (size - near) * delta)
    }
    return checked(loss, .above0("delta", delta))
  }

  /// The mean over all axes but the first, `[N]`.
  static func meanOfSample(_ terms: Value) -> Value {
    guard terms.isValid, terms.rank > 1 else { return terms }
    return terms.mean(axes: Array(1..<terms.rank))
  }
}
