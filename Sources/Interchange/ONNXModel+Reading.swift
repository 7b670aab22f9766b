import MartletTensors

extension ONNXModel {
  /// Reads a model in memory; what networks do not need is skipped, what they need and is unknown is
  /// refused.
  package init(parsing bytes: [UInt8], place: String) throws(InterchangeError) {
    guard bytes.count <= Self.maximumBytes else {
      throw InterchangeError(
        at: place, expected: "at most \(Self.maximumBytes) bytes", received: "\(bytes.count)")
    }
    self.init()
    var reader = try ProtobufReader(bytes[...], place: place)
    var hasGraph = false
    opset = 0
    while let (number, field) = try reader.next() {
      switch number {
      case 1: irVersion = try reader.integer(field)
      case 2: producer = try reader.text(field)
      case 7:
        graph = try Self.graph(try reader.message(field))
        hasGraph = true
      case 8: try readOpset(try reader.message(field))
      case 20, 25: throw reader.fault("a network without training or functions of its own", "one with them")
      default: break
      }
    }
    guard hasGraph, (7...25).contains(opset) else {
      throw InterchangeError(
        at: place, expected: "an ONNX model of opset 7 to 25",
        received: hasGraph ? "opset \(opset)" : "\(bytes.count) bytes without a graph")
    }
  }

  private mutating func readOpset(_ message: ProtobufReader) throws(InterchangeError) {
    var message = message
    var domain = ""
    var version = 0
    while let (number, field) = try message.next() {
      if number == 1 { domain = try message.text(field) }
      if number == 2 { version = try message.integer(field) }
    }
    if domain.isEmpty || domain == "ai.onnx" { opset = version }
  }

  private static func graph(_ message: ProtobufReader) throws(InterchangeError) -> Graph {
    var message = message
    var graph = Graph()
    while let (number, field) = try message.next() {
      switch number {
      case 1:
        guard graph.nodes.count < maximumNodes else {
          throw message.fault("at most \(maximumNodes) nodes", "more")
        }
        graph.nodes.append(try node(try message.message(field)))
      case 2: graph.name = try message.text(field)
      case 5: graph.initializers.append(try tensor(try message.message(field)))
      case 11: graph.inputs.append(try valueInfo(try message.message(field)))
      case 12: graph.outputs.append(try valueInfo(try message.message(field)))
      case 15: throw message.fault("dense initializers", "sparse ones")
      default: break
      }
    }
    return graph
  }

  private static func node(_ message: ProtobufReader) throws(InterchangeError) -> Node {
    var message = message
    var node = Node(op: "", name: "", inputs: [], outputs: [])
    while let (number, field) = try message.next() {
      switch number {
      case 1: node.inputs.append(try message.text(field))
      case 2: node.outputs.append(try message.text(field))
      case 3: node.name = try message.text(field)
      case 4: node.op = try message.text(field)
      case 5:
        let (name, value) = try attribute(try message.message(field))
        guard node.attributes.updateValue(value, forKey: name) == nil else {
          throw message.fault("each attribute once", "\"\(name)\" twice")
        }
      case 7: node.domain = try message.text(field)
      default: break
      }
    }
    return node
  }

  private static func attribute(
    _ message: ProtobufReader
  ) throws(InterchangeError) -> (String, Attribute) {
    var message = message
    var name = ""
    var value: Attribute?
    var integers: [Int] = []
    var floats: [Float] = []
    var type = 0
    while let (number, field) = try message.next() {
      switch number {
      case 1: name = try message.text(field)
      case 2: value = .float(try message.floats(field).first ?? 0)
      case 3: value = .integer(try message.integer(field))
      case 4: value = .text(try message.text(field))
      case 5: value = .tensor(try tensor(try message.message(field)).value)
      case 7: floats += try message.floats(field)
      case 8: integers += try message.integers(field)
      case 20: type = try message.integer(field)
      case 6, 9, 10, 11, 14, 15, 22, 23:
        throw message.fault(
          "numbers, text or a tensor for attribute \"\(name)\"", "a graph, type or list of others")
      default: break
      }
    }
    if type == 6 || value == nil && !floats.isEmpty { return (name, .floats(floats)) }
    if type == 7 || value == nil && !integers.isEmpty { return (name, .integers(integers)) }
    // A number that is 0 need not be written.
    switch (value, type) {
    case (let value?, _): return (name, value)
    case (nil, 1): return (name, .float(0))
    case (nil, 2): return (name, .integer(0))
    case (nil, 3): return (name, .text(""))
    case (nil, _): throw message.fault("a value for attribute \"\(name)\"", "none")
    }
  }

