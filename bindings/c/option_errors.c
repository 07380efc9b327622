/* What is refused of options that are arrays, of side outputs, of layouts and of data, and with which index. */
#include "problem.h"

/* ---- One argument spoilt in one place --------------------------------------------------------- */

enum edit { NOTHING, TYPE, RANK, LENGTH, VALUE_3, NULL_DATA, STILL };
enum who { ANYONE = -1, CATEGORIES = -2 };                     /* beside the functions themselves */

typedef struct refusal {
    int who;
    int32_t input;
    const char *spec;
    enum place place;
    enum edit edit;
    double value;
    xent_status status;
    int64_t index;
} refusal;

enum { P = XENT_PROBABILITIES, Z = XENT_LOGITS, Q = XENT_LOG_PROBABILITIES };
#define BAD_OPTION XENT_ERROR_OPTION
#define BAD_SHAPE XENT_ERROR_SHAPE
#define BAD_TYPE XENT_ERROR_TYPE

/* An input of weights: types, ranks, lengths, values, no data. */
#define WEIGHTS(who, spec, place) \
    {who, Z, spec, place, TYPE, XENT_I64, BAD_TYPE, -1}, {who, Z, spec, place, TYPE, XENT_U8, BAD_TYPE, -1}, \
    {who, Z, spec, place, LENGTH, 4, BAD_SHAPE, -1}, {who, Z, spec, place, LENGTH, 6, BAD_SHAPE, -1}, \
    {who, Z, spec, place, RANK, 4, BAD_SHAPE, -1}, \
    {who, Z, spec, place, NULL_DATA, 0, XENT_ERROR_NULL, -1}, {who, Z, spec, place, STILL, 0, XENT_OK, -1}
#define FINITE(who, spec, place) \
    {who, Z, spec, place, VALUE_3, NAN, BAD_OPTION, 3}, {who, Q, spec, place, VALUE_3, HUGE_VAL, BAD_OPTION, 3}, \
    {who, P, spec, place, VALUE_3, -HUGE_VAL, BAD_OPTION, 3}, {who, Z, spec, place, VALUE_3, -3, XENT_OK, -1}, \
    {who, Z, spec, place, VALUE_3, 0, XENT_OK, -1}
/* An output: types, ranks, lengths, no data, its own elements in one place. */
#define OUTPUT(who, spec, place) \
    {who, Z, spec, place, TYPE, XENT_U16, BAD_TYPE, -1}, {who, Z, spec, place, LENGTH, 4, BAD_SHAPE, -1}, \
    {who, Z, spec, place, RANK, 1, BAD_SHAPE, -1}, {who, Z, spec, place, NULL_DATA, 0, XENT_ERROR_NULL, -1}, \
    {who, Z, spec, place, STILL, 0, XENT_ERROR_OVERLAP, -1}
#define WITHOUT_MEANING(who, input, spec) {who, input, spec, Y_PRED, NOTHING, 0, BAD_OPTION, -1}
#define ACCEPTED(who, input, spec) {who, input, spec, Y_PRED, NOTHING, 0, XENT_OK, -1}

