import CMartletKernels
import MartletCompilation
import MartletGraphs

/// A convolution of 3x3, 4x4 or 5x5 taps of some images in tiles of 4x4, 3x3 or 2x2 results: transform, multiply
/// position by position, transform back.
///
/// Images go together in blocks: small maps fill the register tiles then, and a large kernel is read once
/// for all of them. An image's result does not depend on the block.
struct Winograd {
  private(set) var geometry: mk_winograd
  /// Images of a block.
  let images: Int
  private let vOffset: Int
  private let mOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameters:
  ///   - taps: Rows and columns of the kernel.
  ///   - result: `[N, H', W', K]` of the results.
  ///   - pitch: Floats from row to row of the bordered image; `margins(_:result:image:)` says its border.
  init(taps: Int, channels: Int, result: [Int], pitch: Int, scratch: inout ScratchLayout) {
    let (rows, columns, filters) = (result[1], result[2], result[3])
    let (tilesY, tilesX) = (Self.tiles(rows, taps: taps), Self.tiles(columns, taps: taps))
    images = Self.images(taps: taps, channels: channels, result: result)
    let tiles = images * tilesY * tilesX
    let (vPosition, mPosition) = (tiles * channels + Self.stagger, tiles * filters + Self.stagger)
    vOffset = scratch.reserve(Float.self, Self.positions * vPosition)
    mOffset = scratch.reserve(Float.self, Self.positions * mPosition)
    geometry = mk_winograd(
      taps: Int32(taps), tiles_y: Int32(tilesY), tiles_x: Int32(tilesX), channels: Int32(channels),
      filters: Int32(filters),
      rows: Int32(rows), columns: Int32(columns), x_row: pitch, x_pixel: channels, y_row: columns * filters,
      y_pixel: filters, v_position: vPosition, m_position: mPosition)
  }

  static let positions = 36
  /// Floats between positions besides their tiles: a power of two apart, all positions of a tile would
  /// contend for the same few lines of a cache.
  private static let stagger = 16

  /// Rows and columns of a tile's results: with the taps they read six rows and columns.
  private static func tileSize(taps: Int) -> Int { 7 - taps }
  private static func tiles(_ cells: Int, taps: Int) -> Int {
    (cells + tileSize(taps: taps) - 1) / tileSize(taps: taps)
  }

  /// Rows of a tile's results.
  var tileRows: Int { Self.tileSize(taps: Int(geometry.taps)) }

  /// The margins with as much more below and to the right as whole tiles read.
  static func margins(_ margins: Margins, taps: Int, result: [Int], image: [Int]) -> Margins {
    func read(_ cells: Int) -> Int { tileSize(taps: taps) * tiles(cells, taps: taps) + taps - 1 }
    var wide = margins
    wide.bottom = read(result[1]) - image[1] - margins.top
    wide.right = read(result[2]) - image[2] - margins.left
    return wide
  }

  /// The images of a block: enough tiles to repay reading the kernel for them.
  static func images(taps: Int, channels: Int, result: [Int]) -> Int {
    let tiles = tiles(result[1], taps: taps) * tiles(result[2], taps: taps)
    let wanted = isLarge(channels: channels, filters: result[3]) ? largeTiles : smallTiles
    return max(1, min(mostImages, wanted / tiles))
  }

  /// Whether a transformed kernel does not stay in the second-level cache.
  static func isLarge(channels: Int, filters: Int) -> Bool {
    positions * 4 * channels * filters > kernelBytes
  }

  private static let kernelBytes = 640 << 10
  private static let smallTiles = 32
  private static let largeTiles = 64
  private static let mostImages = 16

