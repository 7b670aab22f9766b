// Rows of class scores: softmax, cross-entropy and the first maximum.

// y = e^(x - maximum) and its sum; y may be null.
MK_INLINE float exp_row(const float *x, int32_t n, float maximum, float *y) {
  const vf shift = splat(maximum);
  vf sum = splat(0.0f);
  for (int32_t i = 0; i < n; i += MK_LANES) {
    const int32_t m = n - i;
    vf e = exp8(ld_upto(x + i, m) - shift);
    if (m < MK_LANES) e = keep(lanes() < (vi)m, e);
    if (y != NULL) st_upto(y + i, e, m);
    sum += e;
  }
  return sum8(sum);
}

MK_INLINE float log_scalar(float x) { return log8(splat(x))[0]; }

static void softmax(const float *x, int32_t rows, int32_t n, float *y) {
  for (int32_t r = 0; r < rows; r++, x += n, y += n) {
    const vf sum = splat(exp_row(x, n, row_maximum(x, n), y));
    for (int32_t i = 0; i < n; i += MK_LANES) st_upto(y + i, ld_upto(y + i, n - i) / sum, n - i);
  }
}

static void softmax_gradient(const float *y, const float *dy, int32_t rows, int32_t n, float *dx) {
  for (int32_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    vf dot = splat(0.0f);
    for (int32_t i = 0; i < n; i += MK_LANES) dot = fma8(ld_upto(y + i, n - i), ld_upto(dy + i, n - i), dot);
    const vf all = splat(sum8(dot));
    for (int32_t i = 0; i < n; i += MK_LANES)
      st_upto(dx + i, ld_upto(y + i, n - i) * (ld_upto(dy + i, n - i) - all), n - i);
  }
}

static void cross_entropy_sparse(const float *x, const int32_t *labels, int32_t rows, int32_t n,
                                 float *loss) {
  for (int32_t r = 0; r < rows; r++, x += n) {
    if (labels[r] < 0 || labels[r] >= n) {
      loss[r] = __builtin_nanf("");
      continue;
    }
    const float most = row_maximum(x, n);
    loss[r] = log_scalar(exp_row(x, n, most, NULL)) + (most - x[labels[r]]);
  }
}

static void cross_entropy_sparse_gradient(const float *x, const int32_t *labels, const float *dloss,
                                          int32_t rows, int32_t n, float *dx) {
  for (int32_t r = 0; r < rows; r++, x += n, dx += n) {
    const int32_t valid = labels[r] >= 0 && labels[r] < n;
    const vf sum = splat(exp_row(x, n, row_maximum(x, n), dx));
    const vf factor = splat(valid ? dloss[r] : __builtin_nanf(""));
    for (int32_t i = 0; i < n; i += MK_LANES) {
      const vf target = keep(lanes() + i == (vi)labels[r], splat(1.0f));
      st_upto(dx + i, (ld_upto(dx + i, n - i) / sum - target) * factor, n - i);
    }
  }
}

MK_INLINE float row_sum(const float *x, int32_t n) {
  vf sum = splat(0.0f);
  for (int32_t i = 0; i < n; i += MK_LANES) sum += ld_upto(x + i, n - i);
  return sum8(sum);
}

static void cross_entropy_dense(const float *x, const float *targets, int32_t rows, int32_t n, float *loss) {
  for (int32_t r = 0; r < rows; r++, x += n, targets += n) {
    const float most = row_maximum(x, n);
    const vf shift = splat(most), logsum = splat(log_scalar(exp_row(x, n, most, NULL)));
    // sum of t * (logsumexp - x): every term is non-negative, nothing cancels.
    vf sum = splat(0.0f);
    for (int32_t i = 0; i < n; i += MK_LANES) {
      const vf t = ld_upto(targets + i, n - i);
      const vf term = t * (logsum + (shift - ld_upto(x + i, n - i)));
      sum += n - i >= MK_LANES ? term : keep(lanes() < (vi)(n - i), term);
    }
    loss[r] = sum8(sum);
  }
}

static void cross_entropy_dense_gradient(const float *x, const float *targets, const float *dloss,
                                         int32_t rows, int32_t n, float *dx) {
  for (int32_t r = 0; r < rows; r++, x += n, targets += n, dx += n) {
    const vf sum = splat(exp_row(x, n, row_maximum(x, n), dx));
    const vf total = splat(row_sum(targets, n)), factor = splat(dloss[r]);
    for (int32_t i = 0; i < n; i += MK_LANES) {
      const vf share = ld_upto(dx + i, n - i) / sum;
      st_upto(dx + i, (total * share - ld_upto(targets + i, n - i)) * factor, n - i);
    }
  }
}

static void argmax_rows(const float *x, int32_t rows, int32_t n, float *out) {
  for (int32_t r = 0; r < rows; r++, x += n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
      if (x[i] > x[best] || (x[i] != x[i] && x[best] == x[best])) best = i;
    out[r] = (float)best;
  }
}
