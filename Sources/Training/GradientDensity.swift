import MartletGraphs
import MartletNetworks
import MartletTensors

extension TrainingStep {
  /// The share of non-zero elements in the gradient of each convolution's result, for one batch; nothing
  /// changes.
  ///
  /// What skips zeros depends on it, and it depends on the data: a measured time goes with its densities.
  package func gradientDensities(
    _ images: Tensor<UInt8>, _ labels: Tensor<Int32>
  ) throws -> [(layer: String, share: Double)] {
    let batch = try input.batch(of: images.shape, .uint8)
    try input.check(labels: labels, batch: batch)
    let graph = try LossTrace(recipe.loss, batch: batch).graph
    guard let loss = graph.outputs.first(where: { $0.name == Self.lossName })?.value else { return [] }
    let convolutions = graph.nodes[...loss.id].indices.filter { id in
      if case .convolution(.forward) = graph.nodes[id].op { return true }
      return false
    }
    let gradients = graph.gradients(
      of: loss, withRespectTo: convolutions.map { Value(graph: graph, id: $0) })
    var found: [(layer: String, name: String)] = []
    for (id, gradient) in zip(convolutions, gradients) {
      guard let gradient else { continue }
      found.append((graph.nodes[id].path, "density \(id)"))
      graph.output("density \(id)", gradient.sign().abs().mean())
    }
    try graph.check()
    let program = engine.executable(graph, batch: batch, parameters)
    numbers.connect(program)
    images.scalars.withUnsafeBytes { images in
      labels.scalars.withUnsafeBytes { labels in
        guard let images = images.baseAddress, let labels = labels.baseAddress else { return }
        program.setInput(input.imagesName, images)
        program.setInput(input.labelsName, labels)
        program.compute()
      }
    }
    return found.map { ($0.layer, Double(program.output($0.name)[0])) }
  }
}
