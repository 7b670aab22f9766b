// Elementary functions on vectors, at most about 2 units in the last place from the true value. They use
// no library, so results are the same on every system; the polynomials are minimax fits on the ranges named.

#define MK_LN2_HIGH 0.693359375f
#define MK_LN2_LOW -2.12194440e-4f

// 2^n for n in -126 ... 127.
MK_INLINE vf power_of_two(vi n) { return floats((n + 127) << 23); }

// Rounds to the nearest integer for |x| < 2^22; the integer is also in the low bits of the sum.
MK_INLINE vi round_to_int(vf x, vf *rounded) {
  const vf magic = splat(12582912.0f);
  vf sum = x + magic;
  *rounded = sum - magic;
  return bits(sum) - bits(magic);
}

MK_INLINE vf exp8(vf x) {
  // Beyond these ends the result is 0 or infinite; NaN fails both tests and passes on.
  vf t = pick(x > splat(89.0f), splat(89.0f), x);
  t = pick(t < splat(-104.0f), splat(-104.0f), t);
  vf n;
  vi i = round_to_int(t * splat(1.44269504f), &n);
  vf r = fma8(n, splat(-MK_LN2_HIGH), t);
  r = fma8(n, splat(-MK_LN2_LOW), r);
  vf q = fma8(splat(0.00138146093f), r, splat(0.00836871099f));  // |r| <= ln 2 / 2
  q = fma8(q, r, splat(0.041668389f));
  q = fma8(q, r, splat(0.166665211f));
  q = fma8(q, r, splat(0.49999994f));
  vf p = fma8(q, r * r, r) + splat(1.0f);
  vi half = i >> 1;  // in two steps: 2^128 and denormal results have no single factor
  vf y = p * power_of_two(half) * power_of_two(i - half);
  return pick(is_nan(x), x, y);
}

// Splits x > 0 into m * 2^e with m in sqrt(1/2) ... sqrt(2).
MK_INLINE vf split_exponent(vf x, vi *exponent) {
  vi tiny = x < splat(1.17549435e-38f);
  x = pick(tiny, x * splat(8388608.0f), x);
  vi e = (bits(x) - 0x3f3504f3) >> 23;
  *exponent = e - (tiny & 23);
  return floats(bits(x) - (e << 23));
}

MK_INLINE vf log8(vf x) {
  vi e;
  vf f = split_exponent(x, &e) - splat(1.0f);
  vf n = __builtin_convertvector(e, vf);
  vf q = fma8(splat(0.0674659163f), f, splat(-0.116756387f));  // f in sqrt(1/2) - 1 ... sqrt(2) - 1
  q = fma8(q, f, splat(0.118881777f));
  q = fma8(q, f, splat(-0.124055922f));
  q = fma8(q, f, splat(0.142195508f));
  q = fma8(q, f, splat(-0.166679963f));
  q = fma8(q, f, splat(0.200021192f));
  q = fma8(q, f, splat(-0.250000089f));
  q = fma8(q, f, splat(0.333333135f));
  vf square = f * f;
  vf y = fma8(q * f, square, n * splat(MK_LN2_LOW));
  y = fma8(splat(-0.5f), square, y);
  y = fma8(n, splat(MK_LN2_HIGH), f + y);
  y = pick(x == splat(__builtin_inff()), x, y);
  y = pick(x == splat(0.0f), splat(-__builtin_inff()), y);
  y = pick(x < splat(0.0f), splat(__builtin_nanf("")), y);
  return pick(is_nan(x), x, y);
}

MK_INLINE vf with_sign_of(vf magnitude, vf x) { return floats(bits(magnitude) | (bits(x) & (vi)0x80000000)); }

MK_INLINE vf tanh8(vf x) {
  vf a = abs8(x), s = x * x;
  vf q = fma8(splat(-0.00570499012f), s, splat(0.0206390899f));  // |x| < 0.625
  q = fma8(q, s, splat(-0.0537397154f));
  q = fma8(q, s, splat(0.133314416f));
  q = fma8(q, s, splat(-0.333332807f));
  vf small = fma8(q * s, x, x);
  vf large = splat(1.0f) - splat(2.0f) / (exp8(a + a) + splat(1.0f));
  return pick(a < splat(0.625f), small, with_sign_of(large, x));
}

