import MartletGraphs
import Testing

@Suite struct ShapeTests {
  private let graph = Graph(purpose: .training)
  private func value(_ shape: [Int]) -> Value { graph.input("\(shape)", shape: shape) }
  private func convolve(_ x: [Int], _ w: [Int], _ window: ConvolutionWindow) -> [Int] {
    graph.apply(.convolution(.forward(window)), [value(x), value(w)]).shape
  }

  /// Output extents of the networks that the project must train.
  @Test func convolutionExtents() {
    #expect(convolve([8, 28, 28, 1], [5, 5, 1, 32], ConvolutionWindow(kernel: 5)) == [8, 24, 24, 32])
    #expect(convolve([8, 32, 32, 3], [4, 4, 3, 32], ConvolutionWindow(kernel: 4)) == [8, 29, 29, 32])
    let same = Margins(top: 1, left: 1, bottom: 1, right: 1)
    #expect(
      convolve([8, 28, 28, 1], [3, 3, 1, 32], ConvolutionWindow(kernel: 3, padding: same)) == [8, 28, 28, 32])
    #expect(
      convolve(
        [1, 7, 9, 4], [3, 3, 2, 6], ConvolutionWindow(kernel: 3, stride: 2, dilation: Extent(1, 2), groups: 2)
      )
        == [1, 3, 3, 6])
  }

  @Test(arguments: [
    (28, 3, 1, 1, 1, 1), (28, 2, 2, 1, 0, 0), (7, 2, 2, 1, 0, 1), (6, 3, 2, 1, 0, 1), (7, 3, 2, 1, 1, 1),
    (28, 4, 1, 1, 1, 2), (10, 3, 1, 2, 2, 2), (5, 1, 3, 1, 0, 0), (2, 5, 1, 1, 2, 2),
  ])
  func samePaddingPutsTheOddCellLast(
    _ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int, _ after: Int
  ) {
    let margins = Padding.same.margins(
      input: Extent(size), kernel: Extent(kernel), stride: Extent(stride), dilation: Extent(dilation))
    #expect(margins == Margins(top: before, left: before, bottom: after, right: after))
    let count = windowCount(
      size: size, kernel: kernel, stride: stride, dilation: dilation, before: before, after: after)
    #expect(count == (size + stride - 1) / stride)
  }

  @Test func poolingRoundsDown() {
    func pooled(_ x: [Int], _ size: Int, _ stride: Int) -> [Int] {
      let window = PoolingWindow(size: Extent(size), stride: Extent(stride))
      return graph.apply(.pooling(.max(window)), [value(x)]).shape
    }
    #expect(pooled([2, 7, 5, 3], 2, 2) == [2, 3, 2, 3])
    #expect(pooled([2, 7, 7, 3], 2, 1) == [2, 6, 6, 3])
    #expect(pooled([2, 8, 8, 3], 2, 3) == [2, 3, 3, 3])
    #expect(windowCount(size: 1, kernel: 2, stride: 2, dilation: 1, before: 0, after: 0) == nil)
  }

  @Test func broadcastingAlignsTrailingAxes() throws {
    #expect(try broadcastShape([2, 3, 4, 5], [5]) == [2, 3, 4, 5])
    #expect(try broadcastShape([2, 1, 1, 5], [3, 4, 1]) == [2, 3, 4, 5])
    #expect(try broadcastShape([], [3]) == [3])
    #expect(throws: ShapeMismatch.self) { try broadcastShape([2, 3], [2]) }
  }

  @Test func reductionsRemoveOrKeepAxes() {
    let x = value([2, 3, 4, 5])
    #expect(x.mean(axes: [1, 2]).shape == [2, 5])
    #expect(x.max(axes: [-1], keepsAxes: true).shape == [2, 3, 4, 1])
    #expect(x.sum().shape == [])
  }

  @Test func rearrangements() {
    let x = value([2, 3, 4, 5])
    #expect(x.transposed([0, 3, 1, 2]).shape == [2, 5, 3, 4])
    #expect(concatenate([x, x]).shape == [2, 3, 4, 10])
    #expect(x.slice(axis: 1, start: 1, count: 2).shape == [2, 2, 4, 5])
    #expect(x.padded(axis: 2, before: 1, after: 2).shape == [2, 3, 7, 5])
    #expect(x.reshaped([2, 60]).shape == [2, 60])
    #expect(x.reshaped([2, -1, 5]).shape == [2, 12, 5])
  }

  @Test func elementTypesOfResults() {
    let bytes = graph.input("bytes", shape: [2, 4], element: .uint8)
    #expect(bytes.reshaped([8]).element == .uint8)
    #expect(bytes.toFloat().element == .float)
    #expect(value([2, 3]).argmax().element == .float)
  }
}
