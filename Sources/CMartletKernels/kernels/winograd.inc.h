// Winograd's convolution (Lavin and Gray 2015) of 3, 4 or 5 taps: F(4x4, 3x3), F(3x3, 4x4) and F(2x2, 5x5). A
// tile of 6x6 inputs takes 36 products a channel instead of 144, 144 and 100. Interpolation at 0, ±3/4, ±3/2 and
// infinity, whose rounding errors are smaller than those of the usual 0, ±1, ±2. Stride 1, dilation 1; channels
// and filters multiples of MK_LANES.
//
//   V = Bt d B,  M_p = V_p U_p,  Y = At M A;   back:  dM = A dY At,  dU_p = Vt_p dM_p,  dW = Gt dU G

#define MK_POSITIONS 36
// Rows and columns of a tile's outputs.
#define MK_TILE_OUTPUTS(TAPS) (7 - (TAPS))
// Calls CALL(taps) with the taps as a constant.
#define MK_TAPS(TAPS, CALL) \
  switch (TAPS) { case 3: CALL(3); break; case 4: CALL(4); break; default: CALL(5); break; }

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

// At: six positions to four, three or two outputs, of which the last has the position at infinity.
MK_INLINE void winograd_at(const int32_t outputs, const vf *m, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const vf p = m[step] + m[2 * step], q = m[step] - m[2 * step];
  const vf r = m[3 * step] + m[4 * step], s = m[3 * step] - m[4 * step];
  o[0] = m[0] + (p + r);
  o[to] = outputs == 2 ? fma8(splat(a), q, fma8(splat(b), s, m[5 * step])) : fma8(splat(a), q, splat(b) * s);
  if (outputs == 3) o[2 * to] = fma8(splat(a2), p, fma8(splat(b2), r, m[5 * step]));
  if (outputs == 4) {
    o[2 * to] = fma8(splat(a2), p, splat(b2) * r);
    o[3 * to] = fma8(splat(a2 * a), q, fma8(splat(b2 * b), s, m[5 * step]));
  }
}

// A: the outputs' gradients to six positions.
MK_INLINE void winograd_a(const int32_t outputs, const vf *y, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  vf ea = y[0], eb = y[0], ta = y[step], tb = y[step];
  if (outputs > 2) ea = fma8(splat(a2), y[2 * step], ea), eb = fma8(splat(b2), y[2 * step], eb);
  if (outputs > 3) ta = fma8(splat(a2), y[3 * step], ta), tb = fma8(splat(b2), y[3 * step], tb);
  ta = splat(a) * ta, tb = splat(b) * tb;
  o[0] = y[0];
  o[to] = ea + ta;
  o[2 * to] = ea - ta;
  o[3 * to] = eb + tb;
  o[4 * to] = eb - tb;
  o[5 * to] = y[(outputs - 1) * step];
}

// G: the weights of the taps to six positions.
MK_INLINE void winograd_g(const int32_t taps, const vf *w, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const float f0 = 1 / (a2 * b2), fa = 1 / (2 * a2 * (a2 - b2)), fb = 1 / (2 * b2 * (b2 - a2));
  vf ea = w[2 * step], eb = w[2 * step], ta = w[step], tb = w[step];
  if (taps > 3) ta = fma8(splat(a2), w[3 * step], ta), tb = fma8(splat(b2), w[3 * step], tb);
  if (taps > 4) ea = fma8(splat(a2), w[4 * step], ea), eb = fma8(splat(b2), w[4 * step], eb);
  ea = splat(fa) * fma8(splat(a2), ea, w[0]), ta = splat(fa * a) * ta;
  eb = splat(fb) * fma8(splat(b2), eb, w[0]), tb = splat(fb * b) * tb;
  o[0] = splat(f0) * w[0];
  o[to] = ea + ta;
  o[2 * to] = ea - ta;
  o[3 * to] = eb + tb;
  o[4 * to] = eb - tb;
  o[5 * to] = w[(taps - 1) * step];
}

