import MartletTensors

extension ONNXModel {
  /// The bytes of the model's file; equal models give equal bytes.
  package var encoded: [UInt8] {
    var file = ProtobufWriter()
    file.integer(1, irVersion)
    file.text(2, producer)
    file.message(7) { graph.encode(&$0) }
    file.message(8) { $0.integer(2, opset) }
    return file.bytes
  }
}

extension ONNXModel.Graph {
  fileprivate func encode(_ message: inout ProtobufWriter) {
    for node in nodes { message.message(1) { node.encode(&$0) } }
    message.text(2, name)
    for (name, value) in initializers { message.message(5) { value.encode(name, &$0) } }
    for input in inputs { message.message(11) { input.encode(&$0) } }
    for output in outputs { message.message(12) { output.encode(&$0) } }
  }
}

extension ONNXModel.Node {
  fileprivate func encode(_ message: inout ProtobufWriter) {
    for input in inputs { message.text(1, input) }
    for output in outputs { message.text(2, output) }
    message.text(3, name)
    message.text(4, op)
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      message.message(5) { value.encode(name, &$0) }
    }
  }
}

extension ONNXModel.Attribute {
  fileprivate func encode(_ name: String, _ message: inout ProtobufWriter) {
    message.text(1, name)
    // The last field says which of the others counts.
    switch self {
    case .float(let value):
      message.float(2, value)
      message.integer(20, 1)
    case .integer(let value):
      message.integer(3, value)
      message.integer(20, 2)
    case .text(let value):
      message.text(4, value)
      message.integer(20, 3)
    case .tensor(let value):
      message.message(5) { value.encode("", &$0) }
      message.integer(20, 4)
    case .floats(let values):
      for value in values { message.float(7, value) }
      message.integer(20, 6)
    case .integers(let values):
      for value in values { message.integer(8, value) }
      message.integer(20, 7)
    }
  }
}

extension AnyTensor {
  fileprivate func encode(_ name: String, _ message: inout ProtobufWriter) {
    for extent in shape { message.integer(1, extent) }
    message.integer(2, ONNXModel.code(ScalarFormat(self)))
    if !name.isEmpty { message.text(8, name) }
    message.bytes(9, withUnsafeBytes { Array($0) })
  }
}

extension ONNXModel.ValueInfo {
  fileprivate func encode(_ message: inout ProtobufWriter) {
    message.text(1, name)
    message.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, element)
        tensor.message(2) { extents in
          for extent in shape {
            extents.message(1) { if let extent { $0.integer(1, extent) } else { $0.text(2, "batch") } }
          }
        }
      }
    }
  }
}
