// Local response normalization over channels, each window summed anew: windows are short.

#define MK_LRN_BLOCK 1024  // channels whose terms of the gradient wait on the stack

// Eight values from index `at`; those outside 0 ..< n are zero.
MK_INLINE vf ld_clipped(const float *x, int32_t at, int32_t n) {
  if (at >= 0 && at + MK_LANES <= n) return ld(x + at);
  float t[MK_LANES] = {0};
  for (int32_t l = larger(0, -at); l < MK_LANES && at + l < n; l++) t[l] = x[at + l];
  return ld(t);
}

// s = bias + alpha * (sum of squares in the window).
MK_INLINE vf lrn_scale(const float *x, int32_t at, int32_t n, int32_t size, vf alpha, vf bias) {
  vf sum = splat(0.0f);
  for (int32_t d = -(size / 2); d <= (size - 1) / 2; d++) {
    const vf v = ld_clipped(x, at + d, n);
    sum = fma8(v, v, sum);
  }
  return fma8(alpha, sum, bias);
}

// s^-beta; the usual exponents need only square roots.
MK_INLINE vf lrn_power(vf s, float beta) {
  if (beta == 0.75f) {
    const vf root = sqrt8(s);
    return splat(1.0f) / (root * sqrt8(root));
  }
  if (beta == 0.5f) return splat(1.0f) / sqrt8(s);
  return power8(s, splat(-beta));
}

static void lrn(const float *x, ptrdiff_t rows, int32_t n, int32_t size, float alpha, float beta,
                float bias, float *y) {
  for (ptrdiff_t r = 0; r < rows; r++, x += n, y += n)
    for (int32_t c = 0; c < n; c += MK_LANES) {
      const vf s = lrn_scale(x, c, n, size, splat(alpha), splat(bias));
      st_upto(y + c, ld_upto(x + c, n - c) * lrn_power(s, beta), n - c);
    }
}

// dx = dy * s^-beta - 2 alpha beta x * (sum of dy * x * s^(-beta-1) over the windows that contain the
// channel).
static void lrn_gradient(const float *x, const float *dy, ptrdiff_t rows, int32_t n, int32_t size,
                         float alpha, float beta, float bias, float *dx) {
  float terms[MK_LRN_BLOCK + MK_LANES];
  const int32_t down = size / 2, up = (size - 1) / 2;
  const vf factor = splat(-2.0f * alpha * beta);
  for (ptrdiff_t r = 0; r < rows; r++, x += n, dy += n, dx += n) {
    zero_floats(dx, n);
    for (int32_t from = 0; from < n; from += MK_LRN_BLOCK) {
      const int32_t width = smaller(MK_LRN_BLOCK, n - from);
      for (int32_t c = from; c < from + width; c += MK_LANES) {
        const int32_t m = from + width - c;
        const vf s = lrn_scale(x, c, n, size, splat(alpha), splat(bias)), power = lrn_power(s, beta);
        const vf g = ld_upto(dy + c, m);
        st(terms + c - from, g * ld_upto(x + c, m) * power / s);
        st_upto(dx + c, fma8(g, power, ld_upto(dx + c, m)), m);
      }
      // Channel c lies in the windows centered on c - up ... c + down.
      const int32_t end = smaller(n, from + width + up);
      for (int32_t c = larger(0, from - down); c < end; c += MK_LANES) {
        vf sum = splat(0.0f);
        for (int32_t d = -up; d <= down; d++) sum += ld_clipped(terms, c + d - from, width);
        const int32_t m = end - c;
        st_upto(dx + c, fma8(factor * ld_upto(x + c, m), sum, ld_upto(dx + c, m)), m);
      }
    }
  }
}
