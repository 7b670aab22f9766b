/// Random changes to the images of a training, drawn anew for each image in each epoch.
///
/// The steps run in order on the bytes `[H, W, C]` in the batch, on the threads that prepare batches; shape
/// and labels stay. What an image becomes is a function of the loader's seed, the epoch, the image's index
/// in the data set and the place of the step in the list: the batch size, the order of the images and the
/// number of threads change nothing.
///
///     let augmentation: Augmentation = [.randomFlip(), .randomCrop(padding: 4)]
///     let loader = try DataLoader(train, batchSize: 64, augmentation: augmentation)
///
/// As text it is `flip,crop:4`: see `init(parsing:)`.
public struct Augmentation: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// The changes, in the order in which they are made.
  public var steps: [Step]

  /// Creates an augmentation of steps that follow each other; none of them leaves the images as they are.
  public init(_ steps: [Step]) { self.steps = steps }

  /// Creates an augmentation of steps that follow each other.
  public init(arrayLiteral steps: Step...) { self.steps = steps }

  /// One random change of an image.
  public enum Step: Sendable, Equatable {
    /// Mirrors the image with the probability 1/2 for each direction.
    case randomFlip(Direction = .horizontal)
    /// Moves the image by whole pixels, at most `padding` up, down, left and right, as cutting the old size
    /// out of the padded image does; every position is as likely.
    case randomCrop(padding: Int = 4, border: Border = .constant(0))
    /// Moves the image by at most the fractions of its height and width; interpolates bilinearly.
    case randomTranslation(height: Double, width: Double, border: Border = .reflect)
    /// Turns the image about its center by an angle from -degrees to +degrees; interpolates bilinearly.
    case randomRotation(degrees: Double, border: Border = .reflect)
    /// Scales the image about its center by a factor from 1 - height to 1 + height, and its columns by one
    /// of their own where `width` is given; interpolates bilinearly.
    ///
    /// The factor is that of the region shown: above 1 the content gets smaller, as in Keras.
    case randomZoom(height: Double, width: Double? = nil, border: Border = .reflect)
    /// Overwrites a rectangle, with a probability: its area is a part of the image's from `area`, its height
    /// divided by its width is from `aspect`, at most 0.001...1000, drawn evenly on a logarithmic scale.
    ///
    /// A rectangle that does not fit is drawn again, at most ten times (Zhong et al., "Random Erasing Data
    /// Augmentation", AAAI 2020).
    case randomErasing(
      probability: Double = 0.5, area: ClosedRange<Double> = 0.02...0.33,
      aspect: ClosedRange<Double> = 0.3...3.3, fill: UInt8 = 0)
    /// Adds one number from -255 · factor to 255 · factor to all values and cuts them off at 0 and 255.
    case randomBrightness(Double)
    /// Multiplies each value's distance to the mean of its channel in the image by a number from 1 - factor
    /// to 1 + factor and cuts the values off at 0 and 255.
    case randomContrast(Double)
  }

  /// The directions in which an image may be mirrored.
  public enum Direction: String, Sendable, CaseIterable {
    /// Left and right change places.
    case horizontal
    /// Above and below change places.
    case vertical
    /// Each of the two is drawn on its own.
    case both
  }

  /// What lies beyond the edges of an image.
  public enum Border: Sendable, Equatable {
    /// One value in all channels.
    case constant(UInt8)
    /// The nearest pixel: a a | a b c | c c.
    case nearest
    /// The image mirrored at its edge, the edge included: b a | a b c | c b.
    case reflect

    /// The position in `0..<extent` that stands for any position; -1 for the constant.
    @inline(__always)
    func position(_ index: Int, extent: Int) -> Int {
      if index >= 0 && index < extent { return index }
      switch self {
      case .constant: return -1
      case .nearest: return index < 0 ? 0 : extent - 1
      case .reflect:
        let period = 2 * extent
        let rest = ((index % period) + period) % period
        return rest < extent ? rest : period - 1 - rest
      }
    }
  }
}
