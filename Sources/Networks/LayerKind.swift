/// The built-in layers, by the names that summaries show.
package enum LayerKind: String, Sendable, CaseIterable {
  case rescale = "Rescale"
  case normalize = "Normalize"
  case conv2D = "Conv2D"
  case depthwiseConv2D = "DepthwiseConv2D"
  case separableConv2D = "SeparableConv2D"
  case conv2DTranspose = "Conv2DTranspose"
  case dense = "Dense"
  case maxPooling2D = "MaxPooling2D"
  case averagePooling2D = "AveragePooling2D"
  case globalMaxPooling2D = "GlobalMaxPooling2D"
  case globalAveragePooling2D = "GlobalAveragePooling2D"
  case flatten = "Flatten"
  case reshape = "Reshape"
  case zeroPadding2D = "ZeroPadding2D"
  case cropping2D = "Cropping2D"
  case upSampling2D = "UpSampling2D"
  case dropout = "Dropout"
  case gaussianNoise = "GaussianNoise"
  case spatialDropout2D = "SpatialDropout2D"
  case batchNormalization = "BatchNormalization"
  case groupNormalization = "GroupNormalization"
  case layerNormalization = "LayerNormalization"
  case localResponseNormalization = "LocalResponseNormalization"
  case activation = "Activation"
  case relu = "ReLU"
  case leakyReLU = "LeakyReLU"
  case prelu = "PReLU"
  case elu = "ELU"
  case gelu = "GELU"
  case silu = "SiLU"
  case softplus = "Softplus"
  case sigmoid = "Sigmoid"
  case tanh = "Tanh"
  case softmax = "Softmax"
  case add = "Add"
  case subtract = "Subtract"
  case multiply = "Multiply"
  case average = "Average"
  case maximum = "Maximum"
  case minimum = "Minimum"
  case concatenate = "Concatenate"
  case channelAttention = "ChannelAttention"
  case spatialAttention = "SpatialAttention"
  case residualBlock = "ResidualBlock"
  case lambda = "Lambda"
  case weight = "Weight"
  case scope = "Scope"
  case sequential = "Sequential"
  case model = "Model"

  /// The name that paths use, in Keras's snake case: `max_pooling2d`, `re_lu`.
  package var pathName: String {
    var result = ""
    let letters = Array(rawValue)
    for (index, letter) in letters.enumerated() {
      let startsWord =
        letter.isUppercase && index > 0 && index + 1 < letters.count
        && (letters[index + 1].isLowercase || letters[index - 1].isLowercase)
      if startsWord { result += "_" }
      result += letter.lowercased()
    }
    return result
  }

  /// The kind whose paths use this name.
  package init?(pathName: String) {
    guard let kind = Self.byPathName[pathName] else { return nil }
    self = kind
  }

  private static let byPathName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.pathName, $0) })

  /// Whether a summary shows the layers inside instead of the layer itself.
  package var isTransparent: Bool {
    switch self {
    case .scope, .sequential, .model: true
    default: false
    }
  }
}
