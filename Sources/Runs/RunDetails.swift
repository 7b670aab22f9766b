import MartletTensors

/// What a finished run tells of its network and of its time: `details.json`.
package struct RunDetails: Equatable, Sendable {
  /// One layer of the network's summary.
  package struct Layer: Equatable, Sendable {
    /// The layer's path.
    package var name: String
    /// The layer's type, such as `Conv2D`.
    package var type: String
    /// The shape of its output for one image, without the batch.
    package var shape: [Int]
    package var parameters: Int

    package init(name: String, type: String, shape: [Int], parameters: Int) {
      self.name = name
      self.type = type
      self.shape = shape
      self.parameters = parameters
    }
  }

  /// A box of the network's drawing: a layer, or an operation outside all layers.
  package struct Node: Equatable, Sendable {
    package var name: String
    package var type: String
    /// The shape of its output for one image, without the batch.
    package var shape: [Int]
    /// The places of the nodes whose outputs it reads; each is before its own.
    package var inputs: [Int]

    package init(name: String, type: String, shape: [Int], inputs: [Int]) {
      self.name = name
      self.type = type
      self.shape = shape
      self.inputs = inputs
    }
  }

  /// Where the time of one training step went.
  package struct Profile: Equatable, Sendable {
    /// A step of the compiled program.
    package struct Step: Equatable, Sendable {
      /// What is done, such as `conv2d: conv 3x3`.
      package var name: String
      /// The layer's path; empty for what is no layer's.
      package var layer: String
      /// The seconds of one execution, all threads together.
      package var seconds: Double
      /// The floating-point operations that the graph counts.
      package var flops: Int

      package init(name: String, layer: String, seconds: Double, flops: Int) {
        self.name = name
        self.layer = layer
        self.seconds = seconds
        self.flops = flops
      }
    }

    package var batch: Int
    package var threads: Int
    /// The rule of the step's update; nil in the notes of earlier versions.
    package var optimizer: String?
    package var steps: [Step]

    package init(batch: Int, threads: Int, optimizer: String? = nil, steps: [Step]) {
      self.batch = batch
      self.threads = threads
      self.optimizer = optimizer
      self.steps = steps
    }
  }

  package var network: String
  package var layers: [Layer]
  package var nodes: [Node]
  package var parameters: Int
  package var trainableParameters: Int
  /// The floating-point operations of one image's prediction.
  package var flops: Int
  /// The bytes of all layers' outputs for one batch of training.
  package var activationBytes: Int
  package var trainImages: Int
  package var testImages: Int
  /// Nil where it was not measured.
  package var profile: Profile?

  package init(
    network: String, layers: [Layer], nodes: [Node], parameters: Int, trainableParameters: Int, flops: Int,
    activationBytes: Int, trainImages: Int, testImages: Int, profile: Profile? = nil
  ) {
    self.network = network
    self.layers = layers
    self.nodes = nodes
    self.parameters = parameters
    self.trainableParameters = trainableParameters
    self.flops = flops
    self.activationBytes = activationBytes
    self.trainImages = trainImages
    self.testImages = testImages
    self.profile = profile
  }
}

extension RunDetails {
  package var json: JSON {
    [
      "network": .string(network),
      "parameters": .integer(parameters),
      "trainable_parameters": .integer(trainableParameters),
      "flops": .integer(flops),
      "activation_bytes": .integer(activationBytes),
      "train_images": .integer(trainImages),
      "test_images": .integer(testImages),
      "layers": .array(
        layers.map {
          [
            "name": .string($0.name), "type": .string($0.type), "shape": .integers($0.shape),
            "parameters": .integer($0.parameters),
          ]
        }),
      "nodes": .array(
        nodes.map {
          [
            "name": .string($0.name), "type": .string($0.type), "shape": .integers($0.shape),
            "inputs": .integers($0.inputs),
          ]
        }),
      "profile": profile?.json ?? .null,
    ]
  }

  /// Reads the file's object; nil where what every version writes is missing.
  package init?(_ json: JSON) {
    guard let network = json["network"]?.stringValue, let parameters = json["parameters"]?.intValue else {
      return nil
    }
    self.init(
      network: network,
      layers: (json["layers"]?.arrayValue ?? []).compactMap { layer in
        guard let name = layer["name"]?.stringValue, let type = layer["type"]?.stringValue else { return nil }
        return Layer(
          name: name, type: type, shape: layer["shape"]?.integers ?? [],
          parameters: layer["parameters"]?.intValue ?? 0)
      },
      nodes: Self.nodes(json["nodes"]?.arrayValue ?? []),
      parameters: parameters, trainableParameters: json["trainable_parameters"]?.intValue ?? parameters,
      flops: json["flops"]?.intValue ?? 0, activationBytes: json["activation_bytes"]?.intValue ?? 0,
      trainImages: json["train_images"]?.intValue ?? 0, testImages: json["test_images"]?.intValue ?? 0,
      profile: json["profile"].flatMap { Profile($0) })
  }

  /// The nodes, or none where one reads what does not stand before it: such a drawing would be wrong.
  private static func nodes(_ list: [JSON]) -> [Node] {
    let nodes = list.compactMap { node -> Node? in
      guard let name = node["name"]?.stringValue, let type = node["type"]?.stringValue else { return nil }
      return Node(
        name: name, type: type, shape: node["shape"]?.integers ?? [], inputs: node["inputs"]?.integers ?? [])
    }
    let isOrdered = nodes.enumerated().allSatisfy { index, node in
      node.inputs.allSatisfy { (0..<index).contains($0) }
    }
    return isOrdered && nodes.count == list.count ? nodes : []
  }
}

extension RunDetails.Profile {
  var json: JSON {
    [
      "batch": .integer(batch), "threads": .integer(threads), "optimizer": .optional(optimizer),
      "steps": .array(
        steps.map {
          [
            "name": .string($0.name), "layer": .string($0.layer), "seconds": .number($0.seconds),
            "flops": .integer($0.flops),
          ]
        }),
    ]
  }

  init?(_ json: JSON) {
    guard let batch = json["batch"]?.intValue, let threads = json["threads"]?.intValue, threads > 0,
      let steps = json["steps"]?.arrayValue
    else { return nil }
    self.init(
      batch: batch, threads: threads, optimizer: json["optimizer"]?.stringValue,
      steps: steps.compactMap { step in
        guard let name = step["name"]?.stringValue, let seconds = step["seconds"]?.doubleValue else {
          return nil
        }
        return Step(
          name: name, layer: step["layer"]?.stringValue ?? "", seconds: seconds,
          flops: step["flops"]?.intValue ?? 0)
      })
  }
}

extension JSON {
  static func integers(_ values: [Int]) -> JSON { .array(values.map(JSON.integer)) }
  /// The whole numbers of an array; nil where this is none.
  var integers: [Int]? { arrayValue?.compactMap(\.intValue) }
}
