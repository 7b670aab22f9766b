/// Makes pictures smaller by whole factors, so that a page of them stays small.
package struct PictureScale {
  /// The shape `[H, W, C]` of the result.
  package let shape: [Int]
  private let source: [Int]
  private let factor: Int

  /// For images `[H, W, C]`, of which no side shall be longer than `longest`.
  package init(_ source: [Int], longest: Int) {
    self.source = source
    factor = max(1, (max(source[0], source[1]) + longest - 1) / longest)
    shape = [max(1, source[0] / factor), max(1, source[1] / factor), source[2]]
  }

  /// The means of squares of pixels; what is left over at the lower and right borders is cut off.
  package func applied(to pixels: [UInt8]) -> [UInt8] {
    guard factor > 1 else { return pixels }
    var result: [UInt8] = []
    result.reserveCapacity(shape.reduce(1, *))
    let (rows, columns) = (min(factor, source[0]), min(factor, source[1]))
    for row in 0..<shape[0] {
      for column in 0..<shape[1] {
        for channel in 0..<shape[2] {
          var sum = 0
          for y in 0..<rows {
            for x in 0..<columns {
              let place = ((row * factor + y) * source[1] + column * factor + x) * source[2] + channel
              sum += Int(pixels[place])
            }
          }
          result.append(UInt8((sum + rows * columns / 2) / (rows * columns)))
        }
      }
    }
    return result
  }
}
