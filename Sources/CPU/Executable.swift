import MartletCompilation
import MartletGraphs
import MartletTensors

/// A program with its kernels and memory, ready to run on a pool of workers.
///
/// A step of training is `compute()`, a look at `firstNonFinite`, and `update()`.
package final class Executable {
  package let program: Program
  private let plan: ExecutablePlan
  private let pool: WorkerPool
  private let arena: Arena
  /// What was computed from the weights alone, where they stay the same for many executions.
  package let prepared: Arena
  private let counters: TaskCounters
  private let table: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let constants: UnsafeMutablePointer<Float>
  private let isWorthThreads: Bool
  private var boundGeneration = -1

  /// - Parameter prepared: What another executable has prepared, whose `preparation` is equal to this one's; with it
  ///   `prepare` need not be called.
  package init(_ program: Program, pool: WorkerPool, arena: Arena, prepared: Arena? = nil) {
    self.program = program
    self.pool = pool
    self.arena = arena
    plan = ExecutablePlan(program)
    isWorthThreads = program.isWorthThreads
    counters = TaskCounters(phases: max(plan.prepare.count, plan.compute.count, plan.update.count))
    self.prepared = prepared ?? Arena(workers: 0)
    if prepared == nil { self.prepared.reserve(shared: plan.preparedBytes, worker: 0) }
    arena.reserve(shared: plan.memory.byteCount, worker: plan.workerLocalBytes + plan.workerScratchBytes)
    table = .allocate(capacity: plan.slotBytes.count)
    table.initialize(repeating: arena.shared, count: plan.slotBytes.count)
    let numbers = program.buffers.flatMap { buffer -> [Float] in
      if case .constant(let numbers) = buffer.kind { return numbers }
      return []
    }
    for (slot, offset) in plan.preparedOffsets { table[slot] = self.prepared.shared + offset }
    constants = .allocate(capacity: max(1, numbers.count))
    constants.initialize(from: numbers, count: numbers.count)
    var offset = 0
    for (slot, buffer) in program.buffers.enumerated() {
      guard case .constant(let numbers) = buffer.kind else { continue }
      table[slot] = UnsafeMutableRawPointer(constants + offset)
      offset += numbers.count
    }
  }

  deinit {
    table.deallocate()
    constants.deallocate()
  }

  /// Bytes of the arena this program needs, for all workers together.
  package var arenaBytes: Int {
    plan.memory.byteCount + pool.count * (plan.workerLocalBytes + plan.workerScratchBytes)
  }

  /// Bytes of what is kept for all executions: packed weights, and what depends on the store alone.
  package var preparedBytes: Int { plan.preparedBytes }

  /// What is kept, as text: programs with equal texts can share it.
  package var preparation: [String] { plan.preparation }

  /// The number of phases between barriers.
  package var phaseCount: Int { plan.compute.count + plan.update.count }

  /// Points the program at the tensors of a store.
  package func bind(_ address: (_ path: String) -> UnsafeMutablePointer<Float>) {
    for (path, slot) in program.parameters { table[slot] = UnsafeMutableRawPointer(address(path)) }
  }

  /// Points an input at data, which must stay in place while the program runs; unknown names are ignored,
  /// because a program need not use everything that is offered.
  package func setInput(_ name: String, _ data: UnsafeRawPointer) {
    if let slot = program.inputs[name] { table[slot] = UnsafeMutableRawPointer(mutating: data) }
  }

  /// The elements of an output; valid until the arena's next program runs.
  package func output(_ name: String) -> UnsafeBufferPointer<Float> {
    elements(buffer(ofOutput: name))
  }

  private func buffer(ofOutput name: String) -> Int {
    guard let output = program.outputs[name] else {
      preconditionFailure("the program has no output \(name)")
    }
    return output.buffer
  }

  /// The elements of an output of any type, as floats.
  package func numbers(_ name: String) -> [Float] {
    let buffer = buffer(ofOutput: name)
    let count = program.buffers[buffer].count
    switch program.buffers[buffer].element {
    case .float: return Array(elements(buffer))
    case .uint8:
      return UnsafeBufferPointer(start: table[buffer].assumingMemoryBound(to: UInt8.self), count: count).map {
        Float($0)
      }
    case .int32:
      return UnsafeBufferPointer(start: table[buffer].assumingMemoryBound(to: Int32.self), count: count).map {
        Float($0)
      }
    }
  }

  private func elements(_ buffer: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: table[buffer].assumingMemoryBound(to: Float.self), count: program.buffers[buffer].count)
  }

  /// Computes what depends on the store alone; to be called after `bind` and whenever the store has changed,
  /// where the program was compiled for weights that stay.
  package func prepare() {
    bindArena()
    run(plan.prepare)
  }

  /// Runs everything up to the guard.
  package func compute() {
    bindArena()
    run(plan.compute)
  }

  /// Changes the store; to be called only if `firstNonFinite` is nil.
  package func update() { run(plan.update) }

  /// The first guarded value that is not finite.
  package var firstNonFinite: String? {
    let sums = table[plan.guardSlot].assumingMemoryBound(to: Double.self)
    for kernel in plan.guardKernels {
      for task in 0..<kernel.taskCount where !sums[kernel.first + task].isFinite { return kernel.name }
    }
    return nil
  }

  /// The root of the sum of squares of the guarded values with this prefix.
  package func norm(ofGuarded prefix: String) -> Double {
    let sums = table[plan.guardSlot].assumingMemoryBound(to: Double.self)
    var total = 0.0
    for kernel in plan.guardKernels where kernel.name.hasPrefix(prefix) {
      for task in 0..<kernel.taskCount { total += sums[kernel.first + task] }
    }
    return total.squareRoot()
  }

  private func bindArena() {
    guard boundGeneration != arena.generation else { return }
    for (index, slot) in plan.arenaSlots.enumerated() {
      table[slot] = arena.shared + plan.memory.offsets[index]
    }
    boundGeneration = arena.generation
  }

  private func run(_ phases: [Phase]) {
    guard !phases.isEmpty else { return }
    guard isWorthThreads else {
      return pool.runAlone {
        let context = context(0)
        for phase in phases { for task in 0..<phase.taskCount { phase.run(task: task, context) } }
      }
    }
    counters.reset()
    pool.run { worker in
      let context = context(worker)
      for (index, phase) in phases.enumerated() {
        let count = phase.taskCount
        while true {
          let task = counters.take(index)
          if task >= count { break }
          phase.run(task: task, context)
        }
        if index < phases.count - 1 { pool.barrier() }
      }
    }
  }

  /// The phases of a whole execution, update included.
  var profiledPhases: [Phase] { plan.compute + plan.update }

  /// Runs a phase and gives the time of each of its kernels, all threads together.
  func times(of phase: Phase) -> [Duration] {
    bindArena()
    counters.reset()
    let none = [Duration](repeating: .zero, count: phase.labels.count)
    let found = Guarded([[Duration]](repeating: none, count: pool.count))
    pool.run { worker in
      let context = context(worker)
      var own = none
      while true {
        let task = counters.take(0)
        if task >= phase.taskCount { break }
        phase.run(task: task, context, times: &own)
      }
      found.withLock { $0[worker] = own }
    }
    return found.withLock { workers in none.indices.map { index in workers.reduce(.zero) { $0 + $1[index] } }
    }
  }

  private func context(_ worker: Int) -> Context {
    Context(
      table: table, local: arena.workers[worker], scratch: arena.workers[worker] + plan.workerLocalBytes)
  }

  /// Tells where a number that is not finite arose: the path of the first step that stores one.
  ///
  /// Runs the program one phase at a time; changes nothing but the arena.
  package func locateNonFinite() -> String? {
    bindArena()
    for phase in plan.compute {
      run([phase])
      for (step, buffer) in phase.stored {
        let kind = program.buffers[buffer].kind
        guard kind == .temporary, program.buffers[buffer].element == .float else { continue }
        if elements(buffer).contains(where: { !$0.isFinite }) { return step }
      }
    }
    return nil
  }
}
