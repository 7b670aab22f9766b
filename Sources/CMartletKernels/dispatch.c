// Which instruction sets this processor has, and the few processor settings the backend needs.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

mk_isa mk_best_isa(void) { return has_avx512() ? MK_AVX512 : has_avx2() ? MK_AVX2 : MK_PLAIN; }

const mk_kernels *mk_kernels_for(mk_isa isa) {
  switch (isa) {
    case MK_PLAIN: return &mk_table_plain;
    case MK_AVX2: return has_avx2() ? &mk_table_avx2 : NULL;
    case MK_AVX512: return has_avx512() ? &mk_table_avx512 : NULL;
    default: return NULL;
  }
}

uint32_t mk_denormals_flush(void) {
  const uint32_t state = _mm_getcsr();
  _mm_setcsr(state | 0x8040u);  // flush to zero, denormals are zero
  return state;
}

void mk_denormals_restore(uint32_t state) { _mm_setcsr(state); }

void mk_pause(void) { _mm_pause(); }

#elif defined(__aarch64__)

mk_isa mk_best_isa(void) { return MK_NEON; }

const mk_kernels *mk_kernels_for(mk_isa isa) {
  switch (isa) {
    case MK_PLAIN: return &mk_table_plain;
    case MK_NEON: return &mk_table_neon;
    default: return NULL;
  }
}

uint32_t mk_denormals_flush(void) {
  uint64_t state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  __asm__ volatile("msr fpcr, %0" : : "r"(state | (UINT64_C(1) << 24)));  // flush to zero
  return (uint32_t)state;
}

void mk_denormals_restore(uint32_t state) { __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)state)); }

void mk_pause(void) { __asm__ volatile("yield"); }

#else

mk_isa mk_best_isa(void) { return MK_PLAIN; }

const mk_kernels *mk_kernels_for(mk_isa isa) { return isa == MK_PLAIN ? &mk_table_plain : NULL; }

uint32_t mk_denormals_flush(void) { return 0; }

void mk_denormals_restore(uint32_t state) { (void)state; }

void mk_pause(void) {}

#endif
