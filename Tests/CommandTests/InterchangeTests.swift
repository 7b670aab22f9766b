import Foundation
import MartletTensors
import Testing

/// `martlet export` and `martlet import`, from run to file and back, and what they say to bad input.
@Suite struct InterchangeTests {
  /// A run of a network with batch normalization, dropout and a flattened image.
  private func trained(_ folder: TemporaryFolder) throws -> (data: String, result: JSON) {
    let data = try SmallData.write(train: 64, test: 32, in: folder)
    let result = try CommandRunner.run(
      [
        "train", "--model", "custom-cnn", "--dataset", "mnist", "--data", data, "--epochs", "1",
        "--batch-size", "16", "--seed", "2", "--run", "run", "--json",
      ], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return (data, try #require(try result.objects().last))
  }

  /// All files that `export` writes of the run.
  private static let files = [
    ("pytorch", "state.safetensors"), ("pytorch", "numbered.safetensors"), ("keras", "net.weights.h5"),
    ("keras", "net.keras"), ("npz", "net.npz"), ("onnx", "net.onnx"), ("safetensors", "own.safetensors"),
  ]

  private func export(_ folder: TemporaryFolder) throws {
    for (format, file) in Self.files {
      let more = file == "numbered.safetensors" ? ["--sequential"] : []
      let result = try CommandRunner.run(
        ["export", "run", "--format", format, "--output", file, "--json"] + more, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try result.objects().last?["file"] == .string(file))
      #expect((try result.objects().last?["tensors"]?.intValue ?? 0) >= 22)
    }
  }

  private func importing(_ file: String, run: String, model: String = "custom-cnn") -> [String] {
    file.hasSuffix(".onnx")
      ? ["import", file, "--dataset", "mnist", "--run", run]
      : ["import", file, "--model", model, "--dataset", "mnist", "--run", run]
  }

  @Test func networksComeBackFromEveryFormat() throws {
    let folder = try TemporaryFolder()
    let (data, whole) = try trained(folder)
    try export(folder)
    let first = try InputFile.contents(of: "\(folder.path)/net.keras", limit: 1 << 30)
    for (_, file) in Self.files {
      let run = "from-\(file)"
      let back = try CommandRunner.run(importing(file, run: run) + ["--json"], in: folder)
      let result = try #require(try back.objects().last, "\(file): \(back.errors)")
      #expect(result["weights_sha256"] == whole["weights_sha256"], "\(file)")
      #expect(result["parameters"] == 242_442)
      let measured = try CommandRunner.run(["evaluate", run, "--data", data, "--json"], in: folder)
      let scores = try #require(try measured.objects().last, "\(file): \(measured.errors)")
      // Own networks to the bit; an ONNX network has operations of its own.
      let loss = try #require(scores["test_loss"]?.doubleValue)
      let expected = try #require(whole["test_loss"]?.doubleValue)
      #expect(abs(loss - expected) <= (file == "net.onnx" ? 1e-5 : 0), "\(file): \(loss), \(expected)")
      #expect(scores["confusion"] == whole["confusion"], "\(file)")
    }
    // An existing file is replaced as a whole, by the same bytes.
    try export(folder)
    #expect(try InputFile.contents(of: "\(folder.path)/net.keras", limit: 1 << 30) == first)
    // Names of another program's file are taken over; weights of an ONNX network go into a model.
    let like = try CommandRunner.run(
      [
        "export", "run", "--format", "pytorch", "--output", "like.safetensors", "--like",
        "numbered.safetensors",
      ],
      in: folder)
    #expect(like.status == 0, "\(like.errors)")
    #expect(
      FileManager.default.contentsEqual(
        atPath: "\(folder.path)/like.safetensors", andPath: "\(folder.path)/numbered.safetensors"))
    let weights = try CommandRunner.run(
      ["import", "net.onnx", "--model", "custom-cnn", "--dataset", "mnist", "--run", "weights", "--json"],
      in: folder)
    #expect(try weights.objects().last?["weights_sha256"] == whole["weights_sha256"], "\(weights.errors)")
  }

  /// The command must fail with one line that has all these texts, and leave the folder as it was.
  private func refuse(
    _ arguments: [String], _ status: Int32, _ texts: [String], in folder: TemporaryFolder,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try contents(folder)
    let result = try CommandRunner.run(arguments, in: folder)
    #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: location)
    #expect(result.output == "", sourceLocation: location)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines.first?.hasPrefix("martlet: ") == true, sourceLocation: location)
    for text in texts {
      #expect(result.errors.contains(text), "\(arguments): \(result.errors)", sourceLocation: location)
    }
    #expect(try contents(folder) == before, "\(arguments)", sourceLocation: location)
  }

  /// All files but the outputs of commands, with their sizes.
  private func contents(_ folder: TemporaryFolder) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    where !name.hasSuffix(".out") && !name.hasSuffix(".err") {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
      sizes[name] = attributes[.type] as? FileAttributeType == .typeRegular ? attributes[.size] as? Int : -1
    }
    return sizes
  }

