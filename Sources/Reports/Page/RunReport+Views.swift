import MartletRuns
import MartletTensors

extension RunReport {
  /// The kernels of the first convolution.
  var filters: Page.Section? {
    guard let views = material.views, let filters = views.filters, let layer = views.filterLayer else {
      return nil
    }
    let (height, width, channels) = (filters.shape[0], filters.shape[1], filters.shape[2])
    let count = filters.shape[3]
    let greatest = Double(filters.scalars.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 })
    func weight(_ y: Int, _ x: Int, _ channel: Int, _ filter: Int) -> Double {
      let value = filters.scalars[((y * width + x) * channels + channel) * count + filter]
      return greatest > 0 && value.isFinite ? Double(value) / greatest : 0
    }
    let tiles = (0..<count).map { filter -> HTML in
      let pixels = (0..<height * width).map { place -> Color in
        let (y, x) = (place / width, place % width)
        guard channels == 3 else {
          return .diverging((0..<channels).reduce(0) { $0 + weight(y, x, $1, filter) } / Double(channels))
        }
        func part(_ channel: Int) -> UInt8 { UInt8(127.5 + 127.5 * weight(y, x, channel, filter)) }
        return Color(part(0), part(1), part(2))
      }
      let source = Raster(width: width, height: height, pixels: pixels).source
      return "<img src=\"\(source)\" alt=\"Filter \(filter)\" title=\"Filter \(filter)\">"
    }
    let key =
      channels == 3
      ? "Gray is zero; a color is what the filter answers to."
      : "Blue is positive, orange negative, white zero."
    return Page.Section(
      id: "filters", title: "What the first layer looks for", label: "Filters",
      lead: "The \(count) filters of \(layer), \(height) × \(width) pixels each. \(key)",
      body: "<div class=\"tiles\">\(tiles.joined(""))</div>")
  }

  /// Where and at what the attention layers look.
  var attention: Page.Section? {
    guard let views = material.views, !(views.positions.isEmpty && views.channels.isEmpty) else { return nil }
    let positions = views.positions.map { weights -> HTML in
      let (least, greatest) = Self.range(weights.values.scalars)
      let items = views.labels.indices.map { sample -> HTML in
        let name = className(views.labels[sample])
        let picture = sampleRaster(sample)
        let blended = overlay(weights.values, sample, on: picture, least, greatest)
        return """
          <li><img class="picture" src="\(blended.source)" alt="Attention over \(name)"><b>\(name)</b><br>\
          <small>\(said(sample))</small></li>
          """
      }
      return """
        <h3>Where: \(weights.layer)</h3>
        <p class="note">The factor of each position over the image: dark \(Self.decimals(Double(least), 2)) \
        \(Self.rampPicture) bright \(Self.decimals(Double(greatest), 2)).</p>
        <ul class="pictures">\(items.joined())</ul>
        """
    }
    let channels = views.channels.map { weights -> HTML in
      let (least, greatest) = Self.range(weights.values.scalars)
      let (rows, columns) = (weights.values.shape[0], weights.values.shape[1])
      let pixels = weights.values.scalars.map { Color.heat(Self.share(of: $0, least, greatest)) }
      let names = views.labels.prefix(rows).map { "<span>\(className($0))</span>" as HTML }
      return """
        <h3>What: \(weights.layer)</h3>
        <p class="note">The factor of each of the \(columns) channels, a row for each image: dark \
        \(Self.decimals(Double(least), 2)) \(Self.rampPicture) bright \(Self.decimals(Double(greatest), 2)).</p>
        <div class="strips"><div>\(names.joined(""))</div>\
        <img class="strip" src="\(Raster(width: columns, height: rows, pixels: pixels).source)" \
        alt="Factors of \(columns) channels for \(rows) images"></div>
        """
    }
    return Page.Section(
      id: "attention", title: "What the attention attends to", label: "Attention",
      body: (positions + channels).joined())
  }

  /// What the layers make of some images.
  var maps: Page.Section? {
    guard let views = material.views, !views.maps.isEmpty else { return nil }
    let count = views.maps.map { $0.values.shape[0] }.min() ?? 0
    let samples = (0..<count).map { sample -> HTML in
      let rows = views.maps.map { maps -> HTML in
        let shape = maps.values.shape
        let size = shape[2] * shape[3]
        let tiles = (0..<shape[1]).map { channel -> HTML in
          let start = (sample * shape[1] + channel) * size
          let pixels = maps.values.scalars[start..<start + size].map { Color.heat(Double($0) / 255) }
          let source = Raster(width: shape[3], height: shape[2], pixels: pixels).source
          return "<img src=\"\(source)\" alt=\"Map \(channel) of \(maps.layer)\" title=\"Map \(channel)\">"
        }
        return """
          <span>\(maps.layer)<br><small>\(shape[1]) of \(maps.channels)</small></span>
          <div class="tiles">\(tiles.joined(""))</div>
          """
      }
      return """
        <h3>\(className(views.labels[sample])), \(said(sample))</h3>
        <div class="maps"><img src="\(sampleRaster(sample).source)" \
        alt="\(className(views.labels[sample]))"><span></span>\(rows.joined())</div>
        """
    }
    return Page.Section(
      id: "maps", title: "What the layers make of an image", label: "Feature maps",
      lead: """
        The first maps of each layer; each from its least value (dark) to its greatest (bright) \
        \(Self.rampPicture).
        """,
      body: "\(Array(samples.prefix(1)).joined())\(more(Array(samples.dropFirst())))")
  }

  private func more(_ samples: [HTML]) -> HTML {
    samples.isEmpty ? "" : Page.details("More images", samples.joined())
  }

  private func said(_ sample: Int) -> String {
    guard let views = material.views else { return "" }
    let (label, prediction) = (views.labels[sample], views.predictions[sample])
    return label == prediction ? "recognized" : "taken for \(className(prediction))"
  }

  private func sampleRaster(_ sample: Int) -> Raster {
    let blank = Raster(width: 1, height: 1, pixels: [.paper])
    guard let samples = material.views?.samples else { return blank }
    let shape = Array(samples.shape.dropFirst())
    let size = shape.reduce(1, *)
    return Raster(bytes: samples.scalars[sample * size..<(sample + 1) * size], shape: shape) ?? blank
  }

  /// A picture in gray under the colors of a map of factors, which is stretched over it.
  private func overlay(
    _ values: Tensor<Float>, _ sample: Int, on picture: Raster, _ least: Float, _ greatest: Float
  ) -> Raster {
    let (height, width) = (values.shape[1], values.shape[2])
    func factor(_ y: Int, _ x: Int) -> Double {
      Self.share(of: values.scalars[(sample * height + y) * width + x], least, greatest)
    }
    var result = picture
    for place in picture.pixels.indices {
      // Bilinear between the middles of the map's cells.
      let row = Cell(place / picture.width, of: picture.height, over: height)
      let column = Cell(place % picture.width, of: picture.width, over: width)
      let upper = column.mixed(factor(row.lower, column.lower), factor(row.lower, column.upper))
      let lower = column.mixed(factor(row.upper, column.lower), factor(row.upper, column.upper))
      let heat = Color.heat(row.mixed(upper, lower))
      result.pixels[place] = picture.pixels[place].gray.mixed(with: heat, 0.6)
    }
    return result
  }

  private static func range(_ values: [Float]) -> (Float, Float) {
    (values.min() ?? 0, values.max() ?? 1)
  }

  private static func share(of value: Float, _ least: Float, _ greatest: Float) -> Double {
    greatest > least ? Double((value - least) / (greatest - least)) : 0.5
  }

  /// The colors from the least to the greatest value.
  private static var rampPicture: HTML {
    let ramp = Raster(width: 32, height: 1, pixels: (0..<32).map { Color.heat(Double($0) / 31) })
    return "<img class=\"ramp\" src=\"\(ramp.source)\" alt=\"to\">"
  }
}

/// The two cells of a map between whose middles a pixel lies.
private struct Cell {
  let lower: Int
  let upper: Int
  private let share: Double

  init(_ pixel: Int, of pixels: Int, over cells: Int) {
    let place = (Double(pixel) + 0.5) * Double(cells) / Double(pixels) - 0.5
    let inside = min(max(place, 0), Double(cells - 1))
    lower = Int(inside)
    upper = min(lower + 1, cells - 1)
    share = inside - Double(lower)
  }

  func mixed(_ a: Double, _ b: Double) -> Double { a * (1 - share) + b * share }
}

extension Color {
  /// As bright as the color.
  fileprivate var gray: Color {
    let level = UInt8(brightness)
    return Color(level, level, level)
  }
}
