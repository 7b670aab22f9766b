/// Offsets in one arena for buffers that live at different times: a pure function of their lifetimes.
package struct MemoryPlan: Sendable {
  /// A buffer's size and the first and last region that touches it.
  package struct Lifetime: Sendable {
    package var byteCount: Int
    package var first: Int
    package var last: Int

    package init(byteCount: Int, first: Int, last: Int) {
      self.byteCount = byteCount
      self.first = first
      self.last = last
    }
  }

  /// Every offset is a multiple of this, a cache line.
  package static let alignment = 64

  package private(set) var offsets: [Int]
  package private(set) var byteCount: Int

  /// Places the largest buffers first, each at the lowest offset free during its whole life.
  package init(_ lifetimes: [Lifetime]) {
    offsets = [Int](repeating: 0, count: lifetimes.count)
    byteCount = 0
    var placed: [(offset: Int, end: Int, life: Lifetime)] = []
    let order = lifetimes.indices.sorted {
      (lifetimes[$1].byteCount, $0) < (lifetimes[$0].byteCount, $1)
    }
    for index in order {
      let life = lifetimes[index]
      let size = (life.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
      var offset = 0
      for other in placed.sorted(by: { $0.offset < $1.offset })
      where other.life.first <= life.last && life.first <= other.life.last {
        if offset + size <= other.offset { break }
        offset = max(offset, other.end)
      }
      offsets[index] = offset
      placed.append((offset, offset + size, life))
      byteCount = max(byteCount, offset + size)
    }
  }
}
