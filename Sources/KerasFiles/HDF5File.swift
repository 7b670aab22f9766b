import CMartletHDF5
import MartletInterchange
import MartletTensors

/// The datasets of an HDF5 file in memory: plain ones of known types, reached by hard links alone.
///
/// Files are read by code of our own and written by libhdf5, which damaged files can crash. Links to other
/// files, virtual datasets and filters are refused; nothing is allocated before its size has been compared with
/// the file's.
package enum HDF5File {
  /// The largest file read.
  package static let maximumBytes = 1 << 31
  private static let maximumDepth = 16
  private static let maximumObjects = 100_000
  /// What a file begins with.
  package static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads all datasets by path; the attribute `name` of a dataset's group becomes its layer.
  package static func tensors(
    parsing bytes: [UInt8], place: String
  ) throws(InterchangeError) -> [ForeignTensor] {
    guard bytes.count <= maximumBytes else {
      throw InterchangeError(at: place, expected: "at most \(maximumBytes) bytes", received: "\(bytes.count)")
    }
    var walk = Walk(reader: try HDF5Reader(bytes, place: place))
    let root = try walk.reader.messages(of: walk.reader.root)
    guard walk.kind(of: root) == .group else {
      throw InterchangeError(at: place, expected: "a root group", received: "none")
    }
    try walk.visit(root, "", 0)
    return walk.tensors
  }

  /// A walk through the groups of a file.
  private struct Walk {
    enum Kind { case group, dataset, other }

    var reader: HDF5Reader
    var tensors: [ForeignTensor] = []
    var objects = 0

    func kind(of object: [HDF5Message]) -> Kind {
      if object.has(.layout) { return .dataset }
      return object.has(.symbolTable) || object.has(.linkInfo) || object.has(.groupInfo) ? .group : .other
    }

    mutating func visit(_ group: [HDF5Message], _ path: String, _ depth: Int) throws(InterchangeError) {
      guard depth <= maximumDepth else {
        throw reader.fault("groups nested at most \(maximumDepth) deep", "deeper ones", in: path)
      }
      let layer = try reader.text("name", of: group)
      for link in try reader.links(of: group) {
        objects += 1
        guard objects <= maximumObjects else {
          throw reader.fault("at most \(maximumObjects) objects", "more", in: path)
        }
        let name = path + (path.isEmpty ? "" : "/") + link.name
        guard let address = link.address else {
          throw reader.fault("an object of this file", "a link to elsewhere", in: name)
        }
        let object = try reader.messages(of: address)
        switch kind(of: object) {
        case .group: try visit(object, name, depth + 1)
        case .dataset:
          tensors.append(ForeignTensor(name, try reader.tensor(of: object, named: name), layer: layer))
        case .other: throw reader.fault("a group or a dataset", "something else", in: name)
        }
      }
    }
  }

  /// The bytes of a file with these datasets; equal tensors give equal bytes.
  ///
  /// The layer of the first dataset in a group becomes the group's attribute `name`.
  ///
  /// - Parameters:
  ///   - tensors: The datasets by path.
  ///   - place: The file, or what its names are taken from, as errors call it.
  /// - Throws: The name or shape that HDF5 does not take.
  package static func encoding(
    _ tensors: [ForeignTensor], place: String = "HDF5"
  ) throws(InterchangeError) -> [UInt8] {
    try withHDF5 { () -> Result<[UInt8], InterchangeError> in
      let file = martlet_h5_create()
      precondition(file >= 0, "libhdf5 cannot create a file in memory")
      defer { martlet_h5_close_file(file) }
      var made: Set<String> = [""]
      for tensor in tensors {
        let group = tensor.parts("/").group
        if made.insert(group).inserted, martlet_h5_make_group(file, group, tensor.layer) < 0 {
          return .failure(refused(tensor, place))
        }
        guard write(tensor, to: file) else { return .failure(refused(tensor, place)) }
      }
      return .success(image(of: file))
    }.get()
  }

  private static func write(_ tensor: ForeignTensor, to file: hid_t) -> Bool {
    tensor.value.withUnsafeBytes { bytes in
      martlet_h5_write(
        file, tensor.name, ScalarFormat(tensor.value).hdf5, Int32(tensor.value.shape.count),
        tensor.value.shape.map { UInt64($0) }, bytes.baseAddress) >= 0
    }
  }

  private static func refused(_ tensor: ForeignTensor, _ place: String) -> InterchangeError {
    InterchangeError(
      at: place, expected: "a name that no group or dataset has, and at most \(MARTLET_H5_RANK) axes",
      received: "\(tensor.name) \(tensor.value.shape)", hint: "rename it in the file that gave the names")
  }

  private static func image(of file: hid_t) -> [UInt8] {
    let size = martlet_h5_image(file, nil, 0)
    precondition(size > 0, "libhdf5 gives no bytes")
    var bytes = [UInt8](repeating: 0, count: size)
    let written = martlet_h5_image(file, &bytes, size)
    precondition(written == size, "libhdf5 gives \(written) of \(size) bytes")
    return bytes
  }
}

extension ScalarFormat {
  fileprivate var hdf5: Int32 {
    let element =
      switch self {
      case .float32: MARTLET_H5_FLOAT32
      case .float64: MARTLET_H5_FLOAT64
      case .int32: MARTLET_H5_INT32
      case .int64: MARTLET_H5_INT64
      case .uint8, .bool: MARTLET_H5_UINT8
      }
    return Int32(element.rawValue)
  }
}