static const refusal refusals[] = {
    WEIGHTS(CATEGORIES, "class_weights", CLASS_WEIGHTS), FINITE(CATEGORIES, "class_weights", CLASS_WEIGHTS),
    {CATEGORIES, Z, "class_weights", CLASS_WEIGHTS, RANK, 0, BAD_SHAPE, -1},
    WEIGHTS(ANYONE, "sample_weights", SAMPLE_WEIGHTS), FINITE(ANYONE, "sample_weights", SAMPLE_WEIGHTS),
    {CATEGORIES, Z, "sample_weights", SAMPLE_WEIGHTS, RANK, 0, BAD_SHAPE, -1},
    {CATEGORIES, Z, "sample_weights", SAMPLE_WEIGHTS, RANK, 1, BAD_SHAPE, -1},
    {CATEGORIES, Z, "sample_weights", SAMPLE_WEIGHTS, LENGTH, 1, BAD_SHAPE, -1},
    {ANYONE, Z, "reduction=2 upstreams", UPSTREAM, RANK, 1, BAD_SHAPE, -1},
    WEIGHTS(BINARY, "pos_weights", POS_WEIGHT), {BINARY, Z, "pos_weights", POS_WEIGHT, RANK, 0, XENT_OK, -1}, FINITE(BINARY, "pos_weights", POS_WEIGHT),
    WEIGHTS(ANYONE, "reduction=2 upstreams", UPSTREAM),
    {ANYONE, Z, "reduction=2 upstreams", UPSTREAM, VALUE_3, NAN, XENT_OK, -1},
    {ANYONE, Z, "reduction=2 upstreams", UPSTREAM, VALUE_3, HUGE_VAL, XENT_OK, -1},
    {ANYONE, Z, "upstreams", UPSTREAM, NOTHING, 0, BAD_SHAPE, -1},
    {ANYONE, Z, "reduction=1 upstreams", UPSTREAM, NOTHING, 0, BAD_SHAPE, -1},

    OUTPUT(ANYONE, "reduction=2", LOSS), OUTPUT(ANYONE, "", GRADIENT), OUTPUT(ANYONE, "hessian", HESSIAN),
    OUTPUT(CATEGORIES, "log_sum_exp", LOG_SUM_EXP), OUTPUT(CATEGORIES, "argmax", ARGMAX),
    {ANYONE, Z, "", LOSS, TYPE, XENT_F64, BAD_TYPE, -1}, {ANYONE, Z, "", LOSS, TYPE, XENT_BF16, BAD_TYPE, -1},
    {CATEGORIES, Z, "log_sum_exp", LOG_SUM_EXP, TYPE, XENT_F64, BAD_TYPE, -1},
    {CATEGORIES, Z, "log_sum_exp", LOG_SUM_EXP, TYPE, XENT_F16, BAD_TYPE, -1},
    {CATEGORIES, Z, "argmax", ARGMAX, TYPE, XENT_I32, BAD_TYPE, -1},
    {CATEGORIES, Z, "argmax", ARGMAX, TYPE, XENT_F32, BAD_TYPE, -1},
    {ANYONE, Z, "hessian", HESSIAN, TYPE, XENT_F16, XENT_OK, -1},

    {ANYONE, P, "", Y_PRED, VALUE_3, 7, XENT_ERROR_PROBABILITY, 3},
    {CATEGORICAL, Z, "", Y_TRUE, VALUE_3, -0.5, XENT_ERROR_TARGET, 3},
    {CATEGORICAL, Z, "", Y_TRUE, VALUE_3, NAN, XENT_ERROR_TARGET, 3},
    {CATEGORICAL, Q, "", Y_TRUE, VALUE_3, HUGE_VAL, XENT_ERROR_TARGET, 3},
    {CATEGORICAL, Q, "", Y_TRUE, VALUE_3, 7, XENT_OK, -1},
    {BINARY, Z, "", Y_TRUE, VALUE_3, -0.5, XENT_ERROR_TARGET, 3}, {BINARY, Z, "", Y_TRUE, VALUE_3, 1.5, XENT_ERROR_TARGET, 3},
    {BINARY, Q, "", Y_TRUE, VALUE_3, NAN, XENT_ERROR_TARGET, 3},
    {SPARSE_CATEGORICAL, Q, "", Y_TRUE, VALUE_3, 5, XENT_ERROR_LABEL, 3},
    {SPARSE_CATEGORICAL, Z, "has_ignore_index=1 ignore_index=-1", Y_TRUE, VALUE_3, -1, XENT_OK, -1},
    {SPARSE_CATEGORICAL, Z, "has_ignore_index=1 ignore_index=-1", Y_TRUE, VALUE_3, -2, XENT_ERROR_LABEL, 3},

    WITHOUT_MEANING(BINARY, Z, "class_weights"), WITHOUT_MEANING(BINARY, Z, "z_loss=0.5"), WITHOUT_MEANING(BINARY, Z, "axis=0"),
    WITHOUT_MEANING(BINARY, Z, "axis=2"), WITHOUT_MEANING(BINARY, Z, "log_sum_exp"), WITHOUT_MEANING(BINARY, Z, "argmax"),
    WITHOUT_MEANING(BINARY, Z, "has_ignore_index=1"), WITHOUT_MEANING(CATEGORICAL, Z, "has_ignore_index=1"),
    WITHOUT_MEANING(CATEGORIES, Z, "pos_weight"), WITHOUT_MEANING(CATEGORIES, Z, "focal_alpha=0.5"),
    WITHOUT_MEANING(CATEGORIES, Z, "focal_alpha=0"), WITHOUT_MEANING(CATEGORIES, P, "log_sum_exp"),
    WITHOUT_MEANING(CATEGORIES, Q, "log_sum_exp"), WITHOUT_MEANING(ANYONE, Z, "hessian focal_gamma=1"),
    WITHOUT_MEANING(ANYONE, Z, "hessian poly_epsilon=-1"), WITHOUT_MEANING(ANYONE, Z, "hessian logit_softcap=5"),
    ACCEPTED(ANYONE, Z, "hessian focal_gamma=0 poly_epsilon=0 logit_softcap=0"), ACCEPTED(BINARY, P, "hessian focal_alpha=0.5"),
    ACCEPTED(CATEGORIES, Q, "argmax"), ACCEPTED(CATEGORIES, P, "argmax"), ACCEPTED(ANYONE, P, "normalizer=3 divisor=2"),
    ACCEPTED(ANYONE, P, "focal_gamma=60"), ACCEPTED(ANYONE, P, "ignore_index=3")};

