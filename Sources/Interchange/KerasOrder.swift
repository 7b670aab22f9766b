/// The order in which Keras counts the layers of a functional model.
///
/// Keras keeps no record of the order in which layers were made: it sorts them by their depth, the number of
/// steps to an output on the longest way, the deepest first, and equal ones by the turn in which a search
/// from the outputs, along the first input first, meets them. Its files number each type of layer so.
struct KerasOrder {
  /// The steps to an output on the longest way.
  let depths: [Int]
  /// The turn in which the search meets each step; nil for one that leads to no output.
  let turns: [Int?]

  /// - Parameters:
  ///   - inputs: What each step is computed from; a step comes after its inputs.
  ///   - outputs: The steps that are results.
  ///   - distance: How much deeper an input (second) is than what is computed from it (first).
  init(inputs: [[Int]], outputs: [Int], distance: (Int, Int) -> Int = { _, _ in 1 }) {
    var turns = [Int?](repeating: nil, count: inputs.count)
    var turn = 0
    var next = Array(outputs.reversed())
    while let step = next.popLast() {
      guard turns[step] == nil else { continue }
      turns[step] = turn
      turn += 1
      next.append(contentsOf: inputs[step].reversed())
    }
    var depths = [Int](repeating: 0, count: inputs.count)
    for step in inputs.indices.reversed() where turns[step] != nil {
      for input in inputs[step] {
        depths[input] = max(depths[input], depths[step] + distance(step, input))
      }
    }
    self.depths = depths
    self.turns = turns
  }

  /// Those of the steps that lead to an output, in Keras's order.
  var sorted: [Int] {
    turns.indices.filter { turns[$0] != nil }.sorted {
      (-depths[$0], turns[$0] ?? 0) < (-depths[$1], turns[$1] ?? 0)
    }
  }
}

/// The names of layers in Keras's files, by type and number: `conv2d`, `conv2d_1`.
struct KerasNumbers {
  private var counts: [String: Int] = [:]

  /// The name of the next layer of a type.
  mutating func take(_ type: String) -> String {
    let number = counts[type, default: 0]
    counts[type] = number + 1
    return number == 0 ? type : "\(type)_\(number)"
  }
}
