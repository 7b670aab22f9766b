import MartletTensors

/// How the images of a data set were prepared: what a trained network expects of all data it meets later.
///
/// A checkpoint keeps it as JSON; `require` refuses data that were prepared in another way. Rescaling and
/// normalizing are no part of it, as the network does that itself.
public struct DataPreparation: Sendable, Equatable {
  /// The name of the data set, for messages.
  public var dataset: String
  /// The shape `[H, W, C]` of an image.
  public var imageShape: [Int]
  /// The name of each class, by label.
  public var classNames: [String]
  /// How the images got their size and channels, in the words of `ImageConversion`; nil where they are as
  /// they were published, which suits any conversion to the same shape.
  public var resizing: String?
  /// What was chosen out of the set, one text for each split or sampling; it may differ.
  public var selection: [String]

  /// Creates a description of prepared data.
  public init(
    dataset: String, imageShape: [Int], classNames: [String], resizing: String? = nil,
    selection: [String] = []
  ) {
    self.dataset = dataset
    self.imageShape = imageShape
    self.classNames = classNames
    self.resizing = resizing
    self.selection = selection
  }

  /// Refuses data that a network trained on these would misread.
  ///
  /// The shape of the images must be equal, the classes must be the same in the same order, and so must the
  /// way in which images were resized, where both were. The names of the sets and what was chosen out of
  /// them may differ.
  ///
  /// - Parameters:
  ///   - other: The data that the network is to be used on.
  ///   - classes: Whether the classes are compared; not for images without labels.
  /// - Throws: `DatasetError` of kind `badData` that names both preparations.
  public func require(_ other: DataPreparation, classes: Bool = true) throws(DatasetError) {
    if other.imageShape != imageShape {
      throw mismatch(
        other, "images [H, W, C] of \(imageShape)", "\(other.imageShape)",
        "resize the images as those of the training, or train a network for this size")
    }
    if let resizing, let received = other.resizing, resizing != received {
      throw mismatch(
        other, "images prepared by \"\(resizing)\"", "\"\(received)\"",
        "load the images with the settings of the training")
    }
    guard classes, other.classNames != classNames else { return }
    if other.classNames.count != classNames.count {
      throw mismatch(
        other, "\(classNames.count) classes (\(Self.list(classNames)))",
        "\(other.classNames.count) (\(Self.list(other.classNames)))", nil)
    }
    if let label = classNames.indices.first(where: { classNames[$0] != other.classNames[$0] }) {
      let isOrder = classNames.sorted() == other.classNames.sorted()
      throw mismatch(
        other, "class \(label) to be \"\(classNames[label])\"", "\"\(other.classNames[label])\"",
        isOrder ? "the classes are the same in another order" : nil)
    }
  }

  private func mismatch(
    _ other: DataPreparation, _ expected: String, _ received: String, _ hint: String?
  ) -> DatasetError {
    DatasetError(
      .badData, at: other.dataset,
      expected: "\(expected), as in \(dataset), on which the network was trained",
      received: received, hint: hint)
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : "")
  }
}

extension DataPreparation {
  /// The description as JSON, for checkpoints and run folders.
  package var json: JSON {
    [
      "dataset": .string(dataset), "image_shape": .array(imageShape.map { .integer($0) }),
      "class_names": .array(classNames.map { .string($0) }),
      "resizing": resizing.map { .string($0) } ?? .null,
      "selection": .array(selection.map { .string($0) }),
    ]
  }

  /// The description as one line of JSON.
  public var jsonText: String { json.text }

  /// Reads what `json` wrote.
  ///
  /// - Parameter place: The file that errors name.
  package init(_ json: JSON, at place: String) throws(DatasetError) {
    guard let dataset = json["dataset"]?.stringValue,
      let extents = json["image_shape"]?.arrayValue, extents.count == 3,
      let names = json["class_names"]?.arrayValue, !names.isEmpty, let resizing = json["resizing"],
      resizing == .null || resizing.stringValue != nil, let selection = json["selection"]?.arrayValue
    else { throw Self.unreadable(place, json.text) }
    self.dataset = dataset
    imageShape = extents.compactMap(\.intValue)
    classNames = names.compactMap(\.stringValue)
    self.resizing = resizing.stringValue
    self.selection = selection.compactMap(\.stringValue)
    guard imageShape.count == 3, imageShape.allSatisfy({ $0 > 0 }), classNames.count == names.count,
      self.selection.count == selection.count
    else { throw Self.unreadable(place, json.text) }
  }

  /// Reads what `jsonText` wrote.
  ///
  /// - Parameters:
  ///   - jsonText: The line of JSON.
  ///   - place: The file that errors name.
  /// - Throws: `DatasetError` of kind `badData`.
  public init(jsonText: String, at place: String = "preparation") throws(DatasetError) {
    let json: JSON
    do { json = try JSON(parsing: jsonText) } catch {
      throw DatasetError(.badData, at: place, expected: "JSON", received: "\(error)")
    }
    try self.init(json, at: place)
  }

  private static func unreadable(_ place: String, _ text: String) -> DatasetError {
    DatasetError(
      .badData, at: place,
      expected: "a data set's preparation with dataset, image_shape, class_names, resizing and selection",
      received: String(text.prefix(200)))
  }
}

extension ImageDataset {
  /// How these images were prepared, for a checkpoint to remember.
  public var preparation: DataPreparation {
    DataPreparation(
      dataset: name, imageShape: imageShape, classNames: classNames, resizing: conversion,
      selection: selection)
  }
}
