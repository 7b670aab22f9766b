// The register tile under convolutions and matrix products: P values are broadcast, each against V vectors,
//   sums[p][v] += sum over k of a[p][k * a_step] * b[k * b_step + 8 v ...]
// in the order of k, whatever the tile's shape, so that an element's value does not depend on its neighbors.
// P * V <= 12 keeps the sums, V weights and one broadcast in 16 registers (with 4 x 3 compilers spill).

#define MK_TILE 12   // sums in a tile at most
#define MK_POINTS 8  // broadcast values at most

// How many points go with V vectors.
MK_INLINE int32_t points_of(int32_t vectors) { return vectors == 1 ? 8 : vectors == 2 ? 6 : 3; }

// Vectors of the next tile when `left` remain: twos, and a three where the count is odd.
MK_INLINE int32_t vectors_of(int32_t left) { return left == 1 || left == 2 ? left : left == 3 ? 3 : 2; }

// Points of the next tile when `left` remain: nearly equal tiles keep enough sums in flight.
MK_INLINE int32_t points_now(int32_t left, int32_t most) {
  int32_t tiles = (left + most - 1) / most;
  return (left + tiles - 1) / tiles;
}

MK_INLINE void tile_clear(vf *sums, int32_t count) {
  MK_UNROLL for (int32_t i = 0; i < count; i++) sums[i] = (vf)0.0f;
}

// `last` lanes of the last vector are read; the others count as zero.
MK_INLINE void tile_add(const int32_t P, const int32_t V, const int32_t part, vf *sums, const float *const *a,
                        ptrdiff_t a_at, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, int32_t steps,
                        int32_t last) {
  _Pragma("clang loop unroll(disable)") for (int32_t k = 0; k < steps; k++) {
    vf w[3];
    MK_UNROLL for (int32_t v = 0; v < V; v++)
      w[v] = part && v == V - 1 ? ld_part(b + v * MK_LANES, last) : ld(b + v * MK_LANES);
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      vf x = splat(a[p][a_at]);
      MK_UNROLL for (int32_t v = 0; v < V; v++) sums[p * V + v] = fma8(x, w[v], sums[p * V + v]);
    }
    a_at += a_step;
    b += b_step;
  }
}

// The same with each step's place in `a` from a table: for runs too short to be a loop of their own.
MK_INLINE void tile_add_at(const int32_t P, const int32_t V, vf *sums, const float *const *a,
                           const int32_t *places, const float *b, ptrdiff_t b_step, int32_t steps) {
  _Pragma("clang loop unroll(disable)") for (int32_t k = 0; k < steps; k++) {
    const ptrdiff_t at = places[k];
    vf w[3];
    MK_UNROLL for (int32_t v = 0; v < V; v++) w[v] = ld(b + v * MK_LANES);
    MK_UNROLL for (int32_t p = 0; p < P; p++) {
      vf x = splat(a[p][at]);
      MK_UNROLL for (int32_t v = 0; v < V; v++) sums[p * V + v] = fma8(x, w[v], sums[p * V + v]);
    }
    b += b_step;
  }
}

// Calls M(P, V) with constants for the tile shape of run-time values p and v.
#define MK_TILE_SHAPES(p, v, M)                                                                          \
  switch ((v) * 16 + (p)) {                                                                              \
    case 17: M(1, 1); break;                                                                             \
    case 18: M(2, 1); break;                                                                             \
    case 19: M(3, 1); break;                                                                             \
    case 20: M(4, 1); break;                                                                             \
    case 21: M(5, 1); break;                                                                             \
    case 22: M(6, 1); break;                                                                             \
    case 23: M(7, 1); break;                                                                             \
    case 24: M(8, 1); break;                                                                             \
    case 33: M(1, 2); break;                                                                             \
    case 34: M(2, 2); break;                                                                             \
    case 35: M(3, 2); break;                                                                             \
    case 36: M(4, 2); break;                                                                             \
    case 37: M(5, 2); break;                                                                             \
    case 38: M(6, 2); break;                                                                             \
    case 49: M(1, 3); break;                                                                             \
    case 50: M(2, 3); break;                                                                             \
    case 51: M(3, 3); break;                                                                             \
  }
