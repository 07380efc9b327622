/* The edge values of the contract, a named check each: one loss a row, and the gradient, written out. */
#include "problem.h"

#define INF HUGE_VAL
#define ANY (-12345.0)                                       /* not compared */

typedef struct edge {
    const char *name;
    enum function function;
    int32_t input;
    const char *spec;                                        /* beside reduction=2 */
    int64_t rows, classes;
    double y_true[4], y_pred[4], loss[2], gradient[4], hessian[4];
} edge;

enum { P = XENT_PROBABILITIES, Z = XENT_LOGITS, Q = XENT_LOG_PROBABILITIES };
#define LN2 0.69314718055994530942
#define SAME {ANY, ANY, ANY, ANY}

static const edge edges[] = {
    {"p = 1 on a positive target costs exactly 0", BINARY, P, "", 2, 1, {1, 0}, {1, 0}, {0, 0}, {-1, 1}, {1, 1}},
    {"the two tails are clipped apart", BINARY, P, "probability_floor=0.0625", 2, 1, {1, 0}, {0, 1}, {4 * LN2, 4 * LN2},
     {-16, 16}, {256, 256}},
    {"a floor of 0 lets a loss be infinite", BINARY, P, "probability_floor=0", 2, 1, {1, 0}, {0, 1}, {INF, INF}, {-INF, INF}, SAME},
    {"a floor of 0, categorical", SPARSE_CATEGORICAL, P, "probability_floor=0", 1, 2, {0}, {0, 1}, {INF}, {-INF, 0}, SAME},
    {"probabilities are clamped to [0, 1]", BINARY, P, "", 2, 1, {1, 0}, {1.0009765625, -0.0009765625}, {0, 0}, {-1, 1}, {1, 1}},
    {"categorical probabilities are not renormalised", CATEGORICAL, P, "", 1, 2, {1, 0}, {0.5, 0.25}, {LN2}, {-2, 0}, {4, 0}},
    {"only the label's probability is read", SPARSE_CATEGORICAL, P, "", 1, 3, {1}, {7, 0.5, NAN}, {LN2}, {0, -2, 0}, {0, 4, 0}},
    {"only the label's log-probability is read", SPARSE_CATEGORICAL, Q, "", 1, 3, {1}, {NAN, -2, INF}, {2}, {0, -1, 0}, {0, 0, 0}},
    {"categorical log-probabilities are not range-checked", CATEGORICAL, Q, "", 1, 2, {1, 0}, {3, -1}, {-3}, {-1, 0}, {0, 0}},
    {"a target of 0 times infinity is 0", CATEGORICAL, Q, "", 1, 3, {0, 1, 0}, {-INF, -2, NAN}, {2}, {0, -1, 0}, {0, 0, 0}},
    {"a target of 0 times a NaN probability is 0", CATEGORICAL, P, "", 1, 2, {0, 1}, {NAN, 0.5}, {LN2}, {0, -2}, {0, 4}},
    {"a class weight of 0 times infinity is 0", CATEGORICAL, Q, "class_weights", 1, 2, {1, 1}, {-INF, -2}, {2}, {0, -1}, {0, 0}},
    {"a class weight of 0 on an infinite logit term", CATEGORICAL, Z, "class_weights", 1, 3, {1, 1, 0}, {-INF, 0, 0}, {LN2},
     {0, -0.5, 0.5}, {0, 0.25, 0.25}},
    {"a sample weight of 0 adds nothing, NaN or not", BINARY, Z, "sample_weights", 2, 1, {1, 1}, {NAN, 0}, {0, LN2}, {0, -0.5}, {0, 0.25}},
    {"a sample weight of 0, categorical", SPARSE_CATEGORICAL, Z, "sample_weights", 2, 2, {1, 1}, {NAN, 0, 0, 0}, {0, LN2},
     {0, 0, 0.5, -0.5}, {0, 0, 0.25, 0.25}},
    {"an ignored row is not checked", SPARSE_CATEGORICAL, P, "has_ignore_index=1", 2, 2, {0, 1}, {7, -7, 7, 0.5}, {0, LN2},
     {0, 0, 0, -2}, {0, 0, 0, 4}},
    {"an ignored row of NaN and infinity", SPARSE_CATEGORICAL, Z, "has_ignore_index=1", 2, 2, {0, 1}, {NAN, INF, 0, 0}, {0, LN2},
     {0, 0, 0.5, -0.5}, {0, 0, 0.25, 0.25}},
    {"an ignored row takes no upstream NaN", SPARSE_CATEGORICAL, Z, "has_ignore_index=1 upstream", 2, 2, {0, 0}, {1, 2, 3, 4},
     {0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}},
    {"upstream NaN passes into the gradient", SPARSE_CATEGORICAL, Z, "upstream", 1, 2, {0}, {0, 0}, {LN2}, {NAN, NAN}, {NAN, NAN}},
    {"a logit of -inf is a class of probability 0", CATEGORICAL, Z, "", 1, 3, {1, 0, 0}, {0, 0, -INF}, {LN2}, {-0.5, 0.5, 0},
     {0.25, 0.25, 0}},
    {"a logit of -inf on a positive target", SPARSE_CATEGORICAL, Z, "", 1, 3, {2}, {0, 0, -INF}, {INF}, {0.5, 0.5, -1},
     {0.25, 0.25, 0}},
    {"all logits -inf are NaN, other rows untouched", SPARSE_CATEGORICAL, Z, "", 2, 2, {0, 0}, {-INF, -INF, 0, 0}, {NAN, LN2},
     {NAN, NAN, -0.5, 0.5}, SAME},
    {"-inf as the only logit is NaN", SPARSE_CATEGORICAL, Z, "", 1, 1, {0}, {-INF}, {NAN}, {NAN}, SAME},
    {"a logit of +inf is NaN", SPARSE_CATEGORICAL, Z, "", 2, 2, {0, 0}, {INF, 0, 0, 0}, {NAN, LN2}, {NAN, NAN, -0.5, 0.5}, SAME},
    {"a NaN logit is NaN", CATEGORICAL, Z, "", 2, 2, {1, 0, 1, 0}, {0, NAN, 0, 0}, {NAN, LN2}, {NAN, NAN, -0.5, 0.5}, SAME},
    {"a NaN probability that is read is no error", CATEGORICAL, P, "", 2, 2, {1, 0, 1, 0}, {NAN, 0.5, 0.5, 0.5}, {NAN, LN2},
     {NAN, ANY, -2, 0}, SAME},
    {"a NaN probability, binary", BINARY, P, "", 2, 1, {1, 1}, {NAN, 0.5}, {NAN, LN2}, {NAN, -2}, SAME},
    {"binary logits of infinity are p = 1", BINARY, Z, "", 2, 1, {1, 0}, {INF, INF}, {0, INF}, {0, 1}, {0, 0}},
    {"binary logits of -infinity are p = 0", BINARY, Z, "", 2, 1, {0, 1}, {-INF, -INF}, {0, INF}, {0, -1}, {0, 0}},
    {"a soft cap makes -inf a plain -k", BINARY, Z, "logit_softcap=2", 1, 1, {1}, {-INF}, {2.1269280110429724964}, {0}, SAME},
    {"a soft cap: all logits -inf", SPARSE_CATEGORICAL, Z, "logit_softcap=2", 1, 2, {0}, {-INF, -INF}, {LN2}, {0, 0}, SAME},
    {"one class is legal", SPARSE_CATEGORICAL, Z, "", 2, 1, {0, 0}, {5, -1000}, {0, 0}, {0, 0}, {0, 0}},
    {"one class of a distribution", CATEGORICAL, Z, "", 1, 1, {0.5}, {3}, {0}, {0}, {0}},
    {"a target that sums to 2", CATEGORICAL, Z, "", 1, 2, {1, 1}, {0, 0}, {2 * LN2}, {0, 0}, {0.5, 0.5}},
    {"a target of nothing", CATEGORICAL, Z, "", 1, 2, {0, 0}, {0, 1}, {0}, {0, 0}, {0, 0}},
    {"0 log 0 is 0 in the divergence", CATEGORICAL, Z, "measure=1", 1, 2, {1, 0}, {0, 0}, {LN2}, {-0.5, 0.5}, {0.25, 0.25}},
    {"the divergence of a soft target", BINARY, Z, "measure=1", 1, 1, {0.5}, {0}, {0}, {0}, {0.25}},
    {"focal_gamma leaves p = 1 at 0", SPARSE_CATEGORICAL, P, "focal_gamma=2", 1, 2, {0}, {1, 0}, {0}, SAME, SAME},
    {"z_loss of a label's class weight", SPARSE_CATEGORICAL, Z, "z_loss=0.5 class_weights", 1, 2, {1}, {0, 0},
     {LN2 + 0.5 * LN2 * LN2}, {0.5 + 0.5 * LN2, -0.5 + 0.5 * LN2}, SAME},
};

