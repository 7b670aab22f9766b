import CMartletKernels
import Testing

/// A convolution of 3x3, 4x4 or 5x5 taps in tiles of 4x4, 3x3 or 2x2 results, forward and both ways back, against plain loops in Double.
@Suite struct WinogradKernelTests {
  struct Layer: CustomTestStringConvertible, Sendable {
    var taps = 3
    var rows: Int, columns: Int, channels: Int, filters: Int
    var testDescription: String { "\(taps)x\(taps) \(rows)x\(columns) \(channels)>\(filters)" }
    /// Rows and columns of a tile's results.
    var size: Int { 7 - taps }
    var tilesY: Int { (rows + size - 1) / size }
    var tilesX: Int { (columns + size - 1) / size }
    var tiles: Int { tilesY * tilesX }
    /// Rows and columns of the bordered image that whole tiles read.
    var extent: (Int, Int) { (size * tilesY + taps - 1, size * tilesX + taps - 1) }
    var weights: Int { taps * taps * channels * filters }
    var geometry: mk_winograd {
      mk_winograd(
        taps: Int32(taps), tiles_y: Int32(tilesY), tiles_x: Int32(tilesX), channels: Int32(channels),
        filters: Int32(filters),
        rows: Int32(rows), columns: Int32(columns), x_row: extent.1 * channels, x_pixel: channels,
        y_row: columns * filters, y_pixel: filters, v_position: tiles * channels,
        m_position: tiles * filters)
    }

    /// Calls `body` with the places in x, kernel and y of every product of vectors over the filters.
    func eachProduct(_ body: (_ x: Int, _ weight: Int, _ y: Int) -> Void) {
      for row in 0..<rows {
        for column in 0..<columns {
          for tap in 0..<taps * taps {
            for channel in 0..<channels {
              let pixel = (row + tap / taps) * extent.1 + column + tap % taps
              body(
                pixel * channels + channel, (tap * channels + channel) * filters,
                (row * columns + column) * filters)
            }
          }
        }
      }
    }
  }

  static let layers = [
    Layer(rows: 4, columns: 4, channels: 16, filters: 16),
    Layer(rows: 7, columns: 7, channels: 64, filters: 24),
    Layer(rows: 14, columns: 13, channels: 24, filters: 40),
    Layer(rows: 5, columns: 9, channels: 32, filters: 64),
    Layer(rows: 8, columns: 2, channels: 40, filters: 16),
    Layer(taps: 4, rows: 7, columns: 6, channels: 24, filters: 40),
    Layer(taps: 4, rows: 4, columns: 11, channels: 32, filters: 16),
    Layer(taps: 5, rows: 8, columns: 8, channels: 32, filters: 64),
    Layer(taps: 5, rows: 5, columns: 3, channels: 40, filters: 24),
  ]

