import MartletTensors

/// A result in a graph that is being traced: a shape and an element type, no numbers yet.
///
/// After a first mistake a value carries it onward; the constructor that traces throws it.
public struct Value {
  package let graph: Graph
  package let id: Int

  package init(graph: Graph, id: Int) {
    self.graph = graph
    self.id = id
  }

  /// Whether the value was computed without a mistake before it.
  public var isValid: Bool { id >= 0 }

  /// The extents, batch first; empty for a scalar.
  ///
  /// After a mistake they stand in for those that nobody knows, so that code of one's own that asks for an axis
  /// goes on to where the mistake is thrown.
  public var shape: [Int] { isValid ? graph.nodes[id].shape : Self.unknownShape }

  private static let unknownShape = [Int](repeating: 1, count: 8)

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The type of the elements.
  public var element: ElementType { isValid ? graph.nodes[id].element : .float }

  /// What the graph is traced for.
  public var purpose: Purpose { graph.purpose }

  package var op: Op { graph.nodes[id].op }
}

extension Value {
  private func pointwise(_ op: PointwiseOp.Unary) -> Value { graph.apply(.pointwise(.unary(op)), [self]) }

  private func pointwise(_ op: PointwiseOp.Binary, _ other: Value) -> Value {
    graph.apply(.pointwise(.binary(op)), [self, other])
  }

  /// Adds element by element, broadcasting.
  public static func + (a: Value, b: Value) -> Value { a.pointwise(.add, b) }
  /// Subtracts element by element, broadcasting.
  public static func - (a: Value, b: Value) -> Value { a.pointwise(.subtract, b) }
  /// Multiplies element by element, broadcasting.
  public static func * (a: Value, b: Value) -> Value { a.pointwise(.multiply, b) }
  /// Divides element by element, broadcasting.
  public static func / (a: Value, b: Value) -> Value { a.pointwise(.divide, b) }
  /// Adds a number to every element.
  public static func + (a: Value, b: Double) -> Value { a.pointwise(.add(b)) }
  /// Adds a number to every element.
  public static func + (a: Double, b: Value) -> Value { b.pointwise(.add(a)) }
  /// Subtracts a number from every element.
  public static func - (a: Value, b: Double) -> Value { a.pointwise(.add(-b)) }
  /// Subtracts every element from a number.
  public static func - (a: Double, b: Value) -> Value { b.pointwise(.negate).pointwise(.add(a)) }
  /// Multiplies every element by a number.
  public static func * (a: Value, b: Double) -> Value { a.pointwise(.multiply(b)) }
  /// Multiplies every element by a number.
  public static func * (a: Double, b: Value) -> Value { b.pointwise(.multiply(a)) }
  /// Divides every element by a number.
  public static func / (a: Value, b: Double) -> Value { a.pointwise(.multiply(1 / b)) }
  /// Negates every element.
  public static prefix func - (a: Value) -> Value { a.pointwise(.negate) }

  /// The larger of two elements, broadcasting.
  public func maximum(_ other: Value) -> Value { pointwise(.maximum, other) }
  /// The smaller of two elements, broadcasting.
  public func minimum(_ other: Value) -> Value { pointwise(.minimum, other) }
  /// `self` to the power of `other`, for bases that are not negative.
  public func power(_ other: Value) -> Value { pointwise(.power, other) }
  /// 1 where `self` > `other`, else 0; its gradient is zero.
  public func greater(than other: Value) -> Value { pointwise(.greater, other) }
  /// 1 where the elements are equal, else 0; its gradient is zero.
  public func equal(to other: Value) -> Value { pointwise(.equal, other) }
  /// `self` / `other`, and 0 where `other` is 0.
  public func dividedNoNaN(by other: Value) -> Value { pointwise(.divideNoNaN, other) }

  /// The magnitude of every element; its gradient at 0 is 0.
  public func abs() -> Value { pointwise(.abs) }
  /// -1, 0 or 1; its gradient is zero.
  public func sign() -> Value { pointwise(.sign) }
  /// e to the power of every element.
  public func exp() -> Value { pointwise(.exp) }
  /// The natural logarithm of every element.
  public func log() -> Value { pointwise(.log) }
  /// The square root of every element.
  public func squareRoot() -> Value { pointwise(.sqrt) }
  /// The square of every element.
  public func squared() -> Value { pointwise(.square) }
  /// 1 / x of every element.
  public func reciprocal() -> Value { pointwise(.reciprocal) }
  /// The hyperbolic tangent of every element.
  public func tanh() -> Value { pointwise(.tanh) }
  /// 1 / (1 + e^-x) of every element.
  public func sigmoid() -> Value { pointwise(.sigmoid) }
  /// max(x, 0) of every element; its gradient at 0 is 0.
  public func relu() -> Value { pointwise(.relu) }
  /// x where x > 0, else slope·x.
  public func leakyReLU(slope: Double) -> Value { pointwise(.leakyReLU(slope: slope)) }
  /// log(1 + e^x) of every element.
  public func softplus() -> Value { pointwise(.softplus) }
  /// The error function of every element.
  public func erf() -> Value { pointwise(.erf) }
  /// 1 where x > 0, else `below`; its gradient is zero.
  public func step(below: Double = 0) -> Value { pointwise(.step(below: below)) }
  /// Converts bytes or labels to floating point.
  public func toFloat() -> Value { element == .float ? self : graph.apply(.pointwise(.cast), [self]) }
}

