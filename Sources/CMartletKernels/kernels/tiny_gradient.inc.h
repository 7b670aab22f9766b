// Weight gradient of a fused tiny convolution. A window's gradient goes to one of its four outputs, so the
// dense sum is formed with four masked copies of it; R rows of J taps stay in registers over the image.

typedef struct {
  const mk_conv *conv;
  const float *x, *dy;        // x at the block's first tap and channel
  const uint8_t *mask;
  float *gradient;            // of the block's first tap and channel
  ptrdiff_t tap, tap_row;     // floats between the gradients of neighboring taps and rows of taps
} tiny_job;

MK_INLINE void tiny_block(const int32_t R, const int32_t J, const tiny_job *job) {
  const mk_conv *c = job->conv;
  const int32_t columns = c->columns / 2;
  vf sums[10];
  tile_clear(sums, R * J);
  ptrdiff_t at = 0;
  for (int32_t row = 0; row < c->rows / 2; row++) {
    const float *x = job->x + 2 * row * c->x_row;
    for (int32_t column = 0; column < columns; column++, at += c->filters, x += 2 * c->x_pixel) {
      const vi cell = __builtin_convertvector(ld_bytes(job->mask + at, MK_LANES), vi);
      const vf g = ld(job->dy + at);
      const vf g0 = keep(cell == 0, g), g1 = keep(cell == 1, g), g2 = keep(cell == 2, g),
          g3 = keep(cell == 3, g);
      MK_UNROLL for (int32_t i = 0; i <= R; i++) {
        MK_UNROLL for (int32_t j = 0; j <= J; j++) {
          const vf in = splat(x[i * c->x_row + j * c->x_pixel]);
          if (i < R && j < J) sums[i * J + j] = fma8(in, g0, sums[i * J + j]);
          if (i < R && j > 0) sums[i * J + j - 1] = fma8(in, g1, sums[i * J + j - 1]);
          if (i > 0 && j < J) sums[(i - 1) * J + j] = fma8(in, g2, sums[(i - 1) * J + j]);
          if (i > 0 && j > 0) sums[(i - 1) * J + j - 1] = fma8(in, g3, sums[(i - 1) * J + j - 1]);
        }
      }
    }
  }
  MK_UNROLL for (int32_t i = 0; i < R; i++) {
    MK_UNROLL for (int32_t j = 0; j < J; j++) {
      float *to = job->gradient + i * job->tap_row + j * job->tap;
      st(to, ld(to) + sums[i * J + j]);
    }
  }
}

static void tiny_any_block(int32_t rows, int32_t taps, const tiny_job *job) {
  switch (rows * 8 + taps) {
    case 9: tiny_block(1, 1, job); break;
    case 10: tiny_block(1, 2, job); break;
    case 11: tiny_block(1, 3, job); break;
    case 12: tiny_block(1, 4, job); break;
    case 13: tiny_block(1, 5, job); break;
    case 14: tiny_block(1, 6, job); break;
    case 20: tiny_block(2, 4, job); break;
    case 21: tiny_block(2, 5, job); break;
    case 27: tiny_block(3, 3, job); break;
  }
}

MK_INLINE void tiny_bias(const mk_conv *c, const float *dy, const uint8_t *mask, float *bias_gradient) {
  const ptrdiff_t windows = (ptrdiff_t)(c->rows / 2) * (c->columns / 2);
  vf sum = splat(0.0f);
  for (ptrdiff_t w = 0; w < windows; w++) {
    const vi cell = __builtin_convertvector(ld_bytes(mask + w * c->filters, MK_LANES), vi);
    sum += keep(cell < 4, ld(dy + w * c->filters));
  }
  st(bias_gradient, ld(bias_gradient) + sum);
}

static void tiny_pool_kernel_gradient(const mk_conv *c, const float *x, const float *dy, const uint8_t *mask,
                                      float *gradient, float *bias_gradient) {
  const ptrdiff_t tap = (ptrdiff_t)c->channels * c->filters, tap_row = c->taps_x * tap;
  for (int32_t k = 0; k < c->filters; k += MK_LANES) {
    tiny_bias(c, dy + k, mask + k, bias_gradient + k);
    for (int32_t n = 0; n < c->channels; n++)
      for (int32_t j = 0, taps; j < c->taps_x; j += taps) {
        taps = c->taps_x - j <= 5 ? c->taps_x - j : smaller(c->taps_x - j, 6);
        const int32_t most = taps == 3 ? 3 : taps == 4 || taps == 5 ? 2 : 1;
        for (int32_t i = 0, rows; i < c->taps_y; i += rows) {
          rows = c->taps_y - i >= most ? most : 1;
          const tiny_job job = {c, x + i * c->tap_y + j * c->tap_x + n, dy + k, mask + k,
                                gradient + i * tap_row + j * tap + n * c->filters + k, tap, tap_row};
          tiny_any_block(rows, taps, &job);
        }
      }
  }
}
