/* Runs the records of the vector file through every way of calling, and checks what comes back. */
#include "harness.h"

/* ---- Accuracy ------------------------------------------------------------------------------- */

/* The distance of neighbouring numbers of the type at x, never less than at the smallest normal number. */
static double ulp(xent_type type, double x)
{
    int exponent, digits = type == XENT_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    int lowest = type == XENT_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    if (x == 0)
        exponent = lowest;
    else
        frexp(x, &exponent);
    if (exponent < lowest)
        exponent = lowest;
    return ldexp(1.0, exponent - digits);
}

/* Whether value is within bound ulp of expected, counted at magnitude. NaN and infinities must be exact. */
static int is_close(xent_type type, double value, double expected, double magnitude, double bound)
{
    if (expected != expected)
        return value != value;
    if (type == XENT_F32 && (fabs(expected) > FLT_MAX || fabs(expected) == HUGE_VAL))
        return value == (expected > 0 ? HUGE_VAL : -HUGE_VAL);
    if (fabs(expected) == HUGE_VAL)
        return value == expected;
    return fabs(value - expected) <= bound * ulp(type, magnitude);
}

static void check_array(const record *r, const char *what, const buffer *got, const double *expected,
                        const double *magnitude, double bound)
{
    size_t i;
    for (i = 0; i < got->count; i++) {
        double value = get_value(got, i);
        CHECK(is_close(got->type, value, expected[i], magnitude[i], bound),
              "%s: %s[%lu] is %a (%.9g), expected %a (%.9g), %.2f ulp off, %.0f allowed", r->name, what, (unsigned long)i,
              value, value, expected[i], expected[i], fabs(value - expected[i]) / ulp(got->type, magnitude[i]), bound);
    }
}

static double loss_bound(xent_type type) { return type == XENT_F32 ? 2 : 4; }
static double gradient_bound(xent_type type) { return type == XENT_F32 ? 4 : 5; }
static double reduced_bound(xent_type type) { return type == XENT_F32 ? 1 : 4; }

static void check_results(const record *r, const buffer *loss, const buffer *gradient)
{
    if (loss != NULL && r->options.reduction == XENT_NONE)
        check_array(r, "losses", loss, r->losses, r->losses, loss_bound(r->type));
    else if (loss != NULL)
        check_array(r, "loss", loss, &r->loss, &r->loss, reduced_bound(r->type));
    if (gradient != NULL)
        check_array(r, "gradient", gradient, r->gradient, r->magnitude, gradient_bound(r->type));
}

/* ---- Contiguous functions ------------------------------------------------------------------- */

xent_status call_contiguous(enum function function, xent_type type, const void *t, const void *p, size_t rows,
                            size_t classes, const xent_options *options, void *loss, void *gradient)
{
    const float *t32 = (const float *)t, *p32 = (const float *)p;
    const double *t64 = (const double *)t, *p64 = (const double *)p;
    const int64_t *labels = (const int64_t *)t;
    float *l32 = (float *)loss, *g32 = (float *)gradient;
    double *l64 = (double *)loss, *g64 = (double *)gradient;
    int is_f32 = type == XENT_F32;
    switch (function) {
    case BINARY:
        return is_f32 ? xent_binary_f32(t32, p32, rows, options, l32, g32)
                      : xent_binary_f64(t64, p64, rows, options, l64, g64);
    case CATEGORICAL:
        return is_f32 ? xent_categorical_f32(t32, p32, rows, classes, options, l32, g32)
                      : xent_categorical_f64(t64, p64, rows, classes, options, l64, g64);
    default:
        return is_f32 ? xent_sparse_categorical_f32(labels, p32, rows, classes, options, l32, g32)
                      : xent_sparse_categorical_f64(labels, p64, rows, classes, options, l64, g64);
    }
}

static xent_status call(const record *r, const buffer *y_true, const buffer *y_pred, buffer *loss, buffer *gradient)
{
    return call_contiguous(r->function, r->type, y_true->data, y_pred->data, r->rows, r->classes, &r->options,
                           loss != NULL ? loss->data : NULL, gradient != NULL ? gradient->data : NULL);
}

static int succeeded(const record *r, const char *way, xent_status status)
{
    return CHECK(status == XENT_OK, "%s: %s: %s", r->name, way, xent_status_string(status));
}

