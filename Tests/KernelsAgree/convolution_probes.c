// Convolutions of every kind.
#include "agree.h"

typedef struct { int taps_y, taps_x, channels, filters, rows, columns, stride; } shape;

static size_t up(int filters) { return (size_t)(filters + MK_LANES - 1) / MK_LANES * MK_LANES; }

static mk_conv conv_of(shape s) {
  const int width = (s.columns - 1) * s.stride + s.taps_x;
  return (mk_conv){
      .taps_y = s.taps_y, .taps_x = s.taps_x, .channels = s.channels, .filters = s.filters,
      .rows = s.rows, .columns = s.columns,
      .x_row = (ptrdiff_t)s.stride * width * s.channels, .x_pixel = (ptrdiff_t)s.stride * s.channels,
      .tap_y = (ptrdiff_t)width * s.channels, .tap_x = s.channels,
      .y_row = (ptrdiff_t)s.columns * s.filters, .y_pixel = s.filters};
}

static size_t inputs(shape s) {
  return (size_t)((s.rows - 1) * s.stride + s.taps_y) * (size_t)((s.columns - 1) * s.stride + s.taps_x) *
         (size_t)s.channels;
}

static size_t outputs(shape s) { return (size_t)(s.rows * s.columns * s.filters); }

static size_t weights(shape s) { return (size_t)(s.taps_y * s.taps_x * s.channels) * up(s.filters); }

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1},  {3, 3, 1, 32, 9, 9, 1},  {3, 3, 3, 17, 8, 7, 1},   {5, 5, 1, 32, 12, 12, 1},
    {3, 3, 32, 64, 7, 7, 1}, {4, 4, 2, 40, 10, 10, 1}, {3, 3, 17, 9, 6, 5, 2}, {7, 7, 2, 1, 9, 9, 1},
    {1, 1, 67, 24, 5, 6, 1}, {2, 3, 5, 16, 7, 8, 3},
};
#define EACH(s, list) \
  for (const shape *p = list; p < list + sizeof list / sizeof *list; p++) for (shape s = *p, *once = &s; once; once = NULL)

static void forward(const mk_kernels *k, results *to) {
  EACH(s, shapes) for (int activation = MK_IDENTITY; activation <= MK_LEAKY_RELU; activation++) {
    const mk_conv c = conv_of(s);
    float *y = zeroed(outputs(s), sizeof *y);
    k->conv_forward(&c, numbers(inputs(s), 1, -1, 1), numbers(weights(s), 2, -1, 1),
                    activation == MK_IDENTITY ? NULL : numbers(up(s.filters), 3, -1, 1), activation, 0.3f, y);
    give(to, y, outputs(s));
  }
}

static void kernel_gradient(const mk_kernels *k, results *to) {
  EACH(s, shapes) {
    const mk_conv c = conv_of(s);
    float *gradient = numbers(weights(s), 4, -1, 1);
    k->conv_kernel_gradient(&c, numbers(inputs(s), 1, -1, 1), numbers(outputs(s), 2, -1, 1), gradient);
    for (int row = 0; row < s.taps_y * s.taps_x * s.channels; row++)
      give(to, gradient + (size_t)row * up(s.filters), (size_t)s.filters);
  }
}

// Each channel on its own: taps, stride, distance of taps, padding; the image is 9 x 7.
static const struct { int taps_y, taps_x, channels, stride, step, padding; } depths[] = {
    {3, 3, 32, 1, 1, 1}, {3, 3, 17, 2, 1, 1}, {5, 2, 9, 1, 2, 3}, {7, 7, 40, 1, 1, 3}, {1, 1, 5, 3, 1, 0},
    {3, 3, 8, 1, 1, -1},
};
enum { depth_rows = 9, depth_columns = 7 };

static int depth_outputs(int extent, int taps, int i) {
  return (extent + 2 * depths[i].padding - (taps - 1) * depths[i].step - 1) / depths[i].stride + 1;
}

