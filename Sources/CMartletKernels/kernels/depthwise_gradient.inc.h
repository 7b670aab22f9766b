// Gradient of a depthwise convolution's kernel: the sums of up to 9 taps in registers over some rows. They start
// at zero and are added to the gradient at the end: short chains of additions lose less.

#define MK_DEPTH_TAPS 9
#define MK_DEPTH_PIXELS 64  // summed at a time: few enough to stay in the first-level cache for all channels

typedef struct {
  const mk_conv *conv;
  const float *x, *dy;       // of the first row
  float *gradient;           // of the first tap
  ptrdiff_t at[MK_DEPTH_TAPS];
  ptrdiff_t padded;
  int32_t rows;
} depthwise_gradient_job;

// T taps of the channels from c on; where `part` is set, there are `lanes` of them.
MK_INLINE void depthwise_taps(const int32_t T, const int32_t part, const depthwise_gradient_job *job, int32_t c,
                              int32_t lanes) {
  const mk_conv *d = job->conv;
  vf sums[MK_DEPTH_TAPS];
  tile_clear(sums, T);
  for (int32_t row = 0; row < job->rows; row++) {
    const float *dy = job->dy + row * d->y_row + c, *a[MK_DEPTH_TAPS];
    MK_UNROLL for (int32_t t = 0; t < T; t++) a[t] = job->x + row * d->x_row + job->at[t] + c;
    ptrdiff_t at = 0;
    _Pragma("clang loop unroll(disable)") for (int32_t column = 0; column < d->columns; column++) {
      const vf g = part ? ld_part(dy, lanes) : ld(dy);
      MK_UNROLL for (int32_t t = 0; t < T; t++)
        sums[t] = fma8(part ? ld_part(a[t] + at, lanes) : ld(a[t] + at), g, sums[t]);
      at += d->x_pixel;
      dy += d->y_pixel;
    }
  }
  MK_UNROLL for (int32_t t = 0; t < T; t++) {
    float *to = job->gradient + t * job->padded + c;
    st(to, ld(to) + sums[t]);
  }
}

MK_INLINE void depthwise_tap_channels(const int32_t T, const depthwise_gradient_job *job) {
  const int32_t channels = job->conv->channels;
  int32_t c = 0;
  for (; c + MK_LANES <= channels; c += MK_LANES) depthwise_taps(T, 0, job, c, 0);
  if (c < channels) depthwise_taps(T, 1, job, c, channels - c);
}

static void depthwise_kernel_gradient(const mk_conv *conv, const float *x, const float *dy, float *gradient) {
  const int32_t count = conv->taps_y * conv->taps_x, band = larger(1, MK_DEPTH_PIXELS / larger(1, conv->columns));
  const ptrdiff_t padded = (conv->channels + MK_LANES - 1) / MK_LANES * MK_LANES;
  for (int32_t row = 0; row < conv->rows; row += band) {
    for (int32_t tap = 0, points; tap < count; tap += points) {
      points = points_now(count - tap, MK_DEPTH_TAPS);
      depthwise_gradient_job job = {.conv = conv, .x = x + row * conv->x_row, .dy = dy + row * conv->y_row,
                                    .gradient = gradient + tap * padded, .padded = padded,
                                    .rows = smaller(band, conv->rows - row)};
      for (int32_t t = 0; t < points; t++)
        job.at[t] = (tap + t) / conv->taps_x * conv->tap_y + (tap + t) % conv->taps_x * conv->tap_x;
      switch (points) {
        case 1: depthwise_tap_channels(1, &job); break;
        case 2: depthwise_tap_channels(2, &job); break;
        case 3: depthwise_tap_channels(3, &job); break;
        case 4: depthwise_tap_channels(4, &job); break;
        case 5: depthwise_tap_channels(5, &job); break;
        case 6: depthwise_tap_channels(6, &job); break;
        case 7: depthwise_tap_channels(7, &job); break;
        case 8: depthwise_tap_channels(8, &job); break;
        default: depthwise_tap_channels(9, &job);
      }
    }
  }
}
