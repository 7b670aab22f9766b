// Direct convolution: tiles of up to 6 output pixels by 16 filters, the sums in registers over all taps.
// Pixels of a tile need not be neighbors: each has its own pointer, so 7 or 14 columns waste nothing.

// A group of taps whose weights fit the first-level cache is applied to all pixels before the next group;
// between groups the sums rest in y.
#define MK_WEIGHT_BYTES (48 * 1024)

// Runs shorter than this are read through a table of places, of at most MK_PLACES entries.
#define MK_SHORT_RUN 40
#define MK_PLACES 512

typedef struct {
  const mk_conv *conv;
  const int32_t *places;         // of all steps in x, or null
  const float *x, *weights, *bias;
  float *y;
  ptrdiff_t padded;              // floats between weight rows
  int32_t run;                   // floats that follow one another in x and in the weights
  int32_t tap_from, tap_to;      // of `run` floats each
  int32_t lanes;                 // filters of this tile
  int32_t activation;
  float slope;
} forward_job;

MK_INLINE void forward_tile(const int32_t P, const int32_t V, const forward_job *job, const ptrdiff_t *x_at,
                            const ptrdiff_t *y_at) {
  const mk_conv *c = job->conv;
  const int32_t runs_x = c->taps_x * c->channels / job->run;
  const int32_t tail = job->lanes - (V - 1) * MK_LANES;
  vf sums[MK_TILE];
  const float *a[MK_POINTS];
  MK_UNROLL for (int32_t p = 0; p < P; p++) a[p] = job->x + x_at[p];
  if (job->tap_from == 0) {
    tile_clear(sums, P * V);
  } else {
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      MK_UNROLL for (int32_t v = 0; v < V; v++) {
        const float *y = job->y + y_at[p] + v * MK_LANES;
        sums[p * V + v] = v == V - 1 ? ld_upto(y, tail) : ld(y);
      }
    }
  }
  const float *w = job->weights + (ptrdiff_t)job->tap_from * job->run * job->padded;
  if (job->places != NULL)
    tile_add_at(P, V, sums, a, job->places, w, job->padded, c->taps_y * runs_x * job->run);
  int32_t i = job->tap_from / runs_x, j = job->tap_from % runs_x;
  for (int32_t tap = job->tap_from; job->places == NULL && tap < job->tap_to; tap++) {
    tile_add(P, V, 0, sums, a, i * c->tap_y + j * c->tap_x, 1, w, job->padded, job->run, 0);
    w += job->run * job->padded;
    if (++j == runs_x) i++, j = 0;
  }
  const int32_t whole = job->tap_to == c->taps_y * runs_x;
  MK_UNROLL for (int32_t v = 0; v < V; v++) {
    vf bias = (vf)0.0f;
    if (job->bias != NULL)
      bias = v == V - 1 ? ld_upto(job->bias + v * MK_LANES, tail) : ld(job->bias + v * MK_LANES);
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      vf y = sums[p * V + v];
      if (whole) y = activate(y + bias, job->activation, job->slope);
      float *to = job->y + y_at[p] + v * MK_LANES;
      if (v == V - 1) st_upto(to, y, tail);
      else st(to, y);
    }
  }
}

static void forward_pixels(const forward_job *job, int32_t points, int32_t vectors, const ptrdiff_t *x_at,
                           const ptrdiff_t *y_at) {
#define MK_CALL(P, V) forward_tile(P, V, job, x_at, y_at)
  MK_TILE_SHAPES(points, vectors, MK_CALL)
#undef MK_CALL
}

static void conv_forward(const mk_conv *conv, const float *x, const float *weights, const float *bias,
                         int32_t activation, float slope, float *y) {
  if (conv_small(conv, x, weights, bias, activation, slope, y)) return;
  const int32_t vectors = (conv->filters + MK_LANES - 1) / MK_LANES;
  const int32_t run = conv->tap_x == conv->channels ? conv->taps_x * conv->channels : conv->channels;
  const int32_t taps = conv->taps_y * conv->taps_x * conv->channels / run;
  const int32_t pixels = conv->rows * conv->columns;
  int32_t places[MK_PLACES];
  const int32_t short_runs = run < MK_SHORT_RUN && run * taps <= MK_PLACES;
  if (short_runs)
    for (int32_t i = 0, k = 0; i < conv->taps_y; i++)
      for (int32_t j = 0; j < conv->taps_x; j++)
        for (int32_t n = 0; n < conv->channels; n++)
          places[k++] = (int32_t)(i * conv->tap_y + j * conv->tap_x + n);
  for (int32_t v = 0, width; v < vectors; v += width) {
    width = vectors_of(vectors - v);
    int32_t group = larger(1, MK_WEIGHT_BYTES / (run * width * MK_LANES * (int32_t)sizeof(float)));
    if (short_runs || 2 * group > taps) group = taps;
    const int32_t most = points_of(width);
    for (int32_t tap = 0; tap < taps; tap += group) {
      forward_job job = {conv, short_runs ? places : NULL, x, weights + v * MK_LANES,
                         bias == NULL ? NULL : bias + v * MK_LANES, y + v * MK_LANES,
                         (ptrdiff_t)vectors * MK_LANES, run, tap, smaller(tap + group, taps),
                         smaller(width * MK_LANES, conv->filters - v * MK_LANES),
                         activation, slope};
      int32_t row = 0, column = 0;
      for (int32_t pixel = 0, points; pixel < pixels; pixel += points) {
        points = points_now(pixels - pixel, most);
        ptrdiff_t x_at[MK_POINTS], y_at[MK_POINTS];
        for (int32_t p = 0; p < points; p++) {
          x_at[p] = row * conv->x_row + column * conv->x_pixel;
          y_at[p] = row * conv->y_row + column * conv->y_pixel;
          if (++column == conv->columns) row++, column = 0;
        }
        forward_pixels(&job, points, width, x_at, y_at);
      }
    }
  }
}
