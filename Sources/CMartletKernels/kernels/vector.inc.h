// Vectors of MK_LANES floats and the few operations the kernels are written with. Every instruction set
// uses the same width, so that layouts, tiles and orders of summation are the same everywhere.
// Vectors are only passed to functions that are inlined: their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float vf __attribute__((ext_vector_type(8)));
typedef int32_t vi __attribute__((ext_vector_type(8)));
typedef uint32_t vu __attribute__((ext_vector_type(8)));
typedef double vd __attribute__((ext_vector_type(8)));
typedef uint8_t vb __attribute__((ext_vector_type(8)));

// Floats of a cache line.
#define MK_LINE 16
#define MK_INLINE static inline __attribute__((always_inline))
#define MK_UNROLL _Pragma("clang loop unroll(full)")

MK_INLINE vf ld(const float *p) {
  vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
MK_INLINE void st(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }
MK_INLINE vf splat(float x) { return (vf)x; }
MK_INLINE vi lanes(void) { return (vi){0, 1, 2, 3, 4, 5, 6, 7}; }

// The first n lanes (0 ... 8); the others are zero and their memory is not touched.
MK_INLINE vf ld_part(const float *p, int32_t n) {
#if defined(MK_MASK_LOAD)
  return MK_MASK_LOAD(p, lanes() < (vi)n);
#else
  float t[MK_LANES] = {0};
  for (int32_t i = 0; i < n; i++) t[i] = p[i];
  return ld(t);
#endif
}
MK_INLINE void st_part(float *p, vf v, int32_t n) {
#if defined(MK_MASK_STORE)
  MK_MASK_STORE(p, lanes() < (vi)n, v);
#else
  float t[MK_LANES];
  st(t, v);
  for (int32_t i = 0; i < n; i++) p[i] = t[i];
#endif
}
// n may be 8 or more: a whole vector.
MK_INLINE vf ld_upto(const float *p, int32_t n) { return n >= MK_LANES ? ld(p) : ld_part(p, n); }
MK_INLINE void st_upto(float *p, vf v, int32_t n) {
  if (n >= MK_LANES) st(p, v);
  else st_part(p, v, n);
}
MK_INLINE vb ld_bytes(const uint8_t *p, int32_t n) {
  vb v = (vb)0;
  if (n >= MK_LANES) __builtin_memcpy(&v, p, sizeof v);
  else for (int32_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
// The low byte of each lane. A shuffle, as a conversion makes compilers carry the masks in bytes.
MK_INLINE void st_bytes(uint8_t *p, vi x, int32_t n) {
  typedef uint8_t v32 __attribute__((ext_vector_type(32)));
  const v32 b = (v32)x;
  vb v = __builtin_shufflevector(b, b, 0, 4, 8, 12, 16, 20, 24, 28);
  if (n >= MK_LANES) __builtin_memcpy(p, &v, sizeof v);
  else for (int32_t i = 0; i < n; i++) p[i] = v[i];
}

// a * b + c; one rounding where the instruction set has it.
MK_INLINE vf fma8(vf a, vf b, vf c) {
#if defined(MK_HAS_FMA)
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}
MK_INLINE vd fma8d(vd a, vd b, vd c) {
#if defined(MK_HAS_FMA)
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

MK_INLINE vi bits(vf v) { return (vi)v; }
MK_INLINE vf floats(vi v) { return (vf)v; }
// m is all ones or all zeros in each lane.
MK_INLINE vf keep(vi m, vf v) { return floats(m & bits(v)); }
MK_INLINE vf pick(vi m, vf yes, vf no) { return m ? yes : no; }
MK_INLINE vi is_nan(vf v) { return v != v; }
MK_INLINE vf abs8(vf v) { return floats(bits(v) & (vi)0x7fffffff); }
MK_INLINE vf sqrt8(vf v) { return __builtin_elementwise_sqrt(v); }
// A NaN on either side comes through: no kernel hides one from the training guard.
MK_INLINE vf max8(vf a, vf b) { return pick((a > b) | is_nan(a), a, b); }
MK_INLINE vf min8(vf a, vf b) { return pick((a < b) | is_nan(a), a, b); }
MK_INLINE vf relu8(vf a) { return keep(~(a <= (vf)0.0f), a); }
MK_INLINE vf leaky8(vf a, vf slope) { return pick(a > (vf)0.0f, a, slope * a); }

// Horizontal operations, always in the same tree.
MK_INLINE float sum8(vf v) {
  float a = v[0] + v[4], b = v[1] + v[5], c = v[2] + v[6], d = v[3] + v[7];
  return (a + c) + (b + d);
}
MK_INLINE double sum8d(vd v) {
  double a = v[0] + v[4], b = v[1] + v[5], c = v[2] + v[6], d = v[3] + v[7];
  return (a + c) + (b + d);
}
MK_INLINE float max_of_lanes(vf v) {
  v = max8(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));
  v = max8(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
  v = max8(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
  return v[0];
}
MK_INLINE vd widen(vf v) { return __builtin_convertvector(v, vd); }

MK_INLINE vf activate(vf v, int32_t activation, float slope) {
  if (activation == MK_RELU) return relu8(v);
  if (activation == MK_LEAKY_RELU) return leaky8(v, splat(slope));
  return v;
}

MK_INLINE int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
MK_INLINE int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