static void test_refusal(const refusal *r, int number, enum function f)
{
    static problem p;
    argument *a = &p.arguments[r->place];
    int outputs;
    for (outputs = 0; outputs < 2; outputs++) {
        int32_t i;
        start_problem(&p, f, r->input, XENT_F32, r->spec);
        if (f == SPARSE_CATEGORICAL && r->place == Y_PRED && r->edit == VALUE_3)
            p.arguments[Y_TRUE].values[0] = 3; /* so that it is read */
        if (r->place < LOSS && outputs == 1)
            p.arguments[LOSS].is_given = p.arguments[GRADIENT].is_given = 0;
        switch (r->edit) {
        case TYPE: a->type = (xent_type)(int)r->value; break;
        case RANK: a->rank = (int32_t)r->value; break;
        case LENGTH: a->shape[a->rank - 1] = (int64_t)r->value; break;
        case VALUE_3: a->values[3] = r->value; break;
        case NULL_DATA: a->has_null_data = 1; break;
        case STILL: a->still = 1; break;
        default: break;
        }
        for (i = 0; i < a->rank; i++) /* new axes have length 1: as many elements, another rank */
            a->shape[i] += a->shape[i] == 0;
        solve(&p);
        CHECK(p.status == r->status && p.totals.error_index == r->index, "refusal %d of function %d, %s, argument %d, edit %d: "
              "%s, index %ld; expected %s, %ld", number, (int)f, r->spec, (int)r->place, (int)r->edit,
              xent_status_string(p.status), (long)p.totals.error_index, xent_status_string(r->status), (long)r->index);
    }
}

/* ---- The first offending element, in C order of the shape -------------------------------------- */

/* Twice each: into a gradient of its own, and in place, where gradients stand in y_pred before the element is found. */
static void test_first(enum function f, int32_t input, enum place place, double bad, xent_status status, int layout, int32_t axis)
{
    static const int64_t shape[3] = {3, 4, 5};
    static const size_t places[3][2] = {{7, 23}, {21, 22}, {1, 58}};
    static problem p;
    size_t i, k;
    for (i = 0; i < 6; i++) {
        start_shaped(&p, f, input, XENT_F32, f == BINARY ? "" : "label_smoothing=0.1", 3, shape, f == BINARY ? -1 : axis);
        p.is_in_place = i % 2;
        for (k = 0; k < ARGUMENTS; k++)
            p.arguments[k].layout = layout;
        for (k = 0; k < 2; k++)
            p.arguments[place].values[places[i / 2][k] % count_of(&p.arguments[place])] = bad;
        k = places[i / 2][0] % count_of(&p.arguments[place]);
        if (places[i / 2][1] % count_of(&p.arguments[place]) < k)
            k = places[i / 2][1] % count_of(&p.arguments[place]);
        solve(&p);
        CHECK(p.status == status && p.totals.error_index == (int64_t)k, "function %d, argument %d, axis %d, layout %d, in place %d: "
              "%s, index %ld, expected %lu", (int)f, (int)place, (int)axis, layout, p.is_in_place, xent_status_string(p.status),
              (long)p.totals.error_index, (unsigned long)k);
    }
}

/* ---- Overlap -------------------------------------------------------------------------------- */

