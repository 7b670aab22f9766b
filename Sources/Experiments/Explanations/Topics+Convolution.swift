import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// The explanation of a layer: words, the way it is written, what a trace of it tells.
  ///
  /// - Parameters:
  ///   - training: What differs between training and inference; nil where nothing does.
  ///   - numbers: The layer at work on a few numbers.
  static func layer(
    _ kind: LayerKind, _ summary: String, formulas: [String] = [], _ text: [String],
    training: String? = nil, _ example: LayerExample, seeAlso: [String] = [],
    numbers: @escaping @Sendable () throws -> [Explanation.Block] = { [] }
  ) -> Topic {
    Topic(
      .layer, kind.rawValue, summary, formulas: formulas,
      text + ["Training and inference: \(training ?? "the same in both.")"], seeAlso: seeAlso
    ) {
      let models = try modelsWith(kind)
      let usage: [Explanation.Block] =
        models.isEmpty ? [] : [.paragraph("In the ready models: \(models.joined(separator: ", ")).")]
      return try usage + example.blocks() + numbers()
    }
  }

  /// Layers that look at windows of an image.
  static let convolutions: [Topic] = [
    layer(
      .conv2D, "Looks at every place of an image through the same small windows, and tells what it finds.",
      formulas: [
        "out[y, x, k] = bias[k]", "    + sum over i, j, c of in[y+i, x+j, c] · kernel[i, j, c, k]",
      ],
      [
        "A filter is a small pattern of weights. It is laid over every place of the image, what lies under "
          + "it is multiplied with the weights and summed, and the sum is large where the image looks like the "
          + "pattern. The sums of all places are a new image: the filter's feature map. A layer of 32 filters "
          + "puts out 32 maps, which the next layer reads as channels.",
        "Weights are shared: an edge is found by the same few numbers wherever it lies. That is why a "
          + "convolution has far fewer parameters than a dense layer, and needs fewer examples to learn.",
        "With padding 'same' and stride 1 the maps are as large as the image, zeros standing for what lies "
          + "beyond the edge; with 'valid' (the default) windows stay inside, so an edge of kernel - 1 pixels is "
          + "lost. A stride of 2 looks at every second place only and halves height and width.",
      ],
      LayerExample(
        "Conv2D(32, kernelSize: 3, padding: .same)", [28, 28, 1], count: "3·3·1·32 weights + 32 biases"
      ) { Conv2D(32, kernelSize: 3, padding: .same)($0) },
      seeAlso: ["reading-an-image", "shapes-and-padding", "MaxPooling2D", "DepthwiseConv2D"]
    ) {
      let image = [[Float]](repeating: [0, 0, 0, 9, 9, 9], count: 4)
      let text = "A filter that answers to a step from dark to bright, [-1, 0, 1] in each of its three rows:"
      return try LayerExample.picture(image, text) { x in
        let rows = x.slice(axis: 2, start: 2, count: 4) - x.slice(axis: 2, start: 0, count: 4)
        return Conv2D(1, kernelSize: Extent(3, 1), useBias: false, kernelInitializer: .ones)(rows)
      }
    },
    layer(
      .depthwiseConv2D, "A convolution that looks at each channel on its own.",
      formulas: ["out[y, x, c] = bias[c] + sum over i, j of in[y+i, x+j, c] · kernel[i, j, c]"],
      [
        "An ordinary filter reads all channels at once; here every channel has a filter of its own and "
          + "nothing is mixed. That takes a fraction of the weights and operations, but channels learn nothing "
          + "from each other; a 1x1 convolution behind it mends that (see SeparableConv2D).",
        "It is the workhorse of networks for telephones, such as MobileNet.",
      ],
      LayerExample(
        "DepthwiseConv2D(kernelSize: 3, padding: .same)", [14, 14, 32], count: "3·3·32 weights + 32 biases"
      ) { DepthwiseConv2D(kernelSize: 3, padding: .same)($0) }, seeAlso: ["Conv2D", "SeparableConv2D"]),
    layer(
      .separableConv2D,
      "A convolution in two cheap steps: each channel on its own, then a mixture of channels.",
      [
        "The first step (depthwise) looks around in each channel, the second (1x1) mixes the channels at each "
          + "place. Together they do what a Conv2D of the same shape does, with less freedom and for a fraction "
          + "of its weights: compare the example with the same Conv2D."
      ],
      LayerExample(
        "SeparableConv2D(64, kernelSize: 3, padding: .same)", [14, 14, 32],
        count: "3·3·32 + 32·64 weights + 64 biases"
      ) { SeparableConv2D(64, kernelSize: 3, padding: .same)($0) }, seeAlso: ["DepthwiseConv2D", "Conv2D"]
    ) {
      let full = try LayerExample("", [14, 14, 32]) { Conv2D(64, kernelSize: 3, padding: .same)($0) }.traced()
      return [.paragraph("A Conv2D of the same shape has \(Table.grouped(full.parameters)) parameters.")]
    },
    layer(
      .conv2DTranspose, "The way back of a convolution: makes a larger image of a smaller one.",
      [
        "Every pixel of the input lays a copy of the kernel, times its value, onto the output; where copies "
          + "overlap they add up. With a stride of 2 the copies lie two pixels apart, so height and width "
          + "double. It has exactly the arithmetic of a convolution's gradient.",
        "Used where images are put out: decoders, segmentation, generators. A classifier rarely needs it.",
      ],
      LayerExample(
        "Conv2DTranspose(16, kernelSize: 3, strides: 2, padding: .same)", [7, 7, 32],
        count: "3·3·16·32 weights + 16 biases"
      ) { Conv2DTranspose(16, kernelSize: 3, strides: 2, padding: .same)($0) },
      seeAlso: ["Conv2D", "UpSampling2D"]),
    layer(
      .maxPooling2D, "Keeps the greatest value of each small window, so that the image shrinks.",
      formulas: ["out[y, x, c] = greatest of in[y·s ... y·s + k - 1, x·s ... x·s + k - 1, c]"],
      [
        "A feature map says how strongly a pattern was found at each place. After pooling one still knows "
          + "that it was found, and roughly where: a step to the side of a pixel often changes nothing. "
          + "Height and width halve with windows of 2x2, so later layers see more of the image at a quarter of "
          + "the cost.",
        "Nothing is learned here. In training the gradient goes to the pixel that won, the first in scan "
          + "order where several are equal. A rest of the image that fills no window is not looked at.",
      ],
      LayerExample("MaxPooling2D(2)", [28, 28, 32]) { MaxPooling2D(2)($0) },
      seeAlso: ["AveragePooling2D", "GlobalAveragePooling2D", "Conv2D"]
    ) {
      try LayerExample.picture([[1, 3, 2, 0], [4, 2, 1, 1], [0, 0, 5, 6], [1, 2, 7, 8]]) {
        MaxPooling2D(2)($0)
      }
    },
    layer(
      .averagePooling2D, "Replaces each small window by its mean, so that the image shrinks.",
      [
        "Like MaxPooling2D, but all pixels of the window count alike: what is weak but everywhere survives, "
          + "what is strong but single fades. Where windows reach over the edge, Keras's preset takes the mean of "
          + "the pixels there are; PyTorch's counts the padding as zeros."
      ],
      LayerExample("AveragePooling2D(2)", [28, 28, 32]) { AveragePooling2D(2)($0) },
      seeAlso: ["MaxPooling2D", "GlobalAveragePooling2D"]
    ) {
      try LayerExample.picture([[1, 3, 2, 0], [4, 2, 1, 1], [0, 0, 5, 6], [1, 3, 7, 8]], decimals: 1) {
        AveragePooling2D(2)($0)
      }
    },
    layer(
      .globalAveragePooling2D, "One number for each channel: the mean over the whole image.",
      [
        "Afterwards nothing is left of where something was, only how much of it there was. It stands between "
          + "convolutions and the classifier instead of Flatten, and saves most of the parameters there: the "
          + "dense layer behind it reads C numbers instead of H·W·C. The network also takes images of any size."
      ],
      LayerExample("GlobalAveragePooling2D()", [7, 7, 128]) { GlobalAveragePooling2D()($0) },
      seeAlso: ["GlobalMaxPooling2D", "Flatten", "ChannelAttention"]),
    layer(
      .globalMaxPooling2D, "One number for each channel: the greatest value in the whole image.",
      [
        "Says whether a pattern was found anywhere, however small the place. Where several pixels are "
          + "greatest, they share the gradient."
      ],
      LayerExample("GlobalMaxPooling2D()", [7, 7, 128]) { GlobalMaxPooling2D()($0) },
      seeAlso: ["GlobalAveragePooling2D", "MaxPooling2D"]),
    layer(
      .zeroPadding2D, "Puts a frame of zeros around the image.",
      [
        "So that a convolution without padding of its own sees the edge too. Convolutions with padding "
          + "'same' do it themselves; this layer is for frames that differ from side to side."
      ],
      LayerExample("ZeroPadding2D(1)", [28, 28, 1]) { ZeroPadding2D(1)($0) },
      seeAlso: ["Cropping2D", "shapes-and-padding"]
    ) { try LayerExample.picture([[1, 2], [3, 4]]) { ZeroPadding2D(1)($0) } },
    layer(
      .cropping2D, "Cuts off the edge of the image.",
      ["The opposite of ZeroPadding2D: so many rows and columns are left out on each side."],
      LayerExample("Cropping2D(2)", [28, 28, 1]) { Cropping2D(2)($0) }, seeAlso: ["ZeroPadding2D"]
    ) { try LayerExample.picture([[1, 2, 3], [4, 5, 6], [7, 8, 9]]) { Cropping2D(1)($0) } },
    layer(
      .upSampling2D, "Makes the image larger by whole factors.",
      [
        "Each pixel is repeated ('nearest'), or new ones are put between the old ('bilinear'). Nothing is "
          + "learned; a Conv2D behind it can sharpen the result, which is often better than a Conv2DTranspose."
      ],
      LayerExample("UpSampling2D(2)", [7, 7, 32]) { UpSampling2D(2)($0) }, seeAlso: ["Conv2DTranspose"]
    ) { try LayerExample.picture([[1, 2], [3, 4]]) { UpSampling2D(2)($0) } },
  ]
}
