// Convolutions of 1 to 4 channels, whose runs are too short for the tile: four outputs side by side share
// each input, and a row's weights stay in registers.

#define MK_SMALL_PIXELS 4
#define MK_SMALL_WEIGHTS 100  // rows of packed weights: 5 x 5 taps of 4 channels

// sums[pixel][vector] of S outputs from x on; weights packed as [taps][taps][channels][V vectors].
MK_INLINE void small_sums(const int32_t S, const int32_t V, const int32_t T, const int32_t C, const float *x,
                          ptrdiff_t x_row, const float *weights, vf *sums) {
  tile_clear(sums, S * V);
  for (int32_t i = 0; i < T; i++, x += x_row, weights += T * C * V * MK_LANES) {
    MK_UNROLL for (int32_t n = 0; n < C; n++) {
      vf w[10];
      MK_UNROLL for (int32_t j = 0; j < T; j++) {
        MK_UNROLL for (int32_t v = 0; v < V; v++) w[j * V + v] = ld(weights + ((j * C + n) * V + v) * MK_LANES);
      }
      MK_UNROLL for (int32_t at = 0; at < T + S - 1; at++) {
        const vf in = splat(x[at * C + n]);
        MK_UNROLL for (int32_t s = 0; s < S; s++) {
          const int32_t j = at - s;
          if (j >= 0 && j < T) {
            MK_UNROLL for (int32_t v = 0; v < V; v++) sums[s * V + v] = fma8(in, w[j * V + v], sums[s * V + v]);
          }
        }
      }
    }
  }
}

MK_INLINE void small_pixels(const int32_t S, const int32_t V, const int32_t T, const int32_t C, const float *x,
                            ptrdiff_t x_row, const float *weights, const vf *bias, int32_t activation,
                            float slope, ptrdiff_t y_pixel, float *y) {
  vf sums[MK_SMALL_PIXELS * 2];
  small_sums(S, V, T, C, x, x_row, weights, sums);
  MK_UNROLL for (int32_t s = 0; s < S; s++) {
    MK_UNROLL for (int32_t v = 0; v < V; v++)
      st(y + s * y_pixel + v * MK_LANES, activate(sums[s * V + v] + bias[v], activation, slope));
  }
}

// V vectors of filters of a whole image.
MK_INLINE void small_filters(const int32_t V, const int32_t T, const int32_t C, const mk_conv *c, const float *x,
                             const float *weights, const float *bias, int32_t activation, float slope,
                             float *y) {
  float packed[MK_SMALL_WEIGHTS * 2 * MK_LANES];
  vf add[2];
  for (int32_t v = 0; v < V; v++) {
    add[v] = bias == NULL ? (vf)0.0f : ld(bias + v * MK_LANES);
    for (int32_t i = 0; i < T * T * C; i++)
      st(packed + (i * V + v) * MK_LANES, ld(weights + (ptrdiff_t)i * c->filters + v * MK_LANES));
  }
  for (int32_t row = 0; row < c->rows; row++, x += c->x_row, y += c->y_row) {
    int32_t column = 0;
    for (; column + MK_SMALL_PIXELS <= c->columns; column += MK_SMALL_PIXELS)
      small_pixels(MK_SMALL_PIXELS, V, T, C, x + column * C, c->x_row, packed, add, activation, slope, c->y_pixel,
                   y + column * c->y_pixel);
    for (; column < c->columns; column++)
      small_pixels(1, V, T, C, x + column * C, c->x_row, packed, add, activation, slope, c->y_pixel,
                   y + column * c->y_pixel);
  }
}

MK_INLINE void small_forward(const int32_t T, const int32_t C, const mk_conv *c, const float *x,
                             const float *weights, const float *bias, int32_t activation, float slope,
                             float *y) {
  int32_t k = 0;
  for (; k + 2 * MK_LANES <= c->filters; k += 2 * MK_LANES)
    small_filters(2, T, C, c, x, weights + k, bias == NULL ? NULL : bias + k, activation, slope, y + k);
  if (k < c->filters)
    small_filters(1, T, C, c, x, weights + k, bias == NULL ? NULL : bias + k, activation, slope, y + k);
}

// Whether the convolution was of a usual size and is done.
static int32_t conv_small(const mk_conv *c, const float *x, const float *weights, const float *bias,
                          int32_t activation, float slope, float *y) {
  if (c->filters % MK_LANES != 0 || c->taps_y != c->taps_x || c->x_pixel != c->channels
      || c->tap_x != c->channels || c->tap_y != c->x_row)
    return 0;
  if (c->taps_x == 3 && c->channels == 1) small_forward(3, 1, c, x, weights, bias, activation, slope, y);
  else if (c->taps_x == 3 && c->channels == 3) small_forward(3, 3, c, x, weights, bias, activation, slope, y);
  else if (c->taps_x == 5 && c->channels == 1) small_forward(5, 1, c, x, weights, bias, activation, slope, y);
  else return 0;
  return 1;
}
