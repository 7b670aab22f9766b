import MartletDatasets

extension TrainingSystem {
  /// About how many steps all epochs take; nil for a folder of pictures, which would have to be counted.
  package var plannedSteps: Int? {
    guard let card = try? DatasetCatalog.card(dataset) else { return nil }
    var images = Double(card.trainCount)
    switch settings.sampling {
    case .none: break
    case .bootstrap(let fraction, _), .stratified(let fraction, _): images = (images * fraction).rounded()
    }
    if let limit = settings.limit { images = min(images, Double(limit)) }
    switch settings.validation {
    case .none: break
    case .first(.count(let count)), .last(.count(let count)), .random(.count(let count), _):
      images -= Double(count)
    case .first(.fraction(let fraction)), .last(.fraction(let fraction)), .random(.fraction(let fraction), _),
      .stratified(let fraction, _):
      images = (images * (1 - fraction)).rounded(.down)
    }
    guard images > 0 else { return 0 }
    return Int((images / Double(settings.batchSize)).rounded(.up)) * settings.epochs
  }
}
