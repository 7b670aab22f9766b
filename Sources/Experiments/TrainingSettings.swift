import MartletDatasets
import MartletImages
import MartletNetworks
import MartletTraining

/// The settings of a training.
package struct TrainingSettings: Sendable, Equatable {
  /// The losses there are, by what the labels and the network's outputs are.
  package enum LossKind: String, Sendable {
    case sparseFromScores = "sparse_categorical_crossentropy_from_logits"
    case sparseFromProbabilities = "sparse_categorical_crossentropy"
    case rowsFromScores = "categorical_crossentropy_from_logits"
    case rowsFromProbabilities = "categorical_crossentropy"

    package var loss: Loss {
      switch self {
      case .sparseFromScores: .sparseCategoricalCrossEntropy(fromLogits: true)
      case .sparseFromProbabilities: .sparseCategoricalCrossEntropy()
      case .rowsFromScores: .categoricalCrossEntropy(fromLogits: true)
      case .rowsFromProbabilities: .categoricalCrossEntropy()
      }
    }
  }

  package var epochs: Int
  package var batchSize: Int
  package var loss: LossKind
  package var optimizer = OptimizerSetting.adam
  package var learningRate = 0.001
  package var schedule = ScheduleSetting.constant
  package var validation = ValidationSetting.none
  package var sampling = SamplingSetting.none
  package var seed = 0
  /// Random changes to the training images, such as `flip,crop:4`.
  package var augmentation: Augmentation?
  /// Keeps to direct sums where a faster algorithm rounds otherwise.
  package var exact: ExactLayers = false
  /// Whether the classes count alike, however many images each has.
  package var balancesClasses = false
  /// What the pictures of a folder are brought to.
  package var imageSize: FolderSize?
  /// What becomes of pictures of a folder that cannot be decoded.
  package var corruptImages = ImageFolder.CorruptImages.skip
  /// Use only the first images of the training part.
  package var limit: Int?
  /// What is added to the loss, besides the layers' own regularizers.
  package var penalties = PenaltySetting.none
  /// How far gradients may reach.
  package var clipping = ClippingSetting.none
  /// Epochs without a better validation loss after which the training ends with its best weights.
  package var patience: Int?
  /// Epochs without a better validation loss after which the rate becomes a tenth.
  package var plateau: Int?
  /// The loss of an epoch at or below which the training ends.
  package var stopLoss: Double?
  /// Tells the mean loss of so many batches, again and again.
  package var runningLoss: Int?
  /// Whether the mean norm of an epoch's gradients is among its figures.
  package var notesGradientNorm = false
}
