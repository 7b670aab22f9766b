// Kernels for x86-64 processors with AVX-512: the same 8-lane tiles, with twice the registers.
#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq"))), \
                             apply_to = function)

#define MK_HAS_FMA 1
#define MK_MASK_LOAD(p, m) ((vf)_mm256_maskload_ps(p, (__m256i)(m)))
#define MK_MASK_STORE(p, m, v) _mm256_maskstore_ps(p, (__m256i)(m), (__m256)(v))
#define MK_TABLE mk_table_avx512
#define MK_NAME "avx512"
#include "kernels/table.inc.h"

#pragma clang attribute pop
#endif
