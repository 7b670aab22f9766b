import MartletGraphs
import MartletReference

extension Graph {
  /// Executes the graph in double precision on plain numbers.
  package func run64(
    _ values: (inputs: [String: [Double]], parameters: [String: [Double]])
  ) -> ReferenceResult<Double> {
    let inputs = values.inputs.map { ($0, hostTensor($0, $1)) }
    return Reference64.run(
      self, inputs: Dictionary(uniqueKeysWithValues: inputs), parameters: values.parameters)
  }

  /// Executes the graph in single precision on plain numbers.
  package func run32(
    _ values: (inputs: [String: [Double]], parameters: [String: [Double]])
  ) -> ReferenceResult<Float> {
    let inputs = values.inputs.map { name, numbers -> (String, HostTensor<Float>) in
      switch hostTensor(name, numbers) {
      case .numbers(let elements): (name, .numbers(elements.map { Float($0) }))
      case .bytes(let elements): (name, .bytes(elements))
      case .integers(let elements): (name, .integers(elements))
      }
    }
    return Reference32.run(
      self, inputs: Dictionary(uniqueKeysWithValues: inputs),
      parameters: values.parameters.mapValues { $0.map { Float($0) } })
  }

  /// Numbers in the element type that the graph's input has.
  package func hostTensor(_ input: String, _ numbers: [Double]) -> HostTensor<Double> {
    for node in nodes {
      guard case .source(.input(input, _, let element)) = node.op else { continue }
      switch element {
      case .float: return .numbers(numbers)
      case .uint8: return .bytes(numbers.map { UInt8($0) })
      case .int32: return .integers(numbers.map { Int32($0) })
      }
    }
    return .numbers(numbers)
  }
}
