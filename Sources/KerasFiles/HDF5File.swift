import CMartletHDF5
import MartletInterchange
import MartletTensors

/// The datasets of an HDF5 file in memory: plain ones of known types, reached by hard links alone.
///
/// Links to other files, virtual datasets, filters and datasets larger than the file are refused before
/// anything is allocated; the library itself parses, so a damaged file is as safe as the library is.
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
    guard bytes.starts(with: signature) else {
      throw InterchangeError(at: place, offset: 0, expected: "an HDF5 file", received: "other first bytes")
    }
    return try withHDF5 { () throws(InterchangeError) in
      let file = bytes.withUnsafeBytes { martlet_h5_open($0.baseAddress, $0.count) }
      guard file >= 0 else {
        throw InterchangeError(
          at: place, expected: "an HDF5 file", received: "one that the library cannot open",
          hint: "is it cut off? copy it again")
      }
      defer { martlet_h5_close_file(file) }
      let root = martlet_h5_root(file)
      guard root >= 0 else {
        throw InterchangeError(at: place, expected: "a root group", received: "none")
      }
      defer { martlet_h5_close_object(root) }
      var walk = Walk(place: place, fileBytes: bytes.count)
      try walk.visit(root, "", 0)
      return walk.tensors
    }
  }

  /// A walk through the groups of a file.
  private struct Walk {
    let place: String
    let fileBytes: Int
    var tensors: [ForeignTensor] = []
    var objects = 0

    mutating func visit(_ group: hid_t, _ path: String, _ depth: Int) throws(InterchangeError) {
      let count = martlet_h5_link_count(group)
      guard count >= 0, depth <= maximumDepth else {
        throw fault(path, "groups nested at most \(maximumDepth) deep", "deeper or damaged ones")
      }
      let layer = text(group)
      for index in 0..<UInt64(count) {
        objects += 1
        guard objects <= maximumObjects else {
          throw fault(path, "at most \(maximumObjects) objects", "more")
        }
        let name = path + (path.isEmpty ? "" : "/") + (try linkName(group, index, path))
        guard martlet_h5_link_is_hard(group, index) else {
          throw fault(name, "an object of this file", "a link to elsewhere")
        }
        let child = martlet_h5_child(group, index)
        guard child >= 0 else { throw fault(name, "an object", "a damaged one") }
        defer { martlet_h5_close_object(child) }
        switch martlet_h5_kind_of(child) {
        case Int32(MARTLET_H5_GROUP.rawValue): try visit(child, name, depth + 1)
        case Int32(MARTLET_H5_DATASET.rawValue):
          tensors.append(ForeignTensor(name, try tensor(child, name), layer: layer))
        default: throw fault(name, "a group or a dataset", "something else")
        }
      }
    }

    func fault(_ path: String, _ expected: String, _ received: String) -> InterchangeError {
      InterchangeError(at: path.isEmpty ? place : "\(place): \(path)", expected: expected, received: received)
    }

    private func text(_ group: hid_t) -> String? {
      var buffer = [CChar](repeating: 0, count: 1024)
      let length = martlet_h5_text(group, "name", &buffer, buffer.count)
      guard length >= 0 else { return nil }
      return String(decoding: buffer[..<Int(length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func linkName(
      _ group: hid_t, _ index: UInt64, _ path: String
    ) throws(InterchangeError) -> String {
      var buffer = [CChar](repeating: 0, count: 1024)
      let length = martlet_h5_link_name(group, index, &buffer, buffer.count)
      guard length > 0, length < buffer.count else {
        throw fault(path, "names of at most \(buffer.count - 1) bytes", "\(length)")
      }
      return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func tensor(_ dataset: hid_t, _ name: String) throws(InterchangeError) -> AnyTensor {
      var element: Int32 = 0
      var extents = [UInt64](repeating: 0, count: Int(MARTLET_H5_RANK))
      let rank = martlet_h5_describe(dataset, &element, &extents)
      guard rank >= 0 else { throw fault(name, "a dataset with extents", "none") }
      guard let format = ScalarFormat(hdf5: element) else {
        throw fault(name, "float32, float64, int32, int64 or uint8", "another element type")
      }
      let shape = extents[..<Int(rank)].map { Int(clamping: $0) }
      guard let size = format.byteCount(of: shape), size <= fileBytes else {
        throw fault(name, "at most the file's \(fileBytes) bytes", "shape \(shape)")
      }
      guard martlet_h5_is_plain(dataset) else {
        throw fault(name, "elements stored as they are in this file", "filtered, chunked or outer ones")
      }
      guard martlet_h5_stored_bytes(dataset) == UInt64(size) else {
        throw fault(name, "\(size) bytes for shape \(shape)", "\(martlet_h5_stored_bytes(dataset))")
      }
      var bytes = [UInt8](repeating: 0, count: size)
      guard size == 0 || martlet_h5_read(dataset, element, &bytes) >= 0 else {
        throw fault(name, "\(size) bytes", "damaged ones")
      }
      return format.tensor(shape, bytes[...])
    }
  }

  /// The bytes of a file with these datasets; equal tensors give equal bytes.
  ///
  /// The layer of the first dataset in a group becomes the group's attribute `name`.
  package static func encoding(_ tensors: [ForeignTensor]) -> [UInt8] {
    withHDF5 {
      let file = martlet_h5_create()
      precondition(file >= 0, "libhdf5 cannot create a file in memory")
      defer { martlet_h5_close_file(file) }
      var made: Set<String> = [""]
      for tensor in tensors {
        let group = tensor.name.lastIndex(of: "/").map { String(tensor.name[..<$0]) } ?? ""
        if made.insert(group).inserted {
          let status = martlet_h5_make_group(file, group, tensor.layer)
          precondition(status >= 0, "libhdf5 cannot create the group \(group)")
        }
        let status = tensor.value.withUnsafeBytes { bytes in
          martlet_h5_write(
            file, tensor.name, ScalarFormat(tensor.value).hdf5, Int32(tensor.value.shape.count),
            tensor.value.shape.map { UInt64($0) }, bytes.baseAddress)
        }
        precondition(status >= 0, "libhdf5 cannot write \(tensor.name)")
      }
      let size = martlet_h5_image(file, nil, 0)
      precondition(size > 0, "libhdf5 gives no bytes")
      var bytes = [UInt8](repeating: 0, count: size)
      let written = martlet_h5_image(file, &bytes, size)
      precondition(written == size, "libhdf5 gives \(written) of \(size) bytes")
      return bytes
    }
  }
}

extension ScalarFormat {
  fileprivate init?(hdf5 element: Int32) {
    switch UInt32(element) {
    case MARTLET_H5_FLOAT32.rawValue: self = .float32
    case MARTLET_H5_FLOAT64.rawValue: self = .float64
    case MARTLET_H5_INT32.rawValue: self = .int32
    case MARTLET_H5_INT64.rawValue: self = .int64
    case MARTLET_H5_UINT8.rawValue: self = .uint8
    default: return nil
    }
  }

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