/* Arrays of 6 elements in one block: which pairs may share memory? */
static void test_overlap(void)
{
    static const int64_t shape[2] = {3, 2}, three[1] = {3}, still[2] = {0, 1}, one[2] = {1, 1}, gaps[2] = {4, 2}, turned[2] = {-2, -1};
    static const int64_t column[2] = {1, 3}, plain[2] = {2, 1};
    static const struct {
        const char *name;
        int target, weights, gradient, hessian, lse;         /* first elements; y_pred is at 20 */
        const int64_t *strides, *pred_strides;
        xent_status status;
    } cases[] = {
        {"apart", 0, 10, 30, 40, 50, NULL, NULL, XENT_OK},
        {"in place", 0, 10, 20, 40, 50, NULL, NULL, XENT_OK},
        {"in place, strided", 0, 10, 20, 40, 50, column, column, XENT_OK},
        {"in place, strides written out and not", 0, 10, 20, 40, 50, plain, NULL, XENT_OK},
        {"the same memory in another order", 0, 10, 20, 40, 50, column, NULL, XENT_ERROR_OVERLAP},
        {"reversed over y_pred", 0, 10, 25, 40, 50, turned, NULL, XENT_ERROR_OVERLAP},
        {"reversed beside y_pred", 0, 10, 31, 40, 50, turned, NULL, XENT_OK},
        {"gaps that enclose another array", 0, 10, 30, 37, 50, gaps, NULL, XENT_ERROR_OVERLAP},
        {"elements of the gradient in one place", 0, 10, 30, 40, 50, still, NULL, XENT_ERROR_OVERLAP},
        {"elements that meet across axes", 0, 10, 30, 40, 50, one, NULL, XENT_ERROR_OVERLAP},
        {"gradient in the weights", 0, 10, 9, 40, 50, NULL, NULL, XENT_ERROR_OVERLAP},
        {"hessian over y_pred", 0, 10, 30, 20, 50, NULL, NULL, XENT_ERROR_OVERLAP},
        {"hessian over the gradient", 0, 10, 30, 35, 50, NULL, NULL, XENT_ERROR_OVERLAP},
        {"log_sum_exp in the hessian", 0, 10, 30, 40, 45, NULL, NULL, XENT_ERROR_OVERLAP},
        {"log_sum_exp in the weights", 0, 10, 30, 40, 12, NULL, NULL, XENT_ERROR_OVERLAP},
        {"log_sum_exp in the gradient in place", 0, 10, 20, 40, 25, NULL, NULL, XENT_ERROR_OVERLAP},
        {"inputs in one place", 20, 22, 30, 40, 50, NULL, NULL, XENT_OK},
    };
    size_t i, k;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer block = new_buffer(XENT_F32, 60), before;
        int offsets[6];
        xent_array views[6];
        xent_options options = XENT_OPTIONS_INIT;
        xent_outputs outputs = XENT_OUTPUTS_INIT;
        xent_status status;
        offsets[0] = cases[i].target;
        offsets[1] = 20;
        offsets[2] = cases[i].weights;
        offsets[3] = cases[i].gradient;
        offsets[4] = cases[i].hessian;
        offsets[5] = cases[i].lse;
        for (k = 0; k < 60; k++)
            set_value(&block, k, 0.5);
        before = copy_buffer(&block);
        for (k = 0; k < 6; k++) {
            views[k] = k == 2 || k == 5 ? view_of(&block, 1, three) : view_of(&block, 2, shape);
            views[k].data = (float *)block.data + offsets[k];
        }
        views[1].strides = cases[i].pred_strides;
        views[3].strides = cases[i].strides;
        options.input = XENT_LOGITS;
        options.sample_weights = &views[2];
        outputs.gradient = &views[3];
        outputs.hessian = &views[4];
        outputs.log_sum_exp = &views[5];
        status = xent_categorical(&views[0], &views[1], &options, &outputs);
        CHECK(status == cases[i].status, "overlap, %s: %s", cases[i].name, xent_status_string(status));
        CHECK(status == XENT_OK || same_values(&block, &before), "overlap, %s: written", cases[i].name);
        free_buffer(&block);
        free_buffer(&before);
    }
}

void test_option_errors(void)
{
    size_t i;
    int f, layout;
    int32_t axis;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        for (f = BINARY; f <= SPARSE_CATEGORICAL; f++)
            if (refusals[i].who == f || refusals[i].who == ANYONE || (refusals[i].who == CATEGORIES && f != BINARY))
                test_refusal(&refusals[i], (int)i, (enum function)f);
    for (layout = 0; layout < LAYOUTS; layout++)
        for (axis = 0; axis < 3; axis++) {
            for (f = BINARY; f <= SPARSE_CATEGORICAL; f++)
                test_first((enum function)f, XENT_PROBABILITIES, Y_PRED, 7, XENT_ERROR_PROBABILITY, layout, axis);
            test_first(BINARY, XENT_LOGITS, Y_TRUE, 2, XENT_ERROR_TARGET, layout, axis);
            test_first(CATEGORICAL, XENT_LOGITS, Y_TRUE, -1, XENT_ERROR_TARGET, layout, axis);
            test_first(SPARSE_CATEGORICAL, XENT_LOGITS, Y_TRUE, -1, XENT_ERROR_LABEL, layout, axis);
        }
    test_overlap();
}
