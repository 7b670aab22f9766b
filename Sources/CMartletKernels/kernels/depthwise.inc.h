// Convolution of each channel on its own: channels lie in the lanes, neighboring outputs of a row in registers.
// The outputs at the border are computed with the taps that meet the image, so nothing is copied or compared
// within a row. A convolution's way back to its input is made of such convolutions as well.

#define MK_DEPTH_TILE 8  // outputs in registers
#define MK_DEPTH_WIDE 4  // vectors of a single output, whose sums would wait for one another otherwise

typedef struct {
  const mk_depthwise *conv;
  const float *x, *weights, *bias;  // of the first tap that meets the image
  float *y;
  ptrdiff_t x_pixel, tap_y, tap_x;
  int32_t taps_y, taps_x;           // that meet the image
  int32_t activation;
  float slope;
} depthwise_job;

// The taps from ... to of an axis whose inputs are in the image.
typedef struct { int32_t from, to; } taps;

// `first` is where the first tap lies.
MK_INLINE taps taps_within(int32_t first, int32_t step, int32_t count, int32_t extent) {
  const int32_t from = first < 0 ? (step - 1 - first) / step : 0;
  const int32_t to = first < extent ? smaller(count, (extent - 1 - first) / step + 1) : 0;
  return from < to ? (taps){from, to} : (taps){0, 0};
}

// P outputs by V vectors of channels from c on; where `part` is set, the last vector has `lanes` channels.
MK_INLINE void depthwise_sums(const int32_t P, const int32_t V, const int32_t part, const int32_t taps_y,
                              const int32_t taps_x, const depthwise_job *job, int32_t c, int32_t lanes) {
  vf sums[MK_DEPTH_TILE];
  tile_clear(sums, P * V);
  for (int32_t i = 0; i < taps_y; i++) {
    const float *x = job->x + i * job->tap_y + c, *w = job->weights + i * job->conv->w_y + c;
    for (int32_t j = 0; j < taps_x; j++, x += job->tap_x, w += job->conv->w_x) {
      MK_UNROLL for (int32_t v = 0; v < V; v++) {
        const vf weight = part ? ld_part(w + v * MK_LANES, lanes) : ld(w + v * MK_LANES);
        MK_UNROLL for (int32_t p = 0; p < P; p++) {
          const float *from = x + p * job->x_pixel + v * MK_LANES;
          sums[p * V + v] = fma8(part ? ld_part(from, lanes) : ld(from), weight, sums[p * V + v]);
        }
      }
    }
  }
  MK_UNROLL for (int32_t v = 0; v < V; v++) {
    vf bias = (vf)0.0f;
    if (job->bias != NULL) {
      const float *from = job->bias + c + v * MK_LANES;
      bias = part ? ld_part(from, lanes) : ld(from);
    }
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      const vf y = activate(sums[p * V + v] + bias, job->activation, job->slope);
      float *to = job->y + p * job->conv->y_pixel + c + v * MK_LANES;
      if (part) st_part(to, y, lanes);
      else st(to, y);
    }
  }
}

MK_INLINE void depthwise_channels(const int32_t P, const int32_t V, const int32_t taps_y, const int32_t taps_x,
                                  const depthwise_job *job) {
  const int32_t channels = job->conv->channels;
  int32_t c = 0;
  for (; c + V * MK_LANES <= channels; c += V * MK_LANES) depthwise_sums(P, V, 0, taps_y, taps_x, job, c, 0);
  if (V > 1)
    for (; c + MK_LANES <= channels; c += MK_LANES) depthwise_sums(P, 1, 0, taps_y, taps_x, job, c, 0);
  if (c < channels) depthwise_sums(P, 1, 1, taps_y, taps_x, job, c, channels - c);
}

#define MK_DEPTH_POINTS(points, M)  \
  switch (points) {                 \
    case 2: M(2, 1); break;         \
    case 3: M(3, 1); break;         \
    case 4: M(4, 1); break;         \
    case 5: M(5, 1); break;         \
    case 6: M(6, 1); break;         \
    case 7: M(7, 1); break;         \
    case 8: M(8, 1); break;         \
    default: M(1, MK_DEPTH_WIDE);   \
  }

static void depthwise_any(const depthwise_job *job, int32_t points) {
#define MK_CALL(P, V) depthwise_channels(P, V, job->taps_y, job->taps_x, job)
  MK_DEPTH_POINTS(points, MK_CALL)
#undef MK_CALL
}

// The kernel that nearly all have.
static void depthwise_3x3(const depthwise_job *job, int32_t points) {
#define MK_CALL(P, V) depthwise_channels(P, V, 3, 3, job)
  MK_DEPTH_POINTS(points, MK_CALL)
#undef MK_CALL
}

// Columns from ... to of a row, which meet the image with the same taps.
static void depthwise_columns(const depthwise_job *row, int32_t from, int32_t to, const float *x, taps t) {
  const mk_depthwise *d = row->conv;
  depthwise_job job = *row;
  job.weights += t.from * d->w_x;
  job.taps_x = t.to - t.from;
  for (int32_t column = from, points; column < to; column += points) {
    points = points_now(to - column, MK_DEPTH_TILE);
    const int32_t first = column * d->stride_x - d->pad_left + t.from * d->step_x;
    job.x = job.taps_x > 0 ? x + (ptrdiff_t)first * d->channels : x;
    job.y = row->y + column * d->y_pixel;
    if (job.taps_y == 3 && job.taps_x == 3) depthwise_3x3(&job, points);
    else depthwise_any(&job, points);
  }
}

static void depthwise_forward(const mk_depthwise *d, const float *x, const float *weights, const float *bias,
                              int32_t activation, float slope, float *y) {
  const ptrdiff_t line = (ptrdiff_t)d->columns * d->channels;
  // Between these columns all taps meet the image.
  const int32_t inner = smaller(d->out_columns, d->pad_left > 0 ? (d->pad_left + d->stride_x - 1) / d->stride_x : 0);
  const int32_t room = d->columns - 1 + d->pad_left - (d->taps_x - 1) * d->step_x;
  const int32_t outer = larger(inner, smaller(d->out_columns, room < 0 ? 0 : room / d->stride_x + 1));
  for (int32_t row = 0; row < d->out_rows; row++) {
    const int32_t first = row * d->stride_y - d->pad_top;
    const taps t = taps_within(first, d->step_y, d->taps_y, d->rows);
    const depthwise_job job = {.conv = d, .weights = weights + t.from * d->w_y, .bias = bias,
                               .y = y + row * d->y_row, .x_pixel = (ptrdiff_t)d->stride_x * d->channels,
                               .tap_y = d->step_y * line, .tap_x = (ptrdiff_t)d->step_x * d->channels,
                               .taps_y = t.to - t.from, .activation = activation, .slope = slope};
    const float *from = t.from < t.to ? x + (first + t.from * d->step_y) * line : x;
    for (int32_t column = 0; column < d->out_columns; column++) {
      if (column == inner && inner < outer) {
        depthwise_columns(&job, inner, outer, from, (taps){0, d->taps_x});
        column = outer;
        if (column == d->out_columns) break;
      }
      const int32_t left = column * d->stride_x - d->pad_left;
      depthwise_columns(&job, column, column + 1, from, taps_within(left, d->step_x, d->taps_x, d->columns));
    }
  }
}
