// 2x2 max pooling with ReLU, shared by the fused kernels, and pooling with any window.

// The maximum of a window's four cells after ReLU, and its mask byte in each lane: bits 0-1 the first
// maximum in scan order, bit 2 where the maximum is <= 0. A NaN in any cell comes out as NaN.
// The mask is put together from floats: of integers compilers carry every comparison in bytes, at twice the cost.
MK_INLINE vf relu_pool_cells(vf a, vf b, vf c, vf d, vi *mask) {
  const vi second = b > a, fourth = d > c;
  const vf top = pick(second, b, a), bottom = pick(fourth, d, c);
  const vi lower = bottom > top;
  const vi unordered = (is_nan(a) | is_nan(b)) | (is_nan(c) | is_nan(d));
  const vf most = floats(bits(pick(lower, bottom, top)) | unordered);  // all bits set is a NaN
  const vi dead = most <= (vf)0.0f;
  const vf cell = pick(lower, keep(fourth, splat(1.0f)) + 2.0f, keep(second, splat(1.0f)));
  *mask = __builtin_convertvector(cell + keep(dead, splat(4.0f)), vi);
  return keep(~dead, most);
}

static void relu_pool_rows(const float *top, const float *bottom, int32_t pooled_columns, int32_t channels,
                           float *y, uint8_t *mask) {
  for (int32_t column = 0; column < pooled_columns; column++) {
    const float *t = top + 2 * (ptrdiff_t)column * channels, *b = bottom + 2 * (ptrdiff_t)column * channels;
    for (int32_t c = 0; c < channels; c += MK_LANES) {
      const int32_t n = channels - c;
      vi m;
      vf v = relu_pool_cells(ld_upto(t + c, n), ld_upto(t + channels + c, n), ld_upto(b + c, n),
                             ld_upto(b + channels + c, n), &m);
      st_upto(y + (ptrdiff_t)column * channels + c, v, n);
      st_bytes(mask + (ptrdiff_t)column * channels + c, m, n);
    }
  }
}

// The same for inference: no mask, any activation that does not decrease.
static void pool_rows(const float *top, const float *bottom, int32_t pooled_columns, int32_t channels,
                      int32_t activation, float slope, float *y) {
  for (int32_t column = 0; column < pooled_columns; column++, y += channels) {
    const float *t = top + 2 * (ptrdiff_t)column * channels, *b = bottom + 2 * (ptrdiff_t)column * channels;
    for (int32_t c = 0; c < channels; c += MK_LANES) {
      const int32_t n = channels - c;
      vf most = max8(max8(ld_upto(t + c, n), ld_upto(t + channels + c, n)),
                     max8(ld_upto(b + c, n), ld_upto(b + channels + c, n)));
      st_upto(y + c, activate(most, activation, slope), n);
    }
  }
}

// The part of an output's window inside the image.
typedef struct { int32_t top, bottom, left, right; } window;

MK_INLINE window window_of(const mk_pool *p, int32_t row, int32_t column) {
  int32_t top = row * p->stride_y - p->pad_top, left = column * p->stride_x - p->pad_left;
  return (window){larger(top, 0), smaller(top + p->size_y, p->rows), larger(left, 0),
                  smaller(left + p->size_x, p->columns)};
}

static void max_pool(const mk_pool *p, const float *x, float *y) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  for (int32_t row = 0; row < p->out_rows; row++)
    for (int32_t column = 0; column < p->out_columns; column++, y += pixel) {
      const window w = window_of(p, row, column);
      for (int32_t c = 0; c < p->channels; c += MK_LANES) {
        const int32_t n = p->channels - c;
        vf most = splat(-__builtin_inff());
        for (int32_t i = w.top; i < w.bottom; i++)
          for (int32_t j = w.left; j < w.right; j++)
            most = max8(most, ld_upto(x + i * line + j * pixel + c, n));
        st_upto(y + c, most, n);
      }
    }
}

MK_INLINE void zero_floats(float *x, ptrdiff_t count) { __builtin_memset(x, 0,
                                                                         (size_t)count * sizeof(float)); }

static void max_pool_gradient(const mk_pool *p, const float *x, const float *dy, float *dx) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  zero_floats(dx, line * p->rows);
  for (int32_t row = 0; row < p->out_rows; row++)
    for (int32_t column = 0; column < p->out_columns; column++, dy += pixel) {
      const window w = window_of(p, row, column);
      for (int32_t c = 0; c < p->channels; c += MK_LANES) {
        const int32_t n = p->channels - c;
        vf most = splat(-__builtin_inff());
        vi winner = (vi)0;
        int32_t cell = 0;
        for (int32_t i = w.top; i < w.bottom; i++)
          for (int32_t j = w.left; j < w.right; j++, cell++) {
            vf v = ld_upto(x + i * line + j * pixel + c, n);
            vi better = (v > most) | (is_nan(v) & ~is_nan(most));
            most = pick(better, v, most);
            winner = better ? (vi)cell : winner;
          }
        const vf g = ld_upto(dy + c, n);
        cell = 0;
        for (int32_t i = w.top; i < w.bottom; i++)
          for (int32_t j = w.left; j < w.right; j++, cell++) {
            float *to = dx + i * line + j * pixel + c;
            st_upto(to, ld_upto(to, n) + keep(winner == (vi)cell, g), n);
          }
      }
    }
}

MK_INLINE vf cells_of(const mk_pool *p, window w) {
  int32_t cells = p->count_padding ? p->size_y * p->size_x : (w.bottom - w.top) * (w.right - w.left);
  return splat((float)larger(cells, 1));
}

static void average_pool(const mk_pool *p, const float *x, float *y) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  for (int32_t row = 0; row < p->out_rows; row++)
    for (int32_t column = 0; column < p->out_columns; column++, y += pixel) {
      const window w = window_of(p, row, column);
      const vf cells = cells_of(p, w);
      for (int32_t c = 0; c < p->channels; c += MK_LANES) {
        const int32_t n = p->channels - c;
        vf sum = splat(0.0f);
        for (int32_t i = w.top; i < w.bottom; i++)
          for (int32_t j = w.left; j < w.right; j++) sum += ld_upto(x + i * line + j * pixel + c, n);
        st_upto(y + c, sum / cells, n);
      }
    }
}

static void average_pool_gradient(const mk_pool *p, const float *dy, float *dx) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  zero_floats(dx, line * p->rows);
  for (int32_t row = 0; row < p->out_rows; row++)
    for (int32_t column = 0; column < p->out_columns; column++, dy += pixel) {
      const window w = window_of(p, row, column);
      const vf cells = cells_of(p, w);
      for (int32_t c = 0; c < p->channels; c += MK_LANES) {
        const int32_t n = p->channels - c;
        const vf g = ld_upto(dy + c, n) / cells;
        for (int32_t i = w.top; i < w.bottom; i++)
          for (int32_t j = w.left; j < w.right; j++) {
            float *to = dx + i * line + j * pixel + c;
            st_upto(to, ld_upto(to, n) + g, n);
          }
      }
    }
}
