// Weight gradient of a fused tiny convolution. Of a window's four outputs one has the gradient, so a filter's
// sum takes of each window only the patch of input under that output. The patches of a few windows, which the
// first-level cache holds, are copied to whole vectors; then every filter adds up its own.

#define MK_PATCH 48            // floats of a patch at most; of larger kernels a part is summed at a time
#define MK_PATCH_WINDOWS 32    // together at most
#define MK_PATCH_FLOATS 3072   // of the patches of these windows at most
#define MK_PATCH_FILTERS 32    // together

typedef struct {
  ptrdiff_t from[MK_PATCH];  // where in x each run of a patch begins
  int32_t runs, length;      // runs of a patch, floats of a run
  int32_t vectors;           // of a patch
} patch_shape;

// A block of filters on a few windows.
typedef struct {
  float patches[MK_PATCH_FLOATS + MK_LANES];  // the last store of a patch may reach beyond it
  int32_t place[MK_PATCH_WINDOWS * MK_PATCH_FILTERS];
  float value[MK_PATCH_WINDOWS * MK_PATCH_FILTERS];
  float sums[MK_PATCH_FILTERS * MK_PATCH];
  float bias[MK_PATCH_FILTERS];
} patch_block __attribute__((aligned(64)));

// What is stored beyond the run is stored over by the next, or counts for nothing.
MK_INLINE void patch_run(const int32_t length, const float *from, float *to) {
  if (length == 4 || length == 12) __builtin_memcpy(to, from, (size_t)length * sizeof *to);
  else for (int32_t q = 0; q < length; q += MK_LANES) st(to + q, ld_upto(from + q, length - q));
}

// The patches of the four outputs of each window.
MK_INLINE void patch_copies(const int32_t length, const patch_shape *shape,
                            const mk_conv *c, const float *x, int32_t first, int32_t windows, float *to) {
  const int32_t columns = c->columns / 2, step = shape->vectors * MK_LANES;
  int32_t row = first / columns, column = first % columns;
  for (int32_t w = 0; w < windows; w++) {
    const float *corner = x + 2 * row * c->x_row + 2 * column * c->x_pixel;
    for (int32_t cell = 0; cell < 4; cell++, to += step) {
      const float *from = corner + cell / 2 * c->x_row + cell % 2 * c->x_pixel;
      for (int32_t r = 0; r < shape->runs; r++) patch_run(length, from + shape->from[r], to + r * length);
    }
    if (++column == columns) {
      column = 0;
      row++;
    }
  }
}

static void patches_of(const patch_shape *shape, const mk_conv *c, const float *x, int32_t first,
                       int32_t windows, float *to) {
  switch (shape->length) {
    case 3: patch_copies(3, shape, c, x, first, windows, to); break;
    case 4: patch_copies(4, shape, c, x, first, windows, to); break;
    case 5: patch_copies(5, shape, c, x, first, windows, to); break;
    case 6: patch_copies(6, shape, c, x, first, windows, to); break;
    case 7: patch_copies(7, shape, c, x, first, windows, to); break;
    case 9: patch_copies(9, shape, c, x, first, windows, to); break;
    case 12: patch_copies(12, shape, c, x, first, windows, to); break;
    case 15: patch_copies(15, shape, c, x, first, windows, to); break;
    default: patch_copies(shape->length, shape, c, x, first, windows, to);
  }
}

// The gradient of each window and filter, 0 where ReLU is closed, and the place of its patch.
MK_INLINE void patch_choices(const int32_t V, const mk_conv *c, const float *dy, const uint8_t *mask,
                             int32_t windows, int32_t filters, patch_block *block) {
  for (int32_t w = 0; w < windows; w++, dy += c->filters, mask += c->filters)
    for (int32_t k = 0; k < filters; k += MK_LANES) {
      const vi cell = __builtin_convertvector(ld_bytes(mask + k, MK_LANES), vi);
      const vf value = keep(cell < 4, ld(dy + k));
      const vi place = (4 * w + (cell & 3)) * (V * MK_LANES);
      st(block->value + w * MK_PATCH_FILTERS + k, value);
      __builtin_memcpy(block->place + w * MK_PATCH_FILTERS + k, &place, sizeof place);
      st(block->bias + k, ld(block->bias + k) + value);
    }
}

