/* Options by name, and the values of them that every loss function refuses. */
#include "harness.h"

enum option_kind { INT_32, INT_64, REAL };

typedef struct option_field {
    const char *name;
    size_t offset;
    enum option_kind kind;
} option_field;

#define FIELD(kind, name) {#name, offsetof(xent_options, name), kind}

int set_option(xent_options *options, const char *name, double value)
{
    static const option_field fields[] = {
        FIELD(INT_32, input), FIELD(INT_32, axis), FIELD(INT_32, reduction), FIELD(INT_32, divisor), FIELD(INT_32, measure),
        FIELD(INT_32, accumulate_gradient), FIELD(INT_32, num_threads), FIELD(INT_32, has_ignore_index),
        FIELD(INT_64, ignore_index), FIELD(REAL, normalizer), FIELD(REAL, probability_floor), FIELD(REAL, label_smoothing),
        FIELD(REAL, logit_scale), FIELD(REAL, logit_softcap), FIELD(REAL, z_loss), FIELD(REAL, focal_gamma),
        FIELD(REAL, focal_alpha), FIELD(REAL, poly_epsilon)};
    size_t i;
    for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(name, fields[i].name) == 0) {
            char *field = (char *)options + fields[i].offset;
            if (fields[i].kind == INT_32)
                *(int32_t *)(void *)field = (int32_t)value;
            else if (fields[i].kind == INT_64)
                *(int64_t *)(void *)field = (int64_t)value;
            else
                *(double *)(void *)field = value;
            return 1;
        }
    return 0;
}

typedef struct option_case {
    const char *name;
    double value;
    int32_t input, reduction;
} option_case;

const char *spoil_option(xent_options *options, int index)
{
    enum { P = XENT_PROBABILITIES, Z = XENT_LOGITS, Q = XENT_LOG_PROBABILITIES };
    enum { MEAN = XENT_MEAN, SUM = XENT_SUM, NONE = XENT_NONE };
    static const option_case cases[] = {
        {"input", 3, P, MEAN}, {"input", -1, P, MEAN}, {"input", INT32_MAX, P, MEAN},
        {"reduction", 3, P, MEAN}, {"reduction", -1, P, MEAN}, {"reduction", INT32_MIN, P, MEAN},
        {"divisor", 3, P, MEAN}, {"divisor", -1, P, MEAN},
        {"divisor", XENT_DIVISOR_COUNT, P, SUM}, {"divisor", XENT_DIVISOR_BATCH, Z, NONE},
        {"measure", 2, P, MEAN}, {"measure", -1, P, MEAN},
        {"accumulate_gradient", 2, P, MEAN}, {"accumulate_gradient", -1, P, MEAN},
        {"num_threads", -1, P, MEAN}, {"num_threads", INT32_MIN, P, MEAN},
        {"has_ignore_index", 2, P, MEAN}, {"has_ignore_index", -1, P, MEAN},
        {"axis", 4, P, MEAN}, {"axis", -5, P, MEAN}, {"axis", INT32_MAX, P, MEAN}, {"axis", INT32_MIN, P, MEAN},
        {"normalizer", -1, P, MEAN}, {"normalizer", NAN, P, MEAN}, {"normalizer", HUGE_VAL, P, MEAN},
        {"normalizer", -HUGE_VAL, P, MEAN}, {"normalizer", 8, P, SUM}, {"normalizer", 8, Z, NONE},
        {"probability_floor", 0.5, P, MEAN}, {"probability_floor", 1, P, MEAN}, {"probability_floor", -1e-9, P, MEAN},
        {"probability_floor", NAN, P, MEAN}, {"probability_floor", HUGE_VAL, P, MEAN}, {"probability_floor", 1e-7, Z, MEAN},
        {"probability_floor", 0, Z, MEAN}, {"probability_floor", NAN, Z, MEAN}, {"probability_floor", 1e-7, Q, SUM},
        {"label_smoothing", -0.1, P, MEAN}, {"label_smoothing", 1.01, P, MEAN}, {"label_smoothing", NAN, P, MEAN},
        {"logit_scale", 0, Z, MEAN}, {"logit_scale", -1, Z, MEAN}, {"logit_scale", NAN, Z, MEAN},
        {"logit_scale", HUGE_VAL, Z, MEAN}, {"logit_scale", 2, P, MEAN}, {"logit_scale", 2, Q, MEAN},
        {"logit_softcap", -1, Z, MEAN}, {"logit_softcap", NAN, Z, MEAN}, {"logit_softcap", HUGE_VAL, Z, MEAN},
        {"logit_softcap", 30, P, MEAN}, {"logit_softcap", 30, Q, MEAN},
        {"z_loss", -1, Z, MEAN}, {"z_loss", NAN, Z, MEAN}, {"z_loss", HUGE_VAL, Z, MEAN}, {"z_loss", 1e-4, P, MEAN},
        {"z_loss", 1e-4, Q, MEAN},
        {"focal_gamma", -0.5, P, MEAN}, {"focal_gamma", NAN, P, MEAN}, {"focal_gamma", HUGE_VAL, P, MEAN},
        {"focal_alpha", 1.01, P, MEAN}, {"focal_alpha", NAN, P, MEAN}, {"focal_alpha", HUGE_VAL, P, MEAN},
        {"poly_epsilon", NAN, P, MEAN}, {"poly_epsilon", HUGE_VAL, P, MEAN}, {"poly_epsilon", -HUGE_VAL, P, MEAN}};
    const option_case *o;

    if ((size_t)index >= sizeof cases / sizeof cases[0])
        return NULL;
    o = &cases[index];
    options->input = o->input;
    options->reduction = o->reduction;
    set_option(options, o->name, o->value);
    return strcmp(o->name, "has_ignore_index") == 0 ? "ignore_index" : o->name;
}