  private static func tensor(
    _ message: ProtobufReader
  ) throws(InterchangeError) -> (name: String, value: AnyTensor) {
    var message = message
    var shape: [Int] = []
    var code = 0
    var name = ""
    var raw: ArraySlice<UInt8>?
    var floats: [Float] = []
    var integers: [Int] = []
    while let (number, field) = try message.next() {
      switch number {
      case 1: shape += try message.integers(field)
      case 2: code = try message.integer(field)
      case 4: floats += try message.floats(field)
      case 5, 7: integers += try message.integers(field)
      case 8: name = try message.text(field)
      case 9: raw = try message.bytes(field)
      case 6, 10, 11: throw message.fault("\"\(name)\" as raw, float or integer data", "other data")
      case 13, 14:
        if case .varint(0) = field { continue }
        throw message.fault("data in the file itself", "\"\(name)\" in another file")
      default: break
      }
    }
    guard let format = ScalarFormat.allCases.first(where: { self.code($0) == code }) else {
      throw message.fault(
        "FLOAT, DOUBLE, INT32, INT64, UINT8 or BOOL for \"\(name)\"", elementName(code))
    }
    guard shape.count <= 32, let size = format.byteCount(of: shape) else {
      throw message.fault("a shape for \"\(name)\"", "\(shape.prefix(40))")
    }
    let data = raw.map { Array($0) } ?? bytes(format, floats, integers)
    guard data.count == size else {
      throw message.fault("\(size) bytes for \"\(name)\" of shape \(shape)", "\(data.count)")
    }
    return (name, format.tensor(shape, data[...]))
  }

  /// Elements given one by one, as bytes.
  private static func bytes(_ format: ScalarFormat, _ floats: [Float], _ integers: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    switch format {
    case .float32: for value in floats { bytes.append(littleEndian: value.bitPattern) }
    case .float64: break
    case .int32: for value in integers { bytes.append(littleEndian: Int32(truncatingIfNeeded: value)) }
    case .int64: for value in integers { bytes.append(littleEndian: Int64(value)) }
    case .uint8, .bool: bytes = integers.map { UInt8(truncatingIfNeeded: $0) }
    }
    return bytes
  }

  private static func valueInfo(_ message: ProtobufReader) throws(InterchangeError) -> ValueInfo {
    var message = message
    var info = ValueInfo(name: "", element: 0, shape: [])
    while let (number, field) = try message.next() {
      if number == 1 { info.name = try message.text(field) }
      guard number == 2 else { continue }
      var type = try message.message(field)
      while let (number, field) = try type.next() {
        guard number == 1 else { throw type.fault("a tensor for \"\(info.name)\"", "another type") }
        var tensor = try type.message(field)
        while let (number, field) = try tensor.next() {
          if number == 1 { info.element = try tensor.integer(field) }
          if number == 2 { info.shape = try extents(try tensor.message(field)) }
        }
      }
    }
    return info
  }

  private static func extents(_ message: ProtobufReader) throws(InterchangeError) -> [Int?] {
    var message = message
    var extents: [Int?] = []
    while let (number, field) = try message.next() {
      guard number == 1 else { continue }
      var dimension = try message.message(field)
      var extent: Int?
      while let (number, field) = try dimension.next() {
        if number == 1 { extent = try dimension.integer(field) }
      }
      extents.append(extent)
    }
    return extents
  }
}