extension Value {
  private func reduced(_ kind: ReductionOp.Kind, _ axes: [Int]?, _ keepsAxes: Bool) -> Value {
    guard isValid else { return self }
    let all = axes.map { axes in axes.map { $0 < 0 ? $0 + rank : $0 }.sorted() } ?? Array(0..<rank)
    return graph.apply(.reduction(ReductionOp(kind: kind, axes: all, keepsAxes: keepsAxes)), [self])
  }

  /// The sum over some axes (all where nil); negative axes count from the end.
  public func sum(axes: [Int]? = nil, keepsAxes: Bool = false) -> Value { reduced(.sum, axes, keepsAxes) }
  /// The mean over some axes (all where nil).
  public func mean(axes: [Int]? = nil, keepsAxes: Bool = false) -> Value { reduced(.mean, axes, keepsAxes) }
  /// The maximum over some axes (all where nil); equal maxima share the gradient equally.
  public func max(axes: [Int]? = nil, keepsAxes: Bool = false) -> Value { reduced(.max, axes, keepsAxes) }
  /// The sum of magnitudes of all elements; the gradient at 0 is 0.
  public func l1Norm() -> Value { abs().sum() }
  /// The square root of the sum of squares of all elements; the gradient at 0 is 0.
  public func l2Norm() -> Value { reduced(.norm2, nil, false) }

  /// The same elements in another shape of equal count; one extent may be -1 and follows from the others.
  public func reshaped(_ shape: [Int]) -> Value {
    guard isValid else { return self }
    var extents = shape
    let (count, known) = (self.shape.reduce(1, *), shape.filter { $0 != -1 })
    let product = known.reduce(1, *)
    if known.count == shape.count - 1, product > 0, count % product == 0 {
      extents = shape.map { $0 == -1 ? count / product : $0 }
    }
    return self.shape == extents ? self : graph.apply(.structure(.reshape(extents)), [self])
  }
  /// The axes in another order.
  public func transposed(_ order: [Int]) -> Value { graph.apply(.structure(.transpose(order)), [self]) }
  /// Repeats along axes of extent 1 (and new leading axes) until the shape is reached.
  public func broadcast(to shape: [Int]) -> Value {
    self.shape == shape && isValid ? self : graph.apply(.structure(.broadcast(shape)), [self])
  }
  /// A part along one axis.
  public func slice(axis: Int, start: Int, count: Int) -> Value {
    graph.apply(.structure(.slice(axis: axis, start: start, count: count)), [self])
  }
  /// Zeros before and after along one axis.
  public func padded(axis: Int, before: Int, after: Int) -> Value {
    graph.apply(.structure(.pad(axis: axis, before: before, after: after)), [self])
  }
  /// The matrix product of `[m, k]` and `[k, n]`, each optionally transposed first.
  public func matrixProduct(_ other: Value, transposeA: Bool = false, transposeB: Bool = false) -> Value {
    graph.apply(.matrix(.multiply(transposeA: transposeA, transposeB: transposeB)), [self, other])
  }
  /// Probabilities of each row of scores `[N, classes]`.
  public func softmax() -> Value { graph.apply(.classification(.softmax), [self]) }
  /// The index of the first maximum in each row `[N, classes]`, as a floating-point number `[N]`.
  public func argmax() -> Value { graph.apply(.classification(.argmax), [self]) }
}

/// Joins values along one axis; all other extents must be equal.
public func concatenate(_ values: [Value], axis: Int = -1) -> Value {
  demand(!values.isEmpty, "concatenate needs at least one value")
  let axis = axis < 0 ? axis + values[0].rank : axis
  return values[0].graph.apply(.structure(.concatenate(axis: axis)), values)
}

extension Graph {
  package func constant(_ number: Double, shape: [Int] = []) -> Value {
    apply(.source(.constant(number, shape: shape)), [])
  }

  package func table(_ numbers: [Double], shape: [Int]) -> Value {
    apply(.source(.table(numbers, shape: shape)), [])
  }
}
