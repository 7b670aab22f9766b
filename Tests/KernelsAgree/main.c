// Exit status 0 if every kernel of the wanted instruction set agrees with the plain one, and AVX-512's give the
// bits of AVX2's; the plain one itself is tested against loops in double precision by the Swift tests.
//   agree [avx2 | avx512 | neon]
#include "agree.h"

void give_doubles(results *to, const double *values, size_t count) {
  if (to->count + count > to->room) {
    to->room = 2 * (to->count + count);
    to->values = realloc(to->values, to->room * sizeof *to->values);
    if (!to->values) abort();
  }
  memcpy(to->values + to->count, values, count * sizeof *values);
  to->count += count;
}

void give(results *to, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double value = values[i];
    give_doubles(to, &value, 1);
  }
}

void give_bytes(results *to, const uint8_t *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double value = values[i];
    give_doubles(to, &value, 1);
  }
}

// Memory lives until the program ends: it is small, and the program short.
void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count + 4096, size);
  if (!memory) abort();
  return memory;
}

float *numbers(size_t count, unsigned seed, float low, float high) {
  float *out = zeroed(count, sizeof *out);
  uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15);
  for (size_t i = 0; i < count; i++) {
    state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    out[i] = low + (high - low) * (float)((z ^ z >> 31) >> 40) * 0x1p-24f;
  }
  return out;
}

static int differs(const probe *probe, const mk_kernels *set, const mk_kernels *other, double tolerance) {
  results found = {0}, wanted = {0};
  probe->probe(set, &found);
  probe->probe(other, &wanted);
  if (found.count != wanted.count || found.count == 0) {
    printf("%s: %zu results, the %s kernel gives %zu\n", probe->name, found.count, other->name, wanted.count);
    return 1;
  }
  double worst = 0;
  size_t place = 0, nonzero = 0;
  for (size_t i = 0; i < found.count; i++) {
    const double a = found.values[i], b = wanted.values[i];
    nonzero += b != 0;
    if (a == b || (isnan(a) && isnan(b))) continue;
    const double size = fabs(b) > 1 ? fabs(b) : 1;
    const double distance = fabs(a - b) / size;
    if (!(distance <= worst)) worst = isnan(distance) ? INFINITY : distance, place = i;
  }
  const int bad = !(worst <= tolerance) || nonzero * 8 < found.count;
  printf("%-30s %8zu results, worst difference %.1e%s\n", probe->name, found.count, worst, bad ? "  WRONG" : "");
  if (bad)
    printf("  result %zu is %.9g, %s %.9g; allowed %.1e; %zu results are not zero\n", place, found.values[place],
           other->name, wanted.values[place], tolerance, nonzero);
  free(found.values);
  free(wanted.values);
  return bad;
}

int main(int argc, char **argv) {
  mk_isa isa = mk_best_isa();
  if (argc > 1) {
    if (!strcmp(argv[1], "avx2")) isa = MK_AVX2;
    else if (!strcmp(argv[1], "avx512")) isa = MK_AVX512;
    else if (!strcmp(argv[1], "neon")) isa = MK_NEON;
    else return fprintf(stderr, "agree: %s is none of avx2, avx512, neon\n", argv[1]), 64;
  }
  const mk_kernels *set = mk_kernels_for(isa), *plain = mk_kernels_for(MK_PLAIN);
  const mk_kernels *narrower = isa == MK_AVX512 ? mk_kernels_for(MK_AVX2) : NULL;
  if (!set || !plain || isa == MK_PLAIN)
    return fprintf(stderr, "agree: this processor has no instruction set to compare with the plain one\n"), 69;
  const uint32_t state = mk_denormals_flush();
  int mistakes = 0;
  char seen[sizeof(mk_kernels)] = {0};
  const probe *lists[] = {convolution_probes, matrix_probes};
  for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
    for (const probe *each = lists[list]; each->name; each++) {
      mistakes += differs(each, set, plain, each->tolerance);
      if (narrower) mistakes += differs(each, set, narrower, 0);
      seen[each->place] = 1;
    }
  for (size_t place = sizeof(char *); place < sizeof(mk_kernels); place += sizeof(void (*)(void)))
    if (!seen[place]) {
      printf("kernel number %zu of the table has no probe\n", place / sizeof(void (*)(void)));
      mistakes++;
    }
  mk_denormals_restore(state);
  printf("%s against plain%s: %d mistakes\n", set->name, narrower ? " and, to the bit, avx2" : "", mistakes);
  return mistakes != 0;
}
