import MartletGraphs
import MartletTensors

extension Interpreter {
  func random(_ op: RandomOp, _ key: Operand) -> [Scalar] {
    switch op {
    case .keepMask(let rate, let stream, let shape):
      guard case .integers(let key) = key.value else {
        preconditionFailure("the random key must be int32 [4]")
      }
      let words = key.map { UInt64(UInt32(bitPattern: $0)) }
      let stream = RandomStream(
        seed: words[0] | words[1] << 32, purpose: .dropout, epoch: words[2], stream: UInt64(stream))
      let threshold = UInt32(rate * 0x1p32)
      let kept = Scalar(1 / (1 - rate))
      return (0..<shape.reduce(1, *)).map { stream.uint32(at: UInt64($0)) >= threshold ? kept : 0 }
    }
  }
}