  /// The error that is documented, as a part of the result's root mean square.
  private func expectClose(_ values: [Float], _ wanted: [Double], location: SourceLocation = #_sourceLocation)
  {
    let size = (wanted.reduce(0) { $0 + $1 * $1 } / Double(wanted.count)).squareRoot()
    let errors = zip(values, wanted).map { abs(Double($0) - $1) / size }
    let root = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    #expect(root < 3e-6, sourceLocation: location)
    #expect(errors.max() ?? 1 < 3e-5, sourceLocation: location)
  }

  @Test(arguments: instructionSets, layers)
  func forwardEqualsPlainLoops(set: UInt32, layer: Layer) throws {
    let table = try kernels(set)
    var random = Generator(3)
    let x = random.floats(layer.extent.0 * layer.extent.1 * layer.channels)
    let kernel = random.floats(layer.weights)
    let bias = random.floats(layer.filters)
    var sums = [Double](repeating: 0, count: layer.rows * layer.columns * layer.filters)
    layer.eachProduct { x0, w, y in
      for k in 0..<layer.filters { sums[y + k] += Double(x[x0]) * Double(kernel[w + k]) }
    }
    for index in sums.indices { sums[index] += Double(bias[index % layer.filters]) }
    var geometry = layer.geometry
    var u = [Float](repeating: 0, count: 36 * layer.channels * layer.filters)
    // In two parts, as tasks do it.
    let (channels, filters) = (Int32(layer.channels), Int32(layer.filters))
    table.winograd_kernel(Int32(layer.taps), kernel, channels, filters, 8, channels - 8, &u)
    table.winograd_kernel(Int32(layer.taps), kernel, channels, filters, 0, 8, &u)
    var v = [Float](repeating: 0, count: 36 * layer.tiles * layer.channels)
    var m = [Float](repeating: 0, count: 36 * layer.tiles * layer.filters)
    var y = [Float](repeating: 7, count: sums.count)
    table.winograd_input(&geometry, x, &v)
    table.winograd_multiply(&geometry, Int32(layer.tiles), v, u, &m)
    table.winograd_output(&geometry, m, bias, Int32(MK_IDENTITY.rawValue), 0, &y)
    expectClose(y, sums)
    table.winograd_output(&geometry, m, bias, Int32(MK_RELU.rawValue), 0, &y)
    expectClose(y, sums.map { max($0, 0) })
  }

  @Test(arguments: instructionSets, layers)
  func kernelGradientEqualsPlainLoops(set: UInt32, layer: Layer) throws {
    let table = try kernels(set)
    var random = Generator(4)
    let x = random.floats(layer.extent.0 * layer.extent.1 * layer.channels)
    let dy = random.floats(layer.rows * layer.columns * layer.filters)
    var sums = [Double](repeating: 0, count: layer.weights)
    layer.eachProduct { x0, w, y in
      for k in 0..<layer.filters { sums[w + k] += Double(x[x0]) * Double(dy[y + k]) }
    }
    var geometry = layer.geometry
    var v = [Float](repeating: 0, count: 36 * layer.tiles * layer.channels)
    var m = [Float](repeating: 0, count: 36 * layer.tiles * layer.filters)
    table.winograd_input(&geometry, x, &v)
    table.winograd_output_gradient(&geometry, dy, &m)
    var gradient = [Float](repeating: 0, count: sums.count)
    // Some channels at a time, each twice: the second call adds as much again.
    for first in stride(from: 0, to: layer.channels, by: 8) {
      var u = [Float](repeating: 7, count: 36 * 8 * layer.filters)
      for accumulate: Int32 in 0...1 {
        for position in 0..<36 {
          u.withUnsafeMutableBufferPointer { u in
            v.withUnsafeBufferPointer { v in
              m.withUnsafeBufferPointer { m in
                table.winograd_gradient(
                  &geometry, Int32(layer.tiles), v.baseAddress! + position * geometry.v_position + first,
                  m.baseAddress! + position * geometry.m_position, 8, accumulate,
                  u.baseAddress! + position * 8 * layer.filters)
              }
            }
          }
        }
      }
      table.winograd_kernel_gradient(
        Int32(layer.taps), u, Int32(layer.channels), Int32(layer.filters), Int32(first), 8, &gradient)
    }
    expectClose(gradient, sums.map { 2 * $0 })
  }

  /// The turned kernel is the kernel turned by hand and transformed.
  @Test(arguments: instructionSets, layers)
  func turnedKernelEqualsTurningByHand(set: UInt32, layer: Layer) throws {
    let table = try kernels(set)
    var random = Generator(5)
    let (channels, filters) = (layer.channels, layer.filters)
    let kernel = random.floats(layer.weights)
    let area = layer.taps * layer.taps
    var turned = kernel
    for tap in 0..<area {
      for channel in 0..<channels {
        for filter in 0..<filters {
          turned[((area - 1 - tap) * filters + filter) * channels + channel] =
            kernel[(tap * channels + channel) * filters + filter]
        }
      }
    }
    var u = [Float](repeating: 0, count: 36 * channels * filters)
    var expected = u
    let taps = Int32(layer.taps)
    table.winograd_turned_kernel(taps, kernel, Int32(channels), Int32(filters), 0, Int32(channels), &u)
    table.winograd_kernel(taps, turned, Int32(filters), Int32(channels), 0, Int32(filters), &expected)
    #expect(u == expected)
  }
}
