// Kernels with what every processor of the architecture has.
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

#define MK_TABLE mk_table_plain
#define MK_NAME "plain"
#include "kernels/table.inc.h"
