import MartletTensors

extension Tensor<UInt8> {
  /// An image `[H, W, C]` with another number of channels.
  ///
  /// Gray is 0.299 red + 0.587 green + 0.114 blue, rounded; color from gray repeats it.
  public func converted(to channels: ImageCoder.Channels) -> Tensor<UInt8> {
    demand(shape.count == 3, "an image [H, W, C] is needed, received \(shape)")
    switch (shape[2], channels) {
    case (1, .gray), (3, .rgb): return self
    case (1, .rgb):
      return Tensor(shape: [shape[0], shape[1], 3], scalars: scalars.flatMap { [$0, $0, $0] })
    case (3, .gray):
      let gray = (0..<shape[0] * shape[1]).map { pixel in
        // The weights in 16-bit fixed point; they sum to 65,536, so white stays white.
        let sum =
          19_595 * Int(scalars[3 * pixel]) + 38_470 * Int(scalars[3 * pixel + 1])
          + 7_471 * Int(scalars[3 * pixel + 2])
        return UInt8((sum + 32_768) >> 16)
      }
      return Tensor(shape: [shape[0], shape[1], 1], scalars: gray)
    default: preconditionFailure("no picture has the shape \(shape)")
    }
  }
}
