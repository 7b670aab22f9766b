// Matrix products with the register tile: blocks of B are packed on the stack into vectors that follow one
// another (which also turns a transposed B), a transposed A tile by tile.

#define MK_DEPTH 256   // steps of k in a block; its sum starts at zero and is added to C
#define MK_WIDTH 64    // columns of B packed at once

MK_INLINE void transpose8(vf *r) {
#define MK_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define MK_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define MK_PAIR_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define MK_PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define MK_HALF_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define MK_HALF_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
  vf s[8], t[8];
  MK_UNROLL for (int32_t i = 0; i < 8; i += 2) {
    s[i] = MK_LOW(r[i], r[i + 1]);
    s[i + 1] = MK_HIGH(r[i], r[i + 1]);
  }
  MK_UNROLL for (int32_t i = 0; i < 8; i += 4) {
    t[i] = MK_PAIR_LOW(s[i], s[i + 2]);
    t[i + 1] = MK_PAIR_HIGH(s[i], s[i + 2]);
    t[i + 2] = MK_PAIR_LOW(s[i + 1], s[i + 3]);
    t[i + 3] = MK_PAIR_HIGH(s[i + 1], s[i + 3]);
  }
  MK_UNROLL for (int32_t i = 0; i < 4; i++) {
    r[i] = MK_HALF_LOW(t[i], t[i + 4]);
    r[i + 4] = MK_HALF_HIGH(t[i], t[i + 4]);
  }
}

// out[column * out_row + row] for a block of at most 8 x 8.
MK_INLINE void transpose_block(const float *x, ptrdiff_t x_row, int32_t rows, int32_t columns, float *out,
                               ptrdiff_t out_row) {
  vf r[8];
  MK_UNROLL for (int32_t i = 0; i < 8; i++) r[i] = i < rows ? ld_upto(x + i * x_row, columns) : (vf)0.0f;
  transpose8(r);
  MK_UNROLL for (int32_t i = 0; i < 8; i++) if (i < columns) st_upto(out + i * out_row, r[i], rows);
}

static void transpose(const float *x, int32_t rows, int32_t columns, ptrdiff_t x_row, ptrdiff_t out_row,
                      float *out) {
  for (int32_t i = 0; i < rows; i += 8)
    for (int32_t j = 0; j < columns; j += 8)
      transpose_block(x + i * x_row + j, x_row, rows - i, columns - j, out + j * out_row + i, out_row);
}

// `vectors` vectors of B for each k, zeros beyond the last column.
static void pack_b(const mk_gemm *g, const float *b, int32_t depth, int32_t vectors, int32_t columns,
                   float *packed) {
  const ptrdiff_t step = (ptrdiff_t)vectors * MK_LANES;
  for (int32_t v = 0; v < vectors; v++) {
    const int32_t n = columns - v * MK_LANES;
    float *to = packed + v * MK_LANES;
    if (g->b_column == 1) {
      const float *from = b + v * MK_LANES;
      for (int32_t k = 0; k < depth; k++) st(to + k * step, ld_upto(from + k * g->b_row, n));
    } else {
      const float *from = b + v * MK_LANES * g->b_column;
      for (int32_t k = 0; k < depth; k += 8) {
        vf r[8];
        MK_UNROLL for (int32_t i = 0; i < 8; i++)
          r[i] = i < n ? ld_upto(from + i * g->b_column + k, depth - k) : (vf)0.0f;
        transpose8(r);
        MK_UNROLL for (int32_t i = 0; i < 8; i++) if (k + i < depth) st(to + (k + i) * step, r[i]);
      }
    }
  }
}

