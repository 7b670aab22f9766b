// Micro-kernels of the CPU backend. One source (kernels/*.inc.h) is compiled once for each
// instruction set; `mk_kernels_for` hands out the table of functions. The kernels hold no policy:
// they allocate nothing, start no thread and keep no state.
//
// Letters: N images, H rows, W columns, C channels, K filters. Images are row-major [H, W, C].
// Buffers need no alignment beyond a float's. "Padded filters" means the count rounded up to MK_LANES.
#ifndef CMARTLETKERNELS_H
#define CMARTLETKERNELS_H

#include <stddef.h>
#include <stdint.h>

#define MK_LANES 8          // filters are padded to a multiple of this in packed weights
#define MK_BLOCK 1024       // the most elements of one pointwise block

typedef enum { MK_PLAIN = 0, MK_AVX2 = 1, MK_AVX512 = 2, MK_NEON = 3 } mk_isa;

typedef enum { MK_IDENTITY = 0, MK_RELU = 1, MK_LEAKY_RELU = 2 } mk_activation;

// A stride-and-offset description of one image's convolution, on an input that already has its border.
// Output pixel (row, column) and tap (i, j) read x[row*x_row + column*x_pixel + i*tap_y + j*tap_x + c].
typedef struct {
  int32_t taps_y, taps_x;      // kernel size
  int32_t channels, filters;   // of this group
  int32_t rows, columns;       // output extent (before pooling)
  ptrdiff_t x_row, x_pixel;    // floats between the inputs of neighbouring output rows and columns
  ptrdiff_t tap_y, tap_x;      // floats between neighbouring taps
  ptrdiff_t y_row, y_pixel;    // floats between neighbouring output rows and columns
} mk_conv;

// One image's convolution of each channel on its own; x is dense [rows][columns][channels] without a border.
// Output (row, column) and tap (i, j) read x at row*stride_y - pad_top + i*step_y, column*stride_x - pad_left +
// j*step_x; cells outside the image count as zero. The weights' tap (i, j) lies at i*w_y + j*w_x, which may be
// negative, so that a kernel can be read turned round.
typedef struct {
  int32_t rows, columns, channels;         // input extent
  int32_t out_rows, out_columns;
  int32_t taps_y, taps_x, stride_y, stride_x, step_y, step_x, pad_top, pad_left;
  ptrdiff_t w_y, w_x;                      // floats between neighbouring taps' weights
  ptrdiff_t y_row, y_pixel;                // floats between neighbouring output rows and columns
} mk_depthwise;

// A window of one image. Cells outside the image are skipped (max) or counted as zero (average).
typedef struct {
  int32_t rows, columns, channels;         // input extent
  int32_t out_rows, out_columns;
  int32_t size_y, size_x, stride_y, stride_x, pad_top, pad_left;
  int32_t count_padding;                   // average: divide by the window's size even at the border
} mk_pool;

// The extents of one image before 2x2 max pooling, the slope of the leaky ReLU before that, and by what dropout
// after it multiplies what it keeps: 1 without.
typedef struct {
  int32_t rows, columns, channels;
  float slope, kept;
} mk_normalized_pool;

// A ReLU with a slope below zero of x * scale + shift, by channels: dz = dy where that is positive, else dy * slope.
typedef struct {
  const float *scale, *shift;
  float slope;
} mk_rectifier;

// One image's convolution of 3, 4 or 5 taps in tiles of n = 7 - taps rows and columns of outputs
// (kernels/winograd.inc.h); channels and filters are multiples of MK_LANES, x has its border, wide enough for
// n*tiles + taps - 1 rows and columns.
typedef struct {
  int32_t taps;
  int32_t tiles_y, tiles_x;
  int32_t channels, filters;
  int32_t rows, columns;                   // output extent
  ptrdiff_t x_row, x_pixel, y_row, y_pixel;
  ptrdiff_t v_position, m_position;        // floats between the 36 positions of v and of m
} mk_winograd;

