// The way back through batch normalization, with or without a rectifier after it, whose gradient is made of its
// operand again instead of being stored. Both passes go in the order of memory, as most of it lies beyond the
// caches.

#define MK_PANEL 512     // channels whose sums are kept in float
#define MK_SUM_ROWS 4    // short rows added in registers
#define MK_SHORT_ROW 64  // channels of a row that is short

// dy, times the slope where the rectifier's operand is not positive.
MK_INLINE vf rectified(vf dy, vf x, vf scale, vf shift, vf slope) {
  return pick(fma8(x, scale, shift) > (vf)0.0f, dy, slope * dy);
}

// sums[v] += dz, products[v] += dz * (x - mean) of R rows of n channels.
MK_INLINE void add_gradient_rows(const int32_t R, const mk_rectifier *rectifier, const float *dy, const float *x,
                                 ptrdiff_t row, const float *mean, int32_t n, vf *sums, vf *products) {
  for (int32_t c = 0, v = 0; c < n; c += MK_LANES, v++) {
    const int32_t m = n - c;
    const vf center = ld_upto(mean + c, m);
    vf scale = (vf)0.0f, shift = scale, sum = scale, product = scale;
    if (rectifier != NULL) {
      scale = ld_upto(rectifier->scale + c, m);
      shift = ld_upto(rectifier->shift + c, m);
    }
    MK_UNROLL for (int32_t r = 0; r < R; r++) {
      const vf in = ld_upto(x + r * row + c, m);
      vf g = ld_upto(dy + r * row + c, m);
      if (rectifier != NULL) g = rectified(g, in, scale, shift, splat(rectifier->slope));
      sum += g;
      product = fma8(g, in - center, product);
    }
    sums[v] += sum;
    products[v] += product;
  }
}

// Of the channels first ... first + n, at most MK_PANEL, of rows of `row` floats.
MK_INLINE void gradient_sums(const mk_rectifier *rectifier, const float *dy, const float *x, const float *mean,
                             const float *inverse, ptrdiff_t rows, ptrdiff_t row, int32_t n, double *totals) {
  vf sums[MK_PANEL / MK_LANES], products[MK_PANEL / MK_LANES];
  const int32_t vectors = (n + MK_LANES - 1) / MK_LANES;
  for (ptrdiff_t r = 0; r < rows; r += MK_CHAIN) {
    const int32_t count = rows - r < MK_CHAIN ? (int32_t)(rows - r) : MK_CHAIN;
    for (int32_t v = 0; v < vectors; v++) sums[v] = products[v] = (vf)0.0f;
    int32_t i = 0;
    for (; row <= MK_SHORT_ROW && i + MK_SUM_ROWS <= count; i += MK_SUM_ROWS)
      add_gradient_rows(MK_SUM_ROWS, rectifier, dy + (r + i) * row, x + (r + i) * row, row, mean, n, sums, products);
    for (; i < count; i++)
      add_gradient_rows(1, rectifier, dy + (r + i) * row, x + (r + i) * row, row, mean, n, sums, products);
    for (int32_t v = 0, c = 0; v < vectors; v++, c += MK_LANES) {
      const int32_t m = n - c;
      double *to = totals + row + c;
      st_doubles(totals + c, ld_doubles(totals + c, m) + widen(sums[v]), m);
      st_doubles(to, fma8d(widen(products[v]), widen(ld_upto(inverse + c, m)), ld_doubles(to, m)), m);
    }
  }
}

static void norm_gradient_sums(const float *dy, const float *x, const float *mean, const float *inverse,
                               const mk_rectifier *rectifier, ptrdiff_t rows, int32_t n, double *sums) {
  for (int32_t c = 0; c < n; c += MK_PANEL) {
    const int32_t count = smaller(MK_PANEL, n - c);
    if (rectifier == NULL) {
      gradient_sums(NULL, dy + c, x + c, mean + c, inverse + c, rows, n, count, sums + c);
    } else {
      const mk_rectifier part = {rectifier->scale + c, rectifier->shift + c, rectifier->slope};
      gradient_sums(&part, dy + c, x + c, mean + c, inverse + c, rows, n, count, sums + c);
    }
  }
}

// Products are rounded, so that what cancels (the gradient of a channel of one element) gives zero.
static void rectified_norm_gradient(const float *dy, const float *x, const mk_rectifier *rectifier,
                                    const float *offset, const float *bend, ptrdiff_t rows, int32_t n, float *dx) {
  const vf slope = splat(rectifier->slope);
  for (ptrdiff_t row = 0; row < rows; row++, dy += n, x += n, dx += n)
    for (int32_t c = 0; c < n; c += MK_LANES) {
      const int32_t m = n - c;
      const vf in = ld_upto(x + c, m), scale = ld_upto(rectifier->scale + c, m);
      const vf dz = rectified(ld_upto(dy + c, m), in, scale, ld_upto(rectifier->shift + c, m), slope);
      st_upto(dx + c, (dz * scale + ld_upto(offset + c, m)) + in * ld_upto(bend + c, m), m);
    }
}