// Gt: six positions to the gradients of the taps' weights.
MK_INLINE void winograd_gt(const int32_t taps, const vf *u, int32_t step, vf *o, int32_t to) {
  const float a = mk_wa, b = mk_wb, a2 = a * a, b2 = b * b;
  const float f0 = 1 / (a2 * b2), fa = 1 / (2 * a2 * (a2 - b2)), fb = 1 / (2 * b2 * (b2 - a2));
  const vf p = splat(fa) * (u[step] + u[2 * step]), q = splat(fa * a) * (u[step] - u[2 * step]);
  const vf r = splat(fb) * (u[3 * step] + u[4 * step]), s = splat(fb * b) * (u[3 * step] - u[4 * step]);
  o[0] = fma8(splat(f0), u[0], p + r);
  o[to] = q + s;
  const vf last = u[5 * step];
  o[2 * to] = fma8(splat(a2), p, taps == 3 ? fma8(splat(b2), r, last) : splat(b2) * r);
  if (taps > 3) o[3 * to] = fma8(splat(a2), q, taps == 4 ? fma8(splat(b2), s, last) : splat(b2) * s);
  if (taps > 4) o[4 * to] = fma8(splat(a2 * a2), p, fma8(splat(b2 * b2), r, last));
}

// All tiles of a bordered image to v[position][tile][channels].
static void winograd_input(const mk_winograd *w, const float *x, float *v) {
  const int32_t size = MK_TILE_OUTPUTS(w->taps);
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const float *corner = x + tile / w->tiles_x * size * w->x_row + tile % w->tiles_x * size * w->x_pixel;
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

MK_INLINE void winograd_outputs(const int32_t size, const mk_winograd *w, const float *m, const float *bias,
                                int32_t activation, float slope, float *y) {
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const int32_t row = tile / w->tiles_x * size, column = tile % w->tiles_x * size;
    const int32_t rows = smaller(size, w->rows - row), columns = smaller(size, w->columns - column);
    for (int32_t k = 0; k < w->filters; k += MK_LANES) {
      const float *from = m + (ptrdiff_t)tile * w->filters + k;
      vf d[6], t[24], o[4];
      for (int32_t j = 0; j < 6; j++) {
        MK_UNROLL for (int32_t i = 0; i < 6; i++) d[i] = ld(from + (6 * i + j) * w->m_position);
        winograd_at(size, d, 1, t + j, 6);
      }
      const vf add = bias == NULL ? (vf)0.0f : ld(bias + k);
      for (int32_t i = 0; i < rows; i++) {
        winograd_at(size, t + 6 * i, 1, o, 1);
        float *to = y + (row + i) * w->y_row + column * w->y_pixel + k;
        for (int32_t j = 0; j < columns; j++)
          st(to + j * w->y_pixel, activate(o[j] + add, activation, slope));
      }
    }
  }
}

// All tiles m[position][tile][filters] to an image; what lies beyond its edges is left out.
static void winograd_output(const mk_winograd *w, const float *m, const float *bias, int32_t activation,
                            float slope, float *y) {
#define MK_CALL(TAPS) winograd_outputs(MK_TILE_OUTPUTS(TAPS), w, m, bias, activation, slope, y)
  MK_TAPS(w->taps, MK_CALL)
#undef MK_CALL
}

MK_INLINE void winograd_output_gradients(const int32_t size, const mk_winograd *w, const float *dy, float *m) {
  for (int32_t tile = 0; tile < w->tiles_y * w->tiles_x; tile++) {
    const int32_t row = tile / w->tiles_x * size, column = tile % w->tiles_x * size;
    const int32_t rows = smaller(size, w->rows - row), columns = smaller(size, w->columns - column);
    for (int32_t k = 0; k < w->filters; k += MK_LANES) {
      const float *from = dy + row * w->y_row + column * w->y_pixel + k;
      vf d[4], t[24], o[6];
      for (int32_t j = 0; j < size; j++) {
        for (int32_t i = 0; i < size; i++)
          d[i] = i < rows && j < columns ? ld(from + i * w->y_row + j * w->y_pixel) : (vf)0.0f;
        winograd_a(size, d, 1, t + j, size);
      }
      float *to = m + (ptrdiff_t)tile * w->filters + k;
      for (int32_t i = 0; i < 6; i++) {
        winograd_a(size, t + size * i, 1, o, 1);
        MK_UNROLL for (int32_t j = 0; j < 6; j++) st(to + (6 * i + j) * w->m_position, o[j]);
      }
    }
  }
}

