// Sums and maxima. The order of summation depends on the extents alone.

#define MK_CHAIN 64  // rows added in float before the sum goes to double

static void sum_rows(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, int32_t accumulate,
                     float *out) {
  for (int32_t c = 0; c < n; c += 2 * MK_LANES) {
    const int32_t m0 = n - c, m1 = larger(0, n - c - MK_LANES);
    vd total0 = (vd)0.0, total1 = (vd)0.0;
    for (ptrdiff_t r = 0; r < rows; r += MK_CHAIN) {
      const ptrdiff_t end = r + MK_CHAIN < rows ? r + MK_CHAIN : rows;
      vf sum0 = (vf)0.0f, sum1 = (vf)0.0f;
      if (m1 >= MK_LANES) {
        for (ptrdiff_t i = r; i < end; i++) {
          sum0 += ld(x + i * stride + c);
          sum1 += ld(x + i * stride + c + MK_LANES);
        }
      } else {
        for (ptrdiff_t i = r; i < end; i++) {
          sum0 += ld_upto(x + i * stride + c, m0);
          if (m1 > 0) sum1 += ld_part(x + i * stride + c + MK_LANES, m1);
        }
      }
      total0 += widen(sum0);
      total1 += widen(sum1);
    }
    if (accumulate) total0 += widen(ld_upto(out + c, m0));
    st_upto(out + c, __builtin_convertvector(total0, vf), m0);
    if (m1 > 0) {
      if (accumulate) total1 += widen(ld_upto(out + c + MK_LANES, m1));
      st_upto(out + c + MK_LANES, __builtin_convertvector(total1, vf), m1);
    }
  }
}

static void max_rows(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, int32_t accumulate,
                     float *out) {
  for (int32_t c = 0; c < n; c += MK_LANES) {
    const int32_t m = n - c;
    vf most = accumulate ? ld_upto(out + c, m) : splat(-__builtin_inff());
    for (ptrdiff_t r = 0; r < rows; r++) most = max8(most, ld_upto(x + r * stride + c, m));
    st_upto(out + c, most, m);
  }
}

static void sum_columns(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, float *out) {
  for (ptrdiff_t r = 0; r < rows; r++, x += stride) {
    double total = 0;
    for (int32_t from = 0; from < n; from += 4 * MK_CHAIN * MK_LANES) {
      const int32_t to = smaller(n, from + 4 * MK_CHAIN * MK_LANES);
      vf sums[4] = {(vf)0.0f, (vf)0.0f, (vf)0.0f, (vf)0.0f};
      int32_t i = from;
      for (; i + 4 * MK_LANES <= to; i += 4 * MK_LANES)
        MK_UNROLL for (int32_t q = 0; q < 4; q++) sums[q] += ld(x + i + q * MK_LANES);
      for (; i < to; i += MK_LANES) sums[0] += ld_upto(x + i, to - i);
      total += (double)sum8((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    out[r] = (float)total;
  }
}

MK_INLINE float row_maximum(const float *x, int32_t n) {
  vf most = splat(-__builtin_inff());
  int32_t i = 0;
  for (; i + MK_LANES <= n; i += MK_LANES) most = max8(most, ld(x + i));
  if (i < n) most = max8(most, (lanes() < (vi)(n - i)) ? ld_part(x + i, n - i) : splat(-__builtin_inff()));
  return max_of_lanes(most);
}

static void max_columns(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, float *out) {
  for (ptrdiff_t r = 0; r < rows; r++) out[r] = row_maximum(x + r * stride, n);
}

MK_INLINE vd ld_doubles(const double *p, int32_t n) {
  vd v = (vd)0.0;
  if (n >= MK_LANES) __builtin_memcpy(&v, p, sizeof v);
  else for (int32_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
MK_INLINE void st_doubles(double *p, vd v, int32_t n) {
  if (n >= MK_LANES) __builtin_memcpy(p, &v, sizeof v);
  else for (int32_t i = 0; i < n; i++) p[i] = v[i];
}

static void moment_sums(const float *x, ptrdiff_t rows, int32_t n, double *sums) {
  int32_t c = 0;
  for (; c + 2 * MK_LANES <= n; c += 2 * MK_LANES) {
    vd s0 = (vd)0.0, s1 = s0, q0 = s0, q1 = s0;
    for (ptrdiff_t r = 0; r < rows; r++) {
      const vd v0 = widen(ld(x + r * n + c)), v1 = widen(ld(x + r * n + c + MK_LANES));
      s0 += v0;
      s1 += v1;
      q0 = fma8d(v0, v0, q0);
      q1 = fma8d(v1, v1, q1);
    }
    st_doubles(sums + c, ld_doubles(sums + c, 8) + s0, 8);
    st_doubles(sums + c + MK_LANES, ld_doubles(sums + c + MK_LANES, 8) + s1, 8);
    st_doubles(sums + n + c, ld_doubles(sums + n + c, 8) + q0, 8);
    st_doubles(sums + n + c + MK_LANES, ld_doubles(sums + n + c + MK_LANES, 8) + q1, 8);
  }
  for (; c < n; c += MK_LANES) {
    const int32_t m = n - c;
    vd s = (vd)0.0, q = s;
    for (ptrdiff_t r = 0; r < rows; r++) {
      const vd v = widen(ld_upto(x + r * n + c, m));
      s += v;
      q = fma8d(v, v, q);
    }
    st_doubles(sums + c, ld_doubles(sums + c, m) + s, m);
    st_doubles(sums + n + c, ld_doubles(sums + n + c, m) + q, m);
  }
}

static double sum_of_squares(const float *x, ptrdiff_t count) {
  vd sums[2] = {(vd)0.0, (vd)0.0};
  ptrdiff_t i = 0;
  for (; i + 2 * MK_LANES <= count; i += 2 * MK_LANES)
    MK_UNROLL for (int32_t q = 0; q < 2; q++) {
      const vd v = widen(ld(x + i + q * MK_LANES));
      sums[q] = fma8d(v, v, sums[q]);
    }
  for (; i < count; i += MK_LANES) {
    const vd v = widen(ld_upto(x + i, count - i < MK_LANES ? (int32_t)(count - i) : MK_LANES));
    sums[0] = fma8d(v, v, sums[0]);
  }
  return sum8d(sums[0] + sums[1]);
}

static double sum_of_magnitudes(const float *x, ptrdiff_t count) {
  vd sums[2] = {(vd)0.0, (vd)0.0};
  ptrdiff_t i = 0;
  for (; i + 2 * MK_LANES <= count; i += 2 * MK_LANES)
    MK_UNROLL for (int32_t q = 0; q < 2; q++) sums[q] += widen(abs8(ld(x + i + q * MK_LANES)));
  for (; i < count; i += MK_LANES)
    sums[0] += widen(abs8(ld_upto(x + i, count - i < MK_LANES ? (int32_t)(count - i) : MK_LANES)));
  return sum8d(sums[0] + sums[1]);
}
