/* A caller's own floating-point environment: it is as before after a call, and the results are those of the usual one, to
 * the last bit, for any number of threads. */
#define _GNU_SOURCE 1 /* feenableexcept */
#include "process.h"

#include <fenv.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { COUNT = 100 };

static const library linked = LINKED_LIBRARY;
static float start[COUNT], gradient[COUNT], descended[COUNT];

static void descend(float *theta)
{
    memcpy(theta, start, sizeof start);
    CHECK(xent_gradient_descent_f32(theta, gradient, COUNT, 0.1) == XENT_OK, "gradient descent fails");
}

static int test_environment(const char *name)
{
    float theta[COUNT];
    descend(theta);
    return CHECK(memcmp(theta, descended, sizeof theta) == 0, "%s: gradient descent gives other bits", name)
        & CHECK(all_agree(&linked, 0, call_count, 1) & all_agree(&linked, 0, call_count, 3), "%s", name);
}

static void test_rounding(void)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static const char *const names[] = {"rounding upwards", "rounding downwards", "rounding towards zero"};
    int i;
    for (i = 0; i < 3; i++) {
        fesetround(modes[i]);
        test_environment(names[i]);
        CHECK(fegetround() == modes[i], "%s: the mode is another after a call", names[i]);
    }
    fesetround(FE_TONEAREST);
}

/* As PyTorch's set_flush_denormal does it. */
static void test_without_subnormals(void)
{
#if defined(__x86_64__)
    const unsigned flags = 0x3f, modes = 0x8040, before = _mm_getcsr();
    _mm_setcsr(before | modes);
    test_environment("without subnormal numbers");
    CHECK(((_mm_getcsr() ^ (before | modes)) & ~flags) == 0, "without subnormal numbers: MXCSR is another after a call");
    _mm_setcsr(before);
#endif
}

/* The exponentials of padded lanes and of rows that are none may overflow or be NaN: that is not the caller's affair. */
static int with_traps(void *context)
{
    const int traps = FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT;
    (void)context;
    feclearexcept(FE_ALL_EXCEPT);
    if (feenableexcept(traps) < 0)
        return 0; /* the processor has none */
    return test_environment("with traps") && CHECK(fegetexcept() == traps, "the traps are others after a call") ? 0 : 1;
}

int main(void)
{
    int i;
    prepare_calls();
    for (i = 0; i < COUNT; i++) {
        start[i] = (float)i / 7;
        gradient[i] = (float)(i - 50) / 3;
    }
    descend(descended);
    record_results(&linked);
    test_rounding();
    test_without_subnormals();
    CHECK(in_child(with_traps, NULL) == 0, "a call meets the caller's traps");
    return finish("arithmetic");
}