// Rows of A as points of a tile, side by side for each k. Those of a transposed A are short pieces far apart: the
// next line of each is asked for, as no processor foresees them.
static void pack_a(const mk_gemm *g, const float *a, int32_t depth, int32_t points, float *packed) {
  if (g->a_row == 1) {
    for (int32_t k = 0; k < depth; k++) {
      __builtin_prefetch(a + k * g->a_column + MK_LINE, 0, 2);
      st(packed + k * MK_POINTS, ld_upto(a + k * g->a_column, points));
    }
  } else {
    for (int32_t k = 0; k < depth; k++)
      for (int32_t p = 0; p < points; p++) packed[k * MK_POINTS + p] = a[p * g->a_row + k * g->a_column];
  }
}

typedef struct {
  const float *a[MK_POINTS];
  ptrdiff_t a_step, b_step, c_row;
  const float *b, *bias;
  float *c;
  int32_t depth, lanes;
  int32_t add, finish;         // whether C holds a sum already; whether this is the last block
  int32_t activation;
  float slope;
} gemm_job;

MK_INLINE void gemm_tile(const int32_t P, const int32_t V, const int32_t part, const gemm_job *job) {
  vf sums[MK_TILE];
  tile_clear(sums, P * V);
  // By the time of the sums C is in the cache.
  MK_UNROLL for (int32_t p = 0; p < P; p++) __builtin_prefetch(job->c + p * job->c_row, 1);
  const int32_t tail = job->lanes - (V - 1) * MK_LANES;
  tile_add(P, V, part, sums, job->a, 0, job->a_step, job->b, job->b_step, job->depth, tail);
  MK_UNROLL for (int32_t v = 0; v < V; v++) {
    vf bias = (vf)0.0f;
    const int32_t n = v == V - 1 ? tail : MK_LANES;
    if (job->finish && job->bias != NULL) bias = ld_upto(job->bias + v * MK_LANES, n);
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      float *c = job->c + p * job->c_row + v * MK_LANES;
      vf y = sums[p * V + v];
      if (job->add) y = ld_upto(c, n) + y;
      if (job->finish) y = activate(y + bias, job->activation, job->slope);
      st_upto(c, y, n);
    }
  }
}

static void gemm_rows(const gemm_job *job, int32_t points, int32_t vectors, int32_t part) {
#define MK_CALL(P, V) gemm_tile(P, V, 0, job)
#define MK_CALL_PART(P, V) gemm_tile(P, V, 1, job)
  if (part) {
    MK_TILE_SHAPES(points, vectors, MK_CALL_PART)
  } else {
    MK_TILE_SHAPES(points, vectors, MK_CALL)
  }
#undef MK_CALL_PART
#undef MK_CALL
}

// Asks for a share of the next block of B, rows m ... m + points of the result's, while this one is multiplied:
// packing it would wait for each of its lines.
MK_INLINE void ask_ahead(const mk_gemm *g, const float *b, int32_t depth, int32_t columns, int32_t m,
                         int32_t points) {
  const int32_t by_rows = g->b_column == 1, lines = by_rows ? depth : columns, length = by_rows ? columns : depth;
  const ptrdiff_t step = by_rows ? g->b_row : g->b_column;
  const float *next = b + step * (by_rows ? MK_DEPTH : MK_WIDTH);
  for (int32_t i = m * lines / g->m; i < (m + points) * lines / g->m; i++)
    for (int32_t j = 0; j < length; j += MK_LINE) __builtin_prefetch(next + i * step + j, 0, 2);
}

