#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The two floating-point types in which the reference computes.
protocol ReferenceScalar: BinaryFloatingPoint & Sendable {
  var exponential: Self { get }
  var logarithm: Self { get }
  /// log(1 + self), exact near 0.
  var logarithmOfOnePlus: Self { get }
  var hyperbolicTangent: Self { get }
  var errorFunction: Self { get }
  func raised(to exponent: Self) -> Self
}

extension Double: ReferenceScalar {
  var exponential: Double { exp(self) }
  var logarithm: Double { log(self) }
  var logarithmOfOnePlus: Double { log1p(self) }
  var hyperbolicTangent: Double { tanh(self) }
  var errorFunction: Double { erf(self) }
  func raised(to exponent: Double) -> Double { pow(self, exponent) }
}

extension Float: ReferenceScalar {
  var exponential: Float { exp(self) }
  var logarithm: Float { log(self) }
  var logarithmOfOnePlus: Float { log1p(self) }
  var hyperbolicTangent: Float { tanh(self) }
  var errorFunction: Float { erf(self) }
  func raised(to exponent: Float) -> Float { pow(self, exponent) }
}
