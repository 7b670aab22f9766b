import MartletGraphs
import MartletNetworks

/// Whose order the elements of a graph's values are in: that of images `[H, W, C]`, or one of their own.
///
/// It tells a flattened image, which other programs have in the order C, H, W, from rows that a network has
/// brought into an order itself.
struct ImageOrder {
  /// The order of a value's elements.
  enum Order: Equatable {
    /// That of no image: sums over all features, or axes that were exchanged.
    case own
    /// Rows, columns, channels of an image `[H, W, C]`, whatever the value's shape.
    case image([Int])
    /// In part that of an image, as where it is joined with other features.
    case mixed
  }

  private(set) var orders: [Order] = []
  private let graph: Graph
  private let isData: [Bool]

  init(_ graph: Graph, isData: [Bool]) {
    self.graph = graph
    self.isData = isData
    // The operations in between leave images in their order, though they have other shapes.
    let enlarging = LayerKind.upSampling2D.pathName
    let enlarged = Set(graph.layerOutputs.filter { $0.type == enlarging }.map(\.value.id))
    for (id, node) in graph.nodes.enumerated() {
      let order = isData[id] ? order(node) : .own
      orders.append(enlarged.contains(id) ? .image(Array(node.shape.dropFirst())) : order)
    }
  }

  /// The image that a node makes one row of each, where another order of its axes gives another row.
  func flattened(_ id: Int) -> [Int]? {
    let node = graph.nodes[id]
    guard case .structure(.reshape) = node.op, node.shape.count == 2 else { return nil }
    let source = graph.nodes[node.inputs[0]].shape
    guard isImages(node.inputs[0]), source[0] == node.shape[0] else { return nil }
    let image = Array(source[1...])
    return Self.matters(image) ? image : nil
  }

  /// Whether the features of a value, its last axis, are in the order of an image's elements.
  func hasImageFeatures(_ id: Int) -> Bool {
    let shape = graph.nodes[id].shape
    return switch orders[id] {
    case .own: false
    case .mixed: true
    case .image(let image): shape.last != image[2] && Self.matters(image)
    }
  }

  /// Whether an image `[H, W, C]` has more than one order: several pixels of several channels.
  private static func matters(_ image: [Int]) -> Bool { image[2] > 1 && image[0] * image[1] > 1 }

  /// Whether a value is images as they are, `[N, H, W, C]`.
  private func isImages(_ id: Int) -> Bool {
    let shape = graph.nodes[id].shape
    return shape.count == 4 && orders[id] == .image(Array(shape[1...]))
  }

  private func order(_ node: Graph.Node) -> Order {
    let asImages: Order = node.shape.count == 4 ? .image(Array(node.shape[1...])) : .own
    switch node.op {
    case .source(.input), .convolution, .pooling: return asImages
    case .structure(.transpose(let axes)):
      // Whoever brings the channels to the end means images.
      return axes == [0, 2, 3, 1] ? asImages : .own
    case .structure(.reshape), .normalization, .classification(.softmax): return orders[node.inputs[0]]
    case .reduction(let reduction): return reduction.keepsAxes && isImages(node.inputs[0]) ? asImages : .own
    case .pointwise, .structure: return joined(node, asImages)
    case .source, .matrix, .classification, .random: return .own
    }
  }

  /// The order where values are combined.
  private func joined(_ node: Graph.Node, _ asImages: Order) -> Order {
    let inputs = node.inputs.filter { isData[$0] }
    if inputs.contains(where: isImages) { return asImages }
    let orders = inputs.filter { graph.nodes[$0].shape == node.shape }.map { self.orders[$0] }
    if case .pointwise = node.op, let order = orders.first, orders.allSatisfy({ $0 == order }) {
      return order
    }
    return inputs.contains { hasImageFeatures($0) } ? .mixed : .own
  }
}