static void gemm(const mk_gemm *g, const float *a, const float *b, const float *bias, float *c) {
  float packed_b[MK_DEPTH * MK_WIDTH], packed_a[MK_DEPTH * MK_POINTS];
  const int32_t pack = g->m > MK_POINTS || g->b_column != 1;  // few rows do not repay packing
  const int32_t blocks = larger(1, (g->k + MK_DEPTH - 1) / MK_DEPTH);
  for (int32_t n0 = 0; n0 < g->n; n0 += MK_WIDTH) {
    const int32_t columns = smaller(MK_WIDTH, g->n - n0), vectors = (columns + MK_LANES - 1) / MK_LANES;
    for (int32_t block = 0; block < blocks; block++) {
      const int32_t k0 = block * MK_DEPTH, depth = smaller(MK_DEPTH, g->k - k0);
      const float *from_b = b + k0 * g->b_row + n0 * g->b_column;
      const int32_t ahead = pack
          && (g->b_column == 1 ? g->goes_on || block + 1 < blocks : g->n - n0 >= 2 * MK_WIDTH);
      if (pack)
        for (int32_t v = 0, width; v < vectors; v += width) {
          width = vectors_of(vectors - v);
          pack_b(g, from_b + v * MK_LANES * g->b_column, depth, width, columns - v * MK_LANES,
                 packed_b + v * MK_LANES * MK_DEPTH);
        }
      const int32_t tallest = points_of(vectors == 1 ? 1 : 2 + vectors % 2);
      for (int32_t m = 0, points; m < g->m; m += points) {
        points = points_now(g->m - m, tallest);
        if (ahead) ask_ahead(g, from_b, depth, columns, m, points);
        gemm_job job = {.depth = depth, .c_row = g->c_row, .add = g->accumulate || block > 0,
                        .finish = block == blocks - 1, .activation = g->activation, .slope = g->slope};
        const float *from_a = a + m * g->a_row + k0 * g->a_column;
        const int32_t direct = g->a_column == 1;
        if (!direct) pack_a(g, from_a, depth, points, packed_a);
        job.a_step = direct ? 1 : MK_POINTS;
        for (int32_t p = 0; p < points; p++) job.a[p] = direct ? from_a + p * g->a_row : packed_a + p;
        for (int32_t v = 0, width; v < vectors; v += width) {
          width = vectors_of(vectors - v);
          job.lanes = smaller(width * MK_LANES, columns - v * MK_LANES);
          job.b = pack ? packed_b + v * MK_LANES * MK_DEPTH : from_b + v * MK_LANES;
          job.b_step = pack ? width * MK_LANES : g->b_row;
          job.c = c + m * g->c_row + n0 + v * MK_LANES;
          job.bias = bias == NULL ? NULL : bias + n0 + v * MK_LANES;
          gemm_rows(&job, points, width, !pack && job.lanes < width * MK_LANES);
        }
      }
    }
  }
}

// A row of weights for each element of one sample: y = activation(bias + x W) with W [depth][w_row]. The time
// is that of reading W, so four sums for each vector hide what an addition takes.
static void dense_one(const float *x, int32_t depth, const float *w, ptrdiff_t w_row, int32_t units,
                      const float *bias, int32_t activation, float slope, float *y) {
  for (int32_t n = 0; n < units; n += 2 * MK_LANES) {
    const int32_t left = units - n, second = left > MK_LANES;
    vf sums[8];
    MK_UNROLL for (int32_t i = 0; i < 8; i++) sums[i] = (vf)0.0f;
    const float *from = w + n;
    int32_t k = 0;
    if (second)
      for (; k + 4 <= depth; k += 4, from += 4 * w_row) {
        MK_UNROLL for (int32_t i = 0; i < 4; i++) {
          const vf a = splat(x[k + i]);
          sums[2 * i] = fma8(a, ld(from + i * w_row), sums[2 * i]);
          sums[2 * i + 1] = fma8(a, ld(from + i * w_row + MK_LANES), sums[2 * i + 1]);
        }
      }
    for (; k < depth; k++, from += w_row) {
      const vf a = splat(x[k]);
      sums[0] = fma8(a, ld(from), sums[0]);
      if (second) sums[1] = fma8(a, ld(from + MK_LANES), sums[1]);
    }
    MK_UNROLL for (int32_t v = 0; v < 2; v++) {
      const int32_t lanes = left - v * MK_LANES;
      if (lanes <= 0) break;
      vf sum = (sums[v] + sums[2 + v]) + (sums[4 + v] + sums[6 + v]);
      if (bias != NULL) sum = sum + ld_upto(bias + n + v * MK_LANES, lanes);
      st_upto(y + n + v * MK_LANES, activate(sum, activation, slope), lanes);
    }
  }
}
