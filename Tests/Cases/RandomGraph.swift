import MartletGraphs

/// A graph of some operations in a row, drawn from a seed: what layers and closures of one's own can put together, with
/// branches, shared tensors, values that are put out on the way, gradients, and updates in several forms.
///
/// `RandomConvolution` draws the geometry of one convolution; here each operation's surroundings are what is drawn.
package struct RandomGraph: CustomStringConvertible {
  package let seed: Int
  /// The images of a batch.
  package let batch: Int
  package let graph: Graph
  package private(set) var description: String
  var draws: Draws
  private(set) var values: [Value] = []
  private var parameters: [(path: String, value: Value)] = []
  var streams: UInt32 = 0

  /// The most elements of a value, because the reference computes it too.
  private static let most = 40_000

  /// - Parameter isTraining: Whether gradients and updates follow; else the graph is one of inference.
  package init(seed: Int, isTraining: Bool) {
    self.seed = seed
    var draws = Draws(seed: Hash.seed("random graph \(seed)"))
    batch = draws.element([1, 1, 2, 3, 4, 5, 7, 8, 13, 16, 33])
    graph = Graph(purpose: isTraining ? .training : .inference)
    description = "#\(seed), batch \(batch):"
    let side = draws.between(1, 13)
    let width = draws.below(3) == 0 ? draws.between(1, 13) : side
    // More than 256 channels are read in blocks.
    let channels = draws.below(12) == 0 ? 272 : draws.element([1, 2, 3, 4, 8, 16, 24])
    let shape = [batch, side, width, channels]
    self.draws = draws
    values =
      draws.below(3) == 0
      ? [graph.input("images", shape: shape, element: .uint8).toFloat() * (1 / 128) - 1]
      : [graph.input("images", shape: shape)]
    for _ in 0..<self.draws.between(3, 14) { extend() }
    finish(isTraining)
  }

  /// The result: a scalar in training, else the last value too.
  private mutating func finish(_ isTraining: Bool) {
    guard let last = values.last else { return }
    if draws.below(3) == 0 { graph.output("middle", draws.element(values)) }
    guard isTraining else { return graph.output("last", last) }
    var loss = last.tanh().sum() * 0.1
    if draws.below(2) == 0 { loss = loss + draws.element(values).squared().mean() }
    graph.output("loss", loss)
    let trained = parameters.filter { _ in draws.below(8) > 0 }
    let gradients = graph.gradients(of: loss, withRespectTo: trained.map(\.value))
    for ((path, value), gradient) in zip(trained, gradients) {
      guard let gradient else { continue }
      graph.output("gradient of \(path)", gradient)
      update(path, value, gradient)
    }
  }

  mutating func parameter(_ shape: [Int]) -> Value {
    if draws.below(7) == 0, let old = parameters.first(where: { $0.value.shape == shape }) {
      return old.value
    }
    let path = "p\(parameters.count)"
    let value = graph.parameter(ParameterSpec(path: path, shape: shape, role: .weight) { _ in [] })
    parameters.append((path, value))
    return value
  }

  /// What optimizers and those of one's own do with a parameter and its slot.
  private mutating func update(_ path: String, _ value: Value, _ gradient: Value) {
    let slot = "\(path)/slot"
    func moment() -> Value {
      graph.parameter(ParameterSpec(path: slot, shape: value.shape, role: .optimizer) { _ in [] })
    }
    switch draws.below(7) {
    case 0: graph.assign(path, value - gradient * 0.1)
    case 1:
      let next = moment() * 0.9 + gradient
      graph.assign(slot, next)
      graph.assign(path, value - next * 0.1)
    case 2:
      let next = moment() * 0.9 + gradient.squared() * 0.1
      graph.assign(slot, next)
      graph.assign(path, value - gradient / (next.abs().squareRoot() + 0.1))
    case 3:
      let next = value - gradient * 0.1
      graph.assign(path, next / (next.l2Norm() + 1))
    case 4:
      let before = moment()
      graph.assign(slot, value)
      graph.assign(path, value - gradient * 0.1 + (value - before) * 0.5)
    case 5:
      graph.assign(path, value - gradient * 0.1)
      graph.assign(slot, moment() * 0.5 + value * 0.5)
    default: break
    }
  }

  // MARK: Operations

  private mutating func extend() {
    guard let last = values.last else { return }
    let x = draws.below(5) < 3 ? last : draws.element(values)
    guard let y = result(x), y.isValid, 1...Self.most ~= y.shape.reduce(1, *) else { return }
    values.append(y)
    description += " \(y.op.name) \(y.shape)"
  }

  private mutating func result(_ x: Value) -> Value? {
    switch draws.below(21) {
    case 0...3: convolution(x)
    case 4: normalization(x)
    case 5: pooling(x)
    case 6: activation(x)
    case 7: bias(x)
    case 8, 9: merge(x)
    case 10: excitation(x)
    case 11: attention(x)
    case 12: concatenation(x)
    case 13: part(x)
    case 14: padding(x)
    case 15: reduction(x)
    case 16: broadcast(x)
    case 17: dropout(x)
    case 18: transposition(x)
    case 19: dense(x)
    default: reshape(x)
    }
  }

  /// The operation's result; nil where its rule refuses the shapes.
  func applied(_ op: Op, _ inputs: [Value]) -> Value? {
    guard let result = try? op.result(of: inputs.map { ($0.shape, $0.element) }),
      1...Self.most ~= result.shape.reduce(1, *)
    else { return nil }
    return graph.apply(op, inputs)
  }

  private mutating func convolution(_ x: Value) -> Value? {
    guard x.rank == 4 else { return nil }
    let shape = x.shape
    let kernel = draws.below(5) < 2 ? Extent(3) : Extent(draws.between(1, 5), draws.between(1, 5))
    let stride = draws.below(5) < 3 ? Extent(1) : Extent(draws.between(1, 4), draws.between(1, 4))
    let dilation = draws.below(5) > 0 ? Extent(1) : Extent(draws.between(1, 3), draws.between(1, 3))
    var (groups, filters) = (1, draws.element([1, 2, 3, 4, 5, 8, 16, 17, 24, 32]))
    switch draws.below(10) {
    case 0: (groups, filters) = (shape[3], shape[3] * draws.element([1, 1, 2]))
    case 1 where shape[3] % 2 == 0: (groups, filters) = (2, 2 * draws.between(1, 4))
    default: break
    }
    var window = ConvolutionWindow(kernel: kernel, stride: stride, dilation: dilation, groups: groups)
    switch draws.below(5) {
    case 0: break
    case 1:
      window.padding = Margins(
        top: draws.between(0, kernel.height + 1), left: draws.between(0, kernel.width + 1),
        bottom: draws.between(0, kernel.height + 1), right: draws.between(0, kernel.width + 1))
    default:
      window.padding = Padding.same.margins(
        input: Extent(shape[1], shape[2]), kernel: kernel, stride: stride, dilation: dilation)
    }
    guard shape.reduce(1, *) * filters / groups * kernel.height * kernel.width < 1_500_000 else { return nil }
    let op = Op.convolution(.forward(window))
    let weights = [kernel.height, kernel.width, shape[3] / groups, filters]
    guard let result = try? op.result(of: [(shape, .float), (weights, .float)]),
      1...Self.most ~= result.shape.reduce(1, *)
    else { return nil }
    var kernels = parameter(weights)
    if draws.below(7) == 0 { kernels = kernels - kernels.mean(axes: [0, 1, 2]) }
    var y = graph.apply(op, [x, kernels])
    if draws.below(5) < 3 { y = y + parameter([filters]) }
    if draws.below(2) == 0 { y = activation(y) ?? y }
    return draws.below(5) < 2 ? pooling(y) ?? y : y
  }

  private mutating func normalization(_ x: Value) -> Value? {
    guard x.rank >= 2, let channels = x.shape.last, x.shape.dropLast().reduce(1, *) >= 8 else { return nil }
    let moments = graph.apply(.normalization(.batchMoments), [x])
    let operands = [x, moments, parameter([channels]), parameter([channels])]
    var y = graph.apply(.normalization(.batchNormalize(epsilon: 0.1)), operands)
    if draws.below(5) < 3 { y = draws.below(2) == 0 ? y.relu() : y.leakyReLU(slope: 0.25) }
    if draws.below(2) == 0 { y = pooling(y) ?? y }
    if draws.below(3) == 0 { y = dropout(y) ?? y }
    if graph.purpose == .training, draws.below(2) == 0 {
      let path = "statistics\(parameters.count).\(graph.assignments.count)"
      let old = graph.parameter(ParameterSpec(path: path, shape: moments.shape, role: .state) { _ in [] })
      graph.assign(path, old * 0.9 + moments * 0.1)
      // Nothing else may depend on the branch.
      if draws.below(4) == 0 { return nil }
    }
    return y
  }

  private mutating func pooling(_ x: Value) -> Value? {
    guard x.rank == 4 else { return nil }
    var window = PoolingWindow(size: Extent(2), stride: Extent(2))
    if draws.below(2) == 0 {
      window = PoolingWindow(
        size: Extent(draws.between(1, 4), draws.between(1, 4)),
        stride: Extent(draws.between(1, 4), draws.between(1, 4)))
    }
    if draws.below(4) == 0 {
      let (high, wide) = (window.size.height / 2, window.size.width / 2)
      window.padding = Margins(
        top: draws.between(0, high), left: draws.between(0, wide), bottom: draws.between(0, high),
        right: draws.between(0, wide))
    }
    window.countsPadding = draws.below(5) < 2
    return applied(.pooling(draws.below(10) < 7 ? .max(window) : .average(window)), [x])
  }

  mutating func activation(_ x: Value) -> Value? {
    switch draws.below(11) {
    case 0...4: x.relu()
    case 5: x.leakyReLU(slope: 0.25)
    case 6: x.tanh()
    case 7: x.sigmoid()
    case 8: x.abs()
    case 9: (x * 0.5 + 1).squared() * 0.25
    default: x.softplus()
    }
  }

  /// One, or two in one expression, of different lengths.
  private mutating func bias(_ x: Value) -> Value? {
    guard x.rank >= 2, let channels = x.shape.last else { return nil }
    let y = x + parameter(Array(x.shape.suffix(draws.between(1, x.rank - 1))))
    return draws.below(2) == 0 ? y : y * parameter([channels])
  }

  private mutating func merge(_ x: Value) -> Value? {
    let other = draws.element(values.filter { $0.shape == x.shape })
    switch draws.below(5) {
    case 0, 1: return x + other
    case 2: return x * other.tanh()
    case 3: return x.maximum(other)
    default: return x - other * 2
    }
  }

  /// Channels weighed by what they are on average.
  private mutating func excitation(_ x: Value) -> Value? {
    guard x.rank == 4, x.shape[0] == batch, x.shape[3] <= 64 else { return nil }
    let weights = x.mean(axes: [1, 2]).matrixProduct(parameter([x.shape[3], x.shape[3]])).sigmoid()
    return x * weights.reshaped([batch, 1, 1, x.shape[3]])
  }

  private mutating func attention(_ x: Value) -> Value? {
    guard x.rank == 4 else { return nil }
    switch draws.below(3) {
    case 0: return x * x.mean(axes: [3], keepsAxes: true).sigmoid()
    case 1: return x * x.max(axes: [3], keepsAxes: true).sigmoid()
    default: return x * x.max(axes: [1, 2], keepsAxes: true).sigmoid()
    }
  }

  // MARK: Numbers

  /// Numbers for inputs and parameters, which depend on the seed.
  package var numbers: (inputs: [String: [Double]], parameters: [String: [Double]]) {
    var result: (inputs: [String: [Double]], parameters: [String: [Double]]) = ([:], [:])
    for node in graph.nodes {
      switch node.op {
      case .source(.input(Graph.randomKeyName, _, _)): result.inputs[Graph.randomKeyName] = [12, 34, 5, 0]
      case .source(.input(let name, let shape, let element)):
        let fill = element == .uint8 ? Fill.bytes : .signed
        result.inputs[name] = fill.values("\(name) \(seed)", count: shape.reduce(1, *))
      case .source(.parameter(let path, let shape)):
        result.parameters[path] = Fill.signed.values("\(path) \(seed)", count: shape.reduce(1, *)).map {
          $0 / 2
        }
      default: break
      }
    }
    return result
  }
}
