// Runs every kernel of an instruction set and of the plain one on the same numbers and compares the results.
#ifndef AGREE_H
#define AGREE_H

#include "CMartletKernels.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What a probe gives out: everything its kernel wrote, in order.
typedef struct { double *values; size_t count, room; } results;

void give(results *, const float *values, size_t count);
void give_doubles(results *, const double *values, size_t count);
void give_bytes(results *, const uint8_t *values, size_t count);

// Reproducible numbers in low ... high, another sequence for each `seed`.
float *numbers(size_t count, unsigned seed, float low, float high);
// Zeroed memory, with room behind it for kernels that read past the end of a row.
void *zeroed(size_t count, size_t size);

// One kernel: its place in the table, what runs it, and how far two instruction sets may differ
// (of the larger of 1 and the number's size; 0 where the bits must be equal).
typedef struct {
  const char *name;
  size_t place;
  void (*probe)(const mk_kernels *, results *);
  double tolerance;
} probe;

#define PROBE(kernel, function, tolerance) {#kernel, offsetof(mk_kernels, kernel), function, tolerance}

extern const probe convolution_probes[], matrix_probes[];

#endif
