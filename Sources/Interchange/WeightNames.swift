import MartletNetworks
import MartletTensors

/// One tensor of a network as another program's file has it.
package struct MappedTensor: Sendable, Equatable {
  /// The path in Martlet's store.
  package let path: String
  /// The shape in Martlet's store.
  package let shape: [Int]
  /// The name inside its layer, such as `weight` or `0`.
  package var name: String
  package var arrangement: Arrangement
}

/// A layer's tensors as another program's file has them.
package struct MappedLayer: Sendable, Equatable {
  /// The layer's path in Martlet.
  package let path: String
  /// The name of the layer's type in the other program's files.
  package let type: String
  package var tensors: [MappedTensor]
}

/// The programs whose files have layouts and names of their own.
package enum WeightStyle: String, Sendable, CaseIterable {
  /// Kernels `[out, in, kh, kw]`, dense weights `[out, in]`, flattened images in the order C, H, W.
  case pytorch
  /// Martlet's layouts, but for depthwise kernels `[kh, kw, C, multiplier]`.
  case keras
  /// Martlet's own layouts and paths.
  case martlet

  /// What stands between the parts of a name.
  package var separator: Character { self == .pytorch ? "." : "/" }

  /// The layers of a network as this program's files have them, in the order in which it counts them.
  ///
  /// - Throws: The weights whose order this program does not have.
  package func layers(of outline: NetworkOutline) throws(InterchangeError) -> [MappedLayer] {
    switch self {
    case .pytorch:
      if let path = outline.features.fixedParameters.min() {
        throw InterchangeError(
          at: path, expected: "weights for an image's elements in the order channels, rows, columns",
          received: "the order rows, columns, channels, as more than dense layers reads the flattened image",
          hint: "move the network as ONNX")
      }
      return outline.layers.flatMap(pytorch)
    case .keras: return outline.layersInKerasOrder.map(keras)
    case .martlet:
      return outline.layers.map { layer in
        MappedLayer(
          path: layer.path, type: layer.kind?.pathName ?? "",
          tensors: layer.tensors.map { map($0, $0.name, Arrangement($0.shape)) })
      }
    }
  }

  private func map(
    _ tensor: NetworkOutline.TensorEntry, _ name: String, _ arrangement: Arrangement
  ) -> MappedTensor {
    MappedTensor(path: tensor.path, shape: tensor.shape, name: name, arrangement: arrangement)
  }
}

// MARK: PyTorch

extension WeightStyle {
  private static let pytorchNames = [
    "kernel": "weight", "gamma": "weight", "alpha": "weight", "bias": "bias", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
  ]

  private func pytorch(_ layer: NetworkOutline.LayerEntry) -> [MappedLayer] {
    if layer.kind == .separableConv2D {
      let depthwise = layer.tensors.filter { $0.name == "depthwise_kernel" }
      let pointwise = layer.tensors.filter { $0.name != "depthwise_kernel" }
      return [("depthwise", depthwise), ("pointwise", pointwise)].map { part, tensors in
        MappedLayer(
          path: "\(layer.path)/\(part)", type: "conv2d",
          tensors: tensors.map { map($0, $0.name == "bias" ? "bias" : "weight", pytorchArrangement($0)) })
      }
    }
    let tensors = layer.tensors.map { tensor in
      let name = layer.kind == nil ? nil : Self.pytorchNames[tensor.name]
      return map(tensor, name ?? tensor.name, pytorchArrangement(tensor))
    }
    return [MappedLayer(path: layer.path, type: layer.kind?.pathName ?? "", tensors: tensors)]
  }

  private func pytorchArrangement(_ tensor: NetworkOutline.TensorEntry) -> Arrangement {
    let shape = tensor.shape
    if let image = tensor.image {
      // Rows, columns, channels become channels, rows, columns; a dense kernel is turned over besides.
      return shape.count == 1
        ? Arrangement(view: image, order: [2, 0, 1], shape: shape)
        : Arrangement(view: image + [shape[1]], order: [3, 2, 0, 1], shape: [shape[1], shape[0]])
    }
    switch shape.count {
    case 4 where tensor.name.hasSuffix("kernel"): return Arrangement(view: shape, order: [3, 2, 0, 1])
    case 2 where tensor.name == "kernel": return Arrangement(view: shape, order: [1, 0])
    case 3:
      // Slopes or factors of images: one for each channel where rows and columns share them.
      let isShared = shape[0] == 1 && shape[1] == 1
      return Arrangement(view: shape, order: [2, 0, 1], shape: isShared ? [shape[2]] : nil)
    default: return Arrangement(shape)
    }
  }
}

// MARK: Keras

extension WeightStyle {
  func keras(_ layer: NetworkOutline.LayerEntry) -> MappedLayer {
    let tensors = layer.tensors.enumerated().map { index, tensor in
      map(tensor, "\(index)", kerasArrangement(tensor, layer))
    }
    return MappedLayer(path: layer.path, type: layer.kind.map(Self.kerasType) ?? "", tensors: tensors)
  }

  /// The name of a layer's type in the paths of Keras's files.
  package static func kerasType(_ kind: LayerKind) -> String {
    kind == .prelu ? "p_re_lu" : kind.pathName
  }

  private func kerasArrangement(
    _ tensor: NetworkOutline.TensorEntry, _ layer: NetworkOutline.LayerEntry
  ) -> Arrangement {
    let shape = tensor.shape
    if layer.kind == .depthwiseConv2D || layer.kind == .separableConv2D, shape.count == 4, shape[2] == 1,
      tensor.groups > 1 || tensor.name == "depthwise_kernel" || layer.kind == .depthwiseConv2D
    {
      let groups = tensor.groups
      let inKeras = [shape[0], shape[1], groups, shape[3] / groups]
      if tensor.name != "pointwise_kernel" { return Arrangement(view: inKeras, order: [0, 1, 2, 3]) }
    }
    if layer.kind == .layerNormalization {
      let kept = shape.filter { $0 != 1 }
      return Arrangement(view: kept.isEmpty ? [1] : kept, order: Array((kept.isEmpty ? [1] : kept).indices))
    }
    return Arrangement(shape)
  }
}
