import Martlet
import MartletCases
import MartletGraphs
import MartletNetworks
import MartletTraining
import Testing

/// Shared layers, nested models, frozen layers, several inputs and outputs, and accumulation beside PyTorch.
@Suite struct StyleGoldenTests {
  private static let whole = StyleCase.allCases.filter { $0 != .accumulation }

  @Test(arguments: whole) func sixStepsOfTheReferenceAgree(_ network: StyleCase) throws {
    let golden = try network.golden()
    let step = try network.trainingStep()
    var values = step.parameters.numbers
    for number in 0..<StyleCase.steps {
      try step.setFrozen(network.frozen(step: number))
      let inputs = try network.numbers(step: number).merging(StyleCase.descent.inputs(step: number + 1)) {
        $1
      }
      let result = try step.trace(batch: StyleCase.batchSize).run64((inputs, values))
      let loss = try #require(result.outputs["loss"])[0]
      #expect(abs(loss - golden.losses[number]) <= 1e-8 * golden.losses[number], "step \(number)")
      values.merge(result.assignments) { $1 }
    }
    try expect(values, near: golden.weights)
    let gradients = try network.gradientStep().trace(batch: StyleCase.batchSize)
      .run64((network.numbers(step: 0), network.trainingStep().parameters.numbers)).outputs
    try expect(
      gradients, near: golden.gradients.reduce(into: [:]) { $0["gradient of \($1.key)"] = $1.value })
  }

  @Test(arguments: StyleCase.allCases) func theFirstGradientsAreAsNearAsThePeers(
    _ network: StyleCase
  ) throws {
    let golden = try network.golden()
    let step = try network.gradientStep()
    let data = try network.data(step: 0)
    let result = try step(data.inputs, targets: data.targets, movingStatistics: false)
    #expect(abs(Double(result.loss) - golden.losses[0]) <= 1e-5 * golden.losses[0])
    #expect(Set(result.gradients.keys) == Set(golden.gradients.keys))
    let global = golden.gradients.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    #expect(abs(result.gradientNorm - global) <= 1e-5 * global)
    for (path, stored) in golden.gradients {
      let found = try #require(result.gradients[path]).scalars.map { Double($0) }
      // A peer nearer than half a digit was lucky; a sum that cancels is measured by all gradients.
      let size = max(stored.norm, 1e-3 * global)
      let distance = stored.distance(of: found) * stored.norm / size
      #expect(distance <= 2 * max(stored.peerDistance, 0x1p-24), "\(path): \(distance)")
    }
  }

  @Test(arguments: whole) func sixStepsOfTheEngineAgree(_ network: StyleCase) throws {
    let golden = try network.golden()
    let step = try network.trainingStep()
    for number in 0..<StyleCase.steps {
      try step.setFrozen(network.frozen(step: number))
      let data = try network.data(step: number)
      let loss = Double(try step(data.inputs, targets: data.targets))
      #expect(abs(loss - golden.losses[number]) <= 2e-5 * golden.losses[number], "step \(number)")
    }
    for (path, stored) in golden.weights {
      #expect(stored.distance(of: try #require(step.parameters.numbers[path])) < 1e-4, "\(path)")
    }
  }

  @Test func accumulationOfTheReferenceAgrees() throws {
    let network = StyleCase.accumulation
    let golden = try network.golden()
    let step = try network.gradientStep()
    let update = try UpdateStep(step, optimizer: StyleCase.adam)
    var values = step.parameters.numbers
    for number in 0..<StyleCase.steps {
      let inputs = try network.numbers(step: number)
      var sums: [String: [Double]] = [:]
      var (loss, first) = (0.0, 0)
      for size in [3, 3, 2] {
        let graph = try step.trace(batch: size, isAdding: true)
        for spec in graph.parameters where spec.path.hasPrefix(GradientTrace.sumPrefix) {
          sums[spec.path] = sums[spec.path] ?? [Double](repeating: 0, count: spec.count)
        }
        let part = inputs.mapValues { numbers in
          let count = numbers.count / StyleCase.batchSize
          return Array(numbers[first * count..<(first + size) * count])
        }
        let result = graph.run64((part, values.merging(sums) { $1 }))
        sums.merge(result.assignments) { $1 }
        loss += try #require(result.outputs["loss"])[0] * Double(size) / 8
        first += size
      }
      #expect(abs(loss - golden.losses[number]) <= 1e-8 * golden.losses[number], "step \(number)")
      var gradients = StyleCase.adam.inputs(step: number + 1)
      for (path, sum) in sums {
        gradients[UpdateTrace.inputName(String(path.dropFirst(GradientTrace.sumPrefix.count)))] = sum
      }
      gradients[UpdateTrace.scaleName] = [1.0 / 8]
      values.merge(try update.trace().run64((gradients, values)).assignments) { $1 }
    }
    try expect(values, near: golden.weights)
  }

  @Test func accumulationOfTheEngineAgrees() throws {
    let network = StyleCase.accumulation
    let golden = try network.golden()
    let step = try AccumulatingStep(network.gradientStep(), parts: 3, optimizer: StyleCase.adam)
    for number in 0..<StyleCase.steps {
      let data = try network.data(step: number)
      let loss = Double(try step(data.inputs, targets: data.targets))
      #expect(abs(loss - golden.losses[number]) <= 2e-5 * golden.losses[number], "step \(number)")
    }
    for (path, stored) in golden.weights {
      #expect(stored.distance(of: try #require(step.parameters.numbers[path])) < 1e-4, "\(path)")
    }
  }

  /// Within 1e-8 of each element plus 1e-10 of the norm of all tensors.
  private func expect(_ values: [String: [Double]], near golden: [String: Golden.Stored]) throws {
    #expect(golden.count >= 4)
    let global = golden.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    for (path, stored) in golden {
      let part = stored.part(of: try #require(values[path], "\(path)"))
      #expect(part.count == stored.values.count)
      for (found, expected) in zip(part, stored.values) {
        #expect(
          abs(found - expected) <= 1e-8 * abs(expected) + 1e-10 * global, "\(path): \(found), \(expected)")
      }
    }
  }
}
