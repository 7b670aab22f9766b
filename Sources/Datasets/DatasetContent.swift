import MartletTensors

/// A data set read from its files and checked, before it goes to the cache or to memory.
package struct DatasetContent {
  package let parts: [DatasetCard.Part: DecodedImages]
  package let isOfficial: Bool

  /// Decodes the contents of all files of a data set.
  ///
  /// - Parameters:
  ///   - contents: The bytes of each file, by its official name; emptied on the way to save memory.
  ///   - place: The path that errors name for a file, by its official name.
  ///   - isTrusted: Whether a checksum of the whole archive vouches for the bytes already.
  package init(
    _ contents: inout [String: [UInt8]], of card: DatasetCard, isTrusted: Bool,
    place: (String) -> String
  ) throws(DatasetError) {
    for file in card.files where contents[file.name] == nil {
      throw DatasetError(
        .badData, at: place(file.name), expected: "the file \(file.name)", received: "none of this name")
    }
    for names in card.nameFiles {
      if let bytes = contents.removeValue(forKey: names.name) {
        try names.check(bytes, at: place(names.name))
      }
    }
    var isOfficial = true
    for file in card.files where !isTrusted {
      let digest = SourceFile.digest(of: contents[file.name] ?? [])
      if digest == file.sha256 { continue }
      isOfficial = false
      if let twin = card.files.first(where: { $0.sha256 == digest }) {
        throw DatasetError(
          .badData, at: place(file.name), expected: "bytes of \(file.name)",
          received: "those of \(twin.name)", hint: "the files were mixed up or copied: fetch them again")
      }
      if let other = DatasetCatalog.all.first(where: { $0.files.contains { $0.sha256 == digest } }) {
        throw DatasetError(
          .badData, at: place(file.name), expected: "bytes of \(card.title)",
          received: "those of \(other.title)",
          hint: "put each data set into a folder of its own, such as \(card.folders[0])")
      }
    }
    var parts: [DatasetCard.Part: DecodedImages] = [:]
    func add(_ images: DecodedImages, to part: DatasetCard.Part) {
      if parts[part] == nil { parts[part] = images } else { parts[part]?.append(images) }
    }
    switch card.format {
    case .idx:
      for part in DatasetCard.Part.allCases {
        let pair = card.files.filter { $0.part == part }
        let images = contents.removeValue(forKey: pair[0].name) ?? []
        let labels = contents.removeValue(forKey: pair[1].name) ?? []
        add(
          try IDXFile.pair(
            images: images, at: place(pair[0].name), labels: labels, at: place(pair[1].name),
            imageShape: card.imageShape, classes: card.classNames.count),
          to: part)
      }
    case .cifar(let classes):
      for file in card.files {
        let bytes = contents.removeValue(forKey: file.name) ?? []
        add(try CIFARFile.decode(bytes, file: place(file.name), classes: classes), to: file.part)
      }
    }
    self.parts = parts
    self.isOfficial = isOfficial
  }
}

extension DatasetCard {
  /// The number of classes of each level of labels.
  package var labelLevels: [Int] {
    switch format {
    case .idx: [classNames.count]
    case .cifar(let classes): classes
    }
  }
}