MK_INLINE vf sigmoid8(vf x) { return splat(1.0f) / (splat(1.0f) + exp8(-x)); }

// log(1 + e^x)
MK_INLINE vf softplus8(vf x) {
  vf t = exp8(-abs8(x)), u = splat(1.0f) + t;
  return max8(x, splat(0.0f)) + (log8(u) + (t - (u - splat(1.0f))) / u);
}

MK_INLINE vf erf8(vf x) {
  vf s = x * x;
  vf q = fma8(splat(-0.000595377351f), s, splat(0.00498594809f));  // |x| < 0.93
  q = fma8(q, s, splat(-0.0267617274f));
  q = fma8(q, s, splat(0.112816826f));
  q = fma8(q, s, splat(-0.376124799f));
  q = fma8(q, s, splat(0.128379151f));
  vf small = fma8(q, x, x);
  vf a = abs8(x);
  vf t = pick(a > splat(4.0f), splat(4.0f), a);
  vf p = fma8(splat(5.2970131e-06f), t, splat(-4.99406051e-05f));  // -log(erfc(t)) / t - 1, 0.9 ... 4
  p = fma8(p, t, splat(-2.74345584e-05f));
  p = fma8(p, t, splat(0.0028691194f));
  p = fma8(p, t, splat(-0.0225756131f));
  p = fma8(p, t, splat(0.10516949f));
  p = fma8(p, t, splat(0.635673165f));
  p = fma8(p, t, splat(0.12854144f));
  vf large = splat(1.0f) - exp8(-fma8(p, t, t));
  return pick(a < splat(0.93f), small, with_sign_of(large, x));
}

// a^b for a >= 0, in double: a float's logarithm is not exact enough for large exponents.
MK_INLINE vf power8(vf a, vf b) {
  typedef int64_t vl __attribute__((ext_vector_type(8)));
  vi e;
  vd m = widen(split_exponent(a, &e));
  vd s = (m - 1.0) / (m + 1.0), z = s * s;  // |s| < 0.1716
  vd q = fma8d((vd)0.16820375338645413, z, (vd)0.18123599167395343);
  q = fma8d(q, z, (vd)0.2222337293868312);
  q = fma8d(q, z, (vd)0.28571417113454306);
  q = fma8d(q, z, (vd)0.40000000052365831);
  q = fma8d(q, z, (vd)0.66666666666587038);
  vd log = fma8d(q * z, s, s + s);
  log = fma8d(__builtin_convertvector(e, vd), (vd)0.6931471805599453, log);
  vd y = log * widen(b);
  y = y > 200.0 ? (vd)200.0 : y;
  y = y < -200.0 ? (vd)-200.0 : y;
  vd sum = fma8d(y, (vd)1.4426950408889634, (vd)6755399441055744.0);
  vd n = sum - 6755399441055744.0;
  vl i = (vl)sum - (vl)(vd)6755399441055744.0;
  vd r = fma8d(n, (vd)-0.6931471805599453, y);
  vd p = fma8d((vd)2.7475390397758584e-07, r, (vd)2.7635180005255792e-06);
  p = fma8d(p, r, (vd)2.4801937117972745e-05);
  p = fma8d(p, r, (vd)0.00019841184803477623);
  p = fma8d(p, r, (vd)0.0013888888509672808);
  p = fma8d(p, r, (vd)0.008333333371175599);
  p = fma8d(p, r, (vd)0.041666666668165882);
  p = fma8d(p, r, (vd)0.16666666666610899);
  p = fma8d(p, r, (vd)0.5);
  p = fma8d(p, r * r, r) + 1.0;
  vd scale = (vd)((i + 1023) << 52);
  vf result = __builtin_convertvector(p * scale, vf);
  const vf zero = splat(0.0f), infinity = splat(__builtin_inff());
  vi ends = (a == zero) | (a == infinity);
  vf end = pick((b > zero) == (a == zero), zero, infinity);
  result = pick(ends, end, result);
  result = pick(b == zero, splat(1.0f), result);
  result = pick(a < zero, splat(__builtin_nanf("")), result);
  return pick(is_nan(a) | is_nan(b), a + b, result);
}
