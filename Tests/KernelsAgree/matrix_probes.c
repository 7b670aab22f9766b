// Matrices, element-wise programs, pooling, reductions, classes, normalization.
#include "agree.h"

static void gemm(const mk_kernels *k, results *to) {
  static const int sizes[][3] = {{1, 10, 128}, {7, 17, 33}, {64, 128, 40}, {13, 8, 1}, {6, 3, 100}};
  for (int i = 0; i < 5; i++)
    for (int form = 0; form < 8; form++) {
      const int m = sizes[i][0], n = sizes[i][1], depth = sizes[i][2];
      const int a_turned = form & 1, b_turned = form >> 1 & 1, accumulate = form >> 2;
      const mk_gemm g = {.m = m, .n = n, .k = depth, .a_row = a_turned ? 1 : depth, .a_column = a_turned ? m : 1,
                         .b_row = b_turned ? 1 : n, .b_column = b_turned ? depth : 1, .c_row = n,
                         .accumulate = accumulate, .activation = form % 3, .slope = 0.3f};
      float *c = numbers((size_t)(m * n), 4, -1, 1);
      k->gemm(&g, numbers((size_t)(m * depth), 1, -1, 1), numbers((size_t)(depth * n), 2, -1, 1),
              form % 2 ? numbers((size_t)n, 3, -1, 1) : NULL, c);
      give(to, c, (size_t)(m * n));
    }
}

static void dense_one(const mk_kernels *k, results *to) {
  for (int units = 1; units < 140; units += 23) {
    const ptrdiff_t row = (units + MK_LANES - 1) / MK_LANES * MK_LANES;
    float *y = zeroed((size_t)units, sizeof *y);
    k->dense_one(numbers(77, 1, -1, 1), 77, numbers((size_t)(77 * row), 2, -1, 1), row, units,
                 units % 2 ? numbers((size_t)row, 3, -1, 1) : NULL, units % 3, 0.3f, y);
    give(to, y, (size_t)units);
  }
}

static void transpose(const mk_kernels *k, results *to) {
  for (int rows = 1; rows < 40; rows += 12) {
    float *out = zeroed((size_t)(rows * 29), sizeof *out);
    k->transpose(numbers((size_t)(rows * 29), 1, -1, 1), rows, 29, 29, rows, out);
    give(to, out, (size_t)(rows * 29));
  }
}

static void pointwise(const mk_kernels *k, results *to) {
  enum { count = 333 };
  for (int op = 0; op < MK_OP_COUNT; op++) {
    const int positive = op == MK_OP_LOG || op == MK_OP_SQRT || op == MK_OP_POWER || op == MK_OP_RECIPROCAL;
    float *registers[] = {zeroed(count, 4), numbers(count, 1, positive ? 0.1f : -4, 4),
                          numbers(count, 2, 0.2f, 3), numbers(count, 3, -2, 2)};
    const mk_instruction one = {.op = (uint8_t)op, .destination = 0, .a = 1, .b = 2, .c = 3, .immediate = 0.3f};
    k->pointwise(&one, 1, registers, count);
    give(to, registers[0], count);
  }
}

static void from_bytes(const mk_kernels *k, results *to) {
  uint8_t x[99];
  float y[99];
  for (int i = 0; i < 99; i++) x[i] = (uint8_t)(i * 37);
  k->from_bytes(x, 99, y);
  give(to, y, 99);
}

static void fill(const mk_kernels *k, results *to) {
  float y[77];
  k->fill(2.5f, 77, y);
  give(to, y, 77);
}

static void repeat_each(const mk_kernels *k, results *to) {
  float y[13 * 11];
  k->repeat_each(numbers(13, 1, -1, 1), 13, 11, y);
  give(to, y, 13 * 11);
}

static void dropout(const mk_kernels *k, results *to) {
  const mk_random random = {.seed = UINT64_C(0x123456789ABCDEF), .purpose = 3, .stream = 7, .epoch = 2};
  float y[301];
  k->dropout_mask(&random, 5, 301, UINT32_C(0x60000000), 1.6f, y);
  give(to, y, 301);
}

static const mk_pool pools[] = {
    {9, 8, 17, 4, 4, 2, 2, 2, 2, 0, 0, 0},
    {7, 7, 32, 7, 7, 3, 3, 1, 1, 1, 1, 1},
    {8, 6, 5, 4, 3, 3, 3, 2, 2, 1, 1, 0},
};
#define POOLS(p, in, out)                                                                                   \
  for (const mk_pool *p = pools; p < pools + 3; p++)                                                        \
    for (size_t in = (size_t)(p->rows * p->columns * p->channels),                                          \
                out = (size_t)(p->out_rows * p->out_columns * p->channels), once = 1; once; once = 0)

