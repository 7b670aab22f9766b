import MartletCompilation
import MartletGraphs

/// Chooses kernels for a program's steps and lays out their memory.
///
/// Slots of the address table are the program's buffers first, then what the kernels ask for besides:
/// packed weights and the shards' partial sums.
struct ExecutablePlan {
  let program: Program
  /// What runs once for each set of weights, where they stay the same for many executions.
  private(set) var prepare: [Phase] = []
  private(set) var compute: [Phase] = []
  private(set) var update: [Phase] = []
  /// Bytes of every slot that lies in the arena, and its place there.
  private(set) var slotBytes: [Int]
  private(set) var memory = MemoryPlan([])
  private(set) var arenaSlots: [Int] = []
  private(set) var workerLocalBytes = 0
  var workerScratchBytes = 0
  /// The sums of squares of the guarded buffers, one Double for each task.
  private(set) var guardKernels: [GuardKernel] = []
  private(set) var guardSlot = 0

  /// The slots that keep what was prepared, with their places in memory of their own.
  private(set) var preparedOffsets: [Int: Int] = [:]
  private(set) var preparedBytes = 0
  /// The phase in which the weights of the store are packed.
  private var packingPhase = 0
  private var lifetimes: [Int: ClosedRange<Int>] = [:]
  private var localOffsets: [Int: Int] = [:]
  private var packings: [PackingKey: Int] = [:]
  private var packingKernels: [WeightPacking] = []
  var phaseIndex = 1

  private struct PackingKey: Hashable {
    var buffer: Int
    var order: WeightPacking.Order
    var groups: Int
  }

  init(_ program: Program) {
    self.program = program
    slotBytes = program.buffers.map(\.byteCount)
    for region in program.prepare { prepare += phases(of: region) }
    prepare += flushed()
    if program.weightsStay {
      packingPhase = phaseIndex
      phaseIndex += 1
    }
    for region in program.compute { compute += phases(of: region) }
    compute += flushed()
    if !program.guarded.isEmpty { compute.append(guardPhase()) }
    for region in program.update { update += phases(of: region) }
    update += flushed()
    if !packingKernels.isEmpty {
      let packing = Self.packing(packingKernels)
      if program.weightsStay { prepare.append(packing) } else { compute.insert(packing, at: 0) }
    }
    for output in program.outputs.values { touch(output.buffer, phaseIndex) }
    for (_, buffer) in program.guarded { touch(buffer, phaseIndex) }
    arenaSlots = lifetimes.keys.filter { preparedOffsets[$0] == nil }.sorted()
    memory = MemoryPlan(
      arenaSlots.map { slot in
        let life = lifetimes[slot] ?? 0...0
        return MemoryPlan.Lifetime(byteCount: slotBytes[slot], first: life.lowerBound, last: life.upperBound)
      })
  }

  mutating func touch(_ slot: Int, _ phase: Int) {
    if slot < program.buffers.count {
      switch program.buffers[slot].kind {
      case .temporary: break
      // What an execution reads is kept; the rest is on its way to what is kept.
      case .prepared where phase > packingPhase && packingPhase > 0: return keep(slot)
      case .prepared: break
      case .input, .parameter, .constant, .local: return
      }
    }
    let life = lifetimes[slot] ?? phase...phase
    lifetimes[slot] = min(life.lowerBound, phase)...max(life.upperBound, phase)
  }

  private mutating func newSlot(_ bytes: Int, touching phases: ClosedRange<Int>) -> Int {
    slotBytes.append(bytes)
    let slot = slotBytes.count - 1
    touch(slot, phases.lowerBound)
    touch(slot, phases.upperBound)
    return slot
  }

