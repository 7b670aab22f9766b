import MartletGraphs
import MartletNetworks
import Testing

private let images = InputSpec.image(8, 8, 4, element: .float)

private func message(
  _ input: InputSpec = images, preset: Preset = .keras, @LayerBuilder _ layers: () -> [any Layer]
) -> String {
  do throws(ModelError) {
    _ = try Sequential(input: input, preset: preset, layers)
    return "no error"
  } catch {
    #expect(error.location.contains("ErrorTests.swift:") || error.path.isEmpty || error.path == "input")
    return "\(error.path): expected \(error.expected), received \(error.received). \(error.hint)"
  }
}

@Suite struct ErrorTests {
  @Test func shapes() {
    #expect(
      message { Dense(3) }
        == "dense: expected [batch, features], received [batch, 8, 8, 4]. Put Flatten() before it.")
    #expect(
      message {
        Flatten()
        Conv2D(3, kernelSize: 3)
      }.hasPrefix("conv2d: expected images [batch, height, width, channels], received [batch, 256]."))
    #expect(
      message(.image(8, 8, 1)) { Conv2D(3, kernelSize: 3) }
        == "conv2d: expected floating-point numbers, received uint8 [batch, 8, 8, 1]. "
        + "Put Rescale(1 / 255) before it.")
    #expect(
      message { Conv2D(3, kernelSize: 9) }.hasPrefix("conv2d: expected an image of at least 9x9"))
    #expect(message { Reshape([7, -1]) }.contains("received [7, -1]"))
    #expect(message(.image(0, 8, 1)) { Flatten() }.hasPrefix("input: expected positive extents"))
    #expect(message {}.contains("expected at least one layer, received none"))
  }

  @Test func settings() {
    #expect(
      message { Conv2D(0, kernelSize: 3) }
        == "conv2d: expected a positive number of filters, received 0. It is the number of output channels.")
    #expect(message { Conv2D(1, kernelSize: 0) }.contains("a kernel of at least 1x1, received 0x0"))
    #expect(message { Conv2D(1, kernelSize: 3, strides: 0) }.contains("a stride of at least 1x1"))
    #expect(message { Conv2D(1, kernelSize: 3, padding: -1) }.contains("a padding of 0 or more, received -1"))
    #expect(
      message { Conv2D(6, kernelSize: 3, groups: 3) }
        .contains("groups that divide 4 channels and 6 filters, received 3 groups"))
    #expect(message { MaxPooling2D(2, padding: 2) }.contains("at most half the window 2x2, received 2"))
    #expect(
      message { Dropout(1) }
        == "dropout: expected a rate of at least 0 and below 1, received 1.0. It is the part that is dropped."
    )
    #expect(message { ChannelAttention(ratio: 16) }.contains("at least 16 channels for ratio 16, received 4"))
    #expect(message { ChannelAttention(ratio: 16, minimumUnits: 1) } == "no error")
    #expect(
      message { LocalResponseNormalization(size: 0) }.contains("a positive number of channels, received 0"))
    #expect(message { BatchNormalization(epsilon: 0) }.contains("a positive epsilon"))
    #expect(message { Normalize(mean: [1, 2], deviation: [1]) }.contains("1 or 4 means"))
    #expect(message { Normalize(mean: 0, deviation: 0) }.contains("positive deviations"))
  }

  @Test func arithmeticOfOnesOwn() {
    let rule = "From the last axis on, two extents must be equal or one of them 1."
    let batch = "The 2 in front is the batch in which the network is checked."
    #expect(
      message { Lambda { x in x + x.slice(axis: 3, start: 0, count: 3) } }
        == "lambda: expected shapes that broadcast for add, received [2, 8, 8, 4] and [2, 8, 8, 3]. "
        + "\(rule) \(batch)")
    #expect(
      message { Lambda { x in concatenate([x, MaxPooling2D(2)(x)], axis: 3) } }
        == "lambda: expected equal extents apart from axis 3 to concatenate, received [2, 8, 8, 4] and "
        + "[2, 4, 4, 4]. Padding, strides and pooling before it must give parts of one size. \(batch)")
    // Nothing is said of a batch where the shapes have none.
    #expect(
      message { Lambda { x in x.mean(axes: [0, 1, 2]) + x.mean(axes: [0, 1, 3]) } }
        == "lambda: expected shapes that broadcast for add, received [4] and [8]. \(rule)")
  }

  @Test func names() {
    let text = message {
      Flatten()
      Dense(3, name: "d")
      Dense(4, name: "d")
    }
    #expect(text.hasPrefix("d: expected one layer of this name, received a second, different one."))
    let shared = Conv2D(3, kernelSize: 3)
    #expect(
      message {
        shared
        shared
      }.hasPrefix(
        "conv2d/kernel: expected shape [3, 3, 4, 3], as at its first use, received shape [3, 3, 3, 3]"))
  }

  @Test func theFirstMistakeWinsAndNamesItsLine() throws {
    let line = #line + 2
    let make = { () throws(ModelError) -> Model in
      try Model(input: images) { x in Dense(3)(Conv2D(0, kernelSize: 3)(x)) }
    }
    let error = #expect(throws: ModelError.self) { try make() }
    #expect(error?.path == "conv2d")
    #expect(error?.location == "\(#fileID):\(line)")
  }
}