static void max_pool(const mk_kernels *k, results *to) {
  POOLS(p, in, out) {
    float *y = zeroed(out, 4);
    k->max_pool(p, numbers(in, 1, -1, 1), y);
    give(to, y, out);
  }
}

static void max_pool_gradient(const mk_kernels *k, results *to) {
  POOLS(p, in, out) {
    float *dx = zeroed(in, 4);
    k->max_pool_gradient(p, numbers(in, 1, -1, 1), numbers(out, 2, -1, 1), dx);
    give(to, dx, in);
  }
}

static void average_pool(const mk_kernels *k, results *to) {
  POOLS(p, in, out) {
    float *y = zeroed(out, 4);
    k->average_pool(p, numbers(in, 1, -1, 1), y);
    give(to, y, out);
  }
}

static void average_pool_gradient(const mk_kernels *k, results *to) {
  POOLS(p, in, out) {
    float *dx = zeroed(in, 4);
    k->average_pool_gradient(p, numbers(out, 2, -1, 1), dx);
    give(to, dx, in);
  }
}

// Normalization, leaky ReLU, 2x2 pooling and dropout, with odd rows and columns too.
static const mk_normalized_pool normalized[] = {{6, 8, 32, 0.3f, 1}, {7, 5, 13, 0, 2}, {2, 3, 8, 0.01f, 1.25f}};
#define NORMALIZED(p, in, out)                                                                              \
  for (const mk_normalized_pool *p = normalized; p < normalized + 3; p++)                                   \
    for (size_t in = (size_t)(p->rows * p->columns * p->channels),                                          \
                out = (size_t)((p->rows / 2) * (p->columns / 2) * p->channels), once = 1; once; once = 0)

static uint8_t *pool_masks(size_t count) {
  const float *draws = numbers(count, 7, 0, 16);
  uint8_t *out = zeroed(count, 1);
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)draws[i] & 15;
  return out;
}

static void normalize_pool(const mk_kernels *k, results *to) {
  NORMALIZED(p, in, out) {
    const mk_dropout dropout = {{UINT64_C(0x123456789ABCDEF), 3, 7, 2}, 12, UINT32_C(0x60000000), p->kept};
    float *y = zeroed(out, 4), *largest = zeroed(out, 4);
    uint8_t *mask = zeroed(out, 1);
    k->normalize_pool(p, numbers(in, 1, -1, 1), numbers((size_t)p->channels, 2, 0.5f, 2),
                      numbers((size_t)p->channels, 3, -1, 1), p->kept > 1 ? &dropout : NULL, y, mask, largest);
    give(to, y, out);
    give_bytes(to, mask, out);
    give(to, largest, out);
  }
}

static void normalize_pool_sums(const mk_kernels *k, results *to) {
  NORMALIZED(p, in, out) {
    (void)in;
    double *sums = zeroed((size_t)(2 * p->channels), sizeof *sums);
    k->normalize_pool_sums(p, numbers(out, 4, -1, 1), pool_masks(out), numbers(out, 1, -1, 1),
                           numbers((size_t)p->channels, 3, -1, 1), numbers((size_t)p->channels, 2, 0.5f, 2), sums);
    give_doubles(to, sums, (size_t)(2 * p->channels));
  }
}

static void normalize_pool_gradient(const mk_kernels *k, results *to) {
  NORMALIZED(p, in, out) {
    float *dx = zeroed(in, 4);
    const size_t channels = (size_t)p->channels;
    k->normalize_pool_gradient(p, numbers(out, 4, -1, 1), pool_masks(out), numbers(in, 1, -1, 1),
                               numbers(channels, 2, 0.5f, 2), numbers(channels, 3, -1, 1),
                               numbers(channels, 5, -1, 1), dx);
    give(to, dx, in);
  }
}

enum { rows = 37, stride = 71 };

typedef void (*over_rows)(const float *, ptrdiff_t, int32_t, ptrdiff_t, int32_t, float *);
typedef void (*over_columns)(const float *, ptrdiff_t, int32_t, ptrdiff_t, float *);

static void down(over_rows reduce, results *to) {
  for (int n = 1; n < stride; n += 9)
    for (int accumulate = 0; accumulate < 2; accumulate++) {
      float *out = numbers((size_t)n, 2, -1, 1);
      reduce(numbers(rows * stride, 1, -1, 1), rows, n, stride, accumulate, out);
      give(to, out, (size_t)n);
    }
}

static void along(over_columns reduce, results *to) {
  for (int n = 1; n < stride; n += 9) {
    float out[rows];
    reduce(numbers(rows * stride, 1, -1, 1), rows, n, stride, out);
    give(to, out, rows);
  }
}