static void depthwise(const mk_kernels *k, results *to) {
  for (int i = 0; i < 6; i++)
    for (int activation = MK_IDENTITY; activation <= MK_LEAKY_RELU; activation++) {
      const int channels = depths[i].channels, taps = depths[i].taps_y * depths[i].taps_x;
      mk_depthwise d = {
          .rows = depth_rows, .columns = depth_columns, .channels = channels,
          .out_rows = depth_outputs(depth_rows, depths[i].taps_y, i),
          .out_columns = depth_outputs(depth_columns, depths[i].taps_x, i), .taps_y = depths[i].taps_y,
          .taps_x = depths[i].taps_x, .stride_y = depths[i].stride, .stride_x = depths[i].stride,
          .step_y = depths[i].step, .step_x = depths[i].step, .pad_top = depths[i].padding,
          .pad_left = depths[i].padding, .w_y = (ptrdiff_t)depths[i].taps_x * channels, .w_x = channels,
          .y_pixel = channels};
      d.y_row = d.out_columns * d.y_pixel;
      const size_t count = (size_t)(d.out_rows * d.out_columns * channels);
      const float *weights = numbers((size_t)(taps * channels), 2, -1, 1);
      if (activation == MK_LEAKY_RELU) {  // the kernel turned round
        weights += (taps - 1) * channels;
        d.w_y = -d.w_y;
        d.w_x = -d.w_x;
      }
      float *y = zeroed(count, sizeof *y);
      k->depthwise_forward(&d, numbers((size_t)(depth_rows * depth_columns * channels), 1, -1, 1), weights,
                           activation == MK_IDENTITY ? NULL : numbers((size_t)channels, 3, -1, 1), activation, 0.3f, y);
      give(to, y, count);
    }
}

static void depthwise_gradient(const mk_kernels *k, results *to) {
  EACH(s, shapes) {
    s.filters = s.channels;
    const mk_conv c = conv_of(s);
    const size_t taps = (size_t)(s.taps_y * s.taps_x);
    float *gradient = numbers(taps * up(s.channels), 4, -1, 1);
    k->depthwise_kernel_gradient(&c, numbers(inputs(s), 1, -1, 1), numbers(outputs(s), 2, -1, 1), gradient);
    for (size_t tap = 0; tap < taps; tap++) give(to, gradient + tap * up(s.channels), (size_t)s.channels);
  }
}

// Stride 1, filters a multiple of 8, 1 to 4 channels.
static const shape tiny[] = {
    {3, 3, 1, 32, 8, 8, 1}, {5, 5, 1, 32, 6, 10, 1}, {4, 4, 1, 32, 7, 9, 1}, {3, 3, 3, 16, 6, 6, 1},
    {3, 3, 2, 8, 5, 4, 1},  {5, 5, 4, 24, 4, 4, 1},
};

static size_t pooled(shape s) { return (size_t)(s.rows / 2) * (size_t)(s.columns / 2) * (size_t)s.filters; }

static void tiny_forward(const mk_kernels *k, results *to) {
  EACH(s, tiny) {
    const mk_conv c = conv_of(s);
    float *y = zeroed(pooled(s), sizeof *y);
    uint8_t *mask = zeroed(pooled(s), 1);
    k->tiny_pool_forward(&c, numbers(inputs(s), 1, -1, 1), numbers(weights(s), 2, -1, 1),
                         numbers(up(s.filters), 3, -1, 1), y, mask);
    give(to, y, pooled(s));
    // The masks of two sets may differ only where two cells are equal but for rounding, which these are not.
    give_bytes(to, mask, pooled(s));
  }
}

static uint8_t *masks(size_t count, unsigned seed) {
  const float *draws = numbers(count, seed, 0, 8);
  uint8_t *out = zeroed(count, 1);
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)draws[i] & 7;
  return out;
}

