// Batch normalization, leaky ReLU, 2x2 max pooling and dropout in one pass, and the two passes of the way back:
// neither the normalized map nor its gradient is stored.

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

// The maximum of a window's normalized and activated values, its x and its mask: bits 0-1 the first maximum in
// scan order, bit 2 set where it is not positive.
MK_INLINE void normalize_window(const float *x, ptrdiff_t pixel, ptrdiff_t line, int32_t n, vf scale, vf shift,
                                vf slope, float *y, uint8_t *mask, float *largest) {
  const vf x0 = ld_upto(x, n), x1 = ld_upto(x + pixel, n);
  const vf x2 = ld_upto(x + line, n), x3 = ld_upto(x + line + pixel, n);
  const vf z0 = leaky8(fma8(x0, scale, shift), slope), z1 = leaky8(fma8(x1, scale, shift), slope);
  const vf z2 = leaky8(fma8(x2, scale, shift), slope), z3 = leaky8(fma8(x3, scale, shift), slope);
  const vi second = z1 > z0, fourth = z3 > z2;
  const vf upper = pick(second, z1, z0), lower = pick(fourth, z3, z2);
  const vi below = lower > upper;
  const vi cell = below ? ((fourth & 1) | 2) : (second & 1);
  const vi unordered = (is_nan(z0) | is_nan(z1)) | (is_nan(z2) | is_nan(z3));
  const vf most = floats(bits(pick(below, lower, upper)) | unordered);
  st_upto(y, most, n);
  st_bytes(mask, cell | (~(most > (vf)0.0f) & 4), n);
  st_upto(largest, pick(below, pick(fourth, x3, x2), pick(second, x1, x0)), n);
}

// Asks for the window below: processors read ahead within a page of 4 KiB only.
MK_INLINE void ask_below(const float *x, ptrdiff_t pixel, ptrdiff_t line) {
  for (ptrdiff_t f = 0; f < 2 * pixel; f += MK_LINE) {
    __builtin_prefetch(x + 2 * line + f);
    __builtin_prefetch(x + 3 * line + f);
  }
}

#define MK_DROPPED 512  // elements whose draws are made together

// y *= dropout's factors; bit 3 of the mask is set where they are zero.
static void drop(const mk_dropout *dropout, uint64_t first, int32_t count, float *y, uint8_t *mask) {
  float factors[MK_DROPPED];
  for (int32_t i = 0; i < count; i += MK_DROPPED, first += MK_DROPPED) {
    const int32_t now = smaller(MK_DROPPED, count - i);
    dropout_mask(&dropout->random, first, now, dropout->threshold, dropout->scale, factors);
    for (int32_t j = 0; j < now; j += MK_LANES) {
      const int32_t n = now - j;
      const vf factor = ld_upto(factors + j, n);
      const vi byte = __builtin_convertvector(ld_bytes(mask + i + j, n), vi);
      st_upto(y + i + j, ld_upto(y + i + j, n) * factor, n);
      st_bytes(mask + i + j, byte | ((factor == (vf)0.0f) & 8), n);
    }
  }
}

static void normalize_pool(const mk_normalized_pool *p, const float *x, const float *scale, const float *shift,
                           const mk_dropout *dropout, float *y, uint8_t *mask, float *largest) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  const int32_t count = p->columns / 2 * p->channels;
  const vf slope = splat(p->slope);
  for (int32_t row = 0; row < p->rows / 2; row++, y += count, mask += count, largest += count) {
    const float *top = x + 2 * row * line;
    for (ptrdiff_t at = 0; at < count; at += pixel, top += 2 * pixel) {
      ask_below(top, pixel, line);
      MK_CHANNELS(p->channels,
                  normalize_window(top + c, pixel, line, n, ld_upto(scale + c, n), ld_upto(shift + c, n), slope,
                                   y + at + c, mask + at + c, largest + at + c))
    }
    if (dropout != NULL) drop(dropout, dropout->first + (uint64_t)row * (uint64_t)count, count, y, mask);
  }
}

// The gradient of eight windows' maxima before dropout and activation, and the cells they are in.
MK_INLINE vf window_gradient(const float *dy, const uint8_t *mask, int32_t n, vf slope, vf kept, vi *cell) {
  const vi byte = __builtin_convertvector(ld_bytes(mask, n), vi);
  const vf g = ld_upto(dy, n) * keep((byte & 8) == 0, kept);
  *cell = byte & 3;
  return pick((byte & 4) != 0, slope * g, g);
}

// sums += the gradients of some windows, products += those times the normalized x.
MK_INLINE void pooled_sums(const float *dy, const uint8_t *mask, const float *largest, ptrdiff_t pixel,
                           int32_t windows, int32_t n, vf mean, vf inverse, vf slope, vf kept, double *sums,
                           double *products) {
  vf sum = (vf)0.0f, product = sum;
  for (int32_t w = 0; w < windows; w++, dy += pixel, mask += pixel, largest += pixel) {
    vi cell;
    const vf dz = window_gradient(dy, mask, n, slope, kept, &cell);
    sum += dz;
    product = fma8(dz, ld_upto(largest, n) - mean, product);
  }
  st_doubles(sums, ld_doubles(sums, n) + widen(sum), n);
  st_doubles(products, fma8d(widen(product), widen(inverse), ld_doubles(products, n)), n);
}

static void normalize_pool_sums(const mk_normalized_pool *p, const float *dy, const uint8_t *mask,
                                const float *largest, const float *mean, const float *inverse, double *sums) {
  const ptrdiff_t pixel = p->channels;
  const int32_t windows = p->rows / 2 * (p->columns / 2);
  const vf slope = splat(p->slope), kept = splat(p->kept);
  for (int32_t w = 0; w < windows; w += MK_CHAIN) {
    const ptrdiff_t at = w * pixel;
    MK_CHANNELS(p->channels,
                pooled_sums(dy + at + c, mask + at + c, largest + at + c, pixel, smaller(MK_CHAIN, windows - w), n,
                            ld_upto(mean + c, n), ld_upto(inverse + c, n), slope, kept, sums + c, sums + pixel + c))
  }
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
                                          const float *dy, const uint8_t *mask, vf slope, vf kept,
                                          const normalized_terms t) {
  vi cell;
  const vf dz = window_gradient(dy, mask, n, slope, kept, &cell);
  normalized_gradient(x, dx, n, keep(cell == 0, dz), t);
  normalized_gradient(x + pixel, dx + pixel, n, keep(cell == 1, dz), t);
  normalized_gradient(x + line, dx + line, n, keep(cell == 2, dz), t);
  normalized_gradient(x + line + pixel, dx + line + pixel, n, keep(cell == 3, dz), t);
}

static void normalize_pool_gradient(const mk_normalized_pool *p, const float *dy, const uint8_t *mask,
                                    const float *x, const float *scale, const float *offset,
                                    const float *bend, float *dx) {
  const ptrdiff_t pixel = p->channels, line = pixel * p->columns;
  const vf slope = splat(p->slope), kept = splat(p->kept);
  for (int32_t row = 0; row < p->rows / 2; row++) {
    ptrdiff_t at = 2 * row * line;
    for (int32_t column = 0; column < p->columns / 2; column++, at += 2 * pixel, dy += pixel, mask += pixel) {
      ask_below(x + at, pixel, line);
      MK_CHANNELS(p->channels,
                  normalized_window_gradient(x + at + c, dx + at + c, pixel, line, n, dy + c, mask + c, slope, kept,
                                             terms_at(scale, offset, bend, c, n)))
    }
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