  /// Whether a convolution can be computed so, and gains by it.
  ///
  /// - Parameters:
  ///   - channels: Those read.
  ///   - result: The shape written; at least half of its tiles' cells must be in it.
  static func suits(_ window: ConvolutionWindow, channels: Int, result: [Int]) -> Bool {
    let lanes = Int(MK_LANES)
    let taps = window.kernel.height
    guard (3...5).contains(taps) else { return false }
    let tiles = tiles(result[1], taps: taps) * tiles(result[2], taps: taps)
    let tileCells = tileSize(taps: taps) * tileSize(taps: taps)
    return window.kernel == Extent(taps) && window.stride == Extent(1) && window.dilation == Extent(1)
      && window.groups == 1 && channels % lanes == 0 && result[3] % lanes == 0 && channels >= 16
      && result[3] >= 16 && tileCells * tiles <= 2 * result[1] * result[2]
  }

  /// Whether a batch has so few tiles that reading a large transformed kernel takes longer than the sums
  /// it saves.
  static func readsTooMuch(taps: Int, channels: Int, result: [Int]) -> Bool {
    isLarge(channels: channels, filters: result[3])
      && result[0] * tiles(result[1], taps: taps) * tiles(result[2], taps: taps) < fewestTiles
  }

  private static let fewestTiles = 16

  /// The same convolution of so many rows alone, which begin at a tile.
  func band(rows: Int) -> Winograd {
    var part = self
    part.geometry.tiles_y = Int32((rows + tileRows - 1) / tileRows)
    part.geometry.rows = Int32(rows)
    return part
  }

  /// The rows of all tiles, of which the last may reach beyond the result.
  var tiledRows: Int { Int(geometry.tiles_y) * tileRows }

  /// Calls `body` with each block of the images.
  func blocks(of range: Range<Int>, _ body: (Range<Int>) -> Void) {
    for block in range.runs(of: images) { body(block) }
  }

  private var tilesPerImage: Int { Int(geometry.tiles_y * geometry.tiles_x) }

  private func v(_ context: Context, slot: Int = 0) -> UnsafeMutablePointer<Float> {
    (context.scratch + vOffset).assumingMemoryBound(to: Float.self) + slot * tilesPerImage
      * Int(geometry.channels)
  }

  private func m(_ context: Context, slot: Int = 0) -> UnsafeMutablePointer<Float> {
    (context.scratch + mOffset).assumingMemoryBound(to: Float.self) + slot * tilesPerImage
      * Int(geometry.filters)
  }

  /// Transforms a bordered image into a slot of the block.
  func transform(_ x: UnsafePointer<Float>, slot: Int, _ context: Context) {
    var geometry = geometry
    kernels.winograd_input(&geometry, x, v(context, slot: slot))
  }

  /// Transforms an image's result gradient into a slot of the block.
  func transform(gradient dy: UnsafePointer<Float>, slot: Int, _ context: Context) {
    var geometry = geometry
    kernels.winograd_output_gradient(&geometry, dy, m(context, slot: slot))
  }

  /// Multiplies the transformed images with the transformed kernel.
  func multiply(_ count: Int, by kernel: UnsafePointer<Float>, _ context: Context) {
    var geometry = geometry
    kernels.winograd_multiply(&geometry, Int32(count * tilesPerImage), v(context), kernel, m(context))
  }

  /// Transforms a slot's product back into an image.
  func store(
    slot: Int, bias: UnsafePointer<Float>?, _ epilogue: Epilogue, into y: UnsafeMutablePointer<Float>,
    _ context: Context
  ) {
    var geometry = geometry
    let (activation, slope) = epilogue.activation
    kernels.winograd_output(&geometry, m(context, slot: slot), bias, activation, slope, y)
  }

  /// The transformed kernel's gradient for some channels, `[36][channels][filters]`, from a block.
  func kernelGradient(
    _ count: Int, channels: Range<Int>, accumulates: Bool, into u: UnsafeMutablePointer<Float>,
    _ context: Context
  ) {
    var geometry = geometry
    let tiles = Int32(count * tilesPerImage)
    let size = channels.count * Int(geometry.filters)
    for position in 0..<Self.positions {
      kernels.winograd_gradient(
        &geometry, tiles, v(context) + position * geometry.v_position + channels.lowerBound,
        m(context) + position * geometry.m_position, Int32(channels.count), accumulates ? 1 : 0,
        u + position * size)
    }
  }
}
