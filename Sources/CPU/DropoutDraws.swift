import CMartletKernels
import MartletTensors

/// How a dropout layer draws what it keeps.
struct DropoutDraws {
  /// A draw below it drops the element.
  let threshold: UInt32
  /// What is kept is multiplied by it.
  let scale: Float
  private let stream: UInt32

  init(rate: Double, stream: UInt32) {
    threshold = UInt32(rate * 4_294_967_296)
    scale = Float(1 / (1 - rate))
    self.stream = stream
  }

  /// The draws from element `first` on, with the key of a step: seed (low and high word) and number.
  func draws(key: UnsafePointer<Int32>, first: Int) -> mk_dropout {
    mk_dropout(
      random: mk_random(
        seed: UInt64(UInt32(bitPattern: key[0])) | UInt64(UInt32(bitPattern: key[1])) << 32,
        purpose: RandomPurpose.dropout.rawValue, stream: stream, epoch: UInt32(bitPattern: key[2])),
      first: UInt64(first), threshold: threshold, scale: scale)
  }
}
