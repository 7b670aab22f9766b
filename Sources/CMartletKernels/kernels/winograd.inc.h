// Winograd's convolution F(4x4, 3x3) (Lavin and Gray 2015): a tile of 4x4 outputs from 6x6 inputs takes 36
// products a channel instead of 144. Interpolation at 0, ±3/4, ±3/2 and infinity, whose rounding errors are
// smaller than those of the usual 0, ±1, ±2. Stride 1, dilation 1; channels and filters multiples of MK_LANES.
//
//   V = Bt d B,  M_p = V_p U_p,  Y = At M A;   back:  dM = A dY At,  dU_p = Vt_p dM_p,  dW = Gt dU G

#define MK_POSITIONS 36

static const float mk_wa = 0.75f, mk_wb = 1.5f;

// Bt: six inputs to six positions.
MK_INLINE void winograd_bt(const vf *d, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const vf d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const vf ea = fma8(splat(-b2), d2, d4), ta = fma8(splat(-b2), d1, d3);
  const vf eb = fma8(splat(-a2), d2, d4), tb = fma8(splat(-a2), d1, d3);
  o[0] = fma8(splat(a2 * b2), d0, fma8(splat(-(a2 + b2)), d2, d4));
  o[to] = fma8(splat(a), ta, ea);
  o[2 * to] = fma8(splat(-a), ta, ea);
  o[3 * to] = fma8(splat(b), tb, eb);
  o[4 * to] = fma8(splat(-b), tb, eb);
  o[5 * to] = fma8(splat(a2 * b2), d1, fma8(splat(-(a2 + b2)), d3, d5));
}

// At: six positions to four outputs.
MK_INLINE void winograd_at(const vf *m, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const vf p = m[step] + m[2 * step], q = m[step] - m[2 * step];
  const vf r = m[3 * step] + m[4 * step], s = m[3 * step] - m[4 * step];
  o[0] = m[0] + (p + r);
  o[to] = fma8(splat(a), q, splat(b) * s);
  o[2 * to] = fma8(splat(a2), p, splat(b2) * r);
  o[3 * to] = fma8(splat(a2 * a), q, fma8(splat(b2 * b), s, m[5 * step]));
}

// A: four outputs' gradients to six positions.
MK_INLINE void winograd_a(const vf *y, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const vf y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  const vf ea = fma8(splat(a2), y2, y0), ta = splat(a) * fma8(splat(a2), y3, y1);
  const vf eb = fma8(splat(b2), y2, y0), tb = splat(b) * fma8(splat(b2), y3, y1);
  o[0] = y0;
  o[to] = ea + ta;
  o[2 * to] = ea - ta;
  o[3 * to] = eb + tb;
  o[4 * to] = eb - tb;
  o[5 * to] = y3;
}

// G: three weights to six positions.
MK_INLINE void winograd_g(const vf *w, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const float f0 = 1 / (a2 * b2), fa = 1 / (2 * a2 * (a2 - b2)), fb = 1 / (2 * b2 * (b2 - a2));
  const vf w0 = w[0], w1 = w[step], w2 = w[2 * step];
  const vf ea = splat(fa) * fma8(splat(a2), w2, w0), ta = splat(fa * a) * w1;
  const vf eb = splat(fb) * fma8(splat(b2), w2, w0), tb = splat(fb * b) * w1;
  o[0] = splat(f0) * w0;
  o[to] = ea + ta;
  o[2 * to] = ea - ta;
  o[3 * to] = eb + tb;
  o[4 * to] = eb - tb;
  o[5 * to] = w2;
}

// Gt: six positions to three weights' gradients.
MK_INLINE void winograd_gt(const vf *u, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const float f0 = 1 / (a2 * b2), fa = 1 / (2 * a2 * (a2 - b2)), fb = 1 / (2 * b2 * (b2 - a2));
  const vf p = splat(fa) * (u[step] + u[2 * step]), q = splat(fa * a) * (u[step] - u[2 * step]);
  const vf r = splat(fb) * (u[3 * step] + u[4 * step]), s = splat(fb * b) * (u[3 * step] - u[4 * step]);
  o[0] = fma8(splat(f0), u[0], p + r);
  o[to] = q + s;
  o[2 * to] = fma8(splat(a2), p, fma8(splat(b2), r, u[5 * step]));
}

// All tiles of a bordered image of at least 4*tiles + 2 rows and columns to v[position][tile][channels].
static void winograd_input(const mk_winograd *w, const float *x, float *v) {
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const float *corner = x + tile / w->tiles_x * 4 * w->x_row + tile % w->tiles_x * 4 * w->x_pixel;
    for (int32_t c = 0; c < w->channels; c += MK_LANES) {
      vf d[6], t[36], o[6];
      for (int32_t j = 0; j < 6; j++) {
        MK_UNROLL for (int32_t i = 0; i < 6; i++) d[i] = ld(corner + i * w->x_row + j * w->x_pixel + c);
        winograd_bt(d, 1, t + j, 6);
      }
      float *to = v + (ptrdiff_t)tile * w->channels + c;
      for (int32_t i = 0; i < 6; i++) {
        winograd_bt(t + 6 * i, 1, o, 1);
        MK_UNROLL for (int32_t j = 0; j < 6; j++) st(to + (6 * i + j) * w->v_position, o[j]);
      }
    }
  }
}

