import MartletGraphs
import MartletNetworks
import MartletReports

/// The way of an image through a network, read from a trace: shapes, parameters and operations layer by layer.
package struct NetworkWalk {
  /// One layer on the way.
  package struct Stop: Sendable {
    package let path: String
    package let kind: LayerKind?
    /// Without the batch.
    package let shape: [Int]
    package let parameters: Int
    /// The floating-point operations of one image's prediction.
    package let operations: Int
    /// The pixels of the input that one place of the output depends on, along one side; nil where all do.
    package let reach: Int?

    /// The path, and the type where the path does not tell it.
    fileprivate var title: String {
      guard let kind, !path.hasPrefix(kind.pathName) else { return path }
      return "\(path) (\(kind.rawValue))"
    }
  }

  package let input: [Int]
  package let stops: [Stop]
  package let summary: Summary

  package init(_ network: any Network) throws {
    let graph = Graph(purpose: .inference)
    _ = network.trace(batch: 1, into: graph)
    try graph.check()
    summary = network.summary(batchSize: 1)
    input = network.input.shape
    var field = ReceptiveField()
    var done = 0
    stops = summary.rows.dropFirst().map { row in
      let kind = LayerKind(rawValue: row.type)
      let nodes = graph.nodes.indices.filter { graph.nodes[$0].isIn(row.name) }
      for id in nodes where id >= done { field.pass(graph.nodes[id].op) }
      done = max(done, (nodes.last ?? -1) + 1)
      let shape = row.outputShape.dropFirst().compactMap(\.self)
      // The mean of a channel is that of the whole image.
      if shape.count < 3 || kind == .channelAttention { field.isWhole = true }
      return Stop(
        path: row.name, kind: kind, shape: shape, parameters: row.parameters,
        operations: nodes.reduce(0) { sum, id in
          let node = graph.nodes[id]
          let inputs = node.inputs.map { (shape: graph.nodes[$0].shape, element: graph.nodes[$0].element) }
          return sum + node.op.cost(inputs: inputs, output: (node.shape, node.element)).flops
        }, reach: field.isWhole ? nil : field.size)
    }
  }

  /// `28x28x1 > 14x14x32 > 7x7x64 > 3,136 > 128 > 10`: the shapes that follow each other; what a pooling makes
  /// smaller at once is not shown before.
  package var line: String {
    var shapes = [input]
    for (place, stop) in stops.enumerated() where stop.shape != shapes.last {
      let isPooledAtOnce =
        stops[(place + 1)...].first { $0.shape != stop.shape }?.kind?.isWindowPooling == true
      if !(isPooledAtOnce && stop.shape.count == 3) { shapes.append(stop.shape) }
    }
    return shapes.map(shapeText).joined(separator: " > ")
  }

  /// A row for each layer.
  package var table: Table {
    var table = Table([
      .init("Layer"), .init("Output"), .init("Parameters", isNumeric: true),
      .init("Operations", isNumeric: true),
    ])
    let (parameters, operations) = (summary.parameters, stops.reduce(0) { $0 + $1.operations })
    for stop in stops {
      table.append([
        stop.title, shapeText(stop.shape), Self.part(stop.parameters, of: parameters),
        Self.part(stop.operations, of: operations),
      ])
    }
    return table
  }

  /// `401,536 (95%)`.
  private static func part(_ count: Int, of all: Int) -> String {
    guard count > 0 else { return "-" }
    let percent = (100 * count + all / 2) / max(1, all)
    return "\(Table.grouped(count)) (\(percent == 0 ? "<1" : "\(percent)")%)"
  }

  /// The layer that holds most parameters and the one that computes most.
  package var heaviest: (parameters: Stop, operations: Stop)? {
    guard let most = stops.max(by: { $0.parameters < $1.parameters }),
      let longest = stops.max(by: { $0.operations < $1.operations })
    else { return nil }
    return (most, longest)
  }
}

/// How far one place of a feature map looks, along one side of the image.
private struct ReceptiveField {
  var size = 1
  /// Pixels of the image between neighboring places.
  var step = 1
  var isWhole = false

  /// Windows make it larger, strides make later windows count more.
  mutating func pass(_ op: Op) {
    switch op {
    case .convolution(.forward(let window)):
      pass(kernel: window.kernel, stride: window.stride, dilation: window.dilation)
    case .pooling(.max(let window)), .pooling(.average(let window)):
      pass(kernel: window.size, stride: window.stride, dilation: 1)
    default: return
    }
  }

  private mutating func pass(kernel: Extent, stride: Extent, dilation: Extent) {
    size += (kernel.height - 1) * dilation.height * step
    step *= stride.height
  }
}

extension Graph.Node {
  /// Whether it was traced in a layer, or in one inside it.
  fileprivate func isIn(_ layer: String) -> Bool { path == layer || path.hasPrefix("\(layer)/") }
}

extension NetworkWalk.Stop {
  /// Whether it looks at windows of what came before.
  var looksAround: Bool {
    switch kind {
    case .conv2D, .depthwiseConv2D, .separableConv2D: true
    default: kind?.isWindowPooling == true
    }
  }
}

extension LayerKind {
  /// Whether the layer takes windows of a feature map together.
  fileprivate var isWindowPooling: Bool { self == .maxPooling2D || self == .averagePooling2D }
}