static void tiny_gradient(const mk_kernels *k, results *to) {
  EACH(s, tiny) {
    const mk_conv c = conv_of(s);
    float *gradient = numbers(weights(s), 5, -1, 1), *bias = numbers(up(s.filters), 6, -1, 1);
    k->tiny_pool_kernel_gradient(&c, numbers(inputs(s), 1, -1, 1), numbers(pooled(s), 2, -1, 1),
                                 masks(pooled(s), 7), gradient, bias);
    give(to, gradient, weights(s));
    give(to, bias, up(s.filters));
  }
}

static void relu_pool(const mk_kernels *k, results *to) {
  for (int channels = 1; channels < 40; channels += 7) {
    const size_t count = (size_t)(5 * channels);
    float *y = zeroed(count, sizeof *y);
    uint8_t *mask = zeroed(count, 1);
    k->relu_pool_rows(numbers(2 * count, 1, -1, 0.5f), numbers(2 * count, 2, -1, 0.5f), 5, channels, y, mask);
    give(to, y, count);
    give_bytes(to, mask, count);
  }
}

static void plain_pool(const mk_kernels *k, results *to) {
  for (int channels = 1; channels < 40; channels += 7)
    for (int activation = MK_IDENTITY; activation <= MK_LEAKY_RELU; activation++) {
      const size_t count = (size_t)(5 * channels);
      float *y = zeroed(count, sizeof *y);
      k->pool_rows(numbers(2 * count, 1, -1, 0.5f), numbers(2 * count, 2, -1, 0.5f), 5, channels, activation, 0.3f,
                   y);
      give(to, y, count);
    }
}

// Channels a multiple of 8; rows and columns even.
static const shape sparse[] = {{3, 3, 32, 16, 8, 6, 1}, {5, 5, 8, 9, 4, 4, 1}, {3, 3, 64, 10, 6, 4, 1}};
enum { strip = 2 };

typedef struct { mk_entry *list; int32_t *count; size_t lists, capacity; } sparse_lists;

static sparse_lists by_filter(const mk_kernels *k, shape s, const mk_conv *c) {
  const size_t strips = (size_t)(s.rows / 2 + strip - 1) / strip;
  sparse_lists out = {.lists = strips * (size_t)s.filters, .capacity = (size_t)strip * (size_t)(s.columns / 2) + 1};
  out.list = zeroed(out.lists * out.capacity, sizeof *out.list);
  out.count = zeroed(out.lists, sizeof *out.count);
  k->sparse_lists_by_filter(c, numbers(pooled(s), 2, -1, 1), masks(pooled(s), 7), strip, (int32_t)out.capacity,
                            out.list, out.count);
  return out;
}

static sparse_lists by_position(const mk_kernels *k, shape s, const mk_conv *c) {
  sparse_lists out = {.lists = (size_t)(s.rows * s.columns), .capacity = (size_t)s.filters};
  out.list = zeroed(out.lists * out.capacity, sizeof *out.list);
  out.count = zeroed(out.lists, sizeof *out.count);
  k->sparse_lists_by_position(c, numbers(pooled(s), 2, -1, 1), masks(pooled(s), 7), out.list, out.count);
  return out;
}

static void give_lists(results *to, sparse_lists lists) {
  for (size_t i = 0; i < lists.lists; i++) {
    const double count = lists.count[i];
    give_doubles(to, &count, 1);
    for (int32_t j = 0; j < lists.count[i]; j++) {
      const mk_entry entry = lists.list[i * lists.capacity + (size_t)j];
      const double pair[] = {entry.offset, entry.value};
      give_doubles(to, pair, 2);
    }
  }
}

static void lists_by_filter(const mk_kernels *k, results *to) {
  EACH(s, sparse) {
    const mk_conv c = conv_of(s);
    give_lists(to, by_filter(k, s, &c));
  }
}

static void lists_by_position(const mk_kernels *k, results *to) {
  EACH(s, sparse) {
    const mk_conv c = conv_of(s);
    give_lists(to, by_position(k, s, &c));
  }
}

