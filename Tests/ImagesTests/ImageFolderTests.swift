import Foundation
import MartletDatasets
import MartletImages
import MartletTensors
import Testing

struct ImageFolderTests {
  private func error(_ body: () throws -> Void) -> DatasetError? {
    do { try body() } catch { return error as? DatasetError }
    return nil
  }

  /// Whether each image has the value that tells its class.
  private func isConsistent(_ data: ImageDataset) -> Bool {
    (0..<data.count).allSatisfy { index in
      Int(data.image(at: index).scalars[0]) / 80 == data.label(at: index)
    }
  }

  @Test func trainAndTestFoldersAreRead() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "train/", each: 12)
    try folder.addClasses(under: "test/", each: 3)
    try folder.add(".hidden/x.png", 1)
    try folder.add("train/.thumbnails/x.png", 1)
    try folder.add("train/cat/.cover.png", 1)
    let pets = try ImageFolder.load(folder.path)
    #expect(pets.classNames == ["cat", "dog", "owl"])
    #expect(pets.train.count == 36 && pets.train.classCounts == [12, 12, 12])
    #expect(pets.train.imageShape == [4, 5, 1] && pets.train.name == "pets train")
    #expect(isConsistent(pets.train))
    #expect(Set((0..<36).map { pets.train.image(at: $0).scalars[0] }).count == 36)
    let test = try #require(pets.test)
    #expect(test.classCounts == [3, 3, 3] && isConsistent(test) && test.name == "pets test")
    #expect(pets.skippedCount == 0)
    #expect(pets.train.preparation.resizing == "4x5x1 automatic stretch")
    try pets.train.preparation.require(test.preparation)
  }

  @Test func classFoldersAloneAreAllTraining() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 10)
    // A class may be called train.
    try folder.add("train/1.png", 250)
    let pets = try folder.load()
    #expect(pets.test == nil && pets.classNames == ["cat", "dog", "owl", "train"])
    #expect(pets.train.classCounts == [10, 10, 10, 1])
  }

  @Test func aPartOfTheImagesHasAllClasses() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 40)
    let all = try folder.load().train
    #expect(try all.split(.last(0.3)).heldOut.classCounts.allSatisfy { $0 >= 4 })
    let few = try folder.load(FolderSettings(limit: 30)).train
    #expect(few.count == 30 && few.classCounts.allSatisfy { $0 >= 4 })
    #expect(few.labels == Array(all.labels.prefix(30)))
    #expect(error { _ = try folder.load(FolderSettings(limit: 0)) }?.kind == .badArgument)
  }

  @Test func sizesAndChannelsAreBroughtTogether() throws {
    let folder = try PictureFolder()
    try folder.add("a/1.png", 10, shape: [4, 8, 3])
    try folder.add("a/2.JPEG", 20, shape: [9, 3, 1])
    try folder.add("b/deep/er/3.png", 30, shape: [5, 5, 1])
    let fault = error { _ = try folder.load() }
    #expect(fault?.description.contains("pixels, the size of ") == true)
    #expect(fault?.description.contains("give the size to which all are to be brought") == true)
    let size = (height: 6, width: 7)
    let color = try folder.load(FolderSettings(size: size))
    #expect(color.train.imageShape == [6, 7, 3] && color.conversion.description == "6x7x3 automatic stretch")
    #expect(color.train.classCounts == [2, 1])
    let gray = try folder.load(FolderSettings(size: size, channels: .gray, method: .area, fit: .pad))
    #expect(gray.train.imageShape == [6, 7, 1] && gray.conversion.description == "6x7x1 area pad")
    // A network for one preparation refuses the other, though the shape is the same.
    let cropped = try folder.load(FolderSettings(size: size, fit: .crop))
    let refusal = error {
      try color.train.preparation.require(cropped.train.preparation)
    }
    #expect(refusal?.description.contains("automatic stretch") == true)
    #expect(refusal?.description.contains("automatic crop") == true)
    #expect(error { _ = try folder.load(FolderSettings(size: (0, 5))) }?.kind == .badArgument)
  }

  @Test func testImagesBecomeLikeTrainingImages() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "train/", each: 2, shape: [4, 5, 3])
    try folder.addClasses(under: "test/", each: 1, shape: [9, 2, 1])
    let pets = try folder.load()
    #expect(pets.test?.imageShape == [4, 5, 3] && pets.conversion.shape == [4, 5, 3])
    try folder.add("test/fox/1.png", 1)
    let fault = error { _ = try folder.load() }
    #expect(fault?.place.hasSuffix("test/fox") == true)
    #expect(fault?.description.contains("a class that they lack") == true)
  }

  @Test func threadsChangeNothing() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 25)
    func bytes(_ threads: Int, _ limit: Int) throws -> ([Int32], [[UInt8]]) {
      let data = try folder.load(memoryLimit: limit, threads: threads).train
      return (data.labels, (0..<data.count).map { data.image(at: $0).scalars })
    }
    let expected = try bytes(1, 1 << 20)
    for (threads, limit) in [(2, 1 << 20), (7, 1 << 20), (3, 0), (1, 0)] {
      let other = try bytes(threads, limit)
      #expect(other.0 == expected.0 && other.1 == expected.1)
    }
  }

  @Test func manyImagesGoToTheCacheAndComeBack() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "train/", each: 8)
    try folder.addClasses(under: "test/", each: 2)
    var decoded = 0
    func load(_ settings: FolderSettings = FolderSettings()) throws -> ImageFolder {
      decoded = 0
      return try folder.load(settings, memoryLimit: 100) {
        if case .decoding(_, let done, _) = $0 { decoded += done }
      }
    }
    let first = try load()
    #expect(decoded == 30 && folder.cached().count == 2 && first.train.isVerifiable)
    try first.train.verify()
    #expect(isConsistent(first.train))
    let again = try load()
    #expect(decoded == 0 && again.train.labels == first.train.labels && isConsistent(again.train))
    #expect(again.conversion == first.conversion)
    #expect(again.test?.labels == first.test?.labels)
    // Other settings stand beside (their test images are few enough for memory); a new picture takes the
    // place of the old ones.
    _ = try load(FolderSettings(size: (3, 3)))
    #expect(decoded == 30 && folder.cached().count == 3)
    try folder.add("train/owl/new.png", 170)
    let changed = try load()
    #expect(decoded == 25 && changed.train.count == 25 && folder.cached().count == 3)
    // A damaged file is made again.
    for name in folder.cached() {
      try AtomicFile.write([1, 2, 3], to: "\(folder.cache.folder)/\(name)")
    }
    #expect(try load().train.count == 25 && decoded == 31)
  }

  @Test func withoutACacheImagesStayInMemory() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 8)
    let file = folder.root + "/occupied"
    try AtomicFile.write([1], to: file)
    var warnings: [DatasetEvent] = []
    let pets = try ImageFolder.load(
      folder.path, FolderSettings(), cache: DatasetCache(environment: ["MARTLET_CACHE": file]), memoryLimit: 0
    ) { if $0.isWarning { warnings.append($0) } }
    #expect(pets.train.count == 24 && isConsistent(pets.train) && !pets.train.isVerifiable)
    #expect(warnings.count == 1)
  }

  @Test func corruptPicturesAreRefusedOrLeftOut() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 5)
    try folder.add(
      "dog/broken.png", bytes: Array(try ImageCoder.png(Tensor(repeating: 1, shape: [4, 5, 1])).prefix(50)))
    try folder.add("owl/empty.jpg", bytes: [])
    for settings in [FolderSettings(), FolderSettings(size: (4, 5), channels: .gray)] {
      let fault = error { _ = try folder.load(settings) }
      #expect(fault?.kind == .badData)
      #expect(
        fault?.place.hasSuffix("dog/broken.png") == true || fault?.place.hasSuffix("owl/empty.jpg") == true)
      #expect(fault?.description.contains("let corrupt pictures be left out") == true)
    }
    // Decoded into memory, into the cache, and read from there: the same is told each time.
    var told: [[DatasetEvent]] = []
    func load(_ limit: Int) throws {
      var decoded = 0
      told.append([])
      let pets = try folder.load(FolderSettings(onCorrupt: .skip), memoryLimit: limit) {
        if case .skipped = $0 { told[told.count - 1].append($0) }
        if case .decoding(_, let done, _) = $0 { decoded = done }
      }
      #expect(pets.skippedCount == 2 && pets.train.classCounts == [5, 5, 5] && isConsistent(pets.train))
      #expect((decoded == 0) == (told.count == 3), "load \(told.count)")
    }
    for limit in [1 << 20, 0, 0] { try load(limit) }
    #expect(told[1] == told[0] && told[2] == told[0])
    let names = told[0].map { event in
      if case .skipped(let file, let reason) = event, reason.contains(file) {
        return URL(fileURLWithPath: file).lastPathComponent
      }
      return "unnamed"
    }
    #expect(names.sorted() == ["broken.png", "empty.jpg"])
    // A file that does not say which pictures it lacks, as older versions wrote them, is made again.
    let cached = "\(folder.cache.folder)/\(try #require(folder.cached().first))"
    let noted = try InputFile.contents(of: cached, limit: 1 << 20)
    let notes = try #require(CacheFile(path: cached)?.notes)
    #expect(!notes.isEmpty && noted.suffix(notes.count).elementsEqual(notes))
    var older = Array(noted.dropLast(notes.count))
    older.replaceSubrange(68..<72, with: [0, 0, 0, 0])
    try AtomicFile.write(older, to: cached)
    var decoded = 0
    _ = try folder.load(FolderSettings(onCorrupt: .skip), memoryLimit: 0) {
      if case .decoding(_, let done, _) = $0 { decoded = done }
    }
    #expect(decoded == 17 && CacheFile(path: cached)?.notes == notes)
    try #require(CacheFile(path: cached)).verify()
    try folder.add("fox/broken.png", bytes: [1, 2, 3])
    let fault = error { _ = try folder.load(FolderSettings(onCorrupt: .skip)) }
    #expect(fault?.place.hasSuffix("pets/fox") == true)
    #expect(fault?.description.contains("at least one picture that can be decoded") == true)
  }

  @Test func otherFilesAreNamedAndIgnored() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 2)
    try folder.add("cat/notes.txt", bytes: [65])
    try folder.add("cat/animation.gif", bytes: [65])
    var events: [DatasetEvent] = []
    #expect(try folder.load { events.append($0) }.train.count == 6)
    #expect(
      events.contains(.ignored(folder: folder.path + "/cat", count: 2, example: "animation.gif")))
  }

  @Test func foldersBesideTrainAreNamedAndLeftOut() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "train/", each: 2)
    try folder.addClasses(under: "test/", each: 1)
    func told() throws -> [String] {
      var events: [DatasetEvent] = []
      #expect(try folder.load { events.append($0) }.train.count == 6)
      return events.filter(\.isWarning).map(\.description)
    }
    #expect(try told().isEmpty)
    try folder.addClasses(under: "val/", each: 1)
    #expect(
      try told() == ["left out: \(folder.path)/val; beside train only the folder test is read"])
    try folder.addClasses(under: "extra/", each: 1)
    #expect(
      try told() == ["left out: \(folder.path)/extra and 1 more; beside train only the folder test is read"])
  }

  @Test func otherLayoutsAreRefused() throws {
    let folder = try PictureFolder()
    #expect(error { _ = try folder.load() }?.description.contains("received no folder") == true)
    try folder.add("cat/1.png", 1)
    let alone = error { _ = try folder.load() }
    #expect(alone?.description.contains("the folder cat alone; give the folder above the classes") == true)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/dog", withIntermediateDirectories: true)
    let empty = error { _ = try folder.load() }
    #expect(empty?.place == folder.path + "/dog")
    #expect(empty?.description.contains("at least one PNG or JPEG picture") == true)
    #expect(empty?.description.contains("remove the empty class folder or fill it") == true)
    let missing = error { _ = try ImageFolder.load(folder.path + "/none") }
    #expect(missing?.kind == .badData && missing?.description.contains("nothing there") == true)
    let file = error { _ = try ImageFolder.load(folder.path + "/cat/1.png") }
    #expect(file?.description.contains("a file or a closed folder") == true)
  }

  /// A class must not be missing without a word.
  @Test func namesThatLeadNowhereAreRefused() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 2)
    try folder.link("roses", to: "none")
    let fault = error { _ = try folder.load() }
    #expect(fault?.place == folder.path + "/roses")
    #expect(fault?.description.contains("a link to nothing") == true)
  }

  #if os(Linux)
    @Test func twoSpellingsOfOneClassAreRefused() throws {
      let folder = try PictureFolder()
      try folder.addClasses(under: "", each: 1)
      try folder.add("caf\u{E9}/1.png", 1)
      try folder.add("cafe\u{301}/1.png", 2)
      let fault = error { _ = try folder.load() }
      #expect(fault?.description.contains("differ only in how Unicode writes an accent") == true)
    }
  #endif

  @Test func linksAreFollowedButNotInCircles() throws {
    let folder = try PictureFolder()
    try folder.addClasses(under: "", each: 2)
    try folder.add("store/9.png", 89)
    try FileManager.default.moveItem(atPath: folder.path + "/store", toPath: folder.root + "/store")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/dog/more", withDestinationPath: folder.root + "/store")
    #expect(try folder.load().train.classCounts == [2, 3, 2])
    try folder.link("owl/again", to: "owl")
    let fault = error { _ = try folder.load() }
    #expect(fault?.place.hasSuffix("owl/again") == true)
    #expect(fault?.description.contains("a link to a folder above it") == true)
  }
}
