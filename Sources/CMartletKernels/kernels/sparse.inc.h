// Exact backward pass of convolution + ReLU + 2x2 max pooling. At most a quarter of the convolution's
// output gradient is not zero (one cell of a window, none where ReLU is closed), so the non-zero entries are
// listed and each is multiplied by whole runs of floats: a row of taps times all channels.

#define MK_RUN 12  // vectors of a run kept in registers

typedef struct {
  int32_t length;       // floats of a run
  int32_t runs_x;       // runs in a row of taps
  int32_t pieces;       // of at most MK_RUN vectors
} run_shape;

MK_INLINE run_shape runs_of(const mk_conv *c) {
  const int32_t joined = c->tap_x == c->channels;
  const int32_t length = joined ? c->taps_x * c->channels : c->channels;
  const int32_t vectors = length / MK_LANES;
  return (run_shape){length, joined ? 1 : c->taps_x, (vectors + MK_RUN - 1) / MK_RUN};
}

// Calls M(N) with a constant for n vectors.
#define MK_RUN_SHAPES(n, M)                                                                              \
  switch (n) {                                                                                           \
    case 1: M(1); break;                                                                                 \
    case 2: M(2); break;                                                                                 \
    case 3: M(3); break;                                                                                 \
    case 4: M(4); break;                                                                                 \
    case 5: M(5); break;                                                                                 \
    case 6: M(6); break;                                                                                 \
    case 7: M(7); break;                                                                                 \
    case 8: M(8); break;                                                                                 \
    case 9: M(9); break;                                                                                 \
    case 10: M(10); break;                                                                               \
    case 11: M(11); break;                                                                               \
    case 12: M(12); break;                                                                               \
  }

static void sparse_lists_by_filter(const mk_conv *c, const float *dy, const uint8_t *mask, int32_t strip_rows,
                                   int32_t capacity, mk_entry *list, int32_t *count) {
  const int32_t rows = c->rows / 2, columns = c->columns / 2, filters = c->filters;
  const int32_t strips = (rows + strip_rows - 1) / strip_rows;
  __builtin_memset(count, 0, (size_t)strips * (size_t)filters * sizeof *count);
  const int32_t cell_offset[4] = {0, (int32_t)c->x_pixel, (int32_t)c->x_row,
                                  (int32_t)(c->x_row + c->x_pixel)};
  for (int32_t row = 0; row < rows; row++) {
    int32_t *counts = count + (ptrdiff_t)(row / strip_rows) * filters;
    mk_entry *lists = list + (ptrdiff_t)(row / strip_rows) * filters * capacity;
    for (int32_t column = 0; column < columns; column++) {
      const int32_t corner = (int32_t)(2 * row * c->x_row + 2 * column * c->x_pixel);
      for (int32_t k = 0; k < filters; k++) {
        // Written always and counted where it is an entry: a branch here would be a coin toss.
        const float value = dy[k];
        lists[(ptrdiff_t)k * capacity + counts[k]] = (mk_entry){corner + cell_offset[mask[k] & 3], value};
        counts[k] += (value != 0.0f) & (mask[k] < 4);
      }
      dy += filters;
      mask += filters;
    }
  }
}

static void sparse_lists_by_position(const mk_conv *c, const float *dy, const uint8_t *mask, mk_entry *list,
                                     int32_t *count) {
  const int32_t filters = c->filters;
  __builtin_memset(count, 0, (size_t)c->rows * (size_t)c->columns * sizeof *count);
  for (int32_t row = 0; row < c->rows / 2; row++)
    for (int32_t column = 0; column < c->columns / 2; column++) {
      const int32_t corner = 2 * row * c->columns + 2 * column;
      const int32_t position[4] = {corner, corner + 1, corner + c->columns, corner + c->columns + 1};
      // Slots 4 ... 7 take the entries of closed units; `unused` is where they go.
      mk_entry unused[4];
      mk_entry *next[8] = {list + (ptrdiff_t)position[0] * filters, list + (ptrdiff_t)position[1] * filters,
                           list + (ptrdiff_t)position[2] * filters, list + (ptrdiff_t)position[3] * filters,
                           unused, unused + 1, unused + 2, unused + 3};
      for (int32_t k = 0; k < filters; k++) {
        const float value = dy[k];
        const int32_t cell = mask[k] & 7;
        *next[cell] = (mk_entry){k, value};
        next[cell] += (value != 0.0f) & (cell < 4);
      }
      for (int32_t p = 0; p < 4; p++)
        count[position[p]] = (int32_t)(next[p] - list - (ptrdiff_t)position[p] * filters);
      dy += filters;
      mask += filters;
    }
}