static void sum_rows(const mk_kernels *k, results *to) { down(k->sum_rows, to); }
static void max_rows(const mk_kernels *k, results *to) { down(k->max_rows, to); }
static void sum_columns(const mk_kernels *k, results *to) { along(k->sum_columns, to); }
static void max_columns(const mk_kernels *k, results *to) { along(k->max_columns, to); }

static void moments(const mk_kernels *k, results *to) {
  for (int n = 1; n < 70; n += 17) {
    double *sums = zeroed((size_t)(2 * n), sizeof *sums);
    k->moment_sums(numbers((size_t)(rows * n), 1, -1, 1), rows, n, sums);
    give_doubles(to, sums, (size_t)(2 * n));
  }
}

static void norm_sums(const mk_kernels *k, results *to) {
  for (int n = 1; n < 70; n += 17) {
    double *sums = zeroed((size_t)(2 * n), sizeof *sums);
    k->norm_gradient_sums(numbers((size_t)(rows * n), 1, -1, 1), numbers((size_t)(rows * n), 2, -1, 1),
                          numbers((size_t)n, 3, -1, 1), numbers((size_t)n, 4, 0.5f, 2), NULL, rows, n, sums);
    give_doubles(to, sums, (size_t)(2 * n));
  }
}

static void rectified_norm(const mk_kernels *k, results *to) {
  for (int n = 1; n < 70; n += 17) {
    const size_t count = (size_t)(rows * n);
    const mk_rectifier rectifier = {numbers((size_t)n, 5, -1, 2), numbers((size_t)n, 6, -1, 1), 0.25f};
    const float *dy = numbers(count, 1, -1, 1), *x = numbers(count, 2, -1, 1), *mean = numbers((size_t)n, 3, -1, 1);
    double *sums = zeroed((size_t)(2 * n), sizeof *sums);
    k->norm_gradient_sums(dy, x, mean, numbers((size_t)n, 4, 0.5f, 2), &rectifier, rows, n, sums);
    give_doubles(to, sums, (size_t)(2 * n));
    float *dx = zeroed(count, sizeof *dx);
    k->rectified_norm_gradient(dy, x, &rectifier, mean, numbers((size_t)n, 7, -1, 1), rows, n, dx);
    give(to, dx, count);
  }
}

static void squares(const mk_kernels *k, results *to) {
  for (int n = 1; n < 2000; n += 333) {
    const double sum = k->sum_of_squares(numbers((size_t)n, 1, -1, 1), n);
    give_doubles(to, &sum, 1);
  }
}

static void magnitudes(const mk_kernels *k, results *to) {
  for (int n = 1; n < 2000; n += 333) {
    const double sum = k->sum_of_magnitudes(numbers((size_t)n, 1, -1, 1), n);
    give_doubles(to, &sum, 1);
  }
}

static void partials(const mk_kernels *k, results *to) {
  for (int parts = 1; parts <= 64; parts += 9) {
    float out[101];
    k->sum_partials(numbers((size_t)(parts * 101), 1, -1, 1), parts, 101, 101, out);
    give(to, out, 101);
  }
}

static void double_partials(const mk_kernels *k, results *to) {
  for (int parts = 1; parts <= 64; parts += 9) {
    double out[33], *in = zeroed((size_t)(parts * 33), sizeof *in);
    const float *x = numbers((size_t)(parts * 33), 1, -1, 1);
    for (int i = 0; i < parts * 33; i++) in[i] = x[i];
    k->sum_partials_double(in, parts, 33, 33, out);
    give_doubles(to, out, 33);
  }
}

enum { samples = 9 };
#define CLASSES(n) for (int n = 2; n < 110; n += 27)

static void softmax(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float *y = zeroed((size_t)(samples * n), 4);
    k->softmax(numbers((size_t)(samples * n), 1, -9, 9), samples, n, y);
    give(to, y, (size_t)(samples * n));
  }
}

static void softmax_gradient(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float *dx = zeroed((size_t)(samples * n), 4);
    k->softmax_gradient(numbers((size_t)(samples * n), 1, 0, 1), numbers((size_t)(samples * n), 2, -1, 1), samples,
                        n, dx);
    give(to, dx, (size_t)(samples * n));
  }
}

static const int32_t *labels(int n) {
  int32_t *out = zeroed(samples, sizeof *out);
  for (int i = 0; i < samples; i++) out[i] = i * 5 % n;
  return out;
}

static void sparse_loss(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float loss[samples];
    k->cross_entropy_sparse(numbers((size_t)(samples * n), 1, -9, 9), labels(n), samples, n, loss);
    give(to, loss, samples);
  }
}