  private mutating func keep(_ slot: Int) {
    guard preparedOffsets[slot] == nil else { return }
    preparedOffsets[slot] = preparedBytes
    preparedBytes +=
      (slotBytes[slot] + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
  }

  /// What is kept, as text: programs with equal texts can share it.
  var preparation: [String] {
    program.preparation
      + packingKernels.map { "\(program.name(of: $0.kernel.place)) \($0.order) \($0.groups) \($0.shape)" }
      + preparedOffsets.map { "\($0.key) at \($0.value)" }.sorted()
  }

  /// A step's operand; its first axis counts `images` or nothing.
  mutating func operand(_ buffer: Int, _ shape: [Int], images: Int) -> Operand {
    touch(buffer, phaseIndex)
    let bytes = shape.reduce(1, *) * program.buffers[buffer].element.byteCount
    let stride = shape.first == images && images > 0 ? bytes / images : 0
    if program.buffers[buffer].kind == .local {
      return Operand(place: localOffsets[buffer] ?? 0, isLocal: true, imageStride: stride)
    }
    return Operand(place: buffer, isLocal: false, imageStride: stride)
  }

  /// The kernel in the order an algorithm reads: itself where that is its own order.
  mutating func weights(_ buffer: Int, _ shape: [Int], _ order: WeightPacking.Order, groups: Int)
    -> Operand
  {
    let isOnePanel = WeightPacking.blocks(order: order, shape: shape, groups: groups).isOnePanel
    if order == .forward && groups == 1 && shape[3] == padded(shape[3]) && isOnePanel {
      touch(buffer, phaseIndex)
      return Operand(place: buffer, isLocal: false, imageStride: 0)
    }
    let key = PackingKey(buffer: buffer, order: order, groups: groups)
    if let slot = packings[key] {
      touch(slot, phaseIndex)
      return Operand(place: slot, isLocal: false, imageStride: 0)
    }
    // Weights of the store are packed before anything else; computed ones just before their use.
    guard program.buffers[buffer].isParameter || program.buffers[buffer].kind == .prepared else {
      touch(buffer, phaseIndex)
      return packedNow(buffer, shape, order, groups)
    }
    let bytes = WeightPacking.count(order: order, shape: shape, groups: groups) * 4
    let slot: Int
    if program.weightsStay {
      slotBytes.append(bytes)
      slot = slotBytes.count - 1
      keep(slot)
      touch(buffer, packingPhase)
    } else {
      slot = newSlot(bytes, touching: packingPhase...phaseIndex)
    }
    packings[key] = slot
    let packed = Operand(place: slot, isLocal: false, imageStride: 0)
    packingKernels.append(
      WeightPacking(
        order: order, shape: shape, groups: groups,
        kernel: Operand(place: buffer, isLocal: false, imageStride: 0), packed: packed))
    return packed
  }

  private var packingsBefore: [WeightPacking] = []

  private mutating func packedNow(
    _ buffer: Int, _ shape: [Int], _ order: WeightPacking.Order, _ groups: Int
  ) -> Operand {
    let count = WeightPacking.count(order: order, shape: shape, groups: groups)
    let slot = newSlot(count * 4, touching: (phaseIndex - 1)...phaseIndex)
    let packed = Operand(place: slot, isLocal: false, imageStride: 0)
    packingsBefore.append(
      WeightPacking(
        order: order, shape: shape, groups: groups,
        kernel: Operand(place: buffer, isLocal: false, imageStride: 0), packed: packed))
    touch(buffer, phaseIndex - 1)
    return packed
  }

  mutating func partials(_ shards: Shards, bytes: Int) -> Operand {
    let stride = (bytes + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
    let slot = newSlot(shards.count * stride, touching: phaseIndex...(phaseIndex + 1))
    return Operand(place: slot, isLocal: false, imageStride: stride)
  }

  private mutating func phases(of region: Program.Region) -> [Phase] {
    switch region.domain {
    case .images:
      if program.splitsImages, packingPhase > 0 { return flushed() + singleImagePhases(region.steps) }
      return flushed() + imagePhases(region.steps, images: program.batch)
    case .flat:
      var result: [Phase] = []
      let flat = region.steps.filter { $0.flatImages == nil }
      if !flat.isEmpty || !region.chain.isEmpty { result += flatPhases(flat, chain: region.chain) }
      for step in region.steps {
        if let images = step.flatImages { result += flushed() + imagePhases([step], images: images) }
      }
      return result
    }
  }

  /// Flat steps and a chain in one phase, with the sums that the phase before left to be completed,
  /// as far as only the chain reads them.
  private mutating func flatPhases(_ steps: [Step], chain: [Step]) -> [Phase] {
    let read = Set(steps.flatMap(\.inputs))
    let chained = Set(chain.flatMap(\.inputs))
    let joins = pending.allSatisfy { work in
      work.outputs.allSatisfy { !read.contains($0) && (work.isSmall || !chained.contains($0)) }
    }
    let before = joins ? [] : flushed()
    let joined = pending
    pending = []
    var kernels: [any FlatKernel] = []
    var labels: [KernelLabel] = []
    for step in steps {
      kernels.append(flatKernel(step))
      labels.append(KernelLabel(step))
    }
    for sum in joined where !sum.isSmall {
      kernels.append(sum.kernel)
      labels.append(sum.label)
    }
    let small = joined.filter(\.isSmall)
    let links = small.map(\.kernel) + chain.map { chainKernel($0) }
    if !links.isEmpty {
      kernels.append(ChainKernel(links: links))
      labels.append(KernelLabel(chain: small.map(\.label) + chain.map { KernelLabel($0) }))
    }
    var phase = close(.flat(kernels: kernels), labels, storing: steps + chain)
    phase.stored = joined.flatMap { work in work.outputs.map { (work.label.name, $0) } } + phase.stored
    return before + [phase]
  }

  /// Sums over the batch that wait for a phase to be completed in.
  private struct PendingSum {
    var kernel: any FlatKernel
    var label: KernelLabel
    var outputs: [Int]

    var isSmall: Bool { kernel.taskCount == 1 }
  }

  private var pending: [PendingSum] = []

  /// A phase of its own for the sums that still wait.
  mutating func flushed() -> [Phase] {
    guard !pending.isEmpty else { return [] }
    var phase = close(.flat(kernels: pending.map(\.kernel)), pending.map(\.label))
    phase.stored = pending.flatMap { work in work.outputs.map { (work.label.name, $0) } }
    pending = []
    return [phase]
  }

  private static func packing(_ kernels: [WeightPacking], computed: Bool = false) -> Phase {
    let label = KernelLabel(name: computed ? "pack computed weights" : "pack weights")
    return Phase(work: .flat(kernels: kernels), labels: kernels.map { _ in label })
  }

  /// Ends a phase: what comes next has the next number.
  ///
  /// - Parameter isStored: Whether a step's output is complete after this phase.
  private mutating func close(
    _ work: Phase.Work, _ labels: [KernelLabel], storing steps: [Step] = [],
    isStored: (Step, Int) -> Bool = { _, _ in true }
  ) -> Phase {
    phaseIndex += 1
    let stored = steps.flatMap { step in
      step.outputs.indices.filter { isStored(step, $0) }.map { (step.name, step.outputs[$0]) }
    }
    return Phase(work: work, labels: labels, stored: stored)
  }

  /// A phase for a convolution of a single image, with what must be packed before it.
  mutating func splitPhase(_ step: Step) -> [Phase] {
    guard case .convolution(let convolution) = step.kind else {
      preconditionFailure("\(step.name) is no convolution")
    }
    phaseIndex += 1
    var own = ScratchLayout()
    let kernel = forward(convolution, step, images: 1, scratch: &own)
    workerScratchBytes = max(workerScratchBytes, own.byteCount)
    let before = packingsBefore.isEmpty ? [] : [Self.packing(packingsBefore, computed: true)]
    packingsBefore = []
    let work = Phase.Work.flat(kernels: [SplitConvolution(convolution: kernel)])
    return before + [close(work, [KernelLabel(step)], storing: [step])]
  }

  mutating func imagePhases(_ steps: [Step], images: Int) -> [Phase] {
    let partialBytes = steps.reduce(0) { $0 + $1.partialBytes }
    let together = steps.map(\.imagesTogether).max() ?? 1
    let shards = Shards(images: images, partialBytes: partialBytes, together: together)
    let chunk = layOutLocals(
      steps, images: images, together: together, longest: shards.ranges.map(\.count).max() ?? 1)
    // Packing what other phases have computed needs a phase of its own, before this one.
    phaseIndex += 1
    var kernels: [any ImageKernel] = []
    var kept = ScratchLayout()
    let places = steps.map { kept.reserve(Float.self, $0.keptFloats) }
    for (step, place) in zip(steps, places) {
      var own = kept
      let (kernel, completion) = imageKernel(
        step, images: images, shards: shards, kept: place, scratch: &own)
      workerScratchBytes = max(workerScratchBytes, own.byteCount)
      kernels.append(kernel)
      let label = KernelLabel(name: "add the shards of \(step.name)", path: step.path)
      pending += completion.map { PendingSum(kernel: $0, label: label, outputs: step.outputs) }
    }
    var result: [Phase] = []
    if !packingsBefore.isEmpty {
      result.append(Self.packing(packingsBefore, computed: true))
    }
    packingsBefore = []
    result.append(
      close(
        .images(kernels: kernels, shards: shards, chunk: chunk), steps.map { KernelLabel($0) },
        storing: steps
      ) { step, output in step.isStoredByImage(output: output) })
    return result
  }

  /// Places the local buffers of a region and returns how many images they hold.
  private mutating func layOutLocals(
    _ steps: [Step], images: Int, together: Int, longest: Int
  ) -> Int {
    var perImage: [Int: Int] = [:]
    for step in steps {
      for buffer in step.inputs + step.outputs where !program.buffers[buffer].isParameter {
        perImage[buffer] = program.buffers[buffer].byteCount / images
      }
    }
    let fitting = Self.chunkBytes / max(1, perImage.values.reduce(0, +))
    let chunk = min(longest, max(together, fitting))
    var offset = 0
    for (buffer, bytes) in perImage.sorted(by: { $0.key < $1.key })
    where program.buffers[buffer].kind == .local {
      localOffsets[buffer] = offset
      offset += (bytes * chunk + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
    }
    workerLocalBytes = max(workerLocalBytes, offset)
    return chunk
  }

  /// A chunk's buffers stay in the second-level cache.
  private static let chunkBytes = 192 << 10

  private mutating func guardPhase() -> Phase {
    var first = 0
    for (name, buffer) in program.guarded {
      let place = operand(buffer, program.buffers[buffer].shape, images: 0)
      let kernel = GuardKernel(name: name, input: place, count: program.buffers[buffer].count, first: first)
      guardKernels.append(kernel)
      first += kernel.taskCount
    }
    guardSlot = newSlot(first * MemoryLayout<Double>.stride, touching: phaseIndex...phaseIndex)
    for index in guardKernels.indices { guardKernels[index].slot = guardSlot }
    return close(.flat(kernels: guardKernels), guardKernels.map { _ in KernelLabel(name: "guard") })
  }
}

extension KernelLabel {
  init(_ step: Step) {
    self.init(
      name: step.name + step.choice, path: step.path, cost: step.cost, arithmetic: step.arithmetic)
  }

  /// Small kernels that run one after the other.
  init(chain: [KernelLabel]) {
    guard chain.count > 1 else {
      self = chain[0]
      return
    }
    self.init(
      name: "\(chain.count) small steps from \(chain[0].name)",
      cost: chain.reduce(Cost()) { $0 + $1.cost })
  }
}
