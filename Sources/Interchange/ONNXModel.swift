import MartletTensors

/// The parts of an ONNX file that networks are made of; field numbers are those of `onnx.proto`.
package struct ONNXModel: Sendable, Equatable {
  package var irVersion = 8
  package var opset = 17
  package var producer = "martlet"
  package var graph = Graph()

  package struct Graph: Sendable, Equatable {
    package var name = "network"
    package var nodes: [Node] = []
    package var initializers: [(name: String, value: AnyTensor)] = []
    package var inputs: [ValueInfo] = []
    package var outputs: [ValueInfo] = []

    package static func == (a: Graph, b: Graph) -> Bool {
      a.name == b.name && a.nodes == b.nodes && a.inputs == b.inputs && a.outputs == b.outputs
        && a.initializers.map(\.name) == b.initializers.map(\.name)
        && a.initializers.map(\.value) == b.initializers.map(\.value)
    }
  }

  package struct Node: Sendable, Equatable {
    package var op: String
    package var name: String
    package var inputs: [String]
    package var outputs: [String]
    package var attributes: [String: Attribute] = [:]
    package var domain = ""

    package init(
      op: String, name: String, inputs: [String], outputs: [String], attributes: [String: Attribute] = [:]
    ) {
      self.op = op
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
    }
  }

  package enum Attribute: Sendable, Equatable {
    case integer(Int)
    case float(Float)
    case text(String)
    case integers([Int])
    case floats([Float])
    case tensor(AnyTensor)
  }

  /// The name, element type and extents of an input or output; nil for an extent that is open.
  package struct ValueInfo: Sendable, Equatable {
    package var name: String
    package var element: Int
    package var shape: [Int?]

    package init(name: String, element: Int, shape: [Int?]) {
      self.name = name
      self.element = element
      self.shape = shape
    }
  }

  package init() {}

  /// The largest file read: protocol buffers end at 2 GB.
  package static let maximumBytes = 1 << 31
  static let maximumNodes = 100_000

  /// The numbers of element types in `TensorProto.DataType`.
  static func code(_ format: ScalarFormat) -> Int {
    switch format {
    case .float32: 1
    case .uint8: 2
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float64: 11
    }
  }

  /// The names of element types, for errors.
  static func elementName(_ code: Int) -> String {
    let names = [
      "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL",
      "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN",
    ]
    return names.indices.contains(code) ? names[code] : "element type \(code)"
  }
}
