import Foundation
import MartletCPU
import MartletReports
import MartletTensors

extension BenchmarkRow {
  /// The steps of the program by their time: milliseconds with all threads at work, share of the whole,
  /// rate, share of the peak of its algorithm, and the times that arithmetic alone and memory alone would take.
  func layerTable(_ rates: MachineRates) -> String {
    var table = Table([
      .init("ms", isNumeric: true), .init("Share", isNumeric: true), .init("GFLOP/s", isNumeric: true),
      .init("Of peak", isNumeric: true), .init("Floor ms", isNumeric: true), .init("MB", isNumeric: true),
      .init("Memory ms", isNumeric: true), .init("Step"),
    ])
    let total = layers.reduce(0) { $0 + $1.seconds }
    for step in layers.sorted(by: { $0.seconds > $1.seconds }) where step.seconds >= total / 1000 {
      let rate = step.rate(threads: threads)
      let floor = rates.floor(of: step)
      table.append([
        String(format: "%.3f", step.seconds * 1000 / Double(threads)), Table.percent(step.seconds / total),
        step.cost.flops == 0 ? "-" : String(format: "%.0f", rate),
        step.cost.flops == 0 ? "-" : Table.percent(rate / rates.arithmetic(of: step)),
        String(format: "%.3f", floor.arithmetic), String(format: "%.1f", Double(step.cost.bytes) / 1_048_576),
        String(format: "%.3f", floor.memory), step.name,
      ])
    }
    return table.text
  }

  /// The steps as bars in the order of execution, beside their floors.
  func program(_ rates: MachineRates) -> ProgramFigure {
    ProgramFigure(
      title: "\(system), \(mode.rawValue), batch \(batch), \(threads) thread\(threads == 1 ? "" : "s")",
      steps: layers.map { step in
        let floor = rates.floor(of: step)
        return ProgramFigure.Step(
          name: step.name, phase: step.phase, milliseconds: step.seconds * 1000 / Double(threads),
          arithmetic: floor.arithmetic, memory: floor.memory)
      })
  }

  /// One object for each step of the program, in the order of execution.
  func layerJSON(_ rates: MachineRates) -> [JSON] {
    layers.map { step in
      let floor = rates.floor(of: step)
      return [
        "event": "step", "system": .string(system), "name": .string(step.name), "layer": .string(step.path),
        "milliseconds": .number(step.seconds * 1000 / Double(threads)),
        "gflops": .number(step.rate(threads: threads)), "flops": .integer(step.cost.flops),
        "bytes": .integer(step.cost.bytes), "phase": .integer(step.phase),
        "floor_milliseconds": .number(floor.arithmetic), "memory_milliseconds": .number(floor.memory),
      ]
    }
  }
}

extension StepTime {
  /// The operations a second that the graph counts, in units of 10^9; what skips zeros or multiplies less
  /// can lie above the peak.
  fileprivate func rate(threads: Int) -> Double {
    seconds > 0 ? Double(cost.flops) / seconds * Double(threads) / 1e9 : 0
  }
}
