import Foundation
import MartletGraphs
import MartletReference
import Testing

/// The interpreter against formulas written another way, or against numbers worked out by hand.
@Suite struct FormulaTests {
  private func run(
    _ inputs: [(shape: [Int], values: [Double])], _ build: (Graph, [Value]) -> Value
  ) throws -> [Double] {
    let graph = Graph(purpose: .training)
    let values = inputs.enumerated().map { graph.input("x\($0)", shape: $1.shape) }
    graph.output("y", build(graph, values))
    try graph.check()
    let named = inputs.enumerated().map { ("x\($0)", HostTensor<Double>.numbers($1.values)) }
    return try #require(
      Reference64.run(graph, inputs: Dictionary(uniqueKeysWithValues: named)).outputs["y"])
  }

  /// A convolution of one channel is a product of polynomials in two variables, read backwards.
  @Test func convolutionIsACorrelationNotAConvolution() throws {
    let window = ConvolutionWindow(kernel: 2)
    let y = try run([([1, 3, 3, 1], (1...9).map(Double.init)), ([2, 2, 1, 1], [1, 10, 100, 1_000])]) {
      $0.apply(.convolution(.forward(window)), $1)
    }
    #expect(y == [5_421, 6_532, 8_754, 9_865])
  }

  /// Convolution as the definition gives it: every output asks for its pixels, padding reads as 0.
  @Test func convolutionFollowsItsDefinition() throws {
    let window = ConvolutionWindow(
      kernel: Extent(3, 2), stride: Extent(2, 1), dilation: Extent(1, 2),
      padding: Margins(top: 2, left: 1, bottom: 0, right: 1), groups: 2)
    let (height, width, channels, filters) = (5, 4, 4, 6)
    let x = (0..<2 * height * width * channels).map { Double($0 * 37 % 23) - 11 }
    let w = (0..<3 * 2 * 2 * filters).map { Double($0 * 29 % 17) - 8 }
    func pixel(_ n: Int, _ h: Int, _ v: Int, _ c: Int) -> Double {
      (0..<height).contains(h) && (0..<width).contains(v)
        ? x[n * height * width * channels + h * width * channels + v * channels + c] : 0
    }
    var expected: [Double] = []
    for n in 0..<2 {
      for h in 0..<3 {
        for v in 0..<4 {
          for k in 0..<filters {
            let firstChannel = k < 3 ? 0 : 2
            let terms = (0..<3 * 2 * 2).map { term in
              let (a, b, c) = (term / 4, term / 2 % 2, term % 2)
              return pixel(n, 2 * h + a - 2, v + 2 * b - 1, firstChannel + c) * w[term * filters + k]
            }
            expected.append(terms.reduce(0, +))
          }
        }
      }
    }
    let y = try run([([2, height, width, channels], x), ([3, 2, 2, filters], w)]) {
      $0.apply(.convolution(.forward(window)), $1)
    }
    #expect(y == expected)
  }

  /// ⟨conv(x, w), dy⟩ = ⟨x, inputGradient(dy, w)⟩ = ⟨w, kernelGradient(x, dy)⟩, in whole numbers.
  @Test func convolutionGradientsAreAdjoint() throws {
    let window = ConvolutionWindow(
      kernel: 3, stride: 2, dilation: Extent(1, 2), padding: Margins(top: 1, left: 2, bottom: 0, right: 1))
    let (xShape, wShape) = ([2, 6, 7, 3], [3, 3, 3, 4])
    let yShape = try window.outputShape(input: xShape, kernel: wShape)
    func fill(_ shape: [Int], _ step: Int) -> [Double] {
      (0..<shape.reduce(1, *)).map { Double($0 * step % 7) - 3 }
    }
    let (x, w, dy) = (fill(xShape, 11), fill(wShape, 5), fill(yShape, 13))
    let y = try run([(xShape, x), (wShape, w)]) { $0.apply(.convolution(.forward(window)), $1) }
    let dx = try run([(yShape, dy), (wShape, w)]) {
      $0.apply(.convolution(.inputGradient(window, inputShape: xShape)), $1)
    }
    let dw = try run([(xShape, x), (yShape, dy)]) {
      $0.apply(.convolution(.kernelGradient(window, kernelShape: wShape)), $1)
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(dot(y, dy) == dot(x, dx))
    #expect(dot(y, dy) == dot(w, dw))
    #expect(dot(y, dy) != 0)
  }

  @Test func maxPoolTakesTheFirstMaximumAndShowsWhatIsNoNumber() throws {
    let window = PoolingWindow(size: 2, stride: 2)
    let x: [Double] = [1, 5, 2, 2, 5, 5, 2, 2]
    #expect(try run([([1, 2, 4, 1], x)]) { $0.apply(.pooling(.max(window)), $1) } == [5, 2])
    let gradient = try run([([1, 2, 4, 1], x), ([1, 1, 2, 1], [10, 20])]) {
      $0.apply(.pooling(.maxGradient(window)), $1)
    }
    #expect(gradient == [0, 10, 20, 0, 0, 0, 0, 0])
    let broken = try run([([1, 2, 2, 1], [1, 2, .nan, 3])]) { $0.apply(.pooling(.max(window)), $1) }
    #expect(broken[0].isNaN)
  }

  @Test func averagePoolCountsPaddingOnlyWhenAsked() throws {
    var window = PoolingWindow(size: 2, stride: 2, padding: Margins(bottom: 1, right: 1))
    let x: [Double] = (1...9).map(Double.init)
    #expect(
      try run([([1, 3, 3, 1], x)]) { $0.apply(.pooling(.average(window)), $1) } == [3, 4.5, 7.5, 9])
    window.countsPadding = true
    #expect(
      try run([([1, 3, 3, 1], x)]) { $0.apply(.pooling(.average(window)), $1) } == [3, 2.25, 3.75, 2.25])
  }

  /// Padding is left out of a maximum: a window of negative numbers keeps its negative maximum.
  @Test func maxPoolSkipsPadding() throws {
    let window = PoolingWindow(size: 2, stride: 2, padding: Margins(bottom: 1, right: 1))
    let y = try run([([1, 1, 1, 1], [-3])]) { $0.apply(.pooling(.max(window)), $1) }
    #expect(y == [-3])
  }

  @Test func batchMomentsArePopulationMoments() throws {
    let y = try run([([4, 2], [1, 10, 2, 10, 3, 10, 6, 10])]) { $0.apply(.normalization(.batchMoments), $1) }
    #expect(y == [3, 10, 3.5, 0])
  }

  @Test func batchNormalizationStandardizes() throws {
    let y = try run([([2, 1], [1, 3]), ([1], [10]), ([1], [0.5])]) { graph, x in
      let moments = graph.apply(.normalization(.batchMoments), [x[0]])
      return graph.apply(.normalization(.batchNormalize(epsilon: 3)), [x[0], moments, x[1], x[2]])
    }
    #expect(y == [-4.5, 5.5])
  }

  @Test func localResponseFollowsItsWindow() throws {
    let even = LocalResponse(size: 2, alpha: 1, beta: 1, bias: 1)
    // Of a window of two the earlier channel belongs to it.
    let y = try run([([1, 3], [1, 2, 3])]) { $0.apply(.normalization(.localResponse(even)), $1) }
    #expect(y == [1.0 / 2, 2.0 / 6, 3.0 / 14] as [Double])
    let odd = LocalResponse(size: 3, alpha: 2, beta: 1, bias: 1)
    let z = try run([([1, 3], [1, 2, 3])]) { $0.apply(.normalization(.localResponse(odd)), $1) }
    #expect(z == [1.0 / 11, 2.0 / 29, 3.0 / 27] as [Double])
  }

  @Test func crossEntropyIsMinusLogProbability() throws {
    let graph = Graph(purpose: .training)
    let scores = graph.input("scores", shape: [3, 2])
    let labels = graph.input("labels", shape: [3], element: .int32)
    let targets = graph.input("targets", shape: [3, 2])
    graph.output("sparse", graph.apply(.classification(.crossEntropy(.sparse)), [scores, labels]))
    graph.output("dense", graph.apply(.classification(.crossEntropy(.dense)), [scores, targets]))
    graph.output("probabilities", scores.softmax())
    try graph.check()
    let outputs = Reference64.run(
      graph,
      inputs: [
        "scores": .numbers([0, log(3.0), 1_000, 0, 2, 2]), "labels": .integers([1, 1, 2]),
        "targets": .numbers([1, 0, 1, 2, 0.5, 0]),
      ]
    ).outputs
    let sparse = try #require(outputs["sparse"])
    #expect(abs(sparse[0] - log(4.0 / 3)) < 1e-15)
    #expect(sparse[1] == 1_000)
    #expect(sparse[2].isNaN, "a label out of range must not pass unseen")
    let dense = try #require(outputs["dense"])
    #expect(abs(dense[0] - log(4.0)) < 1e-15)
    #expect(dense[1] == 2_000)
    #expect(abs(dense[2] - 0.5 * log(2.0)) < 1e-15)
    #expect(try #require(outputs["probabilities"])[3] == 0)
  }

  /// The sums of a broadcast multiply table, each reduction on its own axes.
  @Test func reductionsKeepTheirAxesApart() throws {
    let x = (0..<6).map(Double.init)
    func reduced(_ build: (Value) -> Value) throws -> [Double] { try run([([2, 3], x)]) { build($1[0]) } }
    #expect(try reduced { $0.sum(axes: [0]) } == [3, 5, 7])
    #expect(try reduced { $0.mean(axes: [-1]) } == [1, 4])
    #expect(try reduced { $0.max(axes: [0]) } == [3, 4, 5])
    #expect(try reduced { $0.l2Norm() } == [Double(55).squareRoot()])
    #expect(try reduced { $0.transposed([1, 0]) } == [0, 3, 1, 4, 2, 5])
  }

  @Test func assignmentsAndNodesAreGiven() throws {
    let graph = Graph(purpose: .training)
    let spec = ParameterSpec(path: "counter", shape: [], role: .state) { _ in [0] }
    let counter = graph.parameter(spec)
    graph.assign("counter", counter + 1)
    let result = Reference64.run(graph, parameters: ["counter": [41]])
    #expect(result.assignments == ["counter": [42]])
    #expect(result.nodes.count == graph.nodes.count)
  }

  @Test func dropoutKeepsTheExpectedShareAndIsAFunctionOfTheStep() throws {
    let graph = Graph(purpose: .training)
    let shape = [100, 100]
    graph.output(
      "mask", graph.apply(.random(.keepMask(rate: 0.3, stream: 5, shape: shape)), [graph.randomKey]))
    func mask(step: Int32) throws -> [Double] {
      let key = HostTensor<Double>.integers([69, 0, step, 0])
      return try #require(Reference64.run(graph, inputs: [Graph.randomKeyName: key]).outputs["mask"])
    }
    let first = try mask(step: 1)
    let kept = first.count { $0 != 0 }
    // Five standard deviations of a binomial distribution.
    #expect(abs(kept - 7_000) < 5 * 46)
    #expect(first.allSatisfy { $0 == 0 || $0 == 1 / 0.7 })
    #expect(try mask(step: 1) == first)
    #expect(try mask(step: 2) != first)
  }
}