static void sparse_loss_gradient(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float *dx = zeroed((size_t)(samples * n), 4);
    k->cross_entropy_sparse_gradient(numbers((size_t)(samples * n), 1, -9, 9), labels(n),
                                     numbers(samples, 2, -1, 1), samples, n, dx);
    give(to, dx, (size_t)(samples * n));
  }
}

static void dense_loss(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float loss[samples];
    k->cross_entropy_dense(numbers((size_t)(samples * n), 1, -9, 9), numbers((size_t)(samples * n), 3, 0, 1),
                           samples, n, loss);
    give(to, loss, samples);
  }
}

static void dense_loss_gradient(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float *dx = zeroed((size_t)(samples * n), 4);
    k->cross_entropy_dense_gradient(numbers((size_t)(samples * n), 1, -9, 9),
                                    numbers((size_t)(samples * n), 3, 0, 1), numbers(samples, 2, -1, 1), samples,
                                    n, dx);
    give(to, dx, (size_t)(samples * n));
  }
}

static void argmax(const mk_kernels *k, results *to) {
  CLASSES(n) {
    float out[samples];
    k->argmax_rows(numbers((size_t)(samples * n), 1, -9, 9), samples, n, out);
    give(to, out, samples);
  }
}

static const struct { int size; float alpha, beta, bias; } windows[] = {
    {11, 1, 0.5f, 1}, {5, 2e-5f, 0.75f, 2}, {4, 0.3f, 0.75f, 1}, {1, 0.5f, 1, 1}};

static void lrn(const mk_kernels *k, results *to) {
  for (int i = 0; i < 4; i++)
    for (int n = 3; n < 100; n += 31) {
      float *y = zeroed((size_t)(5 * n), 4);
      k->lrn(numbers((size_t)(5 * n), 1, -2, 2), 5, n, windows[i].size, windows[i].alpha, windows[i].beta,
             windows[i].bias, y);
      give(to, y, (size_t)(5 * n));
    }
}

static void lrn_gradient(const mk_kernels *k, results *to) {
  for (int i = 0; i < 4; i++)
    for (int n = 3; n < 100; n += 31) {
      float *dx = zeroed((size_t)(5 * n), 4);
      k->lrn_gradient(numbers((size_t)(5 * n), 1, -2, 2), numbers((size_t)(5 * n), 2, -1, 1), 5, n, windows[i].size,
                      windows[i].alpha, windows[i].beta, windows[i].bias, dx);
      give(to, dx, (size_t)(5 * n));
    }
}

const probe matrix_probes[] = {
    PROBE(gemm, gemm, 2e-5),
    PROBE(dense_one, dense_one, 2e-5),
    PROBE(transpose, transpose, 0),
    PROBE(normalize_pool, normalize_pool, 2e-6),
    PROBE(normalize_pool_sums, normalize_pool_sums, 1e-5),
    PROBE(normalize_pool_gradient, normalize_pool_gradient, 2e-6),
    PROBE(pointwise, pointwise, 2e-6),
    PROBE(from_bytes, from_bytes, 0),
    PROBE(fill, fill, 0),
    PROBE(repeat_each, repeat_each, 0),
    PROBE(dropout_mask, dropout, 0),
    PROBE(max_pool, max_pool, 0),
    PROBE(max_pool_gradient, max_pool_gradient, 2e-6),
    PROBE(average_pool, average_pool, 2e-6),
    PROBE(average_pool_gradient, average_pool_gradient, 2e-6),
    PROBE(sum_rows, sum_rows, 5e-6),
    PROBE(max_rows, max_rows, 0),
    PROBE(sum_columns, sum_columns, 5e-6),
    PROBE(max_columns, max_columns, 0),
    PROBE(moment_sums, moments, 1e-6),
    PROBE(norm_gradient_sums, norm_sums, 1e-5),
    PROBE(rectified_norm_gradient, rectified_norm, 1e-5),
    PROBE(sum_of_squares, squares, 1e-6),
    PROBE(sum_of_magnitudes, magnitudes, 1e-6),
    PROBE(sum_partials, partials, 5e-6),
    PROBE(sum_partials_double, double_partials, 1e-12),
    PROBE(softmax, softmax, 2e-6),
    PROBE(softmax_gradient, softmax_gradient, 1e-5),
    PROBE(cross_entropy_sparse, sparse_loss, 5e-6),
    PROBE(cross_entropy_sparse_gradient, sparse_loss_gradient, 5e-6),
    PROBE(cross_entropy_dense, dense_loss, 5e-6),
    PROBE(cross_entropy_dense_gradient, dense_loss_gradient, 1e-5),
    PROBE(argmax_rows, argmax, 0),
    PROBE(lrn, lrn, 5e-6),
    PROBE(lrn_gradient, lrn_gradient, 1e-5),
    {0},
};