// F filters at a time keep their sums in registers.
MK_INLINE void patch_sums(const int32_t F, const int32_t V, int32_t windows, int32_t filters,
                          patch_block *block) {
  for (int32_t k = 0; k < filters; k += F) {
    vf sums[12];
    MK_UNROLL for (int32_t i = 0; i < F * V; i++) sums[i] = ld(block->sums + (k * V + i) * MK_LANES);
    const int32_t *place = block->place + k;
    const float *value = block->value + k;
    for (int32_t w = 0; w < windows; w++, place += MK_PATCH_FILTERS, value += MK_PATCH_FILTERS) {
      MK_UNROLL for (int32_t f = 0; f < F; f++) {
        const float *patch = block->patches + place[f];
        const vf g = splat(value[f]);
        MK_UNROLL for (int32_t v = 0; v < V; v++)
          sums[f * V + v] = fma8(g, ld(patch + v * MK_LANES), sums[f * V + v]);
      }
    }
    MK_UNROLL for (int32_t i = 0; i < F * V; i++) st(block->sums + (k * V + i) * MK_LANES, sums[i]);
  }
}

MK_INLINE void patch_windows(const int32_t F, const int32_t V, const patch_shape *shape, const mk_conv *c,
                             int32_t filters, const float *x, const float *dy, const uint8_t *mask,
                             patch_block *block) {
  const int32_t all = (c->rows / 2) * (c->columns / 2);
  const int32_t most = smaller(MK_PATCH_WINDOWS, MK_PATCH_FLOATS / (4 * V * MK_LANES));
  for (int32_t first = 0, windows; first < all; first += windows) {
    windows = smaller(most, all - first);
    patches_of(shape, c, x, first, windows, block->patches);
    patch_choices(V, c, dy, mask, windows, filters, block);
    patch_sums(F, V, windows, filters, block);
    dy += (ptrdiff_t)windows * c->filters;
    mask += (ptrdiff_t)windows * c->filters;
  }
}

// `gradient` and `bias_gradient` are those of the block's first filter, `gradient` at the part's first tap.
static void patch_gradient(const patch_shape *shape, const mk_conv *c, int32_t filters, const float *x,
                           const float *dy, const uint8_t *mask, float *gradient, float *bias_gradient) {
  const ptrdiff_t run = (ptrdiff_t)runs_of(c).length * c->filters;
  const int32_t step = shape->vectors * MK_LANES;
  patch_block block;
  __builtin_memset(block.patches, 0, sizeof block.patches);
  __builtin_memset(block.sums, 0, sizeof block.sums);
  __builtin_memset(block.bias, 0, sizeof block.bias);
  switch (shape->vectors) {
    case 1: patch_windows(8, 1, shape, c, filters, x, dy, mask, &block); break;
    case 2: patch_windows(4, 2, shape, c, filters, x, dy, mask, &block); break;
    case 3: patch_windows(4, 3, shape, c, filters, x, dy, mask, &block); break;
    case 4: patch_windows(2, 4, shape, c, filters, x, dy, mask, &block); break;
    case 5: patch_windows(2, 5, shape, c, filters, x, dy, mask, &block); break;
    default: patch_windows(2, 6, shape, c, filters, x, dy, mask, &block);
  }
  for (int32_t r = 0; r < shape->runs; r++)
    for (int32_t q = 0; q < shape->length; q++)
      for (int32_t k = 0; k < filters; k++)
        gradient[r * run + q * c->filters + k] += block.sums[k * step + r * shape->length + q];
  if (bias_gradient != NULL)
    for (int32_t k = 0; k < filters; k++) bias_gradient[k] += block.bias[k];
}

static void tiny_pool_kernel_gradient(const mk_conv *c, const float *x, const float *dy, const uint8_t *mask,
                                      float *gradient, float *bias_gradient) {
  const run_shape run = runs_of(c);
  const int32_t all = c->taps_y * run.runs_x;
  patch_shape shape;
  for (int32_t k = 0, filters; k < c->filters; k += filters) {
    filters = smaller(MK_PATCH_FILTERS, c->filters - k);
    for (int32_t at = 0; at < run.length; at += shape.length) {
      shape.length = smaller(MK_PATCH, run.length - at);
      for (int32_t first = 0; first < all; first += shape.runs) {
        shape.runs = smaller(MK_PATCH / shape.length, all - first);
        shape.vectors = (shape.runs * shape.length + MK_LANES - 1) / MK_LANES;
        for (int32_t r = 0; r < shape.runs; r++)
          shape.from[r] = (first + r) / run.runs_x * c->tap_y + (first + r) % run.runs_x * c->tap_x + at;
        patch_gradient(&shape, c, filters, x, dy + k, mask + k,
                       gradient + ((ptrdiff_t)first * run.length + at) * c->filters + k,
                       bias_gradient != NULL && first + at == 0 ? bias_gradient + k : NULL);
      }
    }
  }
}