// All tiles m[position][tile][filters] to an image; what lies beyond its edges is left out.
static void winograd_output(const mk_winograd *w, const float *m, const float *bias, int32_t activation,
                            float slope, float *y) {
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const int32_t row = tile / w->tiles_x * 4, column = tile % w->tiles_x * 4;
    const int32_t rows = smaller(4, w->rows - row), columns = smaller(4, w->columns - column);
    for (int32_t k = 0; k < w->filters; k += MK_LANES) {
      const float *from = m + (ptrdiff_t)tile * w->filters + k;
      vf d[6], t[24], o[4];
      for (int32_t j = 0; j < 6; j++) {
        MK_UNROLL for (int32_t i = 0; i < 6; i++) d[i] = ld(from + (6 * i + j) * w->m_position);
        winograd_at(d, 1, t + j, 6);
      }
      const vf add = bias == NULL ? (vf)0.0f : ld(bias + k);
      for (int32_t i = 0; i < rows; i++) {
        winograd_at(t + 6 * i, 1, o, 1);
        float *to = y + (row + i) * w->y_row + column * w->y_pixel + k;
        for (int32_t j = 0; j < columns; j++)
          st(to + j * w->y_pixel, activate(o[j] + add, activation, slope));
      }
    }
  }
}

// An image's gradient to m[position][tile][filters]; beyond its edges it is zero.
static void winograd_output_gradient(const mk_winograd *w, const float *dy, float *m) {
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const int32_t row = tile / w->tiles_x * 4, column = tile % w->tiles_x * 4;
    const int32_t rows = smaller(4, w->rows - row), columns = smaller(4, w->columns - column);
    for (int32_t k = 0; k < w->filters; k += MK_LANES) {
      const float *from = dy + row * w->y_row + column * w->y_pixel + k;
      vf d[4], t[24], o[6];
      for (int32_t j = 0; j < 4; j++) {
        for (int32_t i = 0; i < 4; i++)
          d[i] = i < rows && j < columns ? ld(from + i * w->y_row + j * w->y_pixel) : (vf)0.0f;
        winograd_a(d, 1, t + j, 4);
      }
      float *to = m + (ptrdiff_t)tile * w->filters + k;
      for (int32_t i = 0; i < 6; i++) {
        winograd_a(t + 4 * i, 1, o, 1);
        MK_UNROLL for (int32_t j = 0; j < 6; j++) st(to + (6 * i + j) * w->m_position, o[j]);
      }
    }
  }
}

typedef struct {
  const float *a, *b;
  float *c;
  // Floats between vectors side by side in b, and from step to step; the latter is 0 where b is packed.
  ptrdiff_t a_point, a_step, b_vector, b_step, c_point;
  int32_t steps, accumulate;
} winograd_job;

MK_INLINE void winograd_tile(const int32_t P, const int32_t V, const winograd_job *job) {
  vf sums[MK_TILE];
  const float *a[MK_POINTS];
  MK_UNROLL for (int32_t p = 0; p < P; p++) a[p] = job->a + p * job->a_point;
  tile_clear(sums, P * V);
  tile_add(P, V, 0, sums, a, 0, job->a_step, job->b, job->b_step, job->steps, 0);
  MK_UNROLL for (int32_t p = 0; p < P; p++) {
    MK_UNROLL for (int32_t v = 0; v < V; v++) {
      float *to = job->c + p * job->c_point + v * MK_LANES;
      st(to, job->accumulate ? ld(to) + sums[p * V + v] : sums[p * V + v]);
    }
  }
}

// c[points][width] (+)= a · b for the points and vectors of one position.
static void winograd_product(const winograd_job *all, int32_t points, int32_t width) {
  for (int32_t v = 0, wide; v < width / MK_LANES; v += wide) {
    wide = vectors_of(width / MK_LANES - v);
    for (int32_t p = 0, now; p < points; p += now) {
      now = points_now(points - p, points_of(wide));
      winograd_job job = *all;
      job.a += p * job.a_point;
      job.b += v * job.b_vector;
      if (job.b_step == 0) job.b_step = wide * MK_LANES;
      job.c += p * job.c_point + v * MK_LANES;
#define MK_CALL(P, V) winograd_tile(P, V, &job)
      MK_TILE_SHAPES(now, wide, MK_CALL)
#undef MK_CALL
    }
  }
}

// Where a vector of a row of u is: u[position] lies in blocks of as many vectors as a tile is wide, one row
// of a block after the other, so that a product reads it from front to back.
MK_INLINE ptrdiff_t winograd_place(int32_t vector, int32_t vectors, int32_t row, int32_t rows) {
  const int32_t last = vectors % 2 == 1 && vectors > 1 ? vectors - 3 : vectors - vectors_of(vectors);
  const int32_t first = vector >= last && vectors % 2 == 1 ? last : vector / 2 * 2;
  const int32_t wide = vectors_of(vectors - first);
  return ((ptrdiff_t)first * rows + (ptrdiff_t)row * wide + vector - first) * MK_LANES;
}