  @Test func badExportsLeaveNothing() throws {
    let folder = try TemporaryFolder()
    _ = try trained(folder)
    try export(folder)
    func refuse(
      _ format: String, _ output: String, _ status: Int32, _ texts: String..., more: [String] = [],
      location: SourceLocation = #_sourceLocation
    ) throws {
      try self.refuse(
        ["export", "run", "--format", format, "--output", output] + more, status, texts, in: folder,
        location: location)
    }
    try self.refuse(
      ["export", "nowhere", "--format", "npz", "--output", "x.npz"], 65,
      ["nowhere: expected the folder of a run", "received no configuration.json", "check the path"],
      in: folder)
    try refuse("tflite", "x.tflite", 64, "'tflite' is invalid", "'onnx'", "see 'martlet export --help'")
    try refuse("keras", "x.h5", 64, "--output: expected a name", ".weights.h5 or .keras, received x.h5")
    try refuse("keras", "x", 64, "that ends in .weights.h5 or .keras, as Keras asks, received x;")
    try refuse("npz", "x.onnx", 64, "a name for npz that ends in .npz, received x.onnx")
    try refuse("pytorch", "x.pt", 64, "a name for pytorch that ends in .safetensors, received x.pt")
    try refuse("onnx", "net.npz", 64, "a name for onnx that ends in .onnx, received net.npz")
    try refuse("onnx", "x.onnx", 64, "--like", "ONNX, which names its own", more: ["--like", "net.npz"])
    try refuse("keras", "x.keras", 64, "--like: expected a .keras file", more: ["--like", "net.weights.h5"])
    try refuse("npz", "no/x.npz", 73, "cannot write no/x.npz", "No such file", "create the folder first")
    try refuse("npz", "run", 73, "cannot write run", "Is a directory", "choose another")
    try refuse(
      "pytorch", "x.safetensors", 65, "cannot read missing.safetensors", "No such file", "check the path",
      more: ["--like", "missing.safetensors"])
    // Another network's names do not fit; the file that stands is left as it is.
    _ = try CommandRunner.run(
      [
        "train", "--model", "dense", "--dataset", "mnist", "--data", "\(folder.path)/data", "--epochs", "1",
        "--run", "dense", "--quiet",
      ], in: folder)
    _ = try CommandRunner.run(
      ["export", "dense", "--format", "pytorch", "--output", "dense.safetensors"], in: folder)
    try refuse(
      "pytorch", "state.safetensors", 65, "dense.safetensors: expected the tensors of this network",
      "conv2d (weight", "received dense", more: ["--like", "dense.safetensors"])
  }

