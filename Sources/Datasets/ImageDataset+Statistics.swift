import MartletTensors

/// The mean and the deviation of each channel of some images, on the scale on which bytes are x / 255.
public struct ChannelMoments: Sendable, Equatable {
  /// The mean of each channel.
  public let mean: [Double]
  /// The standard deviation of each channel: the root of the mean square distance to the mean, without
  /// Bessel's correction.
  public let deviation: [Double]
}

extension ImageDataset {
  /// The SHA-256 of all labels in order, and of 256 images spread over all, the first and the last among them.
  package var contentDigest: String {
    var digest = SHA256()
    labels.withUnsafeBytes { digest.update($0) }
    let most = Swift.max(1, Swift.min(count, 256) - 1)
    for place in 0...most { withImage(at: place * (count - 1) / most) { digest.update($0) } }
    return digest.hexDigest()
  }

  /// A weight for each class that makes all classes count equally: n / (k · images of the class), for n
  /// images in k classes that occur, as in scikit-learn's `balanced`.
  ///
  /// A class without images gets the weight 0.
  public var balancedClassWeights: [Double] {
    let counts = classCounts
    let occurring = counts.count { $0 > 0 }
    return counts.map { $0 == 0 ? 0 : Double(count) / Double(occurring * $0) }
  }

  /// The labels as rows with a 1 at the place of the class and 0 elsewhere, `[N, classes]`.
  public var oneHotLabels: Tensor<Float> {
    Tensor(shape: [count], scalars: labels).oneHot(classCount: classNames.count)
  }

  /// The mean and the deviation of each channel over all pixels of all images, for a `Normalize` layer after
  /// `Rescale(1 / 255)`.
  ///
  /// The sums are exact, whatever the number of images; only the results are rounded, to Double. Images
  /// that occur twice count twice. Reads all pixels: about a second for a gigabyte.
  public func channelMoments() -> ChannelMoments {
    var counts = [[UInt64]](repeating: [UInt64](repeating: 0, count: 256), count: channels)
    for index in 0..<count {
      withImage(at: index) { bytes in
        for channel in 0..<channels {
          counts[channel].withUnsafeMutableBufferPointer { table in
            for place in stride(from: channel, to: bytes.count, by: channels) {
              table[Int(bytes[place])] &+= 1
            }
          }
        }
      }
    }
    let total = UInt128(count * height * width)
    var (mean, deviation): ([Double], [Double]) = ([], [])
    for table in counts {
      var (sum, squares): (UInt128, UInt128) = (0, 0)
      for (value, number) in table.enumerated() {
        sum += UInt128(number) * UInt128(value)
        squares += UInt128(number) * UInt128(value * value)
      }
      mean.append(Double(sum) / Double(total) / 255)
      // n · Σx² - (Σx)² is an integer, so nothing is lost where mean and deviation are far apart.
      deviation.append(Double(total * squares - sum * sum).squareRoot() / Double(total) / 255)
    }
    return ChannelMoments(mean: mean, deviation: deviation)
  }
}

extension Tensor<Int32> {
  /// Labels `[N]` as rows with a 1 at the place of the class and 0 elsewhere, `[N, classCount]`.
  public func oneHot(classCount: Int) -> Tensor<Float> {
    var result = Tensor<Float>(repeating: 0, shape: [count, classCount])
    for (row, label) in scalars.enumerated() {
      precondition(label >= 0 && label < classCount, "label \(label) of \(classCount) classes")
      result.scalars[row * classCount + Int(label)] = 1
    }
    return result
  }
}
