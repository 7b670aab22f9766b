// Convolutions of 1 to 4 channels fused with bias, ReLU and 2x2 max pooling: the register tile is a pooling
// window's four outputs (or two windows side by side), so pooling costs no memory traffic.

// One input row's contribution: to the upper outputs with the weights `upper`, to the lower ones with
// `lower`. Inputs stay in a ring of registers: one new broadcast for each tap.
MK_INLINE void tiny_row(const int32_t S, const int32_t taps, const int32_t use_upper, const int32_t use_lower,
                        const float *x, ptrdiff_t x_pixel, const float *upper, const float *lower,
                        ptrdiff_t w_step, vf *top, vf *bottom) {
  vf in[4];
  MK_UNROLL for (int32_t s = 0; s < S - 1; s++) in[s] = splat(x[s * x_pixel]);
  MK_UNROLL for (int32_t j = 0; j < taps; j++) {
    in[(j + S - 1) % S] = splat(x[(j + S - 1) * x_pixel]);
    if (use_upper) {
      const vf w = ld(upper + j * w_step);
      MK_UNROLL for (int32_t s = 0; s < S; s++) top[s] = fma8(in[(j + s) % S], w, top[s]);
    }
    if (use_lower) {
      const vf w = ld(lower + j * w_step);
      MK_UNROLL for (int32_t s = 0; s < S; s++) bottom[s] = fma8(in[(j + s) % S], w, bottom[s]);
    }
  }
}

#define MK_TINY_WEIGHTS 100  // vectors of packed weights: 5 x 5 taps of 4 channels

// Floats from pixel to pixel, and between the weights of channels, taps and rows of taps: constants in the
// usual sizes, which leaves the loops few registers to keep.
typedef struct { ptrdiff_t x_pixel, w_channel, w_tap, w_row; } tiny_steps;

// `J` taps of a row go together: all of them for the usual sizes.
MK_INLINE void tiny_windows(const int32_t S, const int32_t J, const int32_t taps_y, const int32_t taps_x,
                            const int32_t channels, const tiny_steps by, ptrdiff_t x_row, ptrdiff_t filters,
                            const float *x, const float *w, vf bias, float *y, uint8_t *mask) {
  vf top[4], bottom[4];
  MK_UNROLL for (int32_t s = 0; s < S; s++) top[s] = bottom[s] = bias;
  for (int32_t n = 0; n < channels; n++)
    for (int32_t j = 0; j < taps_x; j += J)
      tiny_row(S, J, 1, 0, x + j * by.x_pixel + n, by.x_pixel, w + j * by.w_tap + n * by.w_channel, NULL,
               by.w_tap, top, bottom);
  for (int32_t i = 1; i < taps_y; i++) {
    x += x_row;
    w += by.w_row;
    for (int32_t n = 0; n < channels; n++)
      for (int32_t j = 0; j < taps_x; j += J) {
        const float *upper = w + j * by.w_tap + n * by.w_channel;
        tiny_row(S, J, 1, 1, x + j * by.x_pixel + n, by.x_pixel, upper, upper - by.w_row, by.w_tap, top,
                 bottom);
      }
  }
  x += x_row;
  for (int32_t n = 0; n < channels; n++)
    for (int32_t j = 0; j < taps_x; j += J)
      tiny_row(S, J, 0, 1, x + j * by.x_pixel + n, by.x_pixel, NULL, w + j * by.w_tap + n * by.w_channel,
               by.w_tap, top, bottom);
  MK_UNROLL for (int32_t s = 0; s < S; s += 2) {
    vi m;
    st(y + s / 2 * filters, relu_pool_cells(top[s], top[s + 1], bottom[s], bottom[s + 1], &m));
    st_bytes(mask + s / 2 * filters, m, MK_LANES);
  }
}

MK_INLINE void tiny_filters(const int32_t J, const int32_t taps_y, const int32_t taps_x,
                            const int32_t channels, const tiny_steps by, const mk_conv *c, const float *x,
                                const float *w, vf bias, float *y,
                            uint8_t *mask) {
  const int32_t columns = c->columns / 2;
  const ptrdiff_t filters = c->filters, x_row = c->x_row;
  for (int32_t row = 0; row < c->rows / 2; row++) {
    const float *from = x + 2 * row * x_row;
    int32_t column = 0;
    for (; column + 2 <= columns; column += 2) {
      tiny_windows(4, J, taps_y, taps_x, channels, by, x_row, filters, from, w, bias, y, mask);
      from += 4 * by.x_pixel;
      y += 2 * filters;
      mask += 2 * filters;
    }
    if (column < columns) {
      tiny_windows(2, J, taps_y, taps_x, channels, by, x_row, filters, from, w, bias, y, mask);
      y += filters;
      mask += filters;
    }
  }
}

// The usual sizes: the weights of eight filters are packed, so that every step is a constant.
MK_INLINE void tiny_usual(const int32_t T, const int32_t C, const mk_conv *c, const float *x,
                          const float *weights, const float *bias, float *y, uint8_t *mask) {
  const tiny_steps by = {C, MK_LANES, C * MK_LANES, T * C * MK_LANES};
  float packed[MK_TINY_WEIGHTS * MK_LANES];
  for (int32_t k = 0; k < c->filters; k += MK_LANES) {
    for (int32_t i = 0; i < T * T * C; i++)
      st(packed + i * MK_LANES, ld(weights + (ptrdiff_t)i * c->filters + k));
    tiny_filters(T, T, T, C, by, c, x, packed, bias == NULL ? (vf)0.0f : ld(bias + k), y + k, mask + k);
  }
}

MK_INLINE void tiny_unusual(const mk_conv *c, const float *x, const float *weights, const float *bias,
                            float *y, uint8_t *mask) {
  const ptrdiff_t tap = (ptrdiff_t)c->channels * c->filters;
  const tiny_steps by = {c->x_pixel, c->filters, tap, c->taps_x * tap};
  for (int32_t k = 0; k < c->filters; k += MK_LANES)
    tiny_filters(1, c->taps_y, c->taps_x, c->channels, by, c, x, weights + k,
                 bias == NULL ? (vf)0.0f : ld(bias + k), y + k, mask + k);
}

static void tiny_pool_forward(const mk_conv *c, const float *x, const float *weights, const float *bias,
                              float *y, uint8_t *mask) {
  const int32_t square = c->taps_y == c->taps_x && c->x_pixel == c->channels
      ? c->taps_x * 8 + c->channels : 0;
  switch (square) {
    case 25: tiny_usual(3, 1, c, x, weights, bias, y, mask); break;
    case 27: tiny_usual(3, 3, c, x, weights, bias, y, mask); break;
    case 33: tiny_usual(4, 1, c, x, weights, bias, y, mask); break;
    case 35: tiny_usual(4, 3, c, x, weights, bias, y, mask); break;
    case 41: tiny_usual(5, 1, c, x, weights, bias, y, mask); break;
    case 43: tiny_usual(5, 3, c, x, weights, bias, y, mask); break;
    default: tiny_unusual(c, x, weights, bias, y, mask);
  }
}
