/* Vectors of the two computing types, as operations of one or two instructions each.
 *
 * Swift's own SIMD operators are loops over the lanes, which the optimiser turns into vector instructions only where it
 * sees a whole chain of them; the compiler's vector extension is vectors from the start. Everything made of these
 * operations is Swift. */
#ifndef XENT_PLATFORM_LANES_H
#define XENT_PLATFORM_LANES_H

#include <stdint.h>

typedef float platform_f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t platform_i32x16 __attribute__((ext_vector_type(16)));
typedef double platform_f64x8 __attribute__((ext_vector_type(8)));
typedef int64_t platform_i64x8 __attribute__((ext_vector_type(8)));

#if defined(__FMA__) || defined(__aarch64__)
#define PLATFORM_HAS_FUSED_MULTIPLY_ADD 1
#define PLATFORM_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define PLATFORM_HAS_FUSED_MULTIPLY_ADD 0
#define PLATFORM_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

/* Asks for a cache line that is read soon; any address will do. */
static inline __attribute__((always_inline)) void platform_prefetch(const void *address) { __builtin_prefetch(address); }

/* Masks have all bits of a lane set or none. Shifts are logical. */
#define PLATFORM_LANES(name, vector, bits, unsigned_scalar, lanes)                                                     \
    typedef unsigned_scalar platform_unsigned_##name __attribute__((ext_vector_type(lanes)));                          \
    static inline __attribute__((always_inline)) vector name##_add(vector a, vector b) { return a + b; }               \
    static inline __attribute__((always_inline)) vector name##_subtract(vector a, vector b) { return a - b; }          \
    static inline __attribute__((always_inline)) vector name##_multiply(vector a, vector b) { return a * b; }          \
    static inline __attribute__((always_inline)) vector name##_divide(vector a, vector b) { return a / b; }            \
    static inline __attribute__((always_inline)) vector name##_multiply_add(vector a, vector b, vector c) {            \
        return PLATFORM_MULTIPLY_ADD(a, b, c);                                                                         \
    }                                                                                                                  \
    static inline __attribute__((always_inline)) vector name##_maximum(vector a, vector b) { return a > b ? a : b; }   \
    static inline __attribute__((always_inline)) vector name##_minimum(vector a, vector b) { return a < b ? a : b; }   \
    static inline __attribute__((always_inline)) bits name##_less(vector a, vector b) { return a < b; }                \
    static inline __attribute__((always_inline)) bits name##_less_equal(vector a, vector b) { return a <= b; }         \
    static inline __attribute__((always_inline)) bits name##_equal(vector a, vector b) { return a == b; }              \
    static inline __attribute__((always_inline)) vector name##_select(bits mask, vector a, vector b) {                 \
        return mask ? a : b;                                                                                           \
    }                                                                                                                  \
    static inline __attribute__((always_inline)) bits name##_bit_and(bits a, bits b) { return a & b; }                 \
    static inline __attribute__((always_inline)) bits name##_bit_or(bits a, bits b) { return a | b; }                  \
    static inline __attribute__((always_inline)) bits name##_bit_not(bits a) { return ~a; }                            \
    static inline __attribute__((always_inline)) bits name##_integer_less(bits a, bits b) { return a < b; }            \
    static inline __attribute__((always_inline)) bits name##_integer_equal(bits a, bits b) { return a == b; }          \
    static inline __attribute__((always_inline)) int name##_any(bits mask) { return __builtin_reduce_or(mask) != 0; }  \
    static inline __attribute__((always_inline)) bits name##_shift_left(bits a, int count) { return a << count; }      \
    static inline __attribute__((always_inline)) bits name##_shift_right(bits a, int count) {                          \
        return (bits)((platform_unsigned_##name)a >> (unsigned_scalar)count);                                          \
    }

PLATFORM_LANES(f32x16, platform_f32x16, platform_i32x16, uint32_t, 16)
PLATFORM_LANES(f64x8, platform_f64x8, platform_i64x8, uint64_t, 8)

/* a b - product, exactly: Dekker's way where there is no fused multiplication. */
static inline __attribute__((always_inline)) platform_f64x8 f64x8_product_error(
    platform_f64x8 a, platform_f64x8 b, platform_f64x8 product) {
#if defined(__FMA__) || defined(__aarch64__)
    return __builtin_elementwise_fma(a, b, -product);
#else
    const platform_f64x8 a_split = a * 0x1.0000002p+27, b_split = b * 0x1.0000002p+27;
    const platform_f64x8 a_high = a_split - (a_split - a), b_high = b_split - (b_split - b);
    const platform_f64x8 a_low = a - a_high, b_low = b - b_high;
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}

/* Stores past the caches, to a multiple of 64 bytes: a line that is written whole is not read before. Other processors see it
 * behind the next fence. */
static inline __attribute__((always_inline)) void f32x16_stream(void *address, platform_f32x16 a) {
    __builtin_nontemporal_store(a, (platform_f32x16 *)address);
}
static inline __attribute__((always_inline)) void platform_stream_fence(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

/* In every quarter of four lanes: the first two of a and b in turns, the last two; their first halves, their last. */
static inline __attribute__((always_inline)) platform_f32x16 f32x16_low_ones(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
static inline __attribute__((always_inline)) platform_f32x16 f32x16_high_ones(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
static inline __attribute__((always_inline)) platform_f32x16 f32x16_low_twos(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
static inline __attribute__((always_inline)) platform_f32x16 f32x16_high_twos(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
/* The even quarters of a and of b, and the odd ones. */
static inline __attribute__((always_inline)) platform_f32x16 f32x16_even_fours(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
static inline __attribute__((always_inline)) platform_f32x16 f32x16_odd_fours(platform_f32x16 a, platform_f32x16 b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

typedef int64_t platform_i64x16 __attribute__((ext_vector_type(16)));

/* The low halves. */
static inline __attribute__((always_inline)) platform_i32x16 i64x16_narrow(platform_i64x16 a) {
    return __builtin_convertvector(a, platform_i32x16);
}

typedef uint16_t platform_u16x16 __attribute__((ext_vector_type(16)));
typedef uint32_t platform_u32x16 __attribute__((ext_vector_type(16)));
typedef float platform_f32x8 __attribute__((ext_vector_type(8)));

static inline __attribute__((always_inline)) platform_f64x8 f64x8_widen(platform_f32x8 a) {
    return __builtin_convertvector(a, platform_f64x8);
}
static inline __attribute__((always_inline)) platform_f32x8 f32x8_narrow(platform_f64x8 a) {
    return __builtin_convertvector(a, platform_f32x8);
}

/* bfloat16 is the upper half of a float32; rounding is to nearest, ties to even. */
static inline __attribute__((always_inline)) platform_f32x16 brain_widen(platform_u16x16 bits) {
    return __builtin_bit_cast(platform_f32x16, __builtin_convertvector(bits, platform_u32x16) << 16);
}
static inline __attribute__((always_inline)) platform_u16x16 brain_round(platform_f32x16 value) {
    const platform_u32x16 bits = __builtin_bit_cast(platform_u32x16, value);
    const platform_u32x16 rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const platform_u32x16 quiet = (bits >> 16) | 0x40u;
    return __builtin_convertvector((value == value) ? rounded : quiet, platform_u16x16);
}

/* IEEE half precision: with the processor's conversion, else by its bits. */
#if defined(__F16C__) || defined(__aarch64__)
typedef _Float16 platform_f16x16 __attribute__((ext_vector_type(16)));
static inline __attribute__((always_inline)) platform_f32x16 half_widen(platform_u16x16 bits) {
    return __builtin_convertvector(__builtin_bit_cast(platform_f16x16, bits), platform_f32x16);
}
static inline __attribute__((always_inline)) platform_u16x16 half_round(platform_f32x16 value) {
    return __builtin_bit_cast(platform_u16x16, __builtin_convertvector(value, platform_f16x16));
}
#else
static inline __attribute__((always_inline)) platform_f32x16 half_widen(platform_u16x16 bits) {
    const platform_u32x16 wide = __builtin_convertvector(bits, platform_u32x16);
    const platform_u32x16 rest = (wide & 0x7fffu) << 13;
    /* The exponent's bias is 112 smaller; the multiplication also makes subnormal numbers normal. */
    const platform_u32x16 scaled =
        __builtin_bit_cast(platform_u32x16, __builtin_bit_cast(platform_f32x16, rest) * 0x1p112f);
    const platform_u32x16 magnitude = ((wide & 0x7c00u) == 0x7c00u) ? (rest | 0x7f800000u) : scaled;
    return __builtin_bit_cast(platform_f32x16, magnitude | ((wide & 0x8000u) << 16));
}
static inline __attribute__((always_inline)) platform_u16x16 half_round(platform_f32x16 value) {
    const platform_u32x16 bits = __builtin_bit_cast(platform_u32x16, value);
    const platform_u32x16 magnitude = bits & 0x7fffffffu;
    const platform_u32x16 normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    /* An addition that leaves the result in the low bits of the significand rounds as it should. */
    const platform_u32x16 subnormal =
        __builtin_bit_cast(platform_u32x16, __builtin_bit_cast(platform_f32x16, magnitude) + 0.5f) - 0x3f000000u;
    platform_u32x16 result = (magnitude < 0x38800000u) ? subnormal : normal;
    result = (magnitude >= 0x477ff000u) ? (platform_u32x16)0x7c00u : result;
    result = (magnitude > 0x7f800000u) ? (0x7e00u | ((magnitude >> 13) & 0x1ffu)) : result;
    return __builtin_convertvector(result | ((bits >> 16) & 0x8000u), platform_u16x16);
}
#endif

/* The stages of a transposition: of every two neighbouring pieces of 1, 2 or 4 lanes, the first (low) or second (high) of
 * a, then that of b. On narrower registers the stages of whole registers are free. */
static inline __attribute__((always_inline)) platform_f64x8 f64x8_low_ones(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
}
static inline __attribute__((always_inline)) platform_f64x8 f64x8_high_ones(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
static inline __attribute__((always_inline)) platform_f64x8 f64x8_low_twos(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
}
static inline __attribute__((always_inline)) platform_f64x8 f64x8_high_twos(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
static inline __attribute__((always_inline)) platform_f64x8 f64x8_low_fours(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
}
static inline __attribute__((always_inline)) platform_f64x8 f64x8_high_fours(platform_f64x8 a, platform_f64x8 b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

#endif
