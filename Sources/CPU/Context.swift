/// What a kernel sees of its worker: where buffers lie, and memory of its own.
struct Context {
  /// The addresses of the program's shared buffers.
  let table: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// Memory for the buffers that are local to a region.
  let local: UnsafeMutableRawPointer
  /// Memory for the duration of one call.
  let scratch: UnsafeMutableRawPointer
  /// The first image of the chunk that local buffers hold now.
  var chunkStart = 0
}

/// A buffer as a kernel sees it: shared or local, and one image's bytes.
struct Operand {
  /// The index in the table, or the offset in local memory.
  var place: Int
  var isLocal: Bool
  /// Bytes from one image's part to the next one's; 0 where all images read the same.
  var imageStride: Int

  @inline(__always)
  func raw(_ context: Context, image: Int = 0) -> UnsafeMutableRawPointer {
    isLocal
      ? context.local + (place + (image - context.chunkStart) * imageStride)
      : context.table[place] + image * imageStride
  }

  @inline(__always)
  func floats(_ context: Context, image: Int = 0) -> UnsafeMutablePointer<Float> {
    raw(context, image: image).assumingMemoryBound(to: Float.self)
  }

  @inline(__always)
  func bytes(_ context: Context, image: Int = 0) -> UnsafeMutablePointer<UInt8> {
    raw(context, image: image).assumingMemoryBound(to: UInt8.self)
  }

  @inline(__always)
  func labels(_ context: Context, image: Int = 0) -> UnsafeMutablePointer<Int32> {
    raw(context, image: image).assumingMemoryBound(to: Int32.self)
  }

  @inline(__always)
  func doubles(_ context: Context, image: Int = 0) -> UnsafeMutablePointer<Double> {
    raw(context, image: image).assumingMemoryBound(to: Double.self)
  }
}

/// A step that runs on a range of images.
protocol ImageKernel {
  /// Prepares the shard's own sums; called before its first images.
  func begin(shard: Int, _ context: Context)
  func run(_ images: Range<Int>, shard: Int, _ context: Context)
  /// Completes the shard's own sums; called after its last images.
  func end(shard: Int, _ context: Context)
}

extension ImageKernel {
  func begin(shard: Int, _ context: Context) {}
  func end(shard: Int, _ context: Context) {}
}

/// Work that is split into independent tasks by shapes alone.
protocol FlatKernel {
  var taskCount: Int { get }
  func run(task: Int, _ context: Context)
}

/// A bump allocator for the layout of scratch memory, resolved to offsets when a kernel is made.
struct ScratchLayout {
  private(set) var byteCount = 0

  /// The offset of `count` elements of a type, aligned to a cache line.
  mutating func reserve<Element>(_ type: Element.Type, _ count: Int) -> Int {
    let offset = byteCount
    byteCount += (count * MemoryLayout<Element>.stride + 63) / 64 * 64
    return offset
  }
}
