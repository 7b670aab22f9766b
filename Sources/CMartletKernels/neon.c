// Kernels for 64-bit ARM processors; each vector takes two registers of the 32.
#include "tables.h"

#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF

#define MK_HAS_FMA 1
#define MK_TABLE mk_table_neon
#define MK_NAME "neon"
#include "kernels/table.inc.h"
#endif
