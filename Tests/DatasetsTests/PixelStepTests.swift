import MartletDatasets
import MartletTensors
import Testing

/// An image after a step with known numbers.
func changed(_ image: Tensor<UInt8>, _ body: (PixelBlock) -> Void) -> Tensor<UInt8> {
  var (result, scratch) = (image, [UInt8](repeating: 77, count: image.count))
  result.scalars.withUnsafeMutableBufferPointer { pixels in
    scratch.withUnsafeMutableBufferPointer { scratch in
      guard let pixels = pixels.baseAddress, let scratch = scratch.baseAddress else { return }
      body(PixelBlock(shape: image.shape, pixels: pixels, scratch: scratch))
    }
  }
  return result
}

struct PixelStepTests {
  private func gray(_ rows: [[UInt8]]) -> Tensor<UInt8> {
    Tensor(shape: [rows.count, rows[0].count, 1], scalars: rows.flatMap { $0 })
  }

  private func color(_ rows: [[UInt8]], channels: Int) -> Tensor<UInt8> {
    Tensor(
      shape: [rows.count, rows[0].count, channels],
      scalars: rows.flatMap { row in row.flatMap { value in (0..<channels).map { value + UInt8($0) * 100 } } }
    )
  }

  @Test(arguments: 1...4)
  func flipsMirrorPixelsNotChannels(_ channels: Int) {
    let wide = Tensor(
      shape: [2, 3, channels], scalars: (0..<UInt8(6 * channels)).map { $0 })
    let tall = Tensor(shape: [5, 2, channels], scalars: (0..<UInt8(10 * channels)).map { $0 })
    let mirrored = changed(wide) { $0.flipColumns() }
    for row in 0..<2 {
      for column in 0..<3 {
        for channel in 0..<channels {
          #expect(
            mirrored.scalars[(row * 3 + column) * channels + channel]
              == wide.scalars[(row * 3 + 2 - column) * channels + channel])
        }
      }
    }
    let flipped = changed(tall) { $0.flipRows() }
    for row in 0..<5 {
      let line = 2 * channels
      #expect(
        flipped.scalars[row * line..<(row + 1) * line] == tall.scalars[(4 - row) * line..<(5 - row) * line])
    }
    #expect(changed(changed(wide) { $0.flipRows() }) { $0.flipRows() } == wide)
  }

  @Test func shiftsCutTheOldSizeOutOfThePaddedImage() {
    let image = gray([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    #expect(
      changed(image) { $0.shift(rows: 1, columns: -1, .constant(0)) }
        == gray([[0, 4, 5], [0, 7, 8], [0, 0, 0]]))
    #expect(
      changed(image) { $0.shift(rows: -2, columns: 2, .constant(9)) }
        == gray([[9, 9, 9], [9, 9, 9], [3, 9, 9]]))
    #expect(
      changed(image) { $0.shift(rows: 0, columns: 2, .nearest) }
        == gray([[3, 3, 3], [6, 6, 6], [9, 9, 9]]))
    #expect(
      changed(image) { $0.shift(rows: -1, columns: -2, .reflect) }
        == gray([[2, 1, 1], [2, 1, 1], [5, 4, 4]]))
    #expect(
      changed(image) { $0.shift(rows: 5, columns: 0, .constant(3)) }
        == gray([[3, 3, 3], [3, 3, 3], [3, 3, 3]]))
    #expect(
      changed(image) { $0.shift(rows: 0, columns: 7, .reflect) }
        == gray([[2, 3, 3], [5, 6, 6], [8, 9, 9]]))
    let three = color([[1, 2], [3, 4]], channels: 3)
    #expect(
      changed(three) { $0.shift(rows: 0, columns: 1, .constant(0)) }.scalars
        == [2, 102, 202, 0, 0, 0, 4, 104, 204, 0, 0, 0])
  }

  @Test func turningByRightAnglesMovesPixels() {
    let image = gray([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    func turned(_ degrees: Double) -> Tensor<UInt8> {
      changed(image) { $0.warp(AffineMap(degrees: degrees, height: 3, width: 3), .constant(0)) }
    }
    #expect(turned(90) == gray([[3, 6, 9], [2, 5, 8], [1, 4, 7]]))
    #expect(turned(-90) == gray([[7, 4, 1], [8, 5, 2], [9, 6, 3]]))
    #expect(turned(180) == gray([[9, 8, 7], [6, 5, 4], [3, 2, 1]]))
    #expect(turned(0) == image)
    let three = Tensor<UInt8>(shape: [2, 2, 3], scalars: Array(1...12))
    #expect(
      changed(three) { $0.warp(AffineMap(degrees: 90, height: 2, width: 2), .nearest) }.scalars
        == [4, 5, 6, 10, 11, 12, 1, 2, 3, 7, 8, 9])
  }

  /// numpy.random.RandomState(7).randint(0, 256, (6, 7)).
  private static let noise: [UInt8] = [
    175, 196, 25, 246, 67, 211, 151, 103, 92, 185, 142, 23, 72, 89, 110, 42, 218, 136, 167, 230, 68, 176, 127,
    135, 172, 0, 75, 55, 250, 6, 19, 188, 44, 191, 69, 56, 152, 183, 181, 112, 251, 189,
  ]

  /// Made with SciPy 1.17: floor(0.5 + ndimage.affine_transform(noise, M, offset, order=1, mode, cval)).
  ///
  ///     turned: t = deg2rad(25), M = [[cos t, sin t], [-sin t, cos t]], offset = c - M c, cval = 61
  ///     scaled: M = diag(1.31, 0.77), offset = c - M c, cval = 61
  ///     moved:  M = 1, offset = (-1.3, 2.64), cval = 60         with the center c = (2.5, 3)
  static let warps: [String: [UInt8]] = [
    "turned grid-constant": [
      61, 68, 189, 64, 117, 87, 65, 177, 89, 163, 79, 135, 157, 62, 117, 126, 185, 142, 97, 91, 63, 104, 53,
      164, 164, 66, 115, 149, 118, 148, 79, 90, 153, 117, 222, 95, 214, 57, 143, 159, 87, 61,
    ],
    "turned nearest": [
      138, 79, 219, 64, 117, 87, 78, 194, 89, 163, 79, 135, 157, 63, 117, 126, 185, 142, 97, 91, 63, 104, 53,
      164, 164, 66, 115, 149, 149, 148, 79, 90, 153, 117, 246, 213, 214, 57, 143, 181, 129, 204,
    ],
    "turned reflect": [
      138, 79, 219, 64, 117, 87, 78, 194, 89, 163, 79, 135, 157, 63, 117, 126, 185, 142, 97, 91, 63, 104, 53,
      164, 164, 66, 115, 149, 149, 148, 79, 90, 153, 117, 246, 213, 214, 57, 143, 181, 129, 202,
    ],
    "scaled grid-constant": [
      90, 74, 64, 103, 72, 80, 91, 139, 127, 129, 190, 77, 94, 131, 68, 125, 195, 137, 143, 178, 164, 133,
      112,
      130, 174, 45, 53, 82, 101, 84, 116, 185, 101, 153, 190, 75, 85, 88, 88, 76, 89, 99,
    ],
    "scaled reflect": [
      189, 117, 76, 246, 108, 145, 192, 139, 127, 129, 190, 77, 94, 131, 68, 125, 195, 137, 143, 178, 164,
      133,
      112, 130, 174, 45, 53, 82, 101, 84, 116, 185, 101, 153, 190, 122, 166, 183, 181, 128, 187, 232,
    ],
    "moved grid-constant": [
      60, 60, 60, 60, 60, 60, 60, 135, 110, 129, 139, 83, 60, 60, 160, 86, 86, 110, 77, 60, 60, 163, 129, 161,
      113, 65, 60, 60, 161, 90, 96, 81, 60, 60, 60, 137, 86, 111, 98, 62, 60, 60,
    ],
    "moved nearest": [
      166, 131, 159, 173, 151, 151, 151, 166, 131, 159, 173, 151, 151, 151, 160, 86, 86, 110, 108, 108, 108,
      163, 129, 161, 113, 74, 74, 74, 161, 90, 96, 81, 59, 59, 59, 137, 86, 111, 98, 65, 65, 65,
    ],
    "moved reflect": [
      164, 112, 128, 146, 132, 156, 95, 166, 131, 159, 173, 151, 189, 119, 160, 86, 86, 110, 108, 112, 64,
      163,
      129, 161, 113, 74, 144, 145, 161, 90, 96, 81, 59, 99, 76, 137, 86, 111, 98, 65, 123, 76,
    ],
  ]

  @Test(arguments: warps.keys.sorted(), [1, 2, 3])
  func warpsAgreeWithSciPy(_ name: String, channels: Int) throws {
    let map =
      switch name.prefix(3) {
      case "tur": AffineMap(degrees: 25, height: 6, width: 7)
      case "sca": AffineMap(rowScale: 1.31, columnScale: 0.77, height: 6, width: 7)
      default: AffineMap(rowShift: 1.3, columnShift: -2.64)
      }
    let fill: UInt8 = name.hasPrefix("moved") ? 60 : 61
    let border: Augmentation.Border =
      name.hasSuffix("nearest") ? .nearest : name.hasSuffix("reflect") ? .reflect : .constant(fill)
    // Each channel holds the image; a mix-up of channels would show in those that are shifted.
    let image = Tensor(
      shape: [6, 7, channels],
      scalars: Self.noise.flatMap { value in (0..<channels).map { $0 == 1 ? 255 - value : value } })
    let result = changed(image) { $0.warp(map, border) }
    let first = stride(from: 0, to: result.count, by: channels).map { result.scalars[$0] }
    #expect(first == Self.warps[name])
  }

  @Test func tonesAreRoundedAndCutOff() {
    let image = gray([[0, 10, 100], [200, 250, 255]])
    #expect(changed(image) { $0.brighten(by: 20) }.scalars == [20, 30, 120, 220, 255, 255])
    #expect(changed(image) { $0.brighten(by: -20) }.scalars == [0, 0, 80, 180, 230, 235])
    #expect(changed(image) { $0.brighten(by: -255) }.scalars == [0, 0, 0, 0, 0, 0])
    // The mean is 135.83.
    #expect(changed(image) { $0.changeContrast(by: 0.5) }.scalars == [68, 73, 118, 168, 193, 195])
    #expect(changed(image) { $0.changeContrast(by: 2) }.scalars == [0, 0, 64, 255, 255, 255])
    #expect(changed(image) { $0.changeContrast(by: 0) }.scalars == [136, 136, 136, 136, 136, 136])
    // Each channel has a mean of its own.
    let two = Tensor<UInt8>(shape: [1, 2, 2], scalars: [0, 100, 20, 200])
    #expect(changed(two) { $0.changeContrast(by: 0.5) }.scalars == [5, 125, 15, 175])
  }

  @Test func erasingOverwritesARectangle() {
    let image = Tensor<UInt8>(repeating: 5, shape: [3, 4, 2])
    let erased = changed(image) { $0.erase(rows: 1..<3, columns: 2..<3, fill: 9) }
    #expect(
      erased.scalars == [
        5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 9, 9, 5, 5, 5, 5, 5, 5, 9, 9, 5, 5,
      ])
  }
}
