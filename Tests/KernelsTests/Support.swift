import CMartletKernels
import Testing

/// The instruction sets this processor can run, by raw value: each test runs on all of them.
let instructionSets: [UInt32] = [MK_PLAIN, MK_AVX2, MK_AVX512, MK_NEON].map { UInt32($0.rawValue) }
  .filter { mk_kernels_for(mk_isa(rawValue: .init($0))) != nil }

func kernels(_ set: UInt32) throws -> mk_kernels {
  try #require(mk_kernels_for(mk_isa(rawValue: .init(set)))).pointee
}

/// A small reproducible generator (SplitMix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Whether every element agrees with its expectation within `tolerance` times the larger of 1 and its size.
func agree(_ values: [Float], _ expected: [Double], _ tolerance: Double = 2e-5) -> Bool {
  guard values.count == expected.count else { return false }
  for (value, wanted) in zip(values, expected) {
    if wanted.isNaN && value.isNaN { continue }
    if Double(value) == wanted { continue }
    guard abs(Double(value) - wanted) <= tolerance * max(1, abs(wanted)) else { return false }
  }
  return true
}

func roundedUp(_ count: Int) -> Int { (count + Int(MK_LANES) - 1) / Int(MK_LANES) * Int(MK_LANES) }

/// A convolution's sizes, from which its strides and plain loops follow.
struct Shape: CustomTestStringConvertible {
  var taps: (Int, Int)
  var channels: Int
  var filters: Int
  var output: (Int, Int)
  var stride = 1
  var dilation = 1
  /// Channels of all groups together: pixels are this far apart.
  var groups = 1

  var testDescription: String {
    "\(taps) \(channels)>\(filters) @\(output) stride \(stride) dilation \(dilation) groups \(groups)"
  }
  var input: (Int, Int) {
    (
      (output.0 - 1) * stride + (taps.0 - 1) * dilation + 1,
      (output.1 - 1) * stride + (taps.1 - 1) * dilation + 1
    )
  }
  var inputChannels: Int { channels * groups }
  var outputChannels: Int { filters * groups }
  var inputCount: Int { input.0 * input.1 * inputChannels }
  var outputCount: Int { output.0 * output.1 * outputChannels }
  var weightRows: Int { taps.0 * taps.1 * channels }

  var conv: mk_conv {
    mk_conv(
      taps_y: Int32(taps.0), taps_x: Int32(taps.1), channels: Int32(channels), filters: Int32(filters),
      rows: Int32(output.0), columns: Int32(output.1), x_row: stride * input.1 * inputChannels,
      x_pixel: stride * inputChannels, tap_y: dilation * input.1 * inputChannels,
      tap_x: dilation * inputChannels,
      y_row: output.1 * outputChannels, y_pixel: outputChannels)
  }

  /// Calls `body` with the places of every product: input, weight row and output pixel.
  func eachProduct(_ body: (_ x: Int, _ weightRow: Int, _ y: Int) -> Void) {
    for row in 0..<output.0 {
      for column in 0..<output.1 {
        for i in 0..<taps.0 {
          for j in 0..<taps.1 {
            for channel in 0..<channels {
              let y = (row * output.1 + column) * outputChannels
              let inputRow = row * stride + i * dilation
              let inputColumn = column * stride + j * dilation
              let x = (inputRow * input.1 + inputColumn) * inputChannels + channel
              body(x, (i * taps.1 + j) * channels + channel, y)
            }
          }
        }
      }
    }
  }
}
