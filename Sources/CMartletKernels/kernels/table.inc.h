// All kernels of one instruction set and the table that hands them out. The including file defines MK_TABLE
// (the table's name) and MK_NAME, and may define MK_HAS_FMA, MK_MASK_LOAD and MK_MASK_STORE.
#include "vector.inc.h"
#include "math.inc.h"
#include "tile.inc.h"
#include "convolution_small.inc.h"
#include "convolution.inc.h"
#include "convolution_gradient.inc.h"
#include "depthwise.inc.h"
#include "depthwise_gradient.inc.h"
#include "pooling.inc.h"
#include "tiny.inc.h"
#include "sparse.inc.h"
#include "tiny_gradient.inc.h"
#include "matrix.inc.h"
#include "winograd.inc.h"
#include "pointwise.inc.h"
#include "random.inc.h"
#include "reduction.inc.h"
#include "normalized.inc.h"
#include "normalized_pool.inc.h"
#include "partials.inc.h"
#include "classes.inc.h"
#include "lrn.inc.h"

const mk_kernels MK_TABLE = {
    .name = MK_NAME,
    .conv_forward = conv_forward,
    .conv_kernel_gradient = conv_kernel_gradient,
    .depthwise_forward = depthwise_forward,
    .depthwise_kernel_gradient = depthwise_kernel_gradient,
    .tiny_pool_forward = tiny_pool_forward,
    .tiny_pool_kernel_gradient = tiny_pool_kernel_gradient,
    .relu_pool_rows = relu_pool_rows,
    .pool_rows = pool_rows,
    .sparse_lists_by_filter = sparse_lists_by_filter,
    .sparse_kernel_gradient = sparse_kernel_gradient,
    .sparse_lists_by_position = sparse_lists_by_position,
    .sparse_input_gradient = sparse_input_gradient,
    .winograd_input = winograd_input,
    .winograd_multiply = winograd_multiply,
    .winograd_output = winograd_output,
    .winograd_output_gradient = winograd_output_gradient,
    .winograd_gradient = winograd_gradient,
    .winograd_kernel = winograd_kernel,
    .winograd_turned_kernel = winograd_turned_kernel,
    .winograd_kernel_gradient = winograd_kernel_gradient,
    .gemm = gemm,
    .dense_one = dense_one,
    .transpose = transpose,
    .pointwise = pointwise,
    .from_bytes = from_bytes,
    .fill = fill,
    .repeat_each = repeat_each,
    .dropout_mask = dropout_mask,
    .max_pool = max_pool,
    .max_pool_gradient = max_pool_gradient,
    .average_pool = average_pool,
    .average_pool_gradient = average_pool_gradient,
    .sum_rows = sum_rows,
    .max_rows = max_rows,
    .sum_columns = sum_columns,
    .max_columns = max_columns,
    .moment_sums = moment_sums,
    .norm_gradient_sums = norm_gradient_sums,
    .rectified_norm_gradient = rectified_norm_gradient,
    .normalize_pool = normalize_pool,
    .normalize_pool_sums = normalize_pool_sums,
    .normalize_pool_gradient = normalize_pool_gradient,
    .sum_of_squares = sum_of_squares,
    .sum_of_magnitudes = sum_of_magnitudes,
    .sum_partials = sum_partials,
    .sum_partials_double = sum_partials_double,
    .softmax = softmax,
    .softmax_gradient = softmax_gradient,
    .cross_entropy_sparse = cross_entropy_sparse,
    .cross_entropy_sparse_gradient = cross_entropy_sparse_gradient,
    .cross_entropy_dense = cross_entropy_dense,
    .cross_entropy_dense_gradient = cross_entropy_dense_gradient,
    .argmax_rows = argmax_rows,
    .lrn = lrn,
    .lrn_gradient = lrn_gradient,
};
