import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// Every layer that is no activation function alone.
  static let layers: [Topic] =
    preparing + convolutions + connecting + normalizing + randomizing + attending + merging + structuring

  /// Layers at the head of a network.
  private static let preparing: [Topic] = [
    layer(
      .rescale, "Turns the bytes of an image into numbers of a good size.",
      formulas: ["out = in · scale + offset"],
      [
        "Pixels are bytes from 0 to 255; weights start out small, and steps of training fit inputs of about "
          + "1. So the first layer divides by 255. It belongs to the network, is saved with it and cannot be "
          + "forgotten when the network is used: one of the most common mistakes in published notebooks."
      ],
      LayerExample("Rescale(1 / 255)", [28, 28, 1], bytes: true) { Rescale(1 / 255)($0) },
      seeAlso: ["preprocessing", "Normalize"]),
    layer(
      .normalize, "Subtracts a fixed mean from each channel and divides by a fixed deviation.",
      formulas: ["out = (in - mean) / deviation"],
      [
        "With mean and deviation of the training images the inputs have mean 0 and deviation 1, which eases "
          + "the first steps. The numbers are constants of the network, not learned; "
          + "'martlet explain mnist' computes them for a data set."
      ],
      LayerExample("Normalize(mean: 0.1307, deviation: 0.3081)", [28, 28, 1]) {
        Normalize(mean: 0.1307, deviation: 0.3081)($0)
      }, seeAlso: ["Rescale", "BatchNormalization", "preprocessing"]),
  ]

  /// Layers on rows of numbers.
  private static let connecting: [Topic] = [
    layer(
      .dense, "Every output reads every input: a weighted sum for each.",
      formulas: ["out[k] = activation(bias[k] + sum over i of in[i] · kernel[i, k])"],
      [
        "At the end of a classifier it weighs all the evidence that the convolutions have gathered: one "
          + "output for each class. Applied to the pixels themselves it must learn every pattern anew for every "
          + "place; that is why convolutions come first.",
        "Most parameters of small networks are in the first dense layer behind a Flatten: inputs times units.",
      ],
      LayerExample("Dense(128, activation: .relu)", [3136], count: "3,136·128 weights + 128 biases") {
        Dense(128, activation: .relu)($0)
      }, seeAlso: ["Flatten", "logits-and-softmax", "model:dense"]),
    layer(
      .flatten, "Lays all numbers of an image side by side in one row.",
      [
        "Between convolutions, which keep height, width and channels, and a dense layer, which wants one row. "
          + "No number changes; the order is height, width, channels."
      ],
      LayerExample("Flatten()", [7, 7, 64]) { Flatten()($0) }, seeAlso: ["Dense", "GlobalAveragePooling2D"]),
    layer(
      .reshape, "Gives the numbers of a sample another shape.",
      ["No number changes. One extent may be -1 and follows from the others."],
      LayerExample("Reshape([7, 7, -1])", [3136]) { Reshape([7, 7, -1])($0) }, seeAlso: ["Flatten"]),
  ]

  /// Layers that bring numbers to a common size.
  private static let normalizing: [Topic] = [
    layer(
      .batchNormalization,
      "Brings each channel of a batch to mean 0 and variance 1, then scales and shifts it as it learns.",
      formulas: ["out = gamma · (in - mean) / sqrt(variance + epsilon) + beta"],
      [
        "While the weights of earlier layers change, the numbers that a layer gets drift. This layer takes "
          + "the drift away: training bears larger rates and depends less on how weights start. gamma and beta "
          + "are learned, so the network can undo it where that is better.",
        "Of the four numbers for each channel two are trained by gradients (gamma, beta); the running mean "
          + "and variance are only kept.",
      ],
      training:
        "they differ. Training uses mean and variance of the batch (all images, all positions) and moves "
        + "running averages towards them; of the old average a step keeps 99% in Keras's preset, 90% in "
        + "PyTorch's (there momentum is counted the other way, 0.1). Inference uses these averages, so that the "
        + "result for an image does not depend on its neighbors. After one short epoch the averages lag behind: "
        + "a validation accuracy near chance in epoch 1 is no bug.",
      LayerExample("BatchNormalization()", [14, 14, 32], count: "4·32") { BatchNormalization()($0) },
      seeAlso: ["training-and-inference", "LayerNormalization", "GroupNormalization"]),
    layer(
      .layerNormalization, "Brings each sample to mean 0 and variance 1 along its last axis.",
      formulas: ["out = gamma · (in - mean) / sqrt(variance + epsilon) + beta"],
      [
        "Like BatchNormalization, but each sample stands for itself: no running averages and no dependence on "
          + "the size of the batch. The usual choice in transformers."
      ],
      LayerExample("LayerNormalization()", [14, 14, 32], count: "2·32") { LayerNormalization()($0) },
      seeAlso: ["BatchNormalization", "GroupNormalization"]),
    layer(
      .groupNormalization, "Brings groups of a sample's channels to mean 0 and variance 1.",
      [
        "Between LayerNormalization (all channels together) and one channel at a time (instance "
          + "normalization, groups: -1). Good where batches are too small for BatchNormalization. Unless told "
          + "otherwise there are \(GroupNormalization().groups) groups, which must divide the channels."
      ],
      LayerExample("GroupNormalization(groups: 8)", [14, 14, 32], count: "2·32") {
        GroupNormalization(groups: 8)($0)
      }, seeAlso: ["BatchNormalization", "LayerNormalization"]),
    layer(
      .localResponseNormalization, "Divides each value by the activity of the channels around it.",
      formulas: ["out = in / (bias + alpha · sum of squares of neighboring channels)^beta"],
      [
        "A channel that is strong at a place holds down its neighbors there, so that few of them answer: "
          + "modeled on nerve cells, made famous by AlexNet in 2012. BatchNormalization has since taken its "
          + "place; here it is for networks of that time.",
        "In Keras's manner the window is 11 channels, alpha 1, beta 0.5; in PyTorch's 5 channels, alpha 1e-4 "
          + "divided by the window, beta 0.75.",
      ],
      LayerExample("LocalResponseNormalization()", [28, 28, 96]) { LocalResponseNormalization()($0) },
      seeAlso: ["BatchNormalization", "alexnet"]),
  ]

  /// Layers that change their input at random while training.
  private static let randomizing: [Topic] = [
    layer(
      .dropout, "Sets a random part of the numbers to zero while training.",
      formulas: ["training: out = in / (1 - rate) with probability 1 - rate, else 0", "inference: out = in"],
      [
        "No unit can rely on one certain other being there, so the network learns several ways to the same "
          + "answer and memorizes its training images less. What stays is scaled up, so that sums keep their "
          + "size on average. A rate of 0.5 is usual between dense layers, 0.25 behind convolutions."
      ],
      training:
        "they differ. Zeros are drawn anew in every step; at inference the layer does nothing. So the training "
        + "accuracy of an epoch, measured with dropout, may lie below the validation accuracy, measured without.",
      LayerExample("Dropout(0.5)", [128]) { Dropout(0.5)($0) },
      seeAlso: ["overfitting", "training-and-inference", "SpatialDropout2D"]),
    layer(
      .spatialDropout2D, "Sets whole channels of random images to zero while training.",
      [
        "Neighboring pixels of a feature map say nearly the same, so dropping single ones takes little away. "
          + "This layer drops a map as a whole."
      ],
      training: "channels are dropped in training only; at inference the layer does nothing.",
      LayerExample("SpatialDropout2D(0.25)", [14, 14, 32]) { SpatialDropout2D(0.25)($0) },
      seeAlso: ["Dropout"]),
    layer(
      .gaussianNoise, "Adds normal random numbers while training.",
      ["Every image looks a little different each time, so that the network learns to stand noise."],
      training: "noise is added in training only; at inference the layer does nothing.",
      LayerExample("GaussianNoise(0.1)", [28, 28, 1]) { GaussianNoise(0.1)($0) },
      seeAlso: ["Dropout", "robustness", "overfitting"]),
  ]

  /// Attention and blocks.
  private static let attending: [Topic] = [
    layer(
      .channelAttention, "Weighs the channels: \"what\" matters in this image.",
      formulas: [
        "weights = sigmoid(dense(relu(dense(mean over positions))))",
        "out[y, x, c] = in[y, x, c] · weights[c]",
      ],
      [
        "The mean of each channel says how much of its pattern the image has. A bottleneck, "
          + "\(ChannelAttention().ratio) times narrower than the channels, looks at all means together and "
          + "gives every channel a factor between 0 and 1: turn this one up, that one down. With 64 channels "
          + "the bottleneck has \(64 / ChannelAttention().ratio) units."
      ],
      LayerExample(
        "ChannelAttention()", [14, 14, 64], count: "64·4 + 4 (squeeze) + 4·64 + 64 (back)"
      ) { ChannelAttention()($0) }, seeAlso: ["attention-what-and-where", "SpatialAttention"]),
    layer(
      .spatialAttention, "Weighs the positions: \"where\" in the image to look.",
      formulas: [
        "map = sigmoid(conv(mean over channels, maximum over channels))",
        "out[y, x, c] = in[y, x, c] · map[y, x]",
      ],
      [
        "Two images are made of all channels: how active each place is on average, and at most. One filter of "
          + "\(SpatialAttention().kernelSize) reads both and puts out a factor between 0 and 1 for every "
          + "place, the same for all channels."
      ],
      LayerExample("SpatialAttention()", [14, 14, 64], count: "7·7·2 weights + 1 bias") {
        SpatialAttention()($0)
      }, seeAlso: ["attention-what-and-where", "ChannelAttention"]),
    layer(
      .residualBlock, "Two convolutions that learn what to add to their input.",
      formulas: ["out = relu(convolutions(in) + in)"],
      [
        "The input takes a way around the convolutions, so gradients reach early layers undiminished, and a "
          + "block that has nothing to add can leave its input as it is. That made networks of a hundred layers "
          + "trainable (ResNet, 2015). Where the shape changes, the way around is a 1x1 convolution."
      ],
      training: "those of the batch normalizations inside.",
      LayerExample(
        "ResidualBlock(64)", [14, 14, 64], count: "3·3·64·64 + 4·64 + 3·3·64·64 + 4·64"
      ) { ResidualBlock(64)($0) }, seeAlso: ["BatchNormalization", "Add"]),
  ]

  /// Layers of several inputs, here the image with itself.
  private static let merging: [Topic] = [
    merge(.add, "The sum of several values.", "Joins branches, as in a residual block.", "Add()(x, x)") {
      Add()($0, $0)
    },
    merge(.subtract, "The difference of two values.", "The first less the second.", "Subtract()(x, x)") {
      Subtract()($0, $0)
    },
    merge(
      .multiply, "The product of several values.",
      "Lets one branch weigh another, as attention does.", "Multiply()(x, x)"
    ) { Multiply()($0, $0) },
    merge(
      .average, "The mean of several values.",
      "Like Add, but the size of the numbers stays.", "Average()(x, x)"
    ) { Average()($0, $0) },
    merge(
      .maximum, "The largest of several values.",
      "The first of equal ones takes the gradient.", "Maximum()(x, x)"
    ) { Maximum()($0, $0) },
    merge(
      .minimum, "The smallest of several values.",
      "The first of equal ones takes the gradient.", "Minimum()(x, x)"
    ) { Minimum()($0, $0) },
    merge(
      .concatenate, "Several values side by side along one axis.",
      "Keeps all channels of all branches and leaves it to the next layer what to do with them.",
      "Concatenate()(x, x)"
    ) { Concatenate()($0, $0) },
  ]

  private static func merge(
    _ kind: LayerKind, _ summary: String, _ text: String, _ code: String,
    _ layer: @escaping @Sendable (Value) -> Value
  ) -> Topic {
    self.layer(
      kind, summary,
      ["\(text) All values have one shape, or extents of 1 that are repeated."].map {
        kind == .concatenate ? text + " All axes but the joined one must agree." : $0
      }, LayerExample(code, [14, 14, 32], layer), seeAlso: kind == .add ? ["ResidualBlock"] : ["Add"])
  }

  /// What holds layers.
  private static let structuring: [Topic] = [
    layer(
      .sequential, "Layers one after another.",
      ["The simplest way to write a network: each layer reads what the one before it puts out."],
      LayerExample("Stack { Flatten(); Dense(10) }", [28, 28, 1], count: "784·10 weights + 10 biases") {
        Stack {
          Flatten()
          Dense(10)
        }($0)
      }, seeAlso: ["layer:Model", "convnet"]),
    layer(
      .model, "A network given by a function from its input to its output.",
      [
        "For networks that branch or use a layer twice: write down what happens to the value x, with any "
          + "Swift in between. A type of one's own with a function callAsFunction is the same with a name. All "
          + "three ways give the same network, weight for weight, for the same names and seed."
      ],
      LayerExample("Dense(10)(Flatten()(x))", [28, 28, 1], count: "784·10 weights + 10 biases") {
        Dense(10)(Flatten()($0))
      }, seeAlso: ["Sequential", "Lambda"]),
    layer(
      .scope, "A named part of a network.",
      ["The paths of the layers inside begin with its name, so that a block can be used and found again."],
      LayerExample("Scope(\"head\", Dense(10))", [128], count: "128·10 weights + 10 biases") {
        Scope("head", Dense(10))($0)
      }, seeAlso: ["layer:Model"]),
    layer(
      .lambda, "A function as a layer.",
      ["Anything that can be computed from a value without weights, where a layer is asked for."],
      LayerExample("Lambda { $0 * 2 }", [28, 28, 1]) { Lambda { $0 * 2 }($0) }, seeAlso: ["Weight"]),
    layer(
      .weight, "A trained tensor for a layer of one's own.",
      [
        "A type of one's own holds it in a field and uses it in its function; training, saving and summaries "
          + "treat it like a built-in layer's."
      ],
      LayerExample("x * Weight(.ones, name: \"gain\")(shape: [32], for: x)", [14, 14, 32], count: "32") {
        $0 * Weight(.ones, name: "gain")(shape: [32], for: $0)
      }, seeAlso: ["Lambda", "layer:Model"]),
  ]
}
