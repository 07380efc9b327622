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
#define PLATFORM_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
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

#endif
