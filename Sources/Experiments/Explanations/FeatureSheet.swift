import MartletDatasets
import MartletNetworks
import MartletReports
import MartletTensors
import MartletTraining

/// What each layer of a trained network makes of one image, as a sheet of small pictures.
package struct FeatureSheet {
  /// What the network says of the image: classes with their probabilities, the most probable first.
  package let answers: [(name: String, probability: Double)]
  package let sheet: PictureSheet
  /// What the sheet shows, row by row, in words.
  package let notes: [String]

  /// The maps of a row.
  private static let columns = 8

  /// Runs an image through a network.
  ///
  /// - Parameters:
  ///   - image: The pixels, `[H, W, C]`, of the network's shape.
  ///   - name: What the image is called.
  package init(
    _ image: Tensor<UInt8>, name: String, network: any Network, predictor: Predictor, classNames: [String]
  ) throws {
    let batch = Tensor(shape: [1] + image.shape, scalars: image.scalars)
    let probabilities = try predictor.probabilities(batch).scalars
    answers = zip(classNames, probabilities.map(Double.init)).map { (name: $0, probability: $1) }
      .sorted { $0.probability > $1.probability }
    let answer = answers.first.map { "\($0.name), \(Table.percent($0.probability))" } ?? ""
    var rows = [
      PictureSheet.Row(
        title: "The image", note: shapeText(image.shape),
        pictures: [.init(image.scalars, shape: image.shape, caption: answer)])
    ]
    var notes: [String] = []
    for stop in try NetworkWalk(network).stops where stop.shape.count == 3 {
      guard let kind = stop.kind, Self.shown.contains(kind) else { continue }
      let maps = try predictor.outputs(of: stop.path, batch)
      rows.append(Self.row(maps, title: stop.path))
      switch kind {
      case .channelAttention:
        let factors = try predictor.outputs(of: "\(stop.path)/dense_1", batch).scalars
        notes.append(Self.what(factors, path: stop.path))
      case .spatialAttention:
        let factors = try predictor.outputs(of: "\(stop.path)/conv2d", batch)
        rows.append(Self.places(factors, on: image, title: stop.path))
        notes.append(Self.places(factors, path: stop.path))
      default: break
      }
    }
    sheet = PictureSheet(title: "What the network makes of \(name)", rows: rows)
    self.notes = notes
  }

  /// The layers whose maps are worth a look: those that find, shrink or weigh.
  private static let shown: Set<LayerKind> = [
    .conv2D, .depthwiseConv2D, .separableConv2D, .conv2DTranspose, .maxPooling2D, .averagePooling2D,
    .residualBlock, .channelAttention, .spatialAttention,
  ]

  /// The most active maps of `[1, H, W, C]`, each from black (least) to white (greatest).
  private static func row(_ maps: Tensor<Float>, title: String) -> PictureSheet.Row {
    let (height, width, channels) = (maps.shape[1], maps.shape[2], maps.shape[3])
    let all = (0..<channels).map { channel in
      (0..<height * width).map { maps.scalars[$0 * channels + channel] }
    }
    let activity = all.map { map in map.reduce(0) { $0 + abs($1) } }
    let order = all.indices.sorted { (activity[$0], $1) > (activity[$1], $0) }.prefix(columns).sorted()
    return PictureSheet.Row(
      title: title, note: "\(shapeText([height, width, channels])), the \(order.count) most active",
      pictures: order.map { .init(all[$0], height: height, width: width, caption: "map \($0)") })
  }

  /// The factors of the places, and the image seen through them.
  private static func places(
    _ factors: Tensor<Float>, on image: Tensor<UInt8>, title: String
  ) -> PictureSheet.Row {
    let (height, width) = (factors.shape[1], factors.shape[2])
    let (least, greatest) = (factors.scalars.min() ?? 0, factors.scalars.max() ?? 1)
    let (rows, columns, channels) = (image.shape[0], image.shape[1], image.shape[2])
    let seen = image.scalars.indices.map { place -> UInt8 in
      let (row, column) = (place / channels / columns, place / channels % columns)
      let factor = factors.scalars[row * height / rows * width + column * width / columns]
      let share = greatest > least ? (factor - least) / (greatest - least) : 1
      return UInt8(Float(image.scalars[place]) * (0.15 + 0.85 * share))
    }
    return PictureSheet.Row(
      title: "\(title), where", note: "factors \(fixed(Double(least), 2)) to \(fixed(Double(greatest), 2))",
      pictures: [
        .init(factors.scalars, height: height, width: width, caption: "factors"),
        .init(seen, shape: image.shape, caption: "seen through"),
      ])
  }

  private static func what(_ factors: [Float], path: String) -> String {
    let order = factors.indices.sorted { factors[$0] > factors[$1] }
    func list(_ places: some Sequence<Int>) -> String {
      places.map { "map \($0) (\(fixed(Double(factors[$0]), 2)))" }.joined(separator: ", ")
    }
    return "\(path), what: turned up most \(list(order.prefix(3))); turned down most "
      + "\(list(order.suffix(3).reversed()))."
  }

  private static func places(_ factors: Tensor<Float>, path: String) -> String {
    let values = factors.scalars
    let greatest = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    let width = factors.shape[2]
    return "\(path), where: factors from \(fixed(Double(values.min() ?? 0), 2)) to "
      + "\(fixed(Double(values[greatest]), 2)); it looks hardest at row \(greatest / width + 1), column "
      + "\(greatest % width + 1) of \(shapeText(Array(factors.shape[1...2])))."
  }
}