/* loss and gradient become those of a call for both, to compare the other ways with. */
static void test_contiguous(const record *r, const buffer *y_true, const buffer *y_pred, buffer *loss, buffer *gradient)
{
    buffer loss_alone = new_buffer(loss->type, loss->count), gradient_alone = new_buffer(gradient->type, gradient->count);
    buffer loss_beside = new_buffer(loss->type, loss->count), in_place = copy_buffer(y_pred);

    if (succeeded(r, "loss and gradient", call(r, y_true, y_pred, loss, gradient)))
        check_results(r, loss, gradient);
    if (succeeded(r, "loss alone", call(r, y_true, y_pred, &loss_alone, NULL)))
        check_results(r, &loss_alone, NULL);
    if (succeeded(r, "gradient alone", call(r, y_true, y_pred, NULL, &gradient_alone)))
        check_results(r, NULL, &gradient_alone);
    succeeded(r, "no output", call(r, y_true, y_pred, NULL, NULL));
    if (succeeded(r, "in place", call(r, y_true, &in_place, &loss_beside, &in_place))) {
        CHECK(same_values(&in_place, gradient), "%s: the gradient in place differs", r->name);
        CHECK(same_values(&loss_beside, loss), "%s: the loss of a call in place differs", r->name);
    }
    free_buffer(&loss_alone);
    free_buffer(&gradient_alone);
    free_buffer(&loss_beside);
    free_buffer(&in_place);
}

/* ---- Descriptor functions ------------------------------------------------------------------- */

/* Views of a record's arrays with `lead` axes of length 1 in front, with or without explicit strides. */
typedef struct views {
    int64_t shape[4], strides[4], row_strides[4];
    xent_array y_true, y_pred, loss, gradient;
} views;

static void make_views(views *v, const record *r, int32_t lead, int with_strides,
                       const buffer *y_true, const buffer *y_pred, const buffer *loss, const buffer *gradient)
{
    int32_t i, rank = lead + (r->function == BINARY ? 1 : 2), row_rank = lead + 1;
    for (i = 0; i < lead; i++) {
        v->shape[i] = 1;
        v->strides[i] = (int64_t)r->count;
        v->row_strides[i] = (int64_t)r->rows;
    }
    v->shape[lead] = (int64_t)r->rows;
    v->strides[lead] = (int64_t)r->classes;
    v->row_strides[lead] = 1;
    v->shape[lead + 1] = (int64_t)r->classes;
    v->strides[lead + 1] = 1;
    v->y_true = view_of(y_true, r->function == SPARSE_CATEGORICAL ? row_rank : rank, v->shape);
    v->y_pred = view_of(y_pred, rank, v->shape);
    v->gradient = view_of(gradient, rank, v->shape);
    v->loss = view_of(loss, r->options.reduction == XENT_NONE ? row_rank : 0, v->shape);
    if (with_strides) {
        v->y_true.strides = r->function == SPARSE_CATEGORICAL ? v->row_strides : v->strides;
        v->y_pred.strides = v->gradient.strides = v->strides;
        v->loss.strides = v->row_strides;
    }
}

static xent_status call_views(const record *r, const views *v, xent_outputs *outputs)
{
    return r->function == BINARY ? xent_binary(&v->y_true, &v->y_pred, &r->options, outputs)
                                 : xent_categorical(&v->y_true, &v->y_pred, &r->options, outputs);
}

static void check_totals(const record *r, const xent_outputs *outputs)
{
    long double sum = 0;
    double expected;
    size_t i;
    for (i = 0; i < r->rows; i++)
        sum += (long double)r->losses[i];
    expected = (double)sum;
    /* Half a unit more than the reduced loss is allowed: `expected` itself is a sum of rounded losses. */
    CHECK(is_close(r->type, outputs->loss_sum, expected, expected, reduced_bound(r->type) + 0.5),
          "%s: loss_sum is %a, expected %a", r->name, outputs->loss_sum, expected);
    CHECK(outputs->weight_sum == (double)r->rows, "%s: weight_sum is %g", r->name, outputs->weight_sum);
    CHECK(outputs->count == (int64_t)r->rows, "%s: count is %ld", r->name, (long)outputs->count);
    CHECK(outputs->correct == -1, "%s: correct is %ld", r->name, (long)outputs->correct);
    CHECK(outputs->error_index == -1, "%s: error_index is %ld", r->name, (long)outputs->error_index);
}