static void sparse_kernel(const mk_kernels *k, results *to) {
  EACH(s, sparse) {
    const mk_conv c = conv_of(s);
    const sparse_lists lists = by_filter(k, s, &c);
    const size_t count = (size_t)(s.filters * s.taps_y * s.taps_x * s.channels);
    float *gradient = numbers(count, 5, -1, 1), *bias = numbers((size_t)s.filters, 6, -1, 1);
    k->sparse_kernel_gradient(&c, numbers(inputs(s), 1, -1, 1), strip, (int32_t)lists.capacity, lists.list,
                              lists.count, gradient, bias);
    give(to, gradient, count);
    give(to, bias, (size_t)s.filters);
  }
}

static void sparse_input(const mk_kernels *k, results *to) {
  EACH(s, sparse) {
    const mk_conv c = conv_of(s);
    const sparse_lists lists = by_position(k, s, &c);
    float *dx = zeroed(inputs(s), sizeof *dx);
    k->sparse_input_gradient(&c, numbers((size_t)(s.filters * s.taps_y * s.taps_x * s.channels), 3, -1, 1),
                             lists.list, lists.count, dx);
    give(to, dx, inputs(s));
  }
}

static const struct { int taps, rows, columns, channels, filters; } layers[] = {
    {3, 8, 8, 16, 24}, {3, 7, 5, 32, 8}, {3, 14, 14, 8, 32}, {3, 4, 9, 24, 16}, {4, 7, 9, 16, 24}, {5, 8, 5, 24, 16}};
#define LAYERS(i, g) \
  for (int i = 0; i < 6; i++) for (mk_winograd g = winograd_of(i), *once = &g; once; once = NULL)

static mk_winograd winograd_of(int i) {
  const int taps = layers[i].taps, size = 7 - taps;
  const int tiles_y = (layers[i].rows + size - 1) / size, tiles_x = (layers[i].columns + size - 1) / size;
  const ptrdiff_t width = size * tiles_x + taps - 1, tiles = tiles_y * tiles_x;
  return (mk_winograd){
      .taps = taps, .tiles_y = tiles_y, .tiles_x = tiles_x, .channels = layers[i].channels, .filters = layers[i].filters,
      .rows = layers[i].rows, .columns = layers[i].columns, .x_row = width * layers[i].channels,
      .x_pixel = layers[i].channels, .y_row = (ptrdiff_t)layers[i].columns * layers[i].filters,
      .y_pixel = layers[i].filters, .v_position = tiles * layers[i].channels,
      .m_position = tiles * layers[i].filters};
}

static size_t winograd_inputs(mk_winograd g) {
  return (size_t)((7 - g.taps) * g.tiles_y + g.taps - 1) * (size_t)g.x_row;
}
static size_t winograd_weights(mk_winograd g) { return (size_t)(g.taps * g.taps * g.channels * g.filters); }
static size_t winograd_outputs(mk_winograd g) { return (size_t)g.rows * (size_t)g.y_row; }

static void winograd_input(const mk_kernels *k, results *to) {
  LAYERS(i, g) {
    float *v = zeroed(36 * (size_t)g.v_position, sizeof *v);
    k->winograd_input(&g, numbers(winograd_inputs(g), 1, -1, 1), v);
    give(to, v, 36 * (size_t)g.v_position);
  }
}

static void winograd_multiply(const mk_kernels *k, results *to) {
  LAYERS(i, g) {
    float *m = zeroed(36 * (size_t)g.m_position, sizeof *m);
    k->winograd_multiply(&g, g.tiles_y * g.tiles_x, numbers(36 * (size_t)g.v_position, 1, -1, 1),
                         numbers(36 * (size_t)(g.channels * g.filters), 2, -1, 1), m);
    give(to, m, 36 * (size_t)g.m_position);
  }
}

