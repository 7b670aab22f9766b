import MartletTensors

/// A figure as data: what to draw on paper, or as an interactive figure on a page.
package struct FigureData: Sendable, Equatable {
  /// The name of its files, without the ending.
  package var file: String
  package var title: String
  /// Side by side, with one legend where their series have the same names.
  package var panels: [Panel]

  package init(file: String, title: String, panels: [Panel]) {
    self.file = file
    self.title = title
    self.panels = panels
  }

  /// One chart.
  package struct Panel: Sendable, Equatable {
    /// What a panel shows.
    package enum Kind: String, Sendable {
      /// Lines with markers over numbers.
      case lines
      /// A group of bars for each category, a bar for each series.
      case bars
      /// Counts by true class (series) and predicted class (category).
      case matrix
    }
    package var kind: Kind
    package var title: String
    /// What the axes show, with the unit.
    package var xLabel: String
    package var yLabel: String
    /// The names on the axis of bars and of a matrix.
    package var categories: [String]
    package var series: [Series]
    /// Whether the numbers below lines double rather than rise evenly.
    package var isXLogarithmic: Bool
    /// A boxed text for each category; empty for none.
    package var boxes: [String]
    /// Whether the values are percentages, whose intervals end at 0 and 100.
    package var isPercentage: Bool

    package init(
      _ kind: Kind, title: String, xLabel: String, yLabel: String, categories: [String] = [],
      series: [Series], isXLogarithmic: Bool = false, boxes: [String] = [], isPercentage: Bool = false
    ) {
      self.kind = kind
      self.title = title
      self.xLabel = xLabel
      self.yLabel = yLabel
      self.categories = categories
      self.series = series
      self.isXLogarithmic = isXLogarithmic
      self.boxes = boxes
      self.isPercentage = isPercentage
    }
  }

  /// The values of one line, or of one bar for each category.
  package struct Series: Sendable, Equatable {
    package var name: String
    /// Where the values of a line stand; empty for bars.
    package var x: [Double]
    /// NaN where there is no value.
    package var y: [Double]
    /// Half the width of each value's 95 % interval; empty where there is none.
    package var margins: [Double]
    /// The values as written at the bars; empty for lines.
    package var texts: [String]

    package init(
      name: String, x: [Double] = [], y: [Double], margins: [Double] = [], texts: [String] = []
    ) {
      self.name = name
      self.x = x
      self.y = y
      self.margins = margins
      self.texts = texts
    }
  }
}

extension FigureData {
  /// How the file's name begins where the figure shows accuracy and loss against the epoch.
  package static let coursesFile = "training_curves"

  package var json: JSON {
    [
      "file": .string(file), "title": .string(title), "panels": .array(panels.map(\.json)),
    ]
  }

  package init?(_ json: JSON) {
    guard let file = json["file"]?.stringValue, let panels = json["panels"]?.arrayValue else { return nil }
    self.init(
      file: file, title: json["title"]?.stringValue ?? file, panels: panels.compactMap { Panel($0) })
  }
}

extension FigureData.Panel {
  var json: JSON {
    [
      "kind": .string(kind.rawValue), "title": .string(title), "x_label": .string(xLabel),
      "y_label": .string(yLabel), "categories": .array(categories.map(JSON.string)),
      "series": .array(series.map(\.json)), "x_logarithmic": .bool(isXLogarithmic),
      "boxes": .array(boxes.map(JSON.string)), "percentage": .bool(isPercentage),
    ]
  }

  init?(_ json: JSON) {
    guard let kind = json["kind"]?.stringValue.flatMap({ Kind(rawValue: $0) }) else { return nil }
    self.init(
      kind, title: json["title"]?.stringValue ?? "", xLabel: json["x_label"]?.stringValue ?? "",
      yLabel: json["y_label"]?.stringValue ?? "",
      categories: (json["categories"]?.arrayValue ?? []).compactMap(\.stringValue),
      series: (json["series"]?.arrayValue ?? []).compactMap { FigureData.Series($0) },
      isXLogarithmic: json["x_logarithmic"] == true,
      boxes: (json["boxes"]?.arrayValue ?? []).compactMap(\.stringValue),
      isPercentage: json["percentage"] == true)
  }
}

extension FigureData.Series {
  var json: JSON {
    // A value that is not finite is written as null.
    [
      "name": .string(name), "x": .array(x.map(JSON.number)), "y": .array(y.map(JSON.number)),
      "margins": .array(margins.map(JSON.number)), "texts": .array(texts.map(JSON.string)),
    ]
  }

  init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue else { return nil }
    func numbers(_ key: String) -> [Double] {
      (json[key]?.arrayValue ?? []).map { $0.doubleValue ?? .nan }
    }
    self.init(
      name: name, x: numbers("x"), y: numbers("y"), margins: numbers("margins"),
      texts: (json["texts"]?.arrayValue ?? []).compactMap(\.stringValue))
  }
}