// C[m][n] = activation(accumulate * C + sum over k of A * B + bias[n]).
// A's element (m, k) is at m*a_row + k*a_column, B's (k, n) at k*b_row + n*b_column;
// one of b_row, b_column is 1 (b_row = 1 is packed through a small buffer on the stack).
typedef struct {
  int32_t m, n, k;
  ptrdiff_t a_row, a_column, b_row, b_column, c_row;
  int32_t accumulate;          // 0 or 1
  int32_t activation;          // mk_activation
  float slope;
  int32_t goes_on;             // whether a product with the next k rows of B follows
} mk_gemm;

// A non-zero gradient: where its input patch begins (or which filter it belongs to), and its value.
typedef struct { int32_t offset; float value; } mk_entry;

// Instructions of a pointwise program. Registers are pointers to blocks of at most MK_BLOCK floats.
typedef enum {
  MK_OP_COPY = 0, MK_OP_NEGATE, MK_OP_ABS, MK_OP_SIGN, MK_OP_EXP, MK_OP_LOG, MK_OP_SQRT, MK_OP_TANH,
  MK_OP_SIGMOID, MK_OP_RELU,               // max(a, 0)
  MK_OP_LEAKY_RELU,                        // a > 0 ? a : imm * a
  MK_OP_STEP,                              // a > 0 ? 1 : imm
  MK_OP_SQUARE, MK_OP_RECIPROCAL,
  MK_OP_ADD, MK_OP_SUBTRACT, MK_OP_MULTIPLY, MK_OP_DIVIDE, MK_OP_MAXIMUM, MK_OP_MINIMUM,
  MK_OP_GREATER,                           // a > b ? 1 : 0
  MK_OP_EQUAL,                             // a == b ? 1 : 0
  MK_OP_POWER,                             // a ^ b for a >= 0
  MK_OP_ADD_IMMEDIATE, MK_OP_MULTIPLY_IMMEDIATE,
  MK_OP_MULTIPLY_ADD,                      // a * b + c, both rounded
  MK_OP_SCALE_ADD,                         // imm * a + b, both rounded
  MK_OP_SELECT,                            // a > 0 ? b : c
  MK_OP_MULTIPLY_ADD_RELU,                 // max(a * b + c, 0); one rounding where the instruction set has it
  MK_OP_MULTIPLY_ADD_LEAKY_RELU,
  MK_OP_SOFTPLUS, MK_OP_ERF,
  MK_OP_COUNT
} mk_opcode;

typedef struct {
  uint8_t op, destination, a, b, c;
  float immediate;
} mk_instruction;

// Key and counter of one random draw: Philox4x32-10 with key = seed (low, high word) and counter =
// (block low, (block high & 0xFFFFFF) | purpose << 24, stream, epoch); element i is word i % 4 of block i / 4.
typedef struct { uint64_t seed; uint32_t purpose, stream, epoch; } mk_random;

// Dropout of the elements first, first + 1, ...: 0 where the draw is below the threshold, else times scale.
typedef struct {
  mk_random random;
  uint64_t first;
  uint32_t threshold;
  float scale;
} mk_dropout;

