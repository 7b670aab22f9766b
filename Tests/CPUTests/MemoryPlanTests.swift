import MartletCompilation
import MartletTensors
import Testing

@Suite struct MemoryPlanTests {
  /// Buffers that live at the same time never share a byte; the arena is no smaller than what lives at once.
  @Test(arguments: 0..<200)
  func liveBuffersNeverOverlap(_ seed: Int) {
    let random = RandomStream(seed: UInt64(seed), purpose: .sample)
    let count = 1 + random.integer(below: 40, at: 0)
    let lifetimes = (0..<count).map { index in
      let first = random.integer(below: 12, at: UInt64(4 * index + 1))
      return MemoryPlan.Lifetime(
        byteCount: random.integer(below: 5_000, at: UInt64(4 * index + 2)), first: first,
        last: first + random.integer(below: 6, at: UInt64(4 * index + 3)))
    }
    let plan = MemoryPlan(lifetimes)
    for (a, life) in lifetimes.enumerated() {
      #expect(plan.offsets[a] % MemoryPlan.alignment == 0)
      #expect(plan.offsets[a] + life.byteCount <= plan.byteCount)
      for b in lifetimes.indices where b > a {
        let other = lifetimes[b]
        guard life.first <= other.last, other.first <= life.last else { continue }
        let apart =
          plan.offsets[a] + life.byteCount <= plan.offsets[b]
          || plan.offsets[b] + other.byteCount <= plan.offsets[a]
        #expect(apart || life.byteCount == 0 || other.byteCount == 0)
      }
    }
    let atOnce = (0..<20).map { time in
      lifetimes.filter { $0.first <= time && time <= $0.last }.reduce(0) { $0 + $1.byteCount }
    }
    #expect(plan.byteCount >= atOnce.max() ?? 0)
  }

  @Test func bytesAreUsedAgain() {
    let chain = (0..<10).map { MemoryPlan.Lifetime(byteCount: 640, first: $0, last: $0 + 1) }
    #expect(MemoryPlan(chain).byteCount == 1_280)
  }
}
