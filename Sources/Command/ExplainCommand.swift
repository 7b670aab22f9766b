import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletImages
import MartletNetworks
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

/// `martlet explain`: what the parts of the library are and do.
struct ExplainCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a layer, model, loss, optimizer, schedule, data set or idea.",
    discussion: """
      Without a topic all are listed. A name that several groups have is told apart by its group, as in \
      layer:Dense and model:dense. A system's id is explained with its settings, a schedule with its own \
      numbers. A data set's files are counted where they are at hand.

      With --run and a picture a sheet is drawn of what each layer of the run's network makes of it: feature \
      maps, and where attention looks.

      EXAMPLES
        martlet explain
        martlet explain Conv2D
        martlet explain attention-what-and-where
        martlet explain step:15,30,45
        martlet explain mnist --data ~/data
        martlet explain --run runs/first --image shoe.png
        martlet explain --run runs/first --test-image 7
      """)

  @Argument(help: "What to explain; see 'martlet explain' for all topics.")
  var topic: String?
  @Option(help: ArgumentHelp("The folder of a run whose network looks at a picture.", valueName: "dir"))
  var run: String?
  @Option(help: ArgumentHelp("The picture, PNG or JPEG.", valueName: "file"))
  var image: String?
  @Option(help: ArgumentHelp("A test image of the run instead, counted from 0.", valueName: "n"))
  var testImage: Int?
  @Option(help: ArgumentHelp("The PNG file of the sheet; feature_maps.png if not given.", valueName: "file"))
  var output: String?
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try check()
    if let run { return try look(run) }
    guard let topic else { return list() }
    try tell(try Topic.named(topic))
  }

  private func check() throws {
    let pictures = [image, testImage.map(String.init)].compactMap(\.self)
    if run == nil, let picture = pictures.first {
      throw Failure(
        .usage, at: "--image", expected: "a run whose network looks at it, in --run", received: picture,
        hint: "for instance --run runs/first")
    }
    if run != nil, pictures.count != 1 {
      throw Failure(
        .usage, at: "--run", expected: "either --image FILE or --test-image N beside it",
        received: pictures.isEmpty ? "neither" : "both", hint: "for instance --test-image 0")
    }
  }

  /// All topics, group by group.
  private func list() {
    if common.json {
      for topic in Topic.all {
        Output.json([
          "event": "topic", "name": .string(topic.name), "group": .string(topic.group.rawValue),
          "title": .string(topic.title), "summary": .string(topic.summary),
        ])
      }
      return Output.json(["event": "result", "topics": .integer(Topic.all.count)])
    }
    for group in Explanation.Group.allCases {
      Output.line(Self.bold(group.rawValue))
      let names = Topic.all(in: group).map(\.name).joined(separator: ", ")
      for line in TextWrap.lines(names, width: Self.columns, first: "  ", rest: "  ") { Output.line(line) }
      Output.line("")
    }
    Output.paragraph("martlet explain NAME explains one of them; system ids (martlet systems) work too.")
  }

  private func tell(_ topic: Topic) throws {
    var explanation = try topic.explanation()
    if topic.group == .dataset {
      explanation.blocks +=
        try localData(topic.name).map { Topic.counted($0) }
        ?? [.paragraph("Once fetched (martlet datasets fetch \(topic.name)), its files are counted here.")]
    }
    if common.json { return Output.json(explanation.json) }
    Output.write(explanation.text(width: Self.columns, isStyled: Output.isTerminal))
  }

  /// The images where they need not be fetched.
  private func localData(_ id: String) throws -> TrainTest? {
    // A folder without this set is no reason to explain nothing.
    guard let place = try? DatasetCatalog.location(id, directory: common.data), !place.isEmpty else {
      return nil
    }
    return try common.load(try DatasetCatalog.card(id))
  }

  /// Draws what a run's network makes of a picture.
  private func look(_ run: String) throws {
    let (configuration, record) = try RunConfiguration.load(run: run)
    let topic = try topic.map { try Topic.named($0) } ?? modelTopic(configuration.system)
    let (picture, name) = try picture(configuration)
    let network = try configuration.network()
    let parameters = try Parameters(of: network)
    try parameters.load(try record.weights(onProblem: Output.warn), from: run)
    let predictor = try Predictor(network, parameters: parameters, threads: common.threadCount)
    let features = try FeatureSheet(
      picture, name: name, network: network, predictor: predictor, classNames: configuration.classNames)
    let path = output ?? "feature_maps.png"
    try features.sheet.write(to: path)
    if common.json {
      return Output.json([
        "event": "result", "run": .string(run), "image": .string(name), "figure": .string(path),
        "notes": .array(features.notes.map(JSON.string)),
        "answers": .array(
          features.answers.prefix(3).map {
            ["class": .string($0.name), "probability": .number($0.probability)]
          }),
      ])
    }
    if let topic {
      try tell(topic)
      Output.line("")
    }
    Output.line(Self.bold("What this network makes of \(name)"))
    let answers = features.answers.prefix(3).map { "\($0.name) \(Table.percent($0.probability))" }
    Output.paragraph("It says: \(answers.joined(separator: ", ")).")
    for note in features.notes { Output.paragraph(note) }
    Output.paragraph(
      "Maps are bright where their pattern was found. The sheet of all layers is in \(path).")
  }

  /// What is told of a run's network; nil where that came from a file, of which nothing is known.
  private func modelTopic(_ system: TrainingSystem) throws -> Topic? {
    guard system.model != ImportedNetwork.model else { return nil }
    return try Topic.named(system.id ?? "model:\(ModelSetting(parsing: system.model).name)")
  }

  /// The picture as the network takes it, and its name.
  private func picture(_ configuration: RunConfiguration) throws -> (Tensor<UInt8>, String) {
    if let image { return (try configuration.conversion(at: image).image(file: image), image) }
    let data = try common.load(for: configuration)
    try configuration.preparation.require(data.preparation)
    try configuration.requireImages(of: data, at: "--test-image")
    let test = try configuration.system.prepared(data).test
    guard let testImage, test.labels.indices.contains(testImage) else {
      throw Failure(
        .usage, at: "--test-image", expected: "a number from 0 to \(test.count - 1)",
        received: "\(testImage ?? -1)", hint: "images are counted from 0")
    }
    let name = "test image \(testImage) (\(test.classNames[test.label(at: testImage)]))"
    return (test.image(at: testImage), name)
  }

  /// Lines of more than 100 columns are hard to read.
  private static var columns: Int { min(Output.width, 100) }

  private static func bold(_ text: String) -> String {
    Output.isTerminal ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }
}

extension Explanation {
  /// The explanation for machines: the same structure.
  fileprivate var json: JSON {
    [
      "event": "result", "name": .string(name), "group": .string(group.rawValue), "title": .string(title),
      "summary": .string(summary), "blocks": .array(blocks.map(\.json)),
      "see_also": .array(seeAlso.map(JSON.string)),
    ]
  }
}

extension Explanation.Block {
  fileprivate var json: JSON {
    switch self {
    case .heading(let text): ["heading": .string(text)]
    case .paragraph(let text): ["paragraph": .string(text)]
    case .formula(let text): ["formula": .string(text)]
    case .items(let items): ["items": .array(items.map(JSON.string))]
    case .table(let table):
      [
        "columns": .array(table.columns.map { .string($0.title) }),
        "rows": .array(table.rows.map { .array($0.map(JSON.string)) }),
      ]
    case .drawing(let lines): ["drawing": .array(lines.map(JSON.string))]
    }
  }
}
