// Pointwise programs on blocks of at most MK_BLOCK elements, which stay in the first-level cache. The last
// elements use the same vector arithmetic as the others, so a value never depends on its place.

#define MK_EACH(EXPRESSION) MK_STEPS(EXPRESSION, unroll_count(4))
#define MK_EACH_COSTLY(EXPRESSION) MK_STEPS(EXPRESSION, unroll(disable))
#define MK_STEPS(EXPRESSION, UNROLL)                              \
  MK_PRAGMA(clang loop UNROLL)                                    \
  for (; i < whole; i += MK_LANES) {                              \
    MK_OPERANDS(ld(a + i), ld(b + i), ld(c + i), EXPRESSION)      \
    st(y + i, value);                                             \
  }                                                               \
  if (i < count) {                                                \
    const int32_t n = count - i;                                  \
    MK_OPERANDS(ld_part(a + i, n), ld_part(b + i, n), ld_part(c + i, n), EXPRESSION) \
    st_part(y + i, value, n);                                     \
  }                                                               \
  break;
#define MK_PRAGMA(TEXT) _Pragma(#TEXT)
#define MK_OPERANDS(A, B, C, EXPRESSION)                          \
  const vf A8 = A, B8 = B, C8 = C;                                \
  (void)A8, (void)B8, (void)C8;                                   \
  const vf value = EXPRESSION;

static void pointwise_one(const mk_instruction *op, float *const *registers, int32_t count) {
  // Operands an instruction lacks are read from its first: they are then unused.
  const float *a = registers[op->a];
  const float *b = op->op >= MK_OP_ADD && op->op != MK_OP_ADD_IMMEDIATE && op->op != MK_OP_MULTIPLY_IMMEDIATE
                           && op->op < MK_OP_SOFTPLUS
                       ? registers[op->b] : a;
  const float *c = op->op == MK_OP_MULTIPLY_ADD || (op->op >= MK_OP_SELECT && op->op < MK_OP_SOFTPLUS)
                       ? registers[op->c] : a;
  float *y = registers[op->destination];
  const int32_t whole = count / MK_LANES * MK_LANES;
  int32_t i = 0;
  const vf imm = splat(op->immediate), zero = splat(0.0f), one = splat(1.0f);
  switch (op->op) {
    case MK_OP_COPY: MK_EACH(A8)
    case MK_OP_NEGATE: MK_EACH(-A8)
    case MK_OP_ABS: MK_EACH(abs8(A8))
    case MK_OP_SIGN: MK_EACH(pick(A8 > zero, one, pick(A8 < zero, -one, A8)))
    case MK_OP_EXP: MK_EACH_COSTLY(exp8(A8))
    case MK_OP_LOG: MK_EACH_COSTLY(log8(A8))
    case MK_OP_SQRT: MK_EACH_COSTLY(sqrt8(A8))
    case MK_OP_TANH: MK_EACH_COSTLY(tanh8(A8))
    case MK_OP_SIGMOID: MK_EACH_COSTLY(sigmoid8(A8))
    case MK_OP_RELU: MK_EACH(relu8(A8))
    case MK_OP_LEAKY_RELU: MK_EACH(leaky8(A8, imm))
    case MK_OP_STEP: MK_EACH(pick(is_nan(A8), A8, pick(A8 > zero, one, imm)))
    case MK_OP_SQUARE: MK_EACH(A8 * A8)
    case MK_OP_RECIPROCAL: MK_EACH_COSTLY(one / A8)
    case MK_OP_ADD: MK_EACH(A8 + B8)
    case MK_OP_SUBTRACT: MK_EACH(A8 - B8)
    case MK_OP_MULTIPLY: MK_EACH(A8 * B8)
    case MK_OP_DIVIDE: MK_EACH_COSTLY(A8 / B8)
    case MK_OP_MAXIMUM: MK_EACH(max8(A8, B8))
    case MK_OP_MINIMUM: MK_EACH(min8(A8, B8))
    case MK_OP_GREATER: MK_EACH(keep(A8 > B8, one))
    case MK_OP_EQUAL: MK_EACH(keep(A8 == B8, one))
    case MK_OP_POWER: MK_EACH_COSTLY(power8(A8, B8))
    case MK_OP_ADD_IMMEDIATE: MK_EACH(A8 + imm)
    case MK_OP_MULTIPLY_IMMEDIATE: MK_EACH(A8 * imm)
    case MK_OP_MULTIPLY_ADD: MK_EACH(A8 * B8 + C8)
    case MK_OP_SCALE_ADD: MK_EACH(imm * A8 + B8)
    case MK_OP_SELECT: MK_EACH(pick(is_nan(A8), A8, pick(A8 > zero, B8, C8)))
    case MK_OP_MULTIPLY_ADD_RELU: MK_EACH(relu8(fma8(A8, B8, C8)))
    case MK_OP_MULTIPLY_ADD_LEAKY_RELU: MK_EACH(leaky8(fma8(A8, B8, C8), imm))
    case MK_OP_SOFTPLUS: MK_EACH_COSTLY(softplus8(A8))
    case MK_OP_ERF: MK_EACH_COSTLY(erf8(A8))
    default: break;
  }
}
#undef MK_EACH
#undef MK_EACH_COSTLY
#undef MK_STEPS
#undef MK_PRAGMA
#undef MK_OPERANDS

static void pointwise(const mk_instruction *program, int32_t instructions, float *const *registers,
                      int32_t count) {
  for (int32_t i = 0; i < instructions; i++) pointwise_one(program + i, registers, count);
}

static void from_bytes(const uint8_t *x, int32_t count, float *y) {
  for (int32_t i = 0; i < count; i += MK_LANES)
    st_upto(y + i, __builtin_convertvector(ld_bytes(x + i, count - i), vf), count - i);
}

static void fill(float value, int32_t count, float *y) {
  for (int32_t i = 0; i < count; i += MK_LANES) st_upto(y + i, splat(value), count - i);
}

static void repeat_each(const float *x, int32_t count, int32_t times, float *y) {
  for (int32_t i = 0; i < count; i += times) fill(*x++, smaller(times, count - i), y + i);
}
