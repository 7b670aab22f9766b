import CMartletKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The micro-kernels of this processor, chosen once at start.
///
/// `MARTLET_ISA` (plain, avx2, avx512, neon) overrides the choice where the processor can run it.
package enum InstructionSet {
  // A table of function pointers that nothing ever changes.
  nonisolated(unsafe) package static let kernels: mk_kernels = {
    let best = mk_best_isa()
    let wanted = getenv("MARTLET_ISA").map { String(cString: $0) }
    let named: [String: mk_isa] = ["plain": MK_PLAIN, "avx2": MK_AVX2, "avx512": MK_AVX512, "neon": MK_NEON]
    let chosen = wanted.flatMap { named[$0] } ?? best
    guard let table = mk_kernels_for(chosen) ?? mk_kernels_for(best) ?? mk_kernels_for(MK_PLAIN) else {
      preconditionFailure("the plain kernels are always compiled in")
    }
    return table.pointee
  }()

  /// The name of the instruction set in use, such as `avx2`.
  package static var name: String { String(cString: kernels.name) }
}
