// The processors this process may run on; affinity masks are behind a feature macro that Swift cannot set.
#define _GNU_SOURCE
#include "CMartletKernels.h"
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

int32_t mk_usable_processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}
