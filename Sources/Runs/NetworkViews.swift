import MartletTensors

/// What a trained network looks like from inside: `views.safetensors`.
package struct NetworkViews: Equatable, Sendable {
  /// The maps of a layer for the samples, brought to bytes map by map.
  package struct Maps: Equatable, Sendable {
    /// The layer's path.
    package var layer: String
    /// The maps `[samples, channels, height, width]`: 0 is the least value of a map, 255 its greatest.
    package var values: Tensor<UInt8>
    /// The channels that the layer has; the first ones are kept.
    package var channels: Int

    package init(layer: String, values: Tensor<UInt8>, channels: Int) {
      self.layer = layer
      self.values = values
      self.channels = channels
    }
  }

  /// What an attention layer multiplied with.
  package struct Weights: Equatable, Sendable {
    /// The layer's path.
    package var layer: String
    /// From 0 to 1: `[samples, height, width]` of positions, `[samples, channels]` of channels.
    package var values: Tensor<Float>

    package init(layer: String, values: Tensor<Float>) {
      self.layer = layer
      self.values = values
    }
  }

  /// The first convolution's path; nil where the network has none.
  package var filterLayer: String?
  /// The first convolution's kernel `[kh, kw, channels, filters]`; nil where the network has none.
  package var filters: Tensor<Float>?
  /// Test images `[samples, H, W, C]`, of different classes.
  package var samples: Tensor<UInt8>
  /// The true class of each sample.
  package var labels: [Int]
  /// The predicted class of each sample.
  package var predictions: [Int]
  package var maps: [Maps]
  package var positions: [Weights]
  package var channels: [Weights]

  package init(
    filterLayer: String?, filters: Tensor<Float>?, samples: Tensor<UInt8>, labels: [Int],
    predictions: [Int], maps: [Maps] = [], positions: [Weights] = [], channels: [Weights] = []
  ) {
    precondition(
      samples.shape.count == 4 && samples.shape[0] == labels.count && labels.count == predictions.count,
      "samples \(samples.shape) with \(labels.count) labels and \(predictions.count) predictions")
    self.filterLayer = filterLayer
    self.filters = filters
    self.samples = samples
    self.labels = labels
    self.predictions = predictions
    self.maps = maps
    self.positions = positions
    self.channels = channels
  }
}

extension NetworkViews {
  /// The notes hold layers' paths in order, one text for each kind; names of tensors hold their places.
  private enum Key {
    static let filters = "filters"
    static let maps = "maps"
    static let positions = "positions"
    static let channels = "channels"
    static let channelCounts = "channel_counts"
  }

  /// The file that holds the views.
  var file: TensorFile {
    var file = TensorFile(tensors: [
      ("samples", .uint8(samples)),
      ("labels", .int32(Tensor(shape: [labels.count], scalars: labels.map { Int32(clamping: $0) }))),
      (
        "predictions",
        .int32(Tensor(shape: [labels.count], scalars: predictions.map { Int32(clamping: $0) }))
      ),
    ])
    func note(_ key: String, _ texts: [String]) {
      file.metadata[key] = JSON.array(texts.map(JSON.string)).text
    }
    if let filters, let filterLayer {
      file.tensors.append((Key.filters, .float32(filters)))
      note(Key.filters, [filterLayer])
    }
    file.tensors += maps.enumerated().map { ("\(Key.maps)/\($0)", .uint8($1.values)) }
    file.tensors += positions.enumerated().map { ("\(Key.positions)/\($0)", .float32($1.values)) }
    file.tensors += channels.enumerated().map { ("\(Key.channels)/\($0)", .float32($1.values)) }
    note(Key.maps, maps.map(\.layer))
    note(Key.positions, positions.map(\.layer))
    note(Key.channels, channels.map(\.layer))
    note(Key.channelCounts, maps.map { "\($0.channels)" })
    return file
  }

  /// Reads the file; nil where its samples are missing, and without what else does not fit.
  init?(_ file: TensorFile) {
    guard let samples = file["samples"]?.uint8, samples.shape.count == 4,
      let labels = file["labels"]?.integers, let predictions = file["predictions"]?.integers,
      labels.count == samples.shape[0], predictions.count == labels.count
    else { return nil }
    func texts(_ key: String) -> [String] {
      let list = file.metadata[key].flatMap { try? JSON(parsing: Array($0.utf8)) }
      return list?.arrayValue?.compactMap(\.stringValue) ?? []
    }
    func weights(_ key: String, rank: Int) -> [Weights] {
      texts(key).enumerated().compactMap { index, layer in
        guard let values = file["\(key)/\(index)"]?.float32, values.shape.count == rank,
          values.shape[0] == labels.count
        else { return nil }
        return Weights(layer: layer, values: values)
      }
    }
    let counts = texts(Key.channelCounts)
    let maps = texts(Key.maps).enumerated().compactMap { index, layer -> Maps? in
      guard let values = file["\(Key.maps)/\(index)"]?.uint8, values.shape.count == 4,
        values.shape[0] <= labels.count
      else { return nil }
      let count = counts.indices.contains(index) ? Int(counts[index]) : nil
      return Maps(layer: layer, values: values, channels: count ?? values.shape[1])
    }
    let filters = file[Key.filters]?.float32.flatMap { $0.shape.count == 4 ? $0 : nil }
    self.init(
      filterLayer: filters == nil ? nil : texts(Key.filters).first, filters: filters, samples: samples,
      labels: labels, predictions: predictions, maps: maps, positions: weights(Key.positions, rank: 3),
      channels: weights(Key.channels, rank: 2))
  }
}
