// Kernels for x86-64 processors with AVX2 and FMA.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define MK_HAS_FMA 1
#define MK_MASK_LOAD(p, m) ((vf)_mm256_maskload_ps(p, (__m256i)(m)))
#define MK_MASK_STORE(p, m, v) _mm256_maskstore_ps(p, (__m256i)(m), (__m256)(v))
#define MK_TABLE mk_table_avx2
#define MK_NAME "avx2"
#include "kernels/table.inc.h"

#pragma clang attribute pop
#endif