  @Test func badImportsLeaveNothing() throws {
    let folder = try TemporaryFolder()
    _ = try trained(folder)
    try export(folder)
    func write(_ bytes: [UInt8], _ name: String) throws {
      try AtomicFile.write(bytes, to: "\(folder.path)/\(name)")
    }
    func bytes(_ name: String) throws -> [UInt8] {
      try InputFile.contents(of: "\(folder.path)/\(name)", limit: 1 << 30)
    }
    func refuse(
      _ file: String, _ status: Int32, _ texts: String..., model: String = "custom-cnn",
      more: [String] = [], location: SourceLocation = #_sourceLocation
    ) throws {
      try self.refuse(
        importing(file, run: "new", model: model) + more, status, texts, in: folder, location: location)
    }
    for name in ["missing.safetensors", "missing.onnx", "missing.keras"] {
      try refuse(name, 65, "cannot read \(name)", "No such file", "check the path")
    }
    try refuse("run", 65, "run: expected a file", "check the path")
    // Cut in the middle, at the end and to nothing.
    for (_, name) in Self.files {
      let whole = try bytes(name)
      for (part, count) in [("half", whole.count / 2), ("most", whole.count - 1), ("none", 0)] {
        try write(Array(whole[..<count]), "\(part)-\(name)")
        try refuse("\(part)-\(name)", 65, "\(part)-\(name)", count == 0 ? "expected" : "cut off?")
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(part)-\(name)")
      }
    }
    try write(Array(try bytes("net.weights.h5").dropLast()), "cut.weights.h5")
    try refuse("cut.weights.h5", 65, "expected the ", "bytes of an HDF5 file", "is it cut off? copy it again")
    // What is something else than its name says, or than can be read.
    try write(Array("hello, network".utf8), "text.npz")
    try refuse("text.npz", 65, "text.npz at byte 0: expected a safetensors, npz, .weights.h5 or .keras file")
    try write([0x80, 2] + Array("}q.".utf8), "old.pt")
    try refuse(
      "old.pt", 65, "old.pt: expected a file of tensors, received a pickle", "save_file(model.state_dict()")
    try write([0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 26) + Array("net/data.pkl".utf8), "new.pt")
    try refuse("new.pt", 65, "new.pt: expected a file of tensors, received a pickle")
    for (name, text) in [("net.npz", "a zip archive"), ("net.weights.h5", "an HDF5 file")] {
      try write(try bytes(name), "wrong.onnx")
      try refuse("wrong.onnx", 65, "wrong.onnx at byte 0: expected an ONNX file, received \(text)")
    }
    // An operator, a layer and a shape that are not known.
    var unknown = try bytes("net.onnx")
    let place = try #require(
      (0..<unknown.count - 4).first { unknown[$0..<$0 + 4].elementsEqual("Conv".utf8) })
    unknown.replaceSubrange(place..<place + 4, with: "Cnov".utf8)
    try write(unknown, "unknown.onnx")
    try refuse("unknown.onnx", 65, "unknown.onnx: Cnov", "a supported operator", "received \"Cnov\"")
    var extra = try TensorFile(reading: "\(folder.path)/own.safetensors")
    extra.tensors.append(("attention/query", .float32(Tensor(shape: [2], scalars: [1, 2]))))
    try extra.write(to: "\(folder.path)/extra.safetensors")
    try refuse(
      "extra.safetensors", 65, "expected the tensors of this network: nothing",
      "received attention (query [2])",
      "choose the model that the file was made with")
    try refuse("net.npz", 65, "net.npz: expected the tensors of this network", "received", model: "conv")
    // Usage.
    try self.refuse(
      ["import", "net.npz", "--run", "new"], 64,
      ["expected --system ID, or --model NAME", "received neither"],
      in: folder)
    try self.refuse(
      ["import", "net.onnx", "--run", "new"], 64, ["--dataset: expected the data set", "received none"],
      in: folder)
    try self.refuse(
      ["import", "net.onnx", "--dataset", "cifar10", "--run", "new"], 65,
      ["net.onnx: expected images [32, 32, 3], as in cifar10, received [28, 28, 1]"], in: folder)
    try refuse(
      "net.npz", 64, "--scale, --mean, --deviation: expected an ONNX network", more: ["--scale", "2"])
    try refuse("net.onnx", 64, "--deviation: expected numbers", "received 0", more: ["--deviation", "0"])
    // A run that stands is not touched.
    try self.refuse(
      importing("net.npz", run: "run"), 73, ["run already holds a run; resume it or choose another folder"],
      in: folder)
  }

  /// The length of a safetensors header, the file's first number, can begin like a zip archive or a pickle.
  @Test(arguments: [0x4b50, 0x0280 + 1 << 16])
  func tensorsWhoseFirstBytesAreThoseOfOthersAreRead(length: Int) throws {
    let folder = try TemporaryFolder()
    let (_, whole) = try trained(folder)
    let exported = try CommandRunner.run(
      ["export", "run", "--format", "pytorch", "--output", "state.safetensors"], in: folder)
    #expect(exported.status == 0, "\(exported.errors)")
    let bytes = try InputFile.contents(of: "\(folder.path)/state.safetensors", limit: 1 << 30)
    let old = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    // Without the digest of the shorter header.
    let header = try JSON(parsing: Array(bytes[8..<8 + old])).members ?? []
    let text = JSON.object(header.filter { $0.key != "__metadata__" }).text
    #expect(text.utf8.count < length)
    let padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: length - text.utf8.count)
    let file = withUnsafeBytes(of: UInt64(length).littleEndian) { Array($0) } + padded + bytes[(8 + old)...]
    #expect(file.starts(with: [0x50, 0x4b]) || file.starts(with: [0x80, 2]))
    try AtomicFile.write(file, to: "\(folder.path)/padded.safetensors")
    let back = try CommandRunner.run(importing("padded.safetensors", run: "back") + ["--json"], in: folder)
    #expect(try back.objects().last?["weights_sha256"] == whole["weights_sha256"], "\(back.errors)")
  }

  /// Classes that were added to the configuration of a run have no output.
  @Test func anImportedNetworkKeepsItsClasses() throws {
    let folder = try TemporaryFolder()
    _ = try trained(folder)
    try export(folder)
    let imported = try CommandRunner.run(importing("net.onnx", run: "imported"), in: folder)
    #expect(imported.status == 0, "\(imported.errors)")
    let path = "\(folder.path)/imported/configuration.json"
    let json = try JSON(parsing: try String(contentsOfFile: path, encoding: .utf8))
    let members = (json.members ?? []).map { member in
      guard member.key == "class_names" else { return member }
      return JSON.Member(member.key, .array((member.value.arrayValue ?? []) + ["eleven"]))
    }
    try AtomicFile.write(Array(JSON.object(members).text.utf8), to: path)
    try refuse(
      ["export", "imported", "--format", "npz", "--output", "x.npz"], 65,
      ["imported/network.onnx: expected 11 outputs, one for each class of the data, received [10]"],
      in: folder)
  }

  /// A disk that is full while the run is made leaves no half of it.
  @Test(.enabled(if: Strace.path != nil, "strace is not installed, or may not trace here"))
  func aRunThatCannotBeWrittenIsTakenBack() throws {
    let folder = try TemporaryFolder()
    _ = try trained(folder)
    try export(folder)
    let log = "\(folder.path)/strace.log"
    let result = try Strace.run(
      ["-f", "-qq", "-o", log, "-e", "trace=rename", "-e", "inject=rename:error=ENOSPC:when=3"],
      importing("net.npz", run: "new"), in: folder)
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("(INJECTED)"))
    #expect(result.status == 73 && result.errors.contains("No space left"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/new"))
    let again = try CommandRunner.run(importing("net.npz", run: "new"), in: folder)
    #expect(again.status == 0, "\(again.errors)")
  }

  /// A killed import leaves a whole run or none: never one that would train from weights of its own.
  @Test(.enabled(if: Strace.path != nil, "strace is not installed, or may not trace here"))
  func aKilledImportLeavesNoHalfARun() throws {
    let folder = try TemporaryFolder()
    let data = try trained(folder).data
    try export(folder)
    func weights(_ run: String) -> Data? {
      FileManager.default.contents(atPath: "\(folder.path)/\(run)/weights.safetensors")
    }
    let undisturbed = try CommandRunner.run(importing("net.onnx", run: "whole"), in: folder)
    #expect(undisturbed.status == 0, "\(undisturbed.errors)")
    var (without, whole) = (0, 0)
    for call in 1...100 {
      let run = "killed-\(call)"
      let calls = "write,fsync,rename,mkdir"
      let result = try Strace.run(
        [
          "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
          "inject=\(calls):signal=KILL:when=\(call)",
        ],
        importing("net.onnx", run: run), in: folder)
      if result.status == 0 { break }
      #expect(result.status == 1000 + SIGKILL, "\(call): \(result.status) \(result.errors)")
      let isRun = FileManager.default.fileExists(atPath: "\(folder.path)/\(run)/configuration.json")
      (without, whole) = (without + (isRun ? 0 : 1), whole + (isRun ? 1 : 0))
      let use = try CommandRunner.run(["evaluate", run, "--data", data], in: folder)
      #expect((use.status == 0) == isRun, "\(call): \(use.errors)")
      let again = try CommandRunner.run(importing("net.onnx", run: run), in: folder)
      if again.status != 0 {
        #expect(
          again.status == 73
            && again.errors.contains(isRun ? "already holds a run" : "is not empty (it holds "),
          "\(call): \(again.errors)")
      }
      if isRun { #expect(weights(run) == weights("whole"), "\(call)") }
    }
    #expect(without >= 5 && whole >= 2)
  }
}