// sums[0 ..< n] += sum over entries of value * from[offset * scale ...].
MK_INLINE void sparse_sum(const int32_t N, vf *sums, const mk_entry *e, int32_t entries, const float *from,
                          ptrdiff_t scale) {
  for (int32_t t = 0; t < entries; t++) {
    const float *b = from + e[t].offset * scale;
    const vf value = splat(e[t].value);
    MK_UNROLL for (int32_t q = 0; q < N; q++) sums[q] = fma8(value, ld(b + q * MK_LANES), sums[q]);
  }
}

MK_INLINE void sparse_gradient_piece(const int32_t N, const mk_entry *list, const int32_t *count,
                                     int32_t filters, int32_t capacity, const float *x, float *gradient,
                                         ptrdiff_t filter_size) {
  for (int32_t k = 0; k < filters; k++, gradient += filter_size) {
    vf sums[MK_RUN];
    tile_clear(sums, N);
    sparse_sum(N, sums, list + (ptrdiff_t)k * capacity, count[k], x, 1);
    MK_UNROLL for (int32_t q = 0; q < N; q++)
      st(gradient + q * MK_LANES, ld(gradient + q * MK_LANES) + sums[q]);
  }
}

static void sparse_kernel_gradient(const mk_conv *c, const float *x, int32_t strip_rows, int32_t capacity,
                                   const mk_entry *list, const int32_t *count, float *gradient,
                                   float *bias_gradient) {
  const run_shape run = runs_of(c);
  const int32_t filters = c->filters, vectors = run.length / MK_LANES;
  const int32_t strips = (c->rows / 2 + strip_rows - 1) / strip_rows;
  const ptrdiff_t filter_size = (ptrdiff_t)c->taps_y * c->taps_x * c->channels;
  for (int32_t s = 0; s < strips; s++, count += filters, list += (ptrdiff_t)filters * capacity) {
    for (int32_t k = 0; bias_gradient != NULL && k < filters; k++) {
      float sum = 0;
      for (int32_t t = 0; t < count[k]; t++) sum += list[(ptrdiff_t)k * capacity + t].value;
      bias_gradient[k] += sum;
    }
    for (int32_t r = 0; r < c->taps_y * run.runs_x; r++) {
      const float *from = x + r / run.runs_x * c->tap_y + r % run.runs_x * c->tap_x;
      for (int32_t v = 0, n, left = run.pieces; v < vectors; v += n, left--) {
        n = (vectors - v + left - 1) / left;
#define MK_CALL(N)                                                                       \
  sparse_gradient_piece(N, list, count, filters, capacity, from + v * MK_LANES,          \
                        gradient + r * run.length + v * MK_LANES, filter_size)
        MK_RUN_SHAPES(n, MK_CALL)
#undef MK_CALL
      }
    }
  }
}

MK_INLINE void sparse_input_piece(const int32_t N, const mk_conv *c, const mk_entry *list,
                                  const int32_t *count, const float *weights, ptrdiff_t filter_size,
                                      float *dx) {
  for (int32_t row = 0; row < c->rows; row++)
    for (int32_t column = 0; column < c->columns; column++, list += c->filters) {
      const int32_t entries = *count++;
      if (entries == 0) continue;
      float *to = dx + row * c->x_row + column * c->x_pixel;
      vf sums[MK_RUN];
      MK_UNROLL for (int32_t q = 0; q < N; q++) sums[q] = ld(to + q * MK_LANES);
      sparse_sum(N, sums, list, entries, weights, filter_size);
      MK_UNROLL for (int32_t q = 0; q < N; q++) st(to + q * MK_LANES, sums[q]);
    }
}

static void sparse_input_gradient(const mk_conv *c, const float *weights, const mk_entry *list,
                                  const int32_t *count, float *dx) {
  const run_shape run = runs_of(c);
  const int32_t vectors = run.length / MK_LANES;
  const ptrdiff_t filter_size = (ptrdiff_t)c->taps_y * c->taps_x * c->channels;
  for (int32_t r = 0; r < c->taps_y * run.runs_x; r++) {
    float *to = dx + r / run.runs_x * c->tap_y + r % run.runs_x * c->tap_x;
    for (int32_t v = 0, n, left = run.pieces; v < vectors; v += n, left--) {
      n = (vectors - v + left - 1) / left;
#define MK_CALL(N)                                                                                       \
  sparse_input_piece(N, c, list, count, weights + r * run.length + v * MK_LANES, filter_size,            \
                     to + v * MK_LANES)
      MK_RUN_SHAPES(n, MK_CALL)
#undef MK_CALL
    }
  }
}
