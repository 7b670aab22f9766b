// Sums of per-shard partial results in one binary tree: a carry of n equal subtrees, as in counting.

#define MK_LEVELS 7  // trees of up to 64 parts

static void sum_partials(const float *partials, int32_t parts, ptrdiff_t stride, ptrdiff_t count,
                         float *out) {
  for (ptrdiff_t i = 0; i < count; i += 2 * MK_LANES) {
    const int32_t m0 = count - i < MK_LANES ? (int32_t)(count - i) : MK_LANES;
    const int32_t m1 = count - i < 2 * MK_LANES ? (int32_t)(count - i) - m0 : MK_LANES;
    vf waiting0[MK_LEVELS], waiting1[MK_LEVELS];
    int32_t depth = 0;
    for (int32_t p = 0; p < parts; p++) {
      vf v0 = ld_upto(partials + p * stride + i, m0);
      vf v1 = m1 > 0 ? ld_upto(partials + p * stride + i + MK_LANES, m1) : (vf)0.0f;
      for (int32_t carry = p; carry & 1; carry >>= 1) {
        depth--;
        v0 = waiting0[depth] + v0;
        v1 = waiting1[depth] + v1;
      }
      waiting0[depth] = v0;
      waiting1[depth++] = v1;
    }
    vf v0 = depth > 0 ? waiting0[--depth] : (vf)0.0f, v1 = parts > 0 ? waiting1[depth] : (vf)0.0f;
    while (depth > 0) {
      depth--;
      v0 = waiting0[depth] + v0;
      v1 = waiting1[depth] + v1;
    }
    st_upto(out + i, v0, m0);
    if (m1 > 0) st_upto(out + i + MK_LANES, v1, m1);
  }
}

static void sum_partials_double(const double *partials, int32_t parts, ptrdiff_t stride, ptrdiff_t count,
                                double *out) {
  for (ptrdiff_t i = 0; i < count; i++) {
    double waiting[MK_LEVELS];
    int32_t depth = 0;
    for (int32_t p = 0; p < parts; p++) {
      double v = partials[p * stride + i];
      for (int32_t carry = p; carry & 1; carry >>= 1) v = waiting[--depth] + v;
      waiting[depth++] = v;
    }
    double v = depth > 0 ? waiting[--depth] : 0.0;
    while (depth > 0) v = waiting[--depth] + v;
    out[i] = v;
  }
}
