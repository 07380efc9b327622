/* The time of one call from C for four elements, loss and gradient. The functions come as addresses, so that they are
 * those of the very library that is measured. */
#define _POSIX_C_SOURCE 199309L
#include <time.h>
#include <xent.h>

typedef xent_status (*binary_f32)(const float *, const float *, size_t, const xent_options *, float *, float *);
typedef xent_status (*binary_f64)(const double *, const double *, size_t, const xent_options *, double *, double *);

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds a call, the mean of `repetitions`; negative if a call fails. input: XENT_PROBABILITIES, XENT_LOGITS. */
#define TIMED(NAME, TYPE, FUNCTION)                                                             \
    double NAME(FUNCTION function, int input, long repetitions) {                               \
        TYPE y_true[4] = {1, 0, 1, 0}, y_pred[4] = {(TYPE)0.9, (TYPE)0.1, (TYPE)0.8, (TYPE)0.2}; \
        TYPE loss, gradient[4];                                                                 \
        int failed = 0;                                                                         \
        xent_options options = XENT_OPTIONS_INIT;                                               \
        options.input = input;                                                                  \
        double start = now();                                                                   \
        for (long i = 0; i < repetitions; i++)                                                  \
            failed |= function(y_true, y_pred, 4, &options, &loss, gradient) != XENT_OK;        \
        double nanoseconds = (now() - start) / (double)repetitions;                             \
        return failed ? -1 : nanoseconds;                                                       \
    }

TIMED(small_call_f32, float, binary_f32)
TIMED(small_call_f64, double, binary_f64)
