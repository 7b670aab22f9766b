/// Something worth telling while a data set is found, fetched and unpacked.
public enum DatasetEvent: Sendable, Equatable, CustomStringConvertible {
  /// A download begins from `url`; `size` is the expected number of bytes.
  case downloading(file: String, url: String, size: Int)
  /// Bytes of a download that have arrived so far.
  case progress(file: String, received: Int, size: Int)
  /// A source failed; the next one is tried if there is one.
  case sourceFailed(file: String, reason: String)
  /// Files found at `path` are checked and unpacked.
  case unpacking(dataset: String, path: String)
  /// Pictures of a folder that have been decoded so far.
  case decoding(dataset: String, done: Int, total: Int)
  /// A picture that cannot be decoded, or a folder that is no part of the data set, is left out.
  case skipped(file: String, reason: String)
  /// Files in a class folder are neither PNG nor JPEG by their names; one of them is named.
  case ignored(folder: String, count: Int, example: String)
  /// Another process prepares the same data set; this one waits for it.
  case waiting(dataset: String)
  /// The files at `path` are complete and well formed, yet not the published ones.
  case notOfficial(dataset: String, path: String)
  /// The cache cannot be written, so the data are kept in memory.
  case notCached(dataset: String, reason: String)

  /// Whether it deserves the user's attention.
  public var isWarning: Bool {
    switch self {
    case .sourceFailed, .notOfficial, .notCached, .skipped, .ignored: true
    case .downloading, .progress, .unpacking, .decoding, .waiting: false
    }
  }

  /// One line of text.
  public var description: String {
    switch self {
    case .downloading(let file, let url, let size): "downloading \(file) (\(size) bytes) from \(url)"
    case .progress(let file, let received, let size): "\(file): \(received) of \(size) bytes"
    case .sourceFailed(let file, let reason): "\(file): \(reason)"
    case .unpacking(let dataset, let path): "unpacking \(dataset) from \(path)"
    case .decoding(let dataset, let done, let total): "\(dataset): \(done) of \(total) pictures decoded"
    case .skipped(_, let reason): "left out: \(reason)"
    case .ignored(let folder, let count, let example):
      "\(folder): \(count) files ignored that are neither PNG nor JPEG, such as \(example)"
    case .waiting(let dataset): "another process is preparing \(dataset); waiting for it"
    case .notOfficial(let dataset, let path):
      "\(path): well formed, but not the official bytes of \(dataset); results compare only with runs on "
        + "this same copy"
    case .notCached(let dataset, let reason):
      "\(dataset) is kept in memory and unpacked at every start: \(reason)"
    }
  }
}

/// Receives what happens while a data set is prepared; it is called on the thread that asked for the data.
public typealias DatasetObserver = (DatasetEvent) -> Void
