/* Option values that every loss function of this version refuses. */
#include "harness.h"

enum option_kind { INTEGER, REAL, ARRAY };

typedef struct option_case {
    const char *name;
    size_t offset;
    enum option_kind kind;
    double value;
    int32_t input, reduction;
} option_case;

#define OPTION(kind, name, value, input, reduction) {#name, offsetof(xent_options, name), kind, value, input, reduction}
#define ALWAYS(kind, name, value) OPTION(kind, name, value, XENT_PROBABILITIES, XENT_MEAN)

const char *spoil_option(xent_options *options, int index)
{
    static const option_case cases[] = {
        ALWAYS(INTEGER, input, 3), ALWAYS(INTEGER, input, -1), ALWAYS(INTEGER, input, INT32_MAX),
        ALWAYS(INTEGER, reduction, 3), ALWAYS(INTEGER, reduction, -1), ALWAYS(INTEGER, reduction, INT32_MIN),
        ALWAYS(INTEGER, divisor, 3), ALWAYS(INTEGER, divisor, -1),
        ALWAYS(INTEGER, measure, XENT_KL_DIVERGENCE), ALWAYS(INTEGER, measure, 2), ALWAYS(INTEGER, measure, -1),
        ALWAYS(INTEGER, accumulate_gradient, 1), ALWAYS(INTEGER, accumulate_gradient, 2),
        ALWAYS(INTEGER, accumulate_gradient, -1),
        ALWAYS(INTEGER, num_threads, -1), ALWAYS(INTEGER, num_threads, INT32_MIN),
        {"ignore_index", offsetof(xent_options, has_ignore_index), INTEGER, 1, XENT_PROBABILITIES, XENT_MEAN},
        ALWAYS(INTEGER, has_ignore_index, 2), ALWAYS(INTEGER, has_ignore_index, -1),
        ALWAYS(INTEGER, axis, 0), ALWAYS(INTEGER, axis, 4), ALWAYS(INTEGER, axis, -2), ALWAYS(INTEGER, axis, -5),
        ALWAYS(INTEGER, axis, INT32_MAX), ALWAYS(INTEGER, axis, INT32_MIN),
        ALWAYS(REAL, normalizer, -1), ALWAYS(REAL, normalizer, NAN), ALWAYS(REAL, normalizer, HUGE_VAL),
        ALWAYS(REAL, normalizer, -HUGE_VAL),
        OPTION(REAL, normalizer, 8, XENT_PROBABILITIES, XENT_SUM), OPTION(REAL, normalizer, 8, XENT_LOGITS, XENT_NONE),
        OPTION(INTEGER, divisor, XENT_DIVISOR_COUNT, XENT_PROBABILITIES, XENT_SUM),
        OPTION(INTEGER, divisor, XENT_DIVISOR_BATCH, XENT_LOGITS, XENT_NONE),
        ALWAYS(REAL, probability_floor, 0.5), ALWAYS(REAL, probability_floor, 1), ALWAYS(REAL, probability_floor, -1e-9),
        ALWAYS(REAL, probability_floor, NAN), ALWAYS(REAL, probability_floor, HUGE_VAL),
        OPTION(REAL, probability_floor, 1e-7, XENT_LOGITS, XENT_MEAN),
        OPTION(REAL, probability_floor, 0, XENT_LOGITS, XENT_MEAN),
        OPTION(REAL, probability_floor, NAN, XENT_LOGITS, XENT_MEAN),
        OPTION(REAL, probability_floor, 1e-7, XENT_LOG_PROBABILITIES, XENT_SUM),
        ALWAYS(REAL, label_smoothing, 0.1), ALWAYS(REAL, label_smoothing, NAN),
        OPTION(REAL, logit_scale, 2, XENT_LOGITS, XENT_MEAN), OPTION(REAL, logit_scale, 0, XENT_LOGITS, XENT_MEAN),
        OPTION(REAL, logit_scale, NAN, XENT_LOGITS, XENT_MEAN), ALWAYS(REAL, logit_scale, 2),
        OPTION(REAL, logit_softcap, 30, XENT_LOGITS, XENT_MEAN), ALWAYS(REAL, logit_softcap, NAN),
        OPTION(REAL, z_loss, 1e-4, XENT_LOGITS, XENT_MEAN), ALWAYS(REAL, z_loss, NAN),
        ALWAYS(REAL, focal_gamma, 2), ALWAYS(REAL, focal_gamma, NAN),
        ALWAYS(REAL, focal_alpha, 0.25), ALWAYS(REAL, focal_alpha, 0), ALWAYS(REAL, focal_alpha, NAN),
        ALWAYS(REAL, poly_epsilon, 1), ALWAYS(REAL, poly_epsilon, NAN),
        ALWAYS(ARRAY, class_weights, 0), ALWAYS(ARRAY, sample_weights, 0), ALWAYS(ARRAY, pos_weight, 0),
        ALWAYS(ARRAY, upstream, 0)};
    static double one = 1;
    static const xent_array weight = {&one, XENT_F64, 0, NULL, NULL};
    const option_case *o;
    char *field;

    if ((size_t)index >= sizeof cases / sizeof cases[0])
        return NULL;
    o = &cases[index];
    options->input = o->input;
    options->reduction = o->reduction;
    field = (char *)options + o->offset;
    if (o->kind == INTEGER)
        *(int32_t *)(void *)field = (int32_t)o->value;
    else if (o->kind == REAL)
        *(double *)(void *)field = o->value;
    else
        *(const xent_array **)(void *)field = &weight;
    return o->name;
}
