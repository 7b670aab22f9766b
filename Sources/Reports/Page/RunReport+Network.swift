import MartletRuns

extension RunReport {
  /// The network's layers as a table and as a drawing.
  var network: Page.Section? {
    guard let details = material.details, !details.layers.isEmpty else { return nil }
    let most = max(1, details.layers.map(\.parameters).max() ?? 1)
    let table = PageTable(
      [
        .init("Layer"), .init("Type"), .init("Output", isNumeric: true), .init("Parameters", isNumeric: true),
      ], caption: "The network's layers", isSortable: false,
      rows: details.layers.map { layer in
        [
          .init(layer.name), .init(layer.type), .init(NetworkDrawing.text(of: layer.shape)),
          .init(
            Table.grouped(layer.parameters), key: Double(layer.parameters),
            bar: Double(layer.parameters) / Double(most)),
        ]
      })
    let facts = Page.list([
      ("Parameters", Table.grouped(details.parameters)),
      ("Trained", Table.grouped(details.trainableParameters)),
      ("Operations of a prediction", "\(Self.decimals(Double(details.flops) / 1e6, 1)) MFLOP"),
      ("Layers' outputs for a batch", Self.bytes(details.activationBytes)),
    ])
    let drawing: HTML =
      details.nodes.isEmpty
      ? ""
      : """
      <div>\(Page.figure(NetworkDrawing(nodes: details.nodes), alternative: "The network as a drawing"))</div>
      """
    return Page.Section(
      id: "network", title: "The network", label: "Network",
      body: "\(facts)<div class=\"halves spaced\"><div>\(table.html)</div>\(drawing)</div>")
  }
}

/// A network as boxes from top to bottom, with lines from each to those that read it.
package struct NetworkDrawing: Figure {
  package var nodes: [RunDetails.Node]

  /// Each node's inputs stand before it.
  package init(nodes: [RunDetails.Node]) {
    self.nodes = nodes
  }

  private static let box = (width: 216.0, height: 34.0)
  private static let gap = (x: 18.0, y: 16.0)
  private static let margin = 8.0

  /// The row of each node: one below the lowest of its inputs.
  private var rows: [Int] {
    nodes.reduce(into: []) { rows, node in rows.append((node.inputs.map { rows[$0] }.max() ?? -1) + 1) }
  }

  private var lanes: [[Int]] {
    var lanes = [[Int]](repeating: [], count: (rows.max() ?? -1) + 1)
    for (node, row) in rows.enumerated() { lanes[row].append(node) }
    return lanes
  }

  /// The lines that pass beside boxes, each with its own track at the right.
  private var detours: [(from: Int, to: Int)] {
    let rows = rows
    return nodes.enumerated().flatMap { to, node in
      node.inputs.filter { rows[to] - rows[$0] > 1 }.map { ($0, to) }
    }
  }

  private var boxesWidth: Double {
    let most = Double(max(1, lanes.map(\.count).max() ?? 1))
    return most * Self.box.width + (most - 1) * Self.gap.x
  }

  package var size: (width: Double, height: Double) {
    let rows = Double(max(1, lanes.count))
    return (
      boxesWidth + 2 * Self.margin + Double(min(detours.count, 6)) * 10,
      rows * Self.box.height + (rows - 1) * Self.gap.y + 2 * Self.margin
    )
  }

  package func draw(on canvas: any Canvas) {
    var frames = [Rect](repeating: Rect(x: 0, y: 0, width: 0, height: 0), count: nodes.count)
    for (row, lane) in lanes.enumerated() {
      let width = Double(lane.count) * Self.box.width + Double(lane.count - 1) * Self.gap.x
      for (place, node) in lane.enumerated() {
        frames[node] = Rect(
          x: Self.margin + (boxesWidth - width) / 2 + Double(place) * (Self.box.width + Self.gap.x),
          y: Self.margin + Double(row) * (Self.box.height + Self.gap.y), width: Self.box.width,
          height: Self.box.height)
      }
    }
    drawLines(frames, on: canvas)
    for (node, frame) in zip(nodes, frames) { draw(node, in: frame, on: canvas) }
  }

  private func drawLines(_ frames: [Rect], on canvas: any Canvas) {
    let rows = rows
    for (to, node) in nodes.enumerated() {
      for from in node.inputs where rows[to] - rows[from] == 1 {
        let (start, end) = (frames[from], frames[to])
        let middle = (start.maxY + end.y) / 2
        canvas.stroke(
          [
            Point(start.midX, start.maxY), Point(start.midX, middle), Point(end.midX, middle),
            Point(end.midX, end.y - 4),
          ], .axis, width: 1, dashed: false)
        drawHead(Point(end.midX, end.y), on: canvas)
      }
    }
    for (track, detour) in detours.enumerated() {
      let (start, end) = (frames[detour.from], frames[detour.to])
      let x = Self.margin + boxesWidth + 10 * Double(track % 6) + 6
      canvas.stroke(
        [
          Point(start.maxX, start.midY), Point(x, start.midY), Point(x, end.midY),
          Point(end.maxX + 4, end.midY),
        ], .axis, width: 1, dashed: false)
      canvas.fillPolygon(
        [
          Point(end.maxX, end.midY), Point(end.maxX + 5, end.midY - 3), Point(end.maxX + 5, end.midY + 3),
        ], .axis)
    }
  }

  private func drawHead(_ tip: Point, on canvas: any Canvas) {
    canvas.fillPolygon([tip, Point(tip.x - 3, tip.y - 5), Point(tip.x + 3, tip.y - 5)], .axis)
  }

  private func draw(_ node: RunDetails.Node, in frame: Rect, on canvas: any Canvas) {
    canvas.fill(frame, Color(243, 246, 249))
    canvas.fill(Rect(x: frame.x, y: frame.y, width: 4, height: frame.height), Self.color(of: node.type))
    canvas.stroke(
      [
        Point(frame.x, frame.y), Point(frame.maxX, frame.y), Point(frame.maxX, frame.maxY),
        Point(frame.x, frame.maxY), Point(frame.x, frame.y),
      ], Color(190, 198, 206), width: 0.7, dashed: false)
    let shape = Self.text(of: node.shape)
    canvas.text(
      node.name, at: Point(frame.x + 11, frame.y + 14), TextStyle(size: 9, isBold: true),
      room: frame.width - 22 - TextStyle.tick.width(of: shape))
    canvas.text(shape, at: Point(frame.maxX - 6, frame.y + 14), TextStyle.tick.anchored(.end))
    canvas.text(
      node.type, at: Point(frame.x + 11, frame.y + 27), TextStyle(size: 8, color: Color(84, 93, 104)))
  }

  /// Layers of one family share a color.
  private static func color(of type: String) -> Color {
    if type.contains("Attention") { return .series[1] }
    if type.contains("Conv") || type.contains("Residual") { return .series[0] }
    if type.contains("Pooling") || type.contains("UpSampling") { return .series[2] }
    if type.contains("Dense") { return .series[3] }
    if type.contains("Normalization") { return .series[4] }
    if type.contains("Dropout") || type.contains("Noise") { return .series[5] }
    return Color(150, 158, 166)
  }

  /// `28 × 28 × 32`.
  static func text(of shape: [Int]) -> String {
    shape.isEmpty ? "1" : shape.map { Table.grouped($0) }.joined(separator: " × ")
  }
}