// m[position][tiles][filters] = v · u for all positions.
static void winograd_multiply(const mk_winograd *w, int32_t tiles, const float *v, const float *u, float *m) {
  for (int32_t p = 0; p < MK_POSITIONS; p++) {
    const winograd_job job = {v + p * w->v_position, u + (ptrdiff_t)p * w->channels * w->filters,
                              m + p * w->m_position, w->channels, 1, (ptrdiff_t)w->channels * MK_LANES, 0,
                              w->filters, w->channels, 0};
    winograd_product(&job, tiles, w->filters);
  }
}

// u[count][filters] (+)= vt · m over all tiles of one position, for `count` channels from v on.
static void winograd_gradient(const mk_winograd *w, int32_t tiles, const float *v, const float *m,
                              int32_t count, int32_t accumulate, float *u) {
  const winograd_job job = {v, m, u, 1, w->channels, MK_LANES, w->filters, w->filters, tiles, accumulate};
  winograd_product(&job, count, w->filters);
}

// The 36 positions of a vector of the kernel; `turned` takes the taps in reverse.
MK_INLINE void winograd_weights(const float *from, ptrdiff_t area, int32_t turned, vf *o) {
  vf w[3], t[18];
  for (int32_t j = 0; j < 3; j++) {
    MK_UNROLL for (int32_t i = 0; i < 3; i++) w[i] = ld(from + (turned ? 3 * (2 - i) + 2 - j : 3 * i + j) * area);
    winograd_g(w, 1, t + j, 3);
  }
  for (int32_t i = 0; i < 6; i++) winograd_g(t + 3 * i, 1, o + 6 * i, 1);
}

// Channels first ... first + count of the kernel [3][3][channels][filters] to u.
static void winograd_kernel(const float *kernel, int32_t channels, int32_t filters, int32_t first,
                            int32_t count, float *u) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters;
  const int32_t vectors = filters / MK_LANES;
  for (int32_t c = first; c < first + count; c++)
    for (int32_t v = 0; v < vectors; v++) {
      vf o[MK_POSITIONS];
      winograd_weights(kernel + (ptrdiff_t)c * filters + v * MK_LANES, area, 0, o);
      float *to = u + winograd_place(v, vectors, c, channels);
      MK_UNROLL for (int32_t p = 0; p < MK_POSITIONS; p++) st(to + p * area, o[p]);
    }
}

// The same of the kernel turned round, with channels and filters exchanged.
static void winograd_turned_kernel(const float *kernel, int32_t channels, int32_t filters, int32_t first,
                                   int32_t count, float *u) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters;
  vf block[MK_LANES][MK_POSITIONS];
  for (int32_t c = first; c < first + count; c += MK_LANES) {
    for (int32_t k = 0; k < filters; k += MK_LANES) {
      for (int32_t lane = 0; lane < MK_LANES; lane++)
        winograd_weights(kernel + (ptrdiff_t)(c + lane) * filters + k, area, 1, block[lane]);
      float *to = u + winograd_place(c / MK_LANES, channels / MK_LANES, k, filters);
      const ptrdiff_t row = winograd_place(c / MK_LANES, channels / MK_LANES, k + 1, filters)
          - winograd_place(c / MK_LANES, channels / MK_LANES, k, filters);
      for (int32_t p = 0; p < MK_POSITIONS; p++) {
        vf r[MK_LANES];
        MK_UNROLL for (int32_t lane = 0; lane < MK_LANES; lane++) r[lane] = block[lane][p];
        transpose8(r);
        MK_UNROLL for (int32_t lane = 0; lane < MK_LANES; lane++) st(to + p * area + lane * row, r[lane]);
      }
    }
  }
}

// Adds u's gradient [position][count][filters], of channels first ... first + count, to the gradient of the
// kernel [3][3][channels][filters].
static void winograd_kernel_gradient(const float *u, int32_t channels, int32_t filters, int32_t first,
                                     int32_t count, float *gradient) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters, part = (ptrdiff_t)count * filters;
  float *to = gradient + (ptrdiff_t)first * filters;
  for (ptrdiff_t at = 0; at < part; at += MK_LANES) {
    vf d[6], t[18], o[3];
    for (int32_t j = 0; j < 6; j++) {
      MK_UNROLL for (int32_t i = 0; i < 6; i++) d[i] = ld(u + (6 * i + j) * part + at);
      winograd_gt(d, 1, t + j, 6);
    }
    for (int32_t i = 0; i < 3; i++) {
      winograd_gt(t + 6 * i, 1, o, 1);
      MK_UNROLL for (int32_t j = 0; j < 3; j++)
        st(to + (3 * i + j) * area + at, ld(to + (3 * i + j) * area + at) + o[j]);
    }
  }
}
