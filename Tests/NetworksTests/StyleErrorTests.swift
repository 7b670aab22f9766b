import MartletGraphs
import MartletNetworks
import Testing

/// Shape mistakes in every way of writing a network: found at construction, with path, place and hint.
@Suite struct StyleErrorTests {
  enum Style: String, CaseIterable { case sequential, functional, own, named }

  /// A mistake in the last of some layers.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var path: String
    var expected: String
    var received: String
    /// A part of it; nil where there must be none.
    var hint: String?
    var line: Int
    var layers: [any Layer]
    var testDescription: String { path }
  }

  static let input = InputSpec.image(8, 8, 4, element: .float)

  static let mistakes: [Mistake] = [
    Mistake(
      path: "dense", expected: "[batch, features]", received: "[batch, 8, 8, 4]",
      hint: "Put Flatten() before it.", line: #line + 1,
      layers: [Dense(3)]),
    Mistake(
      path: "conv2d_1", expected: "an image of at least 9x9", received: "6x6",
      hint: "Use padding: .same, a smaller kernel", line: #line + 1,
      layers: [Conv2D(4, kernelSize: 3), Conv2D(4, kernelSize: 9)]),
    Mistake(
      path: "second", expected: "images [batch, height, width, channels]", received: "[batch, 256]",
      hint: "Leave out the Flatten()", line: #line + 1,
      layers: [Flatten(), Conv2D(3, kernelSize: 3, name: "second")]),
    Mistake(
      path: "channel_attention", expected: "at least 16 channels", received: "4",
      hint: "Use a smaller ratio", line: #line + 1,
      layers: [ChannelAttention(ratio: 16)]),
    Mistake(
      path: "reshape", expected: "a shape of 256 elements for [batch, 8, 8, 4]", received: "[7, -1]",
      hint: "One extent may be -1 and follows from the others.", line: #line + 1,
      layers: [Reshape([7, -1])]),
    Mistake(
      path: "conv2d", expected: "a norm of 0 or more for the kernel", received: "-1.0", hint: nil,
      line: #line + 1,
      layers: [Conv2D(3, kernelSize: 2, kernelConstraint: .maxNorm(-1))]),
  ]

  private struct Own: Layer {
    let layers: [any Layer]
    func callAsFunction(_ x: Value) -> Value { layers.reduce(x) { $1($0) } }
  }

  private func make(_ style: Style, _ layers: [any Layer]) throws(ModelError) {
    switch style {
    case .sequential: _ = try Sequential(input: Self.input) { layers }
    case .functional: _ = try Model(input: Self.input) { x in layers.reduce(x) { $1($0) } }
    case .own: _ = try Model(input: Self.input, Own(layers: layers))
    case .named:
      _ = try GraphModel(inputs: ["a": .vector(3), "b": Self.input]) { inputs in
        ["y": Dense(2, name: "other")(inputs["a"]), "z": layers.reduce(inputs["b"]) { $1($0) }]
      }
    }
  }

  @Test(arguments: Style.allCases, mistakes.indices)
  func mistakesAreFoundAtConstruction(_ style: Style, _ index: Int) throws {
    let mistake = Self.mistakes[index]
    let error = try #require(#expect(throws: ModelError.self) { try make(style, mistake.layers) })
    #expect(error.path == mistake.path)
    #expect(error.expected.contains(mistake.expected), "\(error)")
    #expect(error.received.contains(mistake.received), "\(error)")
    #expect(error.hint.tells(mistake.hint), "\(error)")
    #expect(error.location == "\(#fileID):\(mistake.line)")
  }

  private func error(
    _ inputs: NamedInputs, _ body: @escaping @Sendable (NamedValues) -> NamedValues
  ) -> ModelError? {
    #expect(throws: ModelError.self) { try GraphModel(inputs: inputs, name: "net", body) }
  }

  @Test func mistakesWithNames() throws {
    let two: NamedInputs = ["left": .vector(3), "right": .vector(4)]
    let line = #line + 1
    let unknown = error(two) { ["y": $0["lft"]] }
    #expect(unknown?.expected == "one of the names left, right")
    #expect(unknown?.received == "lft" && unknown?.hint == "Is \"left\" meant?")
    #expect(unknown?.location == "\(#fileID):\(line)")

    let sum = error(two) { ["y": $0["left"] + $0["right"]] }
    #expect(sum?.received.contains("[2, 3]") == true && sum?.received.contains("[2, 4]") == true)
    #expect(sum?.location.hasPrefix("\(#fileID):") == true)

    let joined = error(["left": .image(4, 4, 1, element: .float), "right": .image(5, 4, 1, element: .float)])
    {
      ["y": Flatten()(Concatenate(name: "join")($0["left"], $0["right"]))]
    }
    #expect(joined?.path == "join")

    #expect(error([:]) { $0 }?.expected == "at least one input")
    #expect(error(two) { _ in [:] }?.expected == "at least one output")
    #expect(error(Named([("a", .vector(3)), ("a", .vector(4))])) { $0 }?.received == "a twice")
    #expect(error(two) { Named([("y", $0["left"]), ("y", $0["right"])]) }?.received == "y twice")
    #expect(error(["": .vector(3)]) { $0 }?.received == "an empty name")
    let extent = error(["left": .vector(3), "right": .vector(0)]) { ["y": $0["left"]] }
    #expect(extent?.path == "input right" && extent?.expected == "positive extents")
    let scalar = error(two) { ["y": $0["left"], "z": $0["right"].mean()] }
    #expect(scalar?.path == "output z" && scalar?.received == "shape [] for 2 samples")
  }

  @Test func mistakesInNestedModels() throws {
    let inner = try GraphModel(inputs: ["a": .vector(3), "b": .vector(3)], name: "inner") { inputs in
      ["sum": Dense(2)(inputs["a"]) + Dense(2)(inputs["b"]), "a": inputs["a"]]
    }
    let names = error(["x": .vector(3)]) { inputs in inner(["a": inputs["x"]]) }
    #expect(names?.path == "inner" && names?.expected == "the inputs a, b" && names?.received == "a")
    let shape = error(["x": .image(2, 2, 1, element: .float)]) { inputs in
      inner(["a": inputs["x"], "b": inputs["x"]])
    }
    #expect(shape?.path == "inner" && shape?.received == "[batch, 2, 2, 1]")
    #expect(shape?.expected == "[batch, 3], the input it was made for")
    let output = error(["x": .vector(3)]) { inputs in
      ["y": inner(["b": inputs["x"], "a": inputs["x"]])["difference"]]
    }
    #expect(output?.expected == "one of the names sum, a")
    let stem = try Sequential(input: .image(4, 4, 3, element: .float), name: "stem") {
      Conv2D(2, kernelSize: 3)
    }
    let line = #line - 3
    let channels = #expect(throws: ModelError.self) {
      try Sequential(input: .image(4, 4, 1)) {
        Rescale(1 / 255)
        stem
      }
    }
    #expect(channels?.path == "stem" && channels?.location == "\(#fileID):\(line)")
    #expect(channels?.expected == "[batch, 4, 4, 3], the input it was made for")
    #expect(channels?.received == "[batch, 4, 4, 1]")
  }

  /// A factor for each channel, of a shape that is asked for.
  private struct Gain: Layer {
    let factor = Weight(.ones, name: "gain")
    func callAsFunction(_ x: Value) -> Value { x * factor(shape: [x.shape[x.rank - 1]], for: x) }
  }

  private struct MistakenFirst: Layer {
    let first = Conv2D(0, kernelSize: 3)
    let gain = Gain()
    func callAsFunction(_ x: Value) -> Value { gain(first(x)) }
  }

  /// A type or function of one's own that looks at the shape which a mistake left.
  @Test func axesCanBeAskedForAfterAMistake() throws {
    let makers: [() throws -> Void] = [
      {
        _ = try Sequential(input: Self.input) {
          Conv2D(0, kernelSize: 3)
          Gain()
        }
      },
      {
        _ = try Sequential(input: Self.input) {
          Stack {
            Conv2D(0, kernelSize: 3)
            Gain()
          }
        }
      },
      {
        _ = try Model(input: Self.input) { x in
          let y = Conv2D(0, kernelSize: 3)(x)
          let means = y.mean(axes: Array(1..<(y.rank - 1)))
          return Dense(y.shape[3])(means.reshaped([y.shape[0], -1])) + means.sum(axes: [y.rank - 1])
        }
      },
      { _ = try Model(input: Self.input, MistakenFirst()) },
    ]
    for make in makers {
      let error = try #require(#expect(throws: ModelError.self) { try make() })
      #expect(error.path == "conv2d" && error.received == "0", "\(error)")
    }
  }

  /// What follows a mistake in a list of layers is not asked at all.
  @Test func layersAfterAMistakeAreLeftOut() {
    struct Watcher: Layer {
      func callAsFunction(_ x: Value) -> Value {
        #expect(x.isValid)
        return x
      }
    }
    let error = #expect(throws: ModelError.self) {
      try Sequential(input: Self.input) {
        Stack {
          Watcher()
          Dense(3)
          Watcher()
        }
        Watcher()
      }
    }
    #expect(error?.path == "dense")
  }

  @Test func aRootMistakeNamesTheModelsLine() throws {
    let line = #line + 2
    let make = { () throws(ModelError) -> Model in
      try Model(input: .vector(4)) { x in x + x.slice(axis: 1, start: 0, count: 3) }
    }
    let error = #expect(throws: ModelError.self) { try make() }
    #expect(error?.location == "\(#fileID):\(line)")
  }
}

extension String {
  /// Whether a hint has a part; for nil, whether there is no hint.
  func tells(_ part: String?) -> Bool {
    guard let part else { return isEmpty }
    return !part.isEmpty && contains(part)
  }
}
