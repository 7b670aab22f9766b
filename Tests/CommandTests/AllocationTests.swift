import Foundation
import Testing

/// A training step allocates nothing: more steps take no more memory blocks.
@Suite(.enabled(if: PreloadedLibrary.isPossible)) struct AllocationTests {
  /// Counts what is asked of the C library; the count is written at the end into a file that a variable names.
  private static let source = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <unistd.h>

    void *__libc_malloc(size_t);
    void *__libc_calloc(size_t, size_t);
    void *__libc_realloc(void *, size_t);
    void *__libc_memalign(size_t, size_t);

    static unsigned long count;
    static void add(void) { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }

    void *malloc(size_t bytes) { add(); return __libc_malloc(bytes); }
    void *calloc(size_t items, size_t bytes) { add(); return __libc_calloc(items, bytes); }
    void *realloc(void *old, size_t bytes) { add(); return __libc_realloc(old, bytes); }
    void *memalign(size_t edge, size_t bytes) { add(); return __libc_memalign(edge, bytes); }
    void *aligned_alloc(size_t edge, size_t bytes) { add(); return __libc_memalign(edge, bytes); }
    int posix_memalign(void **result, size_t edge, size_t bytes) {
      add();
      *result = __libc_memalign(edge, bytes);
      return *result ? 0 : ENOMEM;
    }

    __attribute__((destructor)) static void tell(void) {
      const char *path = getenv("MARTLET_ALLOCATIONS");
      char text[32];
      int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
      if (file >= 0) {
        int length = snprintf(text, sizeof text, "%lu", count);
        if (write(file, text, (size_t)length) != length) _exit(1);
        close(file);
      }
    }
    """

  /// The blocks that a run with so many steps allocated, start and end included.
  private func count(
    _ system: String, steps: Int, _ library: PreloadedLibrary, _ folder: TemporaryFolder
  ) throws -> Int {
    let file = "\(folder.path)/count"
    let result = try CommandRunner.run(
      CommandRunner.path,
      [
        "benchmark", system, "--batch-size", "8", "--steps", "\(steps)", "--rates", "100,50,10",
        "--threads", "2", "--random", "--json",
      ], environment: library.environment.merging(["MARTLET_ALLOCATIONS": file]) { $1 }, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return try #require(Int(String(contentsOfFile: file, encoding: .utf8)))
  }

  @Test(
    .disabled(if: Sanitizer.isOn, "a sanitizer's allocator asks none of these functions"),
    arguments: [
      "convnet-mnist-loop", "custom-cnn-mnist", "conv5x5-regularized-mnist", "attention-fashion",
      "conv-fashion",
      "mobilenet-like", "resnet-like",
    ]) func stepsAllocateNothing(system: String) throws
  {
    let folder = try TemporaryFolder()
    let library = try PreloadedLibrary(Self.source, in: folder)
    let few = try count(system, steps: 40, library, folder)
    let many = try count(system, steps: 140, library, folder)
    // The program's own lists of times grow by doubling; a block for each step would be a hundred.
    #expect(few > 1000 && abs(many - few) < 50, "\(few) and \(many) blocks")
  }
}
