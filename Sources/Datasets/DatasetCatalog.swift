import MartletTensors

/// The training and the test half of a data set.
public typealias TrainTest = (train: ImageDataset, test: ImageDataset)

/// All named data sets.
public enum DatasetCatalog {
  /// The data sets in the order in which they are listed.
  public static let all: [DatasetCard] = [.mnist, .fashionMNIST, .cifar10, .cifar100, .cifar100Coarse]

  /// The card of a data set.
  ///
  /// - Parameter id: A name such as `fashion-mnist`; case, `_` and blanks do not matter.
  /// - Throws: `DatasetError` of kind `unknownName`, with the nearest names.
  public static func card(_ id: String) throws(DatasetError) -> DatasetCard {
    let wanted = normalized(id)
    if let card = all.first(where: { normalized($0.id) == wanted }) { return card }
    throw DatasetError(
      .unknownName, at: "data set \"\(id)\"",
      expected: "one of " + all.map(\.id).joined(separator: ", "), received: "an unknown name",
      hint: nearestName(to: id, among: all.map(\.id)).map { "did you mean \($0)?" })
  }

  /// Loads a data set by name: from a folder, the cache, the system, or the network, in this order.
  ///
  /// - Parameters:
  ///   - id: The name.
  ///   - directory: A folder that holds the official files, plain or compressed; `MARTLET_DATA` names one
  ///     for all programs.
  ///   - observer: Is told of downloads and warnings.
  /// - Returns: The training and the test images.
  public static func load(
    _ id: String, from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    try DatasetStore().load(try card(id), from: directory, observer: observer)
  }

  /// Where a data set would be loaded from without the network; nil where it would have to be fetched.
  public static func location(_ id: String, directory: String? = nil) throws(DatasetError) -> String? {
    try DatasetStore().location(of: try card(id), directory: directory)
  }

  /// The folder of the cache: `MARTLET_CACHE`, else `XDG_CACHE_HOME/martlet`, else `~/.cache/martlet`.
  public static var cacheFolder: String { DatasetStore().cache.folder }

  private static func normalized(_ id: String) -> String {
    id.lowercased().filter { $0.isLetter || $0.isNumber }
  }
}

/// Handwritten digits: 60,000 training and 10,000 test images, 28x28, gray.
public enum MNIST {
  /// Loads the images; see `DatasetCatalog.load` for where from.
  public static func load(
    from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    try DatasetStore().load(.mnist, from: directory, observer: observer)
  }
}

/// Clothes in ten classes: 60,000 training and 10,000 test images, 28x28, gray.
public enum FashionMNIST {
  /// Loads the images; see `DatasetCatalog.load` for where from.
  public static func load(
    from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    try DatasetStore().load(.fashionMNIST, from: directory, observer: observer)
  }
}

/// Photographs in ten classes: 50,000 training and 10,000 test images, 32x32, color.
public enum CIFAR10 {
  /// Loads the images; see `DatasetCatalog.load` for where from.
  public static func load(
    from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    try DatasetStore().load(.cifar10, from: directory, observer: observer)
  }
}

/// Photographs in 100 classes of 20 superclasses: 50,000 training and 10,000 test images, 32x32, color.
public enum CIFAR100 {
  /// The two levels of labels.
  public enum Labels: Sendable {
    /// The 100 classes.
    case fine
    /// The 20 superclasses.
    case coarse
  }

  /// Loads the images with one level of labels; see `DatasetCatalog.load` for where from.
  public static func load(
    labels: Labels = .fine, from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    let card: DatasetCard = labels == .fine ? .cifar100 : .cifar100Coarse
    return try DatasetStore().load(card, from: directory, observer: observer)
  }
}
