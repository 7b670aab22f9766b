// The tables of the instruction sets; each is defined by the file of its name.
#ifndef MARTLET_TABLES_H
#define MARTLET_TABLES_H

#include "CMartletKernels.h"

extern const mk_kernels mk_table_plain, mk_table_avx2, mk_table_avx512, mk_table_neon;

#endif
