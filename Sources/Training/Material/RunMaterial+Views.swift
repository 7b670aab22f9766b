import MartletDatasets
import MartletNetworks
import MartletRuns
import MartletTensors

extension RunMaterial {
  /// The most that is kept: filters, samples for attention, samples, layers and channels for maps, and the
  /// longest side of a map.
  private static let most = (filters: 128, samples: 10, mapped: 3, layers: 8, channels: 8, side: 32)

  /// Filters, feature maps and attention on a few test images of different classes.
  func views(_ evaluation: Evaluation, _ layers: [RunDetails.Layer]) throws -> NetworkViews? {
    let images = samples(evaluation)
    guard !images.isEmpty else { return nil }
    let pixels = Tensor(
      shape: [images.count] + test.imageShape, scalars: images.flatMap { test.image(at: $0).scalars })
    let predictor = try Predictor(
      trainer.network, parameters: trainer.parameters, threads: trainer.threads)
    let scale = PictureScale(test.imageShape, longest: 64)
    var views = NetworkViews(
      filterLayer: nil, filters: nil,
      samples: Tensor(
        shape: [images.count] + scale.shape,
        scalars: images.flatMap { scale.applied(to: test.image(at: $0).scalars) }),
      labels: images.map { test.label(at: $0) }, predictions: images.map { evaluation.predictions[$0] })

    let first = layers.first { LayerKind(rawValue: $0.type) == .conv2D }
    if let first, let kernel = trainer.parameters.tensor("\(first.name)/kernel"), kernel.shape.count == 4 {
      views.filterLayer = first.name
      views.filters = kernel.firstFilters(Self.most.filters)
    }
    let mapped = Tensor(
      shape: [min(Self.most.mapped, images.count)] + test.imageShape,
      scalars: Array(pixels.scalars.prefix(Self.most.mapped * test.bytesPerImage)))
    for layer in Self.mapped(layers) {
      let values = try predictor.outputs(of: layer.name, mapped)
      views.maps.append(
        .init(layer: layer.name, values: Self.bytes(of: values), channels: values.shape[3]))
    }
    for layer in layers {
      switch LayerKind(rawValue: layer.type) {
      case .spatialAttention:
        let values = try predictor.outputs(of: "\(layer.name)/\(LayerKind.conv2D.pathName)", pixels)
        views.positions.append(
          .init(
            layer: layer.name, values: Tensor(shape: Array(values.shape.dropLast()), scalars: values.scalars))
        )
      case .channelAttention:
        let values = try predictor.outputs(of: "\(layer.name)/\(LayerKind.dense.pathName)_1", pixels)
        views.channels.append(.init(layer: layer.name, values: values))
      default: break
      }
    }
    return views
  }

  /// The first test image of each class, in the order of the classes; more of them where classes are few.
  private func samples(_ evaluation: Evaluation) -> [Int] {
    let places = Dictionary(grouping: test.labels.indices) { Int(test.labels[$0]) }
    let classes = places.keys.sorted()
    let rounds = (0..<4).map { round in
      classes.compactMap { places[$0].flatMap { round < $0.count ? $0[round] : nil } }
    }
    return Array(rounds.joined().prefix(classes.count >= 4 ? min(Self.most.samples, classes.count) : 4))
  }

  /// The layers whose maps are kept: convolutions, attention and residual blocks, evenly chosen where there
  /// are many.
  private static func mapped(_ layers: [RunDetails.Layer]) -> [RunDetails.Layer] {
    let kinds: Set<LayerKind> = [
      .conv2D, .depthwiseConv2D, .separableConv2D, .conv2DTranspose, .residualBlock, .channelAttention,
      .spatialAttention,
    ]
    let fitting = layers.filter { layer in
      layer.shape.count == 3 && LayerKind(rawValue: layer.type).map(kinds.contains) == true
    }
    guard fitting.count > most.layers else { return fitting }
    return (0..<most.layers).map { fitting[$0 * (fitting.count - 1) / (most.layers - 1)] }
  }

  /// The first channels of feature maps `[N, H, W, C]` as bytes `[N, channels, H', W']`, each map from its
  /// least to its greatest value.
  private static func bytes(of values: Tensor<Float>) -> Tensor<UInt8> {
    let (count, height, width, all) = (values.shape[0], values.shape[1], values.shape[2], values.shape[3])
    let channels = min(all, most.channels)
    let scale = PictureScale([height, width, 1], longest: most.side)
    var result: [UInt8] = []
    for sample in 0..<count {
      for channel in 0..<channels {
        let map = (0..<height * width).map { values.scalars[(sample * height * width + $0) * all + channel] }
        let (least, greatest) = (map.min() ?? 0, map.max() ?? 0)
        let factor = greatest > least ? 255 / (greatest - least) : 0
        result += scale.applied(to: map.map { UInt8(max(0, min(255, (($0 - least) * factor).rounded()))) })
      }
    }
    return Tensor(shape: [count, channels, scale.shape[0], scale.shape[1]], scalars: result)
  }
}

extension Tensor<Float> {
  /// The first filters of a kernel `[kh, kw, channels, filters]`.
  fileprivate func firstFilters(_ most: Int) -> Tensor<Float> {
    let filters = shape[3]
    guard filters > most else { return self }
    return Tensor(
      shape: Array(shape.dropLast()) + [most],
      scalars: scalars.indices.filter { $0 % filters < most }.map { scalars[$0] })
  }
}
