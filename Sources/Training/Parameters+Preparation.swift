import MartletDatasets
import MartletNetworks
import MartletTensors

extension Parameters {
  /// How the images were prepared that the weights were trained on, or nil where nobody said.
  ///
  /// `Trainer.fit` sets it and files of weights keep it; evaluating or predicting on a data set that was prepared
  /// otherwise is refused. A loop written by hand says it itself:
  /// `step.parameters.preparation = train.preparation`.
  public var preparation: DataPreparation? {
    get { notes[Self.preparationKey].flatMap { try? DataPreparation(jsonText: $0) } }
    set { notes[Self.preparationKey] = newValue?.jsonText }
  }

  private static let preparationKey = "martlet.preparation"

  /// What a file says about it, for `preparation`; nil where it is silent, as earlier versions were.
  static func preparation(_ file: TensorFile, from place: String) throws(TrainingError) -> DataPreparation? {
    guard let text = file.metadata[preparationKey] else { return nil }
    do { return try DataPreparation(jsonText: text, at: place) } catch {
      throw TrainingError(
        .badData, at: place, expected: "notes on how the images were prepared", received: "\(error)")
    }
  }
}
