// Batch normalization, leaky ReLU and 2x2 max pooling in one pass, and the two passes of the way back: all
// read the convolution's result itself, so that neither the normalized map nor its gradient is stored.

// Runs BODY, which sees a first channel c and n of its lanes, over all channels: n is a constant but at the end.
#define MK_CHANNELS(CHANNELS, BODY)                       \
  {                                                       \
    int32_t c = 0;                                        \
    for (; c + MK_LANES <= (CHANNELS); c += MK_LANES) {   \
      const int32_t n = MK_LANES;                         \
      BODY;                                               \
    }                                                     \
    if (c < (CHANNELS)) {                                 \
      const int32_t n = (CHANNELS) - c;                   \
      BODY;                                               \
    }                                                     \
  }

// The normalized and activated values of a window and its maximum. Mask: bits 0-1 the first maximum in scan
// order, bit 2 set where it is not positive.
MK_INLINE void normalize_window(const float *x, ptrdiff_t pixel, ptrdiff_t line, int32_t n, vf scale, vf shift,
                                vf slope, float *y, uint8_t *mask) {
  const vf z0 = leaky8(fma8(ld_upto(x, n), scale, shift), slope);
  const vf z1 = leaky8(fma8(ld_upto(x + pixel, n), scale, shift), slope);
  const vf z2 = leaky8(fma8(ld_upto(x + line, n), scale, shift), slope);
  const vf z3 = leaky8(fma8(ld_upto(x + line + pixel, n), scale, shift), slope);
  const vi second = z1 > z0, fourth = z3 > z2;
  const vf upper = pick(second, z1, z0), lower = pick(fourth, z3, z2);
  const vi below = lower > upper;
  const vi cell = below ? ((fourth & 1) | 2) : (second & 1);
  const vi unordered = (is_nan(z0) | is_nan(z1)) | (is_nan(z2) | is_nan(z3));
  const vf most = floats(bits(pick(below, lower, upper)) | unordered);
  st_upto(y, most, n);
  st_bytes(mask, cell | (~(most > (vf)0.0f) & 4), n);
}

static void normalize_pool(const mk_normalized_pool *p, const float *x, const float *scale, const float *shift,
                           float *y, uint8_t *mask) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  const vf slope = splat(p->slope);
  for (int32_t row = 0; row < p->rows / 2; row++) {
    const float *top = x + 2 * row * line;
    for (int32_t column = 0; column < p->columns / 2; column++) {
      MK_CHANNELS(p->channels,
                  normalize_window(top + c, pixel, line, n, ld_upto(scale + c, n), ld_upto(shift + c, n), slope,
                                   y + c, mask + c))
      top += 2 * pixel;
      y += pixel;
      mask += pixel;
    }
  }
}

// The gradient of eight windows' maxima before the activation, and the cells they are in.
MK_INLINE vf window_gradient(const float *dy, const uint8_t *mask, int32_t n, vf slope, vi *cell) {
  const vi byte = __builtin_convertvector(ld_bytes(mask, n), vi);
  const vf g = ld_upto(dy, n);
  *cell = byte & 3;
  return pick((byte & 4) != 0, slope * g, g);
}

// sums[0..n) += the gradients of a row of windows, products[0..n) += those times the normalized x.
MK_INLINE void normalized_row_sums(const float *x, ptrdiff_t pixel, ptrdiff_t line, int32_t columns, int32_t n,
                                   const float *dy, const uint8_t *mask, vf mean, vf inverse, vf slope,
                                   double *sums, double *products) {
  vd sum = (vd)0.0, product = sum;
  for (int32_t column = 0; column < columns; column++, x += 2 * pixel, dy += pixel, mask += pixel) {
    vi cell;
    const vf dz = window_gradient(dy, mask, n, slope, &cell);
    const vf upper = pick(cell == 1, ld_upto(x + pixel, n), ld_upto(x, n));
    const vf lower = pick(cell == 3, ld_upto(x + line + pixel, n), ld_upto(x + line, n));
    sum += widen(dz);
    product = fma8d(widen(dz), widen((pick(cell > 1, lower, upper) - mean) * inverse), product);
  }
  st_doubles(sums, ld_doubles(sums, n) + sum, n);
  st_doubles(products, ld_doubles(products, n) + product, n);
}

static void normalize_pool_sums(const mk_normalized_pool *p, const float *dy, const uint8_t *mask,
                                const float *x, const float *mean, const float *inverse, double *sums) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  const int32_t columns = p->columns / 2;
  const vf slope = splat(p->slope);
  for (int32_t row = 0; row < p->rows / 2; row++, dy += columns * pixel, mask += columns * pixel)
    MK_CHANNELS(p->channels,
                normalized_row_sums(x + 2 * row * line + c, pixel, line, columns, n, dy + c, mask + c,
                                    ld_upto(mean + c, n), ld_upto(inverse + c, n), slope, sums + c,
                                    sums + pixel + c))
}

// The coefficients of eight channels.
typedef struct { vf scale, offset, bend; } normalized_terms;

MK_INLINE normalized_terms terms_at(const float *scale, const float *offset, const float *bend, int32_t c,
                                    int32_t n) {
  return (normalized_terms){ld_upto(scale + c, n), ld_upto(offset + c, n), ld_upto(bend + c, n)};
}

// dx = dz * scale + offset + x * bend.
MK_INLINE void normalized_gradient(const float *x, float *dx, int32_t n, vf dz, const normalized_terms t) {
  st_upto(dx, fma8(ld_upto(x, n), t.bend, fma8(dz, t.scale, t.offset)), n);
}

// A window's maximum takes its gradient; its other cells have that of the mean and the deviation alone.
MK_INLINE void normalized_window_gradient(const float *x, float *dx, ptrdiff_t pixel, ptrdiff_t line, int32_t n,
                                          const float *dy, const uint8_t *mask, vf slope,
                                          const normalized_terms t) {
  vi cell;
  const vf dz = window_gradient(dy, mask, n, slope, &cell);
  normalized_gradient(x, dx, n, keep(cell == 0, dz), t);
  normalized_gradient(x + pixel, dx + pixel, n, keep(cell == 1, dz), t);
  normalized_gradient(x + line, dx + line, n, keep(cell == 2, dz), t);
  normalized_gradient(x + line + pixel, dx + line + pixel, n, keep(cell == 3, dz), t);
}

static void normalize_pool_gradient(const mk_normalized_pool *p, const float *dy, const uint8_t *mask,
                                    const float *x, const float *scale, const float *offset,
                                    const float *bend, float *dx) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  const vf slope = splat(p->slope);
  for (int32_t row = 0; row < p->rows / 2; row++) {
    ptrdiff_t at = 2 * row * line;
    for (int32_t column = 0; column < p->columns / 2; column++, at += 2 * pixel, dy += pixel, mask += pixel)
      MK_CHANNELS(p->channels,
                  normalized_window_gradient(x + at + c, dx + at + c, pixel, line, n, dy + c, mask + c, slope,
                                             terms_at(scale, offset, bend, c, n)))
  }
  // A last row or column that no window covers.
  for (int32_t row = 0; row < p->rows; row++)
    for (int32_t column = row < p->rows / 2 * 2 ? p->columns / 2 * 2 : 0; column < p->columns; column++) {
      const ptrdiff_t at = row * line + column * pixel;
      MK_CHANNELS(p->channels, normalized_gradient(x + at + c, dx + at + c, n, (vf)0.0f,
                                                   terms_at(scale, offset, bend, c, n)))
    }
}
#undef MK_CHANNELS
