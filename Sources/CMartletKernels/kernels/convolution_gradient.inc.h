// Gradient of a convolution's weights: tiles of up to 6 weight rows (a tap's channel) by 16 filters, the
// sums over all pixels of the call in registers. The sums start at zero and are added to the gradient at
// the end: short chains of additions lose less.

typedef struct {
  const mk_conv *conv;
  const float *x, *dy;
  float *gradient;
  ptrdiff_t padded;
  int32_t lanes;
} gradient_job;

MK_INLINE void gradient_tile(const int32_t P, const int32_t V, const int32_t part, const gradient_job *job,
                             const ptrdiff_t *x_at, int32_t first) {
  const mk_conv *c = job->conv;
  vf sums[MK_TILE];
  const float *a[MK_POINTS];
  MK_UNROLL for (int32_t p = 0; p < P; p++) a[p] = job->x + x_at[p];
  tile_clear(sums, P * V);
  const int32_t last = job->lanes - (V - 1) * MK_LANES;
  for (int32_t row = 0; row < c->rows; row++)
    tile_add(P, V, part, sums, a, row * c->x_row, c->x_pixel, job->dy + row * c->y_row, c->y_pixel,
             c->columns, last);
  MK_UNROLL for (int32_t p = 0; p < P; p++) {
    MK_UNROLL for (int32_t v = 0; v < V; v++) {
      float *to = job->gradient + (first + p) * job->padded + v * MK_LANES;
      st(to, ld(to) + sums[p * V + v]);
    }
  }
}

static void gradient_rows(const gradient_job *job, int32_t points, int32_t vectors, const ptrdiff_t *x_at,
                          int32_t first) {
#define MK_CALL(P, V) gradient_tile(P, V, 0, job, x_at, first)
#define MK_CALL_PART(P, V) gradient_tile(P, V, 1, job, x_at, first)
  if (job->lanes == vectors * MK_LANES) {
    MK_TILE_SHAPES(points, vectors, MK_CALL)
  } else {
    MK_TILE_SHAPES(points, vectors, MK_CALL_PART)
  }
#undef MK_CALL_PART
#undef MK_CALL
}

static void conv_kernel_gradient(const mk_conv *conv, const float *x, const float *dy, float *gradient) {
  const int32_t vectors = (conv->filters + MK_LANES - 1) / MK_LANES;
  const int32_t rows = conv->taps_y * conv->taps_x * conv->channels;
  for (int32_t v = 0, width; v < vectors; v += width) {
    width = vectors_of(vectors - v);
    const gradient_job job = {conv, x, dy + v * MK_LANES, gradient + v * MK_LANES,
                              (ptrdiff_t)vectors * MK_LANES, smaller(width * MK_LANES,
                                                                     conv->filters - v * MK_LANES)};
    int32_t i = 0, j = 0, channel = 0;
    for (int32_t row = 0, points; row < rows; row += points) {
      points = points_now(rows - row, points_of(width));
      ptrdiff_t x_at[MK_POINTS];
      for (int32_t p = 0; p < points; p++) {
        x_at[p] = i * conv->tap_y + j * conv->tap_x + channel;
        if (++channel == conv->channels) {
          channel = 0;
          if (++j == conv->taps_x) i++, j = 0;
        }
      }
      gradient_rows(&job, points, width, x_at, row);
    }
  }
}