static int is_near(double value, double expected, xent_type type)
{
    if (expected == ANY || (value != value && expected != expected) || value == expected)
        return 1;
    return fabs(value - expected) <= (type == XENT_F32 ? 1e-6 : 1e-14) * fabs(expected);
}

static void compare(const problem *p, const edge *e, enum place place, const double *expected)
{
    const argument *a = &p->arguments[place];
    size_t i;
    for (i = 0; i < count_of(a); i++)
        CHECK(is_near(a->values[i], expected[i], a->type), "%s, type %d: %s[%lu] is %.17g, expected %.17g", e->name, (int)a->type,
              place == LOSS ? "loss" : place == GRADIENT ? "gradient" : "hessian", (unsigned long)i, a->values[i], expected[i]);
}

/* The first class weight and the first sample weight are 0, the others 1; upstream is NaN. */
static void test_edge(const edge *e, xent_type type)
{
    static problem p;
    int64_t shape[2];
    char spec[120];
    size_t i;
    int has_hessian = e->hessian[0] != ANY;
    shape[0] = e->rows;
    shape[1] = e->classes;
    snprintf(spec, sizeof spec, "reduction=2 %s %s", e->spec, has_hessian ? "hessian" : "");
    start_shaped(&p, e->function, e->input, type, spec, e->function == BINARY ? 1 : 2, shape, -1);
    memcpy(p.arguments[Y_TRUE].values, e->y_true, sizeof e->y_true);
    memcpy(p.arguments[Y_PRED].values, e->y_pred, sizeof e->y_pred);
    for (i = 0; i < 4; i++)
        p.arguments[CLASS_WEIGHTS].values[i] = p.arguments[SAMPLE_WEIGHTS].values[i] = i == 0 ? 0 : 1;
    p.arguments[UPSTREAM].values[0] = NAN;
    solve(&p);
    if (!CHECK(p.status == XENT_OK, "%s: %s", e->name, xent_status_string(p.status)))
        return;
    compare(&p, e, LOSS, e->loss);
    compare(&p, e, GRADIENT, e->gradient);
    if (has_hessian)
        compare(&p, e, HESSIAN, e->hessian);
}

