import MartletGraphs

/// The shape and type of one sample that a network takes.
public struct InputSpec: Sendable, Hashable {
  /// The extents of one sample, without the batch; images `[H, W, C]`.
  public let shape: [Int]
  /// The type of the elements.
  public let element: ElementType

  /// Creates a description from the shape of one sample.
  public init(shape: [Int], element: ElementType = .float) {
    self.shape = shape
    self.element = element
  }

  /// Images of bytes `[height, width, channels]`, as data sets hold them.
  public static func image(
    _ height: Int, _ width: Int, _ channels: Int, element: ElementType = .uint8
  ) -> InputSpec {
    InputSpec(shape: [height, width, channels], element: element)
  }

  /// Rows of numbers `[count]`.
  public static func vector(_ count: Int, element: ElementType = .float) -> InputSpec {
    InputSpec(shape: [count], element: element)
  }

  /// The name of the graph's input, where there is but one.
  package static let inputName = "images"

  /// The name of a network's output, where there is but one.
  package static let outputName = "outputs"

  package func check(_ location: String, path: String = "input") throws(ModelError) {
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
      throw ModelError(
        path: path, expected: "positive extents", received: "\(shape)", location: location)
    }
  }

  /// Requires samples of this shape of a network that is a part of another; rescaled pixels are welcome for bytes.
  package func requireShape(of x: Value, _ scope: LayerScope) throws(ModelError) {
    let axes = ["batch"] + shape.map(String.init)
    try scope.require(
      Array(x.shape.dropFirst()) == shape, "[\(axes.joined(separator: ", "))], the input it was made for",
      received: x.shapeText)
  }
}
