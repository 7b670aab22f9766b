#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension RateSchedule {
  /// The same rate throughout.
  public static var constant: RateSchedule { RateSchedule(name: "Constant") { $0.initial } }

  /// Multiplied by a factor at each of some epochs, counted from 0 (PyTorch's MultiStepLR).
  public static func stepDecay(factor: Double = 0.1, at epochs: [Int]) -> RateSchedule {
    RateSchedule(name: "Step Decay") { now in
      now.initial * power(factor, epochs.count { $0 <= now.epoch })
    }
    .requiring(
      .above0("factor", factor),
      Requirement(epochs.allSatisfy { $0 >= 0 }, "epochs counted from 0", received: "\(epochs)"))
  }

  /// Multiplied by a factor after every so many epochs (PyTorch's StepLR).
  public static func stepDecay(factor: Double = 0.1, every epochs: Int) -> RateSchedule {
    RateSchedule(name: "Step Decay") { $0.initial * power(factor, $0.epoch / epochs) }
      .requiring(.above0("factor", factor), .atLeast1("epochs", epochs))
  }

  /// initial · factor^(e / epochs): multiplied by a factor, little by little, over every so many epochs
  /// (Keras's ExponentialDecay; with one epoch PyTorch's ExponentialLR).
  public static func exponentialDecay(factor: Double, every epochs: Int = 1) -> RateSchedule {
    RateSchedule(name: "Exponential Decay") { now in
      now.initial * exp(log(factor) * now.progress / Double(epochs))
    }
    .requiring(.above0("factor", factor), .atLeast1("epochs", epochs))
  }

  /// initial / (1 + rate·e / epochs) (Keras's InverseTimeDecay).
  public static func inverseTimeDecay(rate: Double, every epochs: Int = 1) -> RateSchedule {
    RateSchedule(name: "Inverse Time Decay") { now in
      now.initial / (1 + rate * now.progress / Double(epochs))
    }
    .requiring(.atLeast0("rate", rate), .atLeast1("epochs", epochs))
  }

  /// Half a cosine from the initial rate to a minimum over some epochs, and the minimum from then on:
  /// minimum + (initial - minimum)·½·(1 + cos(π·e / epochs)) (Keras's CosineDecay).
  public static func cosineAnnealing(epochs: Int, minimumRate: Double = 0) -> RateSchedule {
    RateSchedule(name: "Cosine Annealing") { now in
      cosine(from: now.initial, to: minimumRate, part: min(now.progress / Double(epochs), 1))
    }
    .requiring(.atLeast1("epochs", epochs), .atLeast0("minimumRate", minimumRate))
  }

  /// Half cosines that begin anew, each `multiplier` times as long as the one before (SGDR, Loshchilov and
  /// Hutter 2017; PyTorch's CosineAnnealingWarmRestarts with T_0, T_mult and eta_min).
  ///
  /// - Parameters:
  ///   - epochs: The epochs of the first cycle.
  ///   - multiplier: How much longer each cycle is than the one before.
  ///   - minimumRate: The rate that each cycle comes near.
  public static func cosineWithRestarts(
    epochs: Int, multiplier: Int = 1, minimumRate: Double = 0
  ) -> RateSchedule {
    RateSchedule(name: "Cosine with Restarts") { now in
      var (start, length) = (0.0, Double(epochs))
      while now.progress >= start + length {
        start += length
        length *= Double(multiplier)
      }
      return cosine(from: now.initial, to: minimumRate, part: (now.progress - start) / length)
    }
    .requiring(
      .atLeast1("epochs", epochs), .atLeast1("multiplier", multiplier), .atLeast0("minimumRate", minimumRate))
  }

  /// A straight line from the initial rate to 0 over some epochs: 1 - e / epochs.
  public static func linearDecay(epochs: Int) -> RateSchedule {
    RateSchedule(name: "Linear Decay") { $0.initial * (1 - min($0.progress / Double(epochs), 1)) }
      .requiring(.atLeast1("epochs", epochs))
  }

  /// A straight line between two factors of the initial rate over some epochs, and the second from then on
  /// (PyTorch's LinearLR).
  public static func linear(from start: Double, to end: Double, epochs: Int) -> RateSchedule {
    RateSchedule(name: "Linear") { now in
      now.initial * (start + (end - start) * min(now.progress / Double(epochs), 1))
    }
    .requiring(.atLeast1("epochs", epochs), .atLeast0("from", start), .atLeast0("to", end))
  }

  /// end + (initial - end)·(1 - e / epochs)^power, and the end rate from then on (Keras's PolynomialDecay;
  /// with the end 0 PyTorch's PolynomialLR).
  public static func polynomialDecay(epochs: Int, power: Double = 1, endRate: Double = 0) -> RateSchedule {
    RateSchedule(name: "Polynomial Decay") { now in
      let rest = 1 - min(now.progress / Double(epochs), 1)
      return endRate + (now.initial - endRate) * pow(rest, power)
    }
    .requiring(
      .atLeast1("epochs", epochs), .above0("power", power), .atLeast0("endRate", endRate))
  }

  /// Half a cosine between two rates; `part` runs from 0 to 1.
  static func cosine(from start: Double, to end: Double, part: Double) -> Double {
    end + (start - end) * 0.5 * (1 + cos(.pi * part))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<max(exponent, 0)).reduce(1) { result, _ in result * base }
  }
}
