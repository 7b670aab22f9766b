// Philox4x32-10 in vectors of eight blocks: lane l of each word belongs to block first + l.

typedef uint64_t vq __attribute__((ext_vector_type(4)));

// The two halves of 32 x 32 bit products: even lanes and odd ones, as processors multiply them.
MK_INLINE void multiply_wide(vu a, uint32_t b, vu *high, vu *low) {
  const vq mask = (vq)0xFFFFFFFFu, pairs = (vq)a;
  const vq even = (pairs & mask) * (vq)(uint64_t)b, odd = (pairs >> 32) * (vq)(uint64_t)b;
  *low = (vu)((even & mask) | (odd << 32));
  *high = (vu)((even >> 32) | (odd & ~mask));
}

#define MK_DRAWS 2  // vectors of blocks that go together, as one alone would wait for its products

// The words of 8 * MK_DRAWS blocks from `first` on, in the order of elements.
MK_INLINE void philox_words(const mk_random *r, uint64_t first, vu *words) {
  vu c0[MK_DRAWS], c1[MK_DRAWS], c2[MK_DRAWS], c3[MK_DRAWS];
  MK_UNROLL for (int32_t d = 0; d < MK_DRAWS; d++) {
    const uint64_t at = first + (uint64_t)d * MK_LANES;
    const vu lane = (vu)lanes();
    c0[d] = (vu)(uint32_t)at + lane;
    c1[d] = (((vu)(uint32_t)(at >> 32) + ((vu)(c0[d] < lane) & 1u)) & 0xFFFFFFu) | (vu)(r->purpose << 24);
    c2[d] = (vu)r->stream;
    c3[d] = (vu)r->epoch;
  }
  vu key0 = (vu)(uint32_t)r->seed, key1 = (vu)(uint32_t)(r->seed >> 32);
  for (int32_t round = 0; round < 10; round++) {
    MK_UNROLL for (int32_t d = 0; d < MK_DRAWS; d++) {
      vu high0, low0, high1, low1;
      multiply_wide(c0[d], 0xD2511F53u, &high0, &low0);
      multiply_wide(c2[d], 0xCD9E8D57u, &high1, &low1);
      c0[d] = high1 ^ c1[d] ^ key0;
      c1[d] = low1;
      c2[d] = high0 ^ c3[d] ^ key1;
      c3[d] = low0;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  // Four words of a block follow one another.
  MK_UNROLL for (int32_t d = 0; d < MK_DRAWS; d++, words += 4) {
    const vu a = __builtin_shufflevector(c0[d], c1[d], 0, 8, 1, 9, 2, 10, 3, 11);
    const vu b = __builtin_shufflevector(c2[d], c3[d], 0, 8, 1, 9, 2, 10, 3, 11);
    const vu e = __builtin_shufflevector(c0[d], c1[d], 4, 12, 5, 13, 6, 14, 7, 15);
    const vu f = __builtin_shufflevector(c2[d], c3[d], 4, 12, 5, 13, 6, 14, 7, 15);
    words[0] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 2, 3, 10, 11);
    words[1] = __builtin_shufflevector(a, b, 4, 5, 12, 13, 6, 7, 14, 15);
    words[2] = __builtin_shufflevector(e, f, 0, 1, 8, 9, 2, 3, 10, 11);
    words[3] = __builtin_shufflevector(e, f, 4, 5, 12, 13, 6, 7, 14, 15);
  }
}

static void dropout_mask(const mk_random *r, uint64_t first, int32_t count, uint32_t threshold, float scale,
                         float *y) {
  enum { all = 4 * MK_LANES * MK_DRAWS };
  uint64_t block = first / 4;
  int32_t skip = (int32_t)(first % 4);
  while (count > 0) {
    vu drawn[4 * MK_DRAWS];
    philox_words(r, block, drawn);
    if (skip == 0 && count >= all) {
      MK_UNROLL for (int32_t i = 0; i < 4 * MK_DRAWS; i++)
        st(y + i * MK_LANES, keep(drawn[i] >= (vu)threshold, splat(scale)));
      y += all;
      count -= all;
      block += all / 4;
      continue;
    }
    uint32_t words[all];
    __builtin_memcpy(words, drawn, sizeof words);
    const int32_t n = smaller(all - skip, count);
    for (int32_t i = 0; i < n; i += MK_LANES) {
      vu w = (vu)0u;
      __builtin_memcpy(&w, words + skip + i, (size_t)smaller(MK_LANES, n - i) * sizeof *words);
      st_upto(y + i, keep(w >= (vu)threshold, splat(scale)), n - i);
    }
    y += n;
    count -= n;
    block += all / 4;
    skip = 0;
  }
}