static void test_described(const record *r, const buffer *y_true, const buffer *y_pred, const buffer *loss,
                           const buffer *gradient)
{
    int way;
    for (way = 0; way < 6; way++) {
        int wants_loss = way != 2 && way != 3, wants_gradient = way != 1 && way != 3, is_in_place = way == 5;
        buffer own_loss = new_buffer(loss->type, loss->count), own_gradient = new_buffer(gradient->type, gradient->count);
        buffer input = copy_buffer(y_pred);
        buffer *result = is_in_place ? &input : &own_gradient;
        xent_outputs outputs = XENT_OUTPUTS_INIT;
        views v;
        /* An empty array has C order in more than one way: strides are tried on the others only. */
        make_views(&v, r, way % 3, way >= 3 && r->rows > 0, y_true, &input, &own_loss, result);
        outputs.loss = wants_loss ? &v.loss : NULL;
        outputs.gradient = wants_gradient ? &v.gradient : NULL;
        outputs.error_index = 99;
        outputs.correct = 99;
        if (succeeded(r, "described", call_views(r, &v, &outputs))) {
            check_totals(r, &outputs);
            if (wants_loss && wants_gradient) {
                CHECK(same_values(&own_loss, loss), "%s: the described loss differs", r->name);
                CHECK(same_values(result, gradient), "%s: the described gradient differs", r->name);
            }
            check_results(r, wants_loss ? &own_loss : NULL, wants_gradient ? result : NULL);
        }
        CHECK(wants_loss || is_untouched(&own_loss), "%s: a loss was written that is not wanted", r->name);
        CHECK((wants_gradient && !is_in_place) || is_untouched(&own_gradient), "%s: an unwanted gradient", r->name);
        CHECK(is_in_place || same_values(&input, y_pred), "%s: y_pred was changed", r->name);
        free_buffer(&own_loss);
        free_buffer(&own_gradient);
        free_buffer(&input);
    }
}

void test_record(const record *r)
{
    buffer y_true = r->function == SPARSE_CATEGORICAL ? new_labels(XENT_I64, r->labels, r->rows)
                                                      : new_values(r->type, r->y_true, r->count);
    buffer y_pred = new_values(r->type, r->y_pred, r->count);
    buffer loss = new_buffer(r->type, r->options.reduction == XENT_NONE ? r->rows : 1);
    buffer gradient = new_buffer(r->type, r->count);
    test_contiguous(r, &y_true, &y_pred, &loss, &gradient);
    test_described(r, &y_true, &y_pred, &loss, &gradient);
    free_buffer(&y_true);
    free_buffer(&y_pred);
    free_buffer(&loss);
    free_buffer(&gradient);
}

/* ---- Label types ---------------------------------------------------------------------------- */

void test_label_types(void)
{
    static const xent_type label_types[] = {XENT_I64, XENT_I8, XENT_I16, XENT_I32, XENT_U8, XENT_U16, XENT_U32};
    static const int64_t labels[6] = {0, 126, 63, 64, 1, 99}, shape[3] = {2, 3, 127};
    int way, i;

    for (way = 0; way < 6; way++) { /* both types, every input */
        xent_type type = way % 2 ? XENT_F64 : XENT_F32;
        buffer y_pred = new_buffer(type, 6 * 127), loss[2], gradient[2];
        xent_options options = XENT_OPTIONS_INIT;
        options.input = way / 2;
        options.reduction = XENT_NONE;
        for (i = 0; i < 6 * 127; i++) {
            double p = (1 + i * 37 % 101) / 103.0, x = way / 2 == XENT_PROBABILITIES ? p : log(p);
            set_value(&y_pred, (size_t)i, x);
        }
        for (i = 0; i < 7; i++) {
            int k = i > 0;
            buffer y_true = new_labels(label_types[i], labels, 6);
            xent_array t = view_of(&y_true, 2, shape), p = view_of(&y_pred, 3, shape), l, g;
            xent_outputs outputs = XENT_OUTPUTS_INIT;
            xent_status status;
            loss[k] = new_buffer(type, 6);
            gradient[k] = new_buffer(type, 6 * 127);
            l = view_of(&loss[k], 2, shape);
            g = view_of(&gradient[k], 3, shape);
            outputs.loss = &l;
            outputs.gradient = &g;
            status = xent_categorical(&t, &p, &options, &outputs);
            CHECK(status == XENT_OK, "labels of type %d: %s", (int)label_types[i], xent_status_string(status));
            if (k == 1) {
                CHECK(same_values(&loss[0], &loss[1]), "labels of type %d: another loss", (int)label_types[i]);
                CHECK(same_values(&gradient[0], &gradient[1]), "labels of type %d: another gradient", (int)label_types[i]);
                free_buffer(&loss[1]);
                free_buffer(&gradient[1]);
            }
            free_buffer(&y_true);
        }
        free_buffer(&loss[0]);
        free_buffer(&gradient[0]);
        free_buffer(&y_pred);
    }
}
