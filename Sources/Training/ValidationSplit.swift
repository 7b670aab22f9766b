import MartletDatasets

/// The images on which a training is validated after each epoch.
public enum ValidationSplit: Sendable {
  /// A part of the training images, held out before any shuffling.
  case heldOut(ImageDataset.Split)
  /// Other images.
  case data(ImageDataset)

  /// Holds out the first `count` images.
  public static func first(_ count: Int) -> ValidationSplit { .heldOut(.first(count)) }
  /// Holds out a fraction of the images, from the beginning.
  public static func first(_ fraction: Double) -> ValidationSplit { .heldOut(.first(fraction)) }
  /// Holds out the last `count` images.
  public static func last(_ count: Int) -> ValidationSplit { .heldOut(.last(count)) }
  /// Holds out a fraction of the images, from the end.
  public static func last(_ fraction: Double) -> ValidationSplit { .heldOut(.last(fraction)) }
  /// Holds out `count` images drawn without replacement.
  public static func random(_ count: Int, seed: UInt64 = 0) -> ValidationSplit {
    .heldOut(.random(count, seed: seed))
  }
  /// Holds out a fraction of the images, drawn without replacement.
  public static func random(_ fraction: Double, seed: UInt64 = 0) -> ValidationSplit {
    .heldOut(.random(fraction, seed: seed))
  }
  /// Holds out a fraction of each class, drawn without replacement.
  public static func stratified(_ fraction: Double, seed: UInt64 = 0) -> ValidationSplit {
    .heldOut(.stratified(fraction, seed: seed))
  }

  /// The images to train on and those to validate on.
  func divide(_ data: ImageDataset) throws(DatasetError) -> (training: ImageDataset, validation: ImageDataset)
  {
    switch self {
    case .heldOut(let split):
      let (rest, heldOut) = try data.split(split)
      return (rest, heldOut)
    case .data(let other): return (data, other)
    }
  }

  /// The weights of the images to train on and of those to validate on; other images have none.
  func divide(
    _ weights: [Float], of data: ImageDataset
  ) throws(DatasetError) -> (training: [Float], validation: [Float]?) {
    guard case .heldOut(let split) = self else { return (weights, nil) }
    let (rest, heldOut) = try data.indices(of: split)
    return (rest.map { weights[$0] }, heldOut.map { weights[$0] })
  }

  /// The words for it in notes and messages.
  var text: String {
    switch self {
    case .heldOut(let split): "\(split)"
    case .data(let other): "\(other.count) images of \(other.name)"
    }
  }
}