typedef struct {
  const char *name;            // "avx2", "plain", ...

  // -- convolution (kernels/convolution.inc.h) --
  // y = activation(conv(x, weights) + bias); weights [taps_y][taps_x][channels][padded filters], bias may be null.
  // Exactly `filters` channels are stored a pixel.
  void (*conv_forward)(const mk_conv *, const float *x, const float *weights, const float *bias,
                       int32_t activation, float slope, float *y);
  // gradient [taps_y][taps_x][channels][padded filters] += sum over pixels of x * dy; padding lanes get += 0.
  void (*conv_kernel_gradient)(const mk_conv *, const float *x, const float *dy, float *gradient);

  // -- convolution of each channel on its own (kernels/depthwise.inc.h, kernels/depthwise_gradient.inc.h) --
  // y = activation(conv(x, weights) + bias); a tap's weights are its channels side by side, bias may be null.
  void (*depthwise_forward)(const mk_depthwise *, const float *x, const float *weights, const float *bias,
                            int32_t activation, float slope, float *y);
  // gradient [taps_y][taps_x][padded channels] += sum over pixels of x * dy, x with its border, `filters` unused;
  // padding lanes get += 0.
  void (*depthwise_kernel_gradient)(const mk_conv *, const float *x, const float *dy, float *gradient);

  // -- convolution of 1 to 4 channels fused with bias, ReLU and 2x2 max pooling, stride 1, filters % 8 == 0
  //    (kernels/tiny.inc.h) --
  // y and mask are pooled: [rows/2][columns/2][filters], dense. Mask: bits 0-1 first maximum in scan order
  // (row * 2 + column), bit 2 set where the maximum is <= 0.
  void (*tiny_pool_forward)(const mk_conv *, const float *x, const float *weights, const float *bias,
                            float *y, uint8_t *mask);
  // gradient [taps][channels][filters] += ..., bias_gradient [filters], which may be null, += ...; dy pooled and dense.
  void (*tiny_pool_kernel_gradient)(const mk_conv *, const float *x, const float *dy, const uint8_t *mask,
                                    float *gradient, float *bias_gradient);

  // -- 2x2 max pooling of two convolution rows with ReLU and mask (kernels/pooling.inc.h) --
  void (*relu_pool_rows)(const float *top, const float *bottom, int32_t pooled_columns, int32_t channels,
                         float *y, uint8_t *mask);
  // The same without a mask, with an activation (MK_IDENTITY, ...) that does not decrease.
  void (*pool_rows)(const float *top, const float *bottom, int32_t pooled_columns, int32_t channels,
                    int32_t activation, float slope, float *y);

  // -- exact sparse backward of conv + ReLU + 2x2 max pooling, stride 1, dilation 1, channels % 8 == 0
  //    (kernels/sparse.inc.h); weights and gradient here are [filters][taps_y][taps_x][channels] --
  // Lists by filter, for strips of `strip_rows` pooled rows: list[(strip*filters + k) * capacity ...],
  // count[strip*filters + k]; capacity >= strip_rows * columns/2. Entries in scan order.
  void (*sparse_lists_by_filter)(const mk_conv *, const float *dy, const uint8_t *mask, int32_t strip_rows,
                                 int32_t capacity, mk_entry *list, int32_t *count);
  // gradient += ..., bias_gradient [filters], which may be null, += ....
  void (*sparse_kernel_gradient)(const mk_conv *, const float *x, int32_t strip_rows, int32_t capacity,
                                 const mk_entry *list, const int32_t *count, float *gradient,
                                 float *bias_gradient);
  // Lists by position (row*columns + column before pooling), entries ordered by filter: list[position*filters...].
  void (*sparse_lists_by_position)(const mk_conv *, const float *dy, const uint8_t *mask, mk_entry *list,
                                   int32_t *count);
  // dx (with border, same strides as x) += ...; the caller zeroes it.
  void (*sparse_input_gradient)(const mk_conv *, const float *weights, const mk_entry *list,
                                const int32_t *count, float *dx);

  // -- Winograd's convolution of 3, 4 or 5 taps, stride 1, dilation 1 (kernels/winograd.inc.h) --
  // Layouts: v [36][tiles][channels], m [36][tiles][filters], an image's tiles row by row; u [36], each
  // [channels][filters] in blocks of the vectors that a register tile takes.
  void (*winograd_input)(const mk_winograd *, const float *x, float *v);
  void (*winograd_multiply)(const mk_winograd *, int32_t tiles, const float *v, const float *u, float *m);
  void (*winograd_output)(const mk_winograd *, const float *m, const float *bias, int32_t activation, float slope,
                          float *y);
  void (*winograd_output_gradient)(const mk_winograd *, const float *dy, float *m);
  // du [count][filters] of one position (+)= transposed v times m of that position.
  void (*winograd_gradient)(const mk_winograd *, int32_t tiles, const float *v, const float *m, int32_t count,
                            int32_t accumulate, float *du);
  // Of the kernel [taps][taps][channels][filters] the channels first ... first + count (a multiple of MK_LANES).
  void (*winograd_kernel)(int32_t taps, const float *kernel, int32_t channels, int32_t filters, int32_t first,
                          int32_t count, float *u);
  // u of the kernel turned round, [filters][channels], for the way back.
  void (*winograd_turned_kernel)(int32_t taps, const float *kernel, int32_t channels, int32_t filters,
                                 int32_t first, int32_t count, float *u);
  // gradient += that of du [36][count][filters], of the channels first ... first + count.
  void (*winograd_kernel_gradient)(int32_t taps, const float *du, int32_t channels, int32_t filters,
                                   int32_t first, int32_t count, float *gradient);

  // -- matrices (kernels/matrix.inc.h) --
  void (*gemm)(const mk_gemm *, const float *a, const float *b, const float *bias, float *c);
  // y [units] = activation(bias + x W) of one sample x [depth], W [depth][w_row] with w_row a multiple of
  // MK_LANES; bias may be null.
  void (*dense_one)(const float *x, int32_t depth, const float *w, ptrdiff_t w_row, int32_t units,
                    const float *bias, int32_t activation, float slope, float *y);
  // out[column*out_row + row] = x[row*x_row + column]
  void (*transpose)(const float *x, int32_t rows, int32_t columns, ptrdiff_t x_row, ptrdiff_t out_row, float *out);

  // -- pointwise (kernels/pointwise.inc.h) --
  void (*pointwise)(const mk_instruction *, int32_t instructions, float *const *registers, int32_t count);
  void (*from_bytes)(const uint8_t *x, int32_t count, float *y);
  void (*fill)(float value, int32_t count, float *y);
  // y[i] = x[i / times]
  void (*repeat_each)(const float *x, int32_t count, int32_t times, float *y);
  // y[i] = keep ? scale : 0 for elements first ... first + count; kept where the word is >= threshold.
  void (*dropout_mask)(const mk_random *, uint64_t first, int32_t count, uint32_t threshold, float scale, float *y);

  // -- pooling of any window (kernels/pooling.inc.h) --
  void (*max_pool)(const mk_pool *, const float *x, float *y);
  void (*max_pool_gradient)(const mk_pool *, const float *x, const float *dy, float *dx);   // dx zeroed by callee
  void (*average_pool)(const mk_pool *, const float *x, float *y);
  void (*average_pool_gradient)(const mk_pool *, const float *dy, float *dx);               // dx zeroed by callee

  // -- reductions (kernels/reduction.inc.h) --
  // out[n] (+)= column sums of x [rows, n] with rows `stride` floats apart.
  void (*sum_rows)(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, int32_t accumulate, float *out);
  void (*max_rows)(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, int32_t accumulate, float *out);
  // out[row] = sum or maximum of the row's n elements.
  void (*sum_columns)(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, float *out);
  void (*max_columns)(const float *x, ptrdiff_t rows, int32_t n, ptrdiff_t stride, float *out);
  // sums[0..n) += column sums, sums[n..2n) += column sums of squares; in double.
  void (*moment_sums)(const float *x, ptrdiff_t rows, int32_t n, double *sums);

  // -- the way back through normalization and a rectifier (kernels/normalized.inc.h) --
  // With dz = dy, or that of the rectifier where there is one (else null):
  // sums[0..n) += sums of dz, sums[n..2n) += sums of dz * (x - mean) * inverse; in double.
  void (*norm_gradient_sums)(const float *dy, const float *x, const float *mean, const float *inverse,
                             const mk_rectifier *, ptrdiff_t rows, int32_t n, double *sums);
  // dx = dz * scale + offset + x * bend, with the rectifier's scale.
  void (*rectified_norm_gradient)(const float *dy, const float *x, const mk_rectifier *, const float *offset,
                                  const float *bend, ptrdiff_t rows, int32_t n, float *dx);

  // -- normalization, leaky ReLU, 2x2 max pooling and dropout, if not null (kernels/normalized_pool.inc.h) --
  // z = leaky(x * scale + shift); y, largest and mask are pooled and dense. Mask: bits 0-1 first maximum of z in
  // scan order (row * 2 + column), bit 2 set where it is not positive, bit 3 where it is dropped. largest: x there.
  void (*normalize_pool)(const mk_normalized_pool *, const float *x, const float *scale, const float *shift,
                         const mk_dropout *, float *y, uint8_t *mask, float *largest);
  // With dz the gradient before the activation: sums[0..n) += dz, sums[n..2n) += dz * (largest - mean) * inverse.
  void (*normalize_pool_sums)(const mk_normalized_pool *, const float *dy, const uint8_t *mask, const float *largest,
                              const float *mean, const float *inverse, double *sums);
  // dx = dz * scale + offset + x * bend, in every cell.
  void (*normalize_pool_gradient)(const mk_normalized_pool *, const float *dy, const uint8_t *mask, const float *x,
                                  const float *scale, const float *offset, const float *bend, float *dx);

  double (*sum_of_squares)(const float *x, ptrdiff_t count);
  double (*sum_of_magnitudes)(const float *x, ptrdiff_t count);
  // out[i] = pairwise-tree sum over p of partials[p*stride + i]; parts <= 64. The tree depends on parts alone.
  void (*sum_partials)(const float *partials, int32_t parts, ptrdiff_t stride, ptrdiff_t count, float *out);
  void (*sum_partials_double)(const double *partials, int32_t parts, ptrdiff_t stride, ptrdiff_t count, double *out);

  // -- rows of classes (kernels/classes.inc.h); x, y, dx [rows, n] dense --
  void (*softmax)(const float *x, int32_t rows, int32_t n, float *y);
  void (*softmax_gradient)(const float *y, const float *dy, int32_t rows, int32_t n, float *dx);
  // loss[row] = log(sum(exp(x))) - x[label]; labels outside 0..<n give NaN.
  void (*cross_entropy_sparse)(const float *x, const int32_t *labels, int32_t rows, int32_t n, float *loss);
  void (*cross_entropy_sparse_gradient)(const float *x, const int32_t *labels, const float *dloss, int32_t rows,
                                        int32_t n, float *dx);
  // targets [rows, n]: loss = sum(t) * logsumexp(x) - sum(t * x); gradient = (sum(t) * softmax(x) - t) * dloss.
  void (*cross_entropy_dense)(const float *x, const float *targets, int32_t rows, int32_t n, float *loss);
  void (*cross_entropy_dense_gradient)(const float *x, const float *targets, const float *dloss, int32_t rows,
                                       int32_t n, float *dx);
  // out[row] = index of the first maximum, as a float.
  void (*argmax_rows)(const float *x, int32_t rows, int32_t n, float *out);

  // -- local response normalisation over channels (kernels/lrn.inc.h) --
  // s = bias + alpha * (sum of x^2 over the window of `size` channels centred on c, clipped at the ends);
  // y = x * s^-beta. The window reaches size/2 channels down and (size-1)/2 up (an even one
  // as in PyTorch).
  void (*lrn)(const float *x, ptrdiff_t rows, int32_t n, int32_t size, float alpha, float beta, float bias, float *y);
  void (*lrn_gradient)(const float *x, const float *dy, ptrdiff_t rows, int32_t n, int32_t size, float alpha,
                       float beta, float bias, float *dx);
} mk_kernels;

// The best instruction set this processor can run.
mk_isa mk_best_isa(void);
// The kernels for an instruction set, or null where they were not compiled in or the processor lacks it.
const mk_kernels *mk_kernels_for(mk_isa isa);

// Flushes denormals on the calling thread; returns the state to give back to mk_denormals_restore.
uint32_t mk_denormals_flush(void);
void mk_denormals_restore(uint32_t state);
// The processors this process may use, by its affinity mask where the system has one; at least 1.
int32_t mk_usable_processors(void);
// Tells the processor that this thread is spinning.
void mk_pause(void);

#endif
