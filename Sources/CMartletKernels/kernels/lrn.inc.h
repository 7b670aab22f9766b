// Local response normalization over channels. The terms of some channels are laid out on the stack with zeros
// beyond both ends, so that a window's sum is a few whole vectors and needs no look at the edges.

#define MK_LRN_CHANNELS 512  // channels of a block
#define MK_LRN_WINDOW 64     // offsets in a window that are summed at once
#define MK_LRN_BUFFER (MK_LRN_CHANNELS + 2 * MK_LRN_WINDOW + 2 * MK_LANES)

// sums[0 ..< count] (+)= terms[i] + ... + terms[i + offsets - 1], in two chains.
MK_INLINE void window_sums(const float *terms, int32_t count, int32_t offsets, int32_t accumulate, float *sums) {
  for (int32_t i = 0; i < count; i += MK_LANES) {
    vf even = accumulate ? ld(sums + i) : (vf)0.0f, odd = (vf)0.0f;
    int32_t d = 0;
    for (; d + 2 <= offsets; d += 2) {
      even += ld(terms + i + d);
      odd += ld(terms + i + d + 1);
    }
    if (d < offsets) even += ld(terms + i + d);
    st(sums + i, even + odd);
  }
}

// s[i] = bias + alpha * (sum of squares in the window of channel first + i) for `count` channels.
MK_INLINE void lrn_scales(const float *x, int32_t n, int32_t first, int32_t count, int32_t size, vf alpha,
                          vf bias, float *s) {
  float squares[MK_LRN_BUFFER];
  const int32_t down = size / 2;
  for (int32_t d = 0; d < size; d += MK_LRN_WINDOW) {
    const int32_t offsets = smaller(MK_LRN_WINDOW, size - d), start = first - down + d;
    const int32_t low = smaller(n, larger(0, start)), high = smaller(n, start + count + offsets - 1);
    const int32_t before = low < high ? low - start : 0, end = low < high ? high - start : 0;
    zero_floats(squares, before);
    for (int32_t c = low; c < high; c += MK_LANES) {
      const vf v = ld_upto(x + c, high - c);
      st(squares + (c - start), v * v);
    }
    zero_floats(squares + end, count + offsets + MK_LANES - end);
    window_sums(squares, count, offsets, d > 0, s);
  }
  for (int32_t i = 0; i < count; i += MK_LANES) st(s + i, fma8(alpha, ld(s + i), bias));
}

// s^beta; the usual exponents need only square roots.
MK_INLINE vf lrn_power(vf s, float beta) {
  if (beta == 0.75f) {
    const vf root = sqrt8(s);
    return root * sqrt8(root);
  }
  if (beta == 0.5f) return sqrt8(s);
  return power8(s, splat(beta));
}

static void lrn(const float *x, ptrdiff_t rows, int32_t n, int32_t size, float alpha, float beta,
                float bias, float *y) {
  float s[MK_LRN_BUFFER];
  for (ptrdiff_t r = 0; r < rows; r++, x += n, y += n)
    for (int32_t from = 0; from < n; from += MK_LRN_CHANNELS) {
      const int32_t count = smaller(MK_LRN_CHANNELS, n - from);
      lrn_scales(x, n, from, count, size, splat(alpha), splat(bias), s);
      for (int32_t i = 0; i < count; i += MK_LANES)
        st_upto(y + from + i, ld_upto(x + from + i, count - i) / lrn_power(ld(s + i), beta), count - i);
    }
}

// dx = dy * s^-beta - 2 alpha beta x * (sum of dy * x * s^(-beta-1) over the windows that contain the
// channel). Channel c lies in the windows centered on c - up ... c + down.
static void lrn_gradient(const float *x, const float *dy, ptrdiff_t rows, int32_t n, int32_t size,
                         float alpha, float beta, float bias, float *dx) {
  float s[MK_LRN_BUFFER], powers[MK_LRN_BUFFER], terms[MK_LRN_BUFFER], sums[MK_LRN_BUFFER];
  const int32_t up = (size - 1) / 2;
  const vf factor = splat(-2.0f * alpha * beta);
  for (ptrdiff_t r = 0; r < rows; r++, x += n, dy += n, dx += n)
    for (int32_t from = 0; from < n; from += MK_LRN_CHANNELS) {
      const int32_t count = smaller(MK_LRN_CHANNELS, n - from);
      int32_t has_powers = 0;  // of the block's own channels
      for (int32_t d = 0; d < size; d += MK_LRN_WINDOW) {
        const int32_t offsets = smaller(MK_LRN_WINDOW, size - d), start = from - up + d;
        const int32_t low = smaller(n, larger(0, start)), high = smaller(n, start + count + offsets - 1);
        zero_floats(terms, count + offsets + MK_LANES);
        if (low < high) lrn_scales(x, n, low, high - low, size, splat(alpha), splat(bias), s);
        for (int32_t c = low; c < high; c += MK_LANES) {
          const vf scale = ld(s + (c - low)), g = ld_upto(dy + c, high - c);
          const vf inverse = splat(1.0f) / (scale * lrn_power(scale, beta));
          st_upto(terms + (c - start), g * ld_upto(x + c, high - c) * inverse, high - c);
          st(powers + (c - low), scale * inverse);
        }
        has_powers = low == from && high >= from + count;
        window_sums(terms, count, offsets, d > 0, sums);
      }
      if (!has_powers) {
        lrn_scales(x, n, from, count, size, splat(alpha), splat(bias), s);
        for (int32_t i = 0; i < count; i += MK_LANES) st(powers + i, splat(1.0f) / lrn_power(ld(s + i), beta));
      }
      for (int32_t i = 0; i < count; i += MK_LANES) {
        const int32_t m = count - i;
        const vf direct = ld_upto(dy + from + i, m) * ld(powers + i);
        st_upto(dx + from + i, fma8(factor * ld_upto(x + from + i, m), ld(sums + i), direct), m);
      }
    }
}