// An image's gradient to m[position][tile][filters]; beyond its edges it is zero.
static void winograd_output_gradient(const mk_winograd *w, const float *dy, float *m) {
#define MK_CALL(TAPS) winograd_output_gradients(MK_TILE_OUTPUTS(TAPS), w, dy, m)
  MK_TAPS(w->taps, MK_CALL)
#undef MK_CALL
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
MK_INLINE void winograd_weights(const int32_t taps, const float *from, ptrdiff_t area, int32_t turned, vf *o) {
  vf w[5], t[30];
  for (int32_t j = 0; j < taps; j++) {
    for (int32_t i = 0; i < taps; i++)
      w[i] = ld(from + (turned ? taps * taps - 1 - taps * i - j : taps * i + j) * area);
    winograd_g(taps, w, 1, t + j, taps);
  }
  for (int32_t i = 0; i < 6; i++) winograd_g(taps, t + taps * i, 1, o + 6 * i, 1);
}

MK_INLINE void winograd_kernels(const int32_t taps, const float *kernel, int32_t channels, int32_t filters,
                                int32_t first, int32_t count, float *u) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters;
  const int32_t vectors = filters / MK_LANES;
  for (int32_t c = first; c < first + count; c++)
    for (int32_t v = 0; v < vectors; v++) {
      vf o[MK_POSITIONS];
      winograd_weights(taps, kernel + (ptrdiff_t)c * filters + v * MK_LANES, area, 0, o);
      float *to = u + winograd_place(v, vectors, c, channels);
      MK_UNROLL for (int32_t p = 0; p < MK_POSITIONS; p++) st(to + p * area, o[p]);
    }
}

// Channels first ... first + count of the kernel [taps][taps][channels][filters] to u.
static void winograd_kernel(int32_t taps, const float *kernel, int32_t channels, int32_t filters, int32_t first,
                            int32_t count, float *u) {
#define MK_CALL(TAPS) winograd_kernels(TAPS, kernel, channels, filters, first, count, u)
  MK_TAPS(taps, MK_CALL)
#undef MK_CALL
}

MK_INLINE void winograd_turned_kernels(const int32_t taps, const float *kernel, int32_t channels, int32_t filters,
                                       int32_t first, int32_t count, float *u) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters;
  vf block[MK_LANES][MK_POSITIONS];
  for (int32_t c = first; c < first + count; c += MK_LANES) {
    for (int32_t k = 0; k < filters; k += MK_LANES) {
      for (int32_t lane = 0; lane < MK_LANES; lane++)
        winograd_weights(taps, kernel + (ptrdiff_t)(c + lane) * filters + k, area, 1, block[lane]);
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

// The same of the kernel turned round, with channels and filters exchanged.
static void winograd_turned_kernel(int32_t taps, const float *kernel, int32_t channels, int32_t filters,
                                   int32_t first, int32_t count, float *u) {
#define MK_CALL(TAPS) winograd_turned_kernels(TAPS, kernel, channels, filters, first, count, u)
  MK_TAPS(taps, MK_CALL)
#undef MK_CALL
}

MK_INLINE void winograd_kernel_gradients(const int32_t taps, const float *u, int32_t channels, int32_t filters,
                                         int32_t first, int32_t count, float *gradient) {
  const ptrdiff_t area = (ptrdiff_t)channels * filters, part = (ptrdiff_t)count * filters;
  float *to = gradient + (ptrdiff_t)first * filters;
  for (ptrdiff_t at = 0; at < part; at += MK_LANES) {
    vf d[6], t[30], o[5];
    for (int32_t j = 0; j < 6; j++) {
      MK_UNROLL for (int32_t i = 0; i < 6; i++) d[i] = ld(u + (6 * i + j) * part + at);
      winograd_gt(taps, d, 1, t + j, 6);
    }
    for (int32_t i = 0; i < taps; i++) {
      winograd_gt(taps, t + 6 * i, 1, o, 1);
      for (int32_t j = 0; j < taps; j++)
        st(to + (taps * i + j) * area + at, ld(to + (taps * i + j) * area + at) + o[j]);
    }
  }
}

// Adds u's gradient [position][count][filters], of channels first ... first + count, to the gradient of the
// kernel [taps][taps][channels][filters].
static void winograd_kernel_gradient(int32_t taps, const float *u, int32_t channels, int32_t filters,
                                     int32_t first, int32_t count, float *gradient) {
#define MK_CALL(TAPS) winograd_kernel_gradients(TAPS, u, channels, filters, first, count, gradient)
  MK_TAPS(taps, MK_CALL)
#undef MK_CALL
}