static void winograd_output(const mk_kernels *k, results *to) {
  LAYERS(i, g) for (int activation = MK_IDENTITY; activation <= MK_LEAKY_RELU; activation++) {
    float *y = zeroed(winograd_outputs(g), sizeof *y);
    k->winograd_output(&g, numbers(36 * (size_t)g.m_position, 1, -1, 1), numbers((size_t)g.filters, 2, -1, 1),
                       activation, 0.3f, y);
    give(to, y, winograd_outputs(g));
  }
}

static void winograd_output_gradient(const mk_kernels *k, results *to) {
  LAYERS(i, g) {
    float *m = zeroed(36 * (size_t)g.m_position, sizeof *m);
    k->winograd_output_gradient(&g, numbers(winograd_outputs(g), 1, -1, 1), m);
    give(to, m, 36 * (size_t)g.m_position);
  }
}

static void winograd_gradient(const mk_kernels *k, results *to) {
  LAYERS(i, g) for (int accumulate = 0; accumulate < 2; accumulate++) {
    const size_t count = (size_t)(g.channels * g.filters);
    float *u = numbers(count, 3, -1, 1);
    k->winograd_gradient(&g, g.tiles_y * g.tiles_x, numbers((size_t)g.v_position, 1, -1, 1),
                         numbers((size_t)g.m_position, 2, -1, 1), g.channels, accumulate, u);
    give(to, u, count);
  }
}

typedef void (*kernel_transform)(int32_t, const float *, int32_t, int32_t, int32_t, int32_t, float *);

static void transformed(kernel_transform transform, results *to) {
  LAYERS(i, g) {
    const size_t count = (size_t)(g.channels * g.filters);
    float *u = zeroed(36 * count, sizeof *u);
    transform(g.taps, numbers(winograd_weights(g), 1, -1, 1), g.channels, g.filters, 0, g.channels, u);
    give(to, u, 36 * count);
  }
}

static void winograd_kernel(const mk_kernels *k, results *to) { transformed(k->winograd_kernel, to); }
static void winograd_turned(const mk_kernels *k, results *to) { transformed(k->winograd_turned_kernel, to); }

static void winograd_kernel_gradient(const mk_kernels *k, results *to) {
  LAYERS(i, g) {
    const size_t count = (size_t)(g.channels * g.filters);
    float *gradient = numbers(winograd_weights(g), 2, -1, 1);
    k->winograd_kernel_gradient(g.taps, numbers(36 * count, 1, -1, 1), g.channels, g.filters, 0, g.channels,
                                gradient);
    give(to, gradient, winograd_weights(g));
  }
}

const probe convolution_probes[] = {
    PROBE(conv_forward, forward, 2e-5),
    PROBE(conv_kernel_gradient, kernel_gradient, 2e-5),
    PROBE(depthwise_forward, depthwise, 2e-5),
    PROBE(depthwise_kernel_gradient, depthwise_gradient, 2e-5),
    PROBE(tiny_pool_forward, tiny_forward, 2e-5),
    PROBE(tiny_pool_kernel_gradient, tiny_gradient, 2e-5),
    PROBE(relu_pool_rows, relu_pool, 0),
    PROBE(pool_rows, plain_pool, 2e-7),
    PROBE(sparse_lists_by_filter, lists_by_filter, 0),
    PROBE(sparse_lists_by_position, lists_by_position, 0),
    PROBE(sparse_kernel_gradient, sparse_kernel, 2e-5),
    PROBE(sparse_input_gradient, sparse_input, 2e-5),
    PROBE(winograd_input, winograd_input, 2e-5),
    PROBE(winograd_multiply, winograd_multiply, 2e-5),
    PROBE(winograd_output, winograd_output, 5e-5),
    PROBE(winograd_output_gradient, winograd_output_gradient, 2e-5),
    PROBE(winograd_gradient, winograd_gradient, 2e-5),
    PROBE(winograd_kernel, winograd_kernel, 2e-5),
    PROBE(winograd_turned_kernel, winograd_turned, 2e-5),
    PROBE(winograd_kernel_gradient, winograd_kernel_gradient, 2e-5),
    {0},
};