/* ---- Rows that count and rows that do not ----------------------------------------------------- */

static void test_divisor_0(const char *spec, double weight, int64_t count)
{
    static problem p;
    size_t i;
    start_problem(&p, SPARSE_CATEGORICAL, XENT_LOGITS, XENT_F32, spec);
    for (i = 0; i < MOST; i++) {
        p.arguments[Y_TRUE].values[i] = 0;
        p.arguments[SAMPLE_WEIGHTS].values[i] = i % 2 ? weight : -weight;
        p.arguments[Y_PRED].values[i] = p.options.has_ignore_index ? NAN : p.arguments[Y_PRED].values[i];
    }
    solve(&p);
    CHECK(p.status == XENT_OK && p.arguments[LOSS].values[0] == 0 && p.totals.weight_sum == 0 && p.totals.count == count,
          "%s: divisor 0: loss %g, weight_sum %g, count %ld", spec, p.arguments[LOSS].values[0], p.totals.weight_sum,
          (long)p.totals.count);
    for (i = 0; i < count_of(&p.arguments[GRADIENT]); i++)
        CHECK(p.arguments[GRADIENT].values[i] == 0, "%s: divisor 0: gradient %g", spec, p.arguments[GRADIENT].values[i]);
}

void test_edge_values(void)
{
    static problem p;
    size_t i;
    for (i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        test_edge(&edges[i], XENT_F32);
        test_edge(&edges[i], XENT_F64);
    }
    test_divisor_0("has_ignore_index=1", 1, 0);
    test_divisor_0("has_ignore_index=1 divisor=1", 1, 0);
    test_divisor_0("sample_weights", 1, 6);
    test_divisor_0("sample_weights", 0, 6);

    start_problem(&p, BINARY, XENT_PROBABILITIES, XENT_F32, "sample_weights"); /* weight 0 is checked and counts */
    memset(p.arguments[SAMPLE_WEIGHTS].values, 0, sizeof p.arguments[SAMPLE_WEIGHTS].values);
    p.arguments[Y_PRED].values[4] = 7;
    solve(&p);
    CHECK(p.status == XENT_ERROR_PROBABILITY && p.totals.error_index == 4, "a probability of 7 under weight 0: %s",
          xent_status_string(p.status));
    p.arguments[Y_PRED].values[4] = 0.5;
    solve(&p);
    CHECK(p.status == XENT_OK && p.totals.count == 30 && p.totals.weight_sum == 0, "rows of weight 0 count");
}
