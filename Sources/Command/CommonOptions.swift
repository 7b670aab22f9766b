import ArgumentParser
import MartletCPU
import MartletDatasets
import MartletExperiments
import MartletImages

/// The options that every verb takes.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder with the data sets' official files; else MARTLET_DATA, else the cache.", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("Decides all that is random, from 0 to 2^63 - 1.", valueName: "n"))
  var seed: String?

  @Option(
    help: ArgumentHelp("The number of threads; the processors that may be used if not given.", valueName: "n")
  )
  var threads: Int?

  @Flag(help: "Write one JSON object a line, the last with \"event\": \"result\".")
  var json = false

  /// Refuses what is out of range.
  func check() throws {
    _ = try checkedSeed()
    if let threads, !(1...1024).contains(threads) {
      throw Failure(
        .usage, at: "--threads", expected: "a number from 1 to 1024", received: "\(threads)",
        hint: "leave it out to use all processors")
    }
  }

  /// The seed given; nil where there is none.
  func checkedSeed() throws -> Int? {
    guard let seed else { return nil }
    guard let number = Int(seed), number >= 0 else {
      throw Failure(
        .usage, at: "--seed", expected: "a whole number from 0 to \(Int.max)", received: seed,
        hint: "choose another seed")
    }
    return number
  }

  /// So many seeds from the one given on, or from another where none is given.
  func seeds(_ count: Int, from standard: Int) throws -> ClosedRange<Int> {
    let first = try checkedSeed() ?? standard
    guard first <= Int.max - (count - 1) else {
      throw Failure(
        .usage, at: "--seed", expected: "room for \(count) seeds", received: "\(first)",
        hint: "choose a smaller seed")
    }
    return first...first + (count - 1)
  }

  /// The threads given, else the processors that may be used.
  var threadCount: Int { threads ?? WorkerPool.usableProcessors }

  /// Loads the images of a system and tells on the way what takes time.
  ///
  /// - Parameter conversion: What becomes of the pictures of a folder; else its settings say it.
  func load(_ system: TrainingSystem, as conversion: ImageConversion? = nil) throws -> SystemData {
    let loaded = try SystemData(
      system.dataset, size: system.settings.imageSize, conversion: conversion,
      onCorrupt: system.settings.corruptImages, directory: data, threads: threadCount, observer: observer())
    if loaded.skippedCount > 0 {
      let count = loaded.skippedCount + loaded.train.count + loaded.test.count
      Output.warn(
        "\(loaded.title): \(loaded.skippedCount) of \(count) pictures cannot be decoded and are left out; "
          + "--corrupt-images refuse stops instead")
    }
    let untested = loaded.untestedClasses
    if let first = untested.first {
      Output.warn(
        "\(loaded.title): no test image shows \(first)"
          + (untested.count > 1 ? " or \(untested.count - 1) more classes" : "")
          + "; add pictures of each class to test/CLASS")
    }
    return loaded
  }

  /// Loads the images that a run's network is to take.
  func load(for configuration: RunConfiguration) throws -> SystemData {
    let dataset = configuration.system.dataset
    return try load(
      configuration.system,
      as: SystemData.isFolder(dataset) ? try configuration.conversion(at: dataset) : nil)
  }

  /// Loads a data set and tells on the way what takes time.
  func load(_ card: DatasetCard) throws -> TrainTest {
    try DatasetCatalog.load(card.id, from: data, observer: observer())
  }

  private func observer() -> DatasetObserver {
    var told = -1
    return { event in
      switch event {
      case .progress(let file, let received, let size):
        // A line for each tenth floods no log.
        let tenth = size > 0 ? received * 10 / size : 0
        if tenth != told { Output.remark("\(file): \(tenth * 10)%") }
        told = tenth
      case .downloading, .unpacking, .decoding, .waiting: Output.remark(event.description)
      case .sourceFailed, .notOfficial, .notCached, .skipped, .ignored: Output.warn(event.description)
      }
    }
  }
}

/// Refuses a number below 1 or too great.
func requirePositive(_ value: Int?, _ option: String, atMost most: Int = SettingLimit.count) throws {
  guard let value else { return }
  try SettingLimit.count("\(value)", at: option, atMost: most)
}
