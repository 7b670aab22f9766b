// Philox4x32-10, eight blocks at a time: lane l of each word belongs to block first + l.

MK_INLINE void multiply_wide(vu a, uint32_t b, vu *high, vu *low) {
  typedef uint64_t vq __attribute__((ext_vector_type(8)));
  vq product = __builtin_convertvector(a, vq) * (uint64_t)b;
  *low = __builtin_convertvector(product, vu);
  *high = __builtin_convertvector(product >> 32, vu);
}

// Words of blocks first ... first + 7 in the order of elements.
static void philox_words(const mk_random *r, uint64_t first, uint32_t *words) {
  vu low, c0, c1;
  for (int32_t l = 0; l < 8; l++) {
    low[l] = (uint32_t)(first + (uint64_t)l);
    c1[l] = ((uint32_t)((first + (uint64_t)l) >> 32) & 0xFFFFFFu) | r->purpose << 24;
  }
  c0 = low;
  vu c2 = (vu)r->stream, c3 = (vu)r->epoch;
  uint32_t key0 = (uint32_t)r->seed, key1 = (uint32_t)(r->seed >> 32);
  for (int32_t round = 0; round < 10; round++) {
    vu high0, low0, high1, low1;
    multiply_wide(c0, 0xD2511F53u, &high0, &low0);
    multiply_wide(c2, 0xCD9E8D57u, &high1, &low1);
    c0 = high1 ^ c1 ^ (vu)key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ (vu)key1;
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  for (int32_t l = 0; l < 8; l++) {
    words[4 * l] = c0[l];
    words[4 * l + 1] = c1[l];
    words[4 * l + 2] = c2[l];
    words[4 * l + 3] = c3[l];
  }
}

static void dropout_mask(const mk_random *r, uint64_t first, int32_t count, uint32_t threshold, float scale,
                         float *y) {
  uint32_t words[32];
  uint64_t block = first / 4;
  int32_t skip = (int32_t)(first % 4);
  while (count > 0) {
    philox_words(r, block, words);
    const int32_t n = smaller(32 - skip, count);
    for (int32_t i = 0; i < n; i += MK_LANES) {
      vu w = (vu)0u;
      __builtin_memcpy(&w, words + skip + i, (size_t)smaller(MK_LANES, n - i) * sizeof *words);
      st_upto(y + i, keep(w >= (vu)threshold, splat(scale)), n - i);
    }
    y += n;
    count -= n;
    block += 8;
    skip = 0;
  }
}
