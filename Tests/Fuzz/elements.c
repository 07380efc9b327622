#include "elements.h"

#include <math.h>
#include <string.h>

/* ---- Reading --------------------------------------------------------------------------------- */

static int64_t element_count(const argument *a)
{
    int64_t count = 1;
    int32_t axis;
    for (axis = 0; axis < a->ndim; axis++)
        count *= a->shape[axis];
    return count;
}

static const unsigned char *element(const argument *a, const place *p, int64_t index)
{
    int64_t offset = 0, step = 1;
    int32_t axis;
    for (axis = a->ndim - 1; axis >= 0; axis--) {
        offset += index % a->shape[axis] * (a->has_strides ? a->strides[axis] : step);
        index /= a->shape[axis];
        step *= a->shape[axis];
    }
    return (const unsigned char *)p->data + offset * (int64_t)size_of((xent_type)a->type);
}

int64_t integer_element(const argument *a, const place *p, int64_t index)
{
    const unsigned char *bytes = element(a, p, index);
    size_t size = size_of((xent_type)a->type);
    int is_unsigned = a->type == XENT_U8 || a->type == XENT_U16 || a->type == XENT_U32;
    int64_t value = !is_unsigned && bytes[size - 1] >= 0x80 ? -1 : 0; /* little endian */
    memcpy(&value, bytes, size);
    return value;
}

static double half_value(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
    double value = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
        : exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -value : value;
}

static double floating_element(const argument *a, const place *p, int64_t index)
{
    const unsigned char *bytes = element(a, p, index);
    double value;
    float single;
    uint16_t half;
    uint32_t widened;
    switch (a->type) {
    case XENT_F64: memcpy(&value, bytes, sizeof value); return value;
    case XENT_F32: memcpy(&single, bytes, sizeof single); return single;
    }
    memcpy(&half, bytes, sizeof half);
    if (a->type == XENT_F16)
        return half_value(half);
    widened = (uint32_t)half << 16;
    memcpy(&single, &widened, sizeof single);
    return single;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static xent_options options_of(const call *c)
{
    xent_options defaults = XENT_OPTIONS_INIT;
    return c->has_options ? c->options : defaults;
}

/* A row's elements lie `step` apart, in C order of y_pred. In a binary call each is a row of one class. */
typedef struct rows {
    int64_t classes, step;
} rows;

static rows rows_of(const call *c)
{
    const argument *y_pred = &c->arguments[Y_PRED];
    rows result = {1, 1};
    int32_t axis = options_of(c).axis;
    if (is_binary(c))
        return result;
    axis += axis < 0 ? y_pred->ndim : 0;
    result.classes = y_pred->shape[axis];
    while (++axis < y_pred->ndim)
        result.step *= y_pred->shape[axis];
    return result;
}

int64_t row_count(const call *c) { return element_count(&c->arguments[Y_PRED]) / rows_of(c).classes; }

static int64_t label_of(const call *c, const place places[ARGUMENTS], int64_t row)
{
    return integer_element(&c->arguments[Y_TRUE], &places[Y_TRUE], row);
}

static int is_ignored(const xent_options *o, int64_t label) { return o->has_ignore_index && label == o->ignore_index; }

int64_t ignored_row_count(const call *c, const place places[ARGUMENTS])
{
    xent_options o = options_of(c);
    int64_t row, count = 0, end = has_labels(c) ? row_count(c) : 0;
    for (row = 0; row < end; row++)
        count += is_ignored(&o, label_of(c, places, row));
    return count;
}

int64_t correct_row_count(const call *c, const place places[ARGUMENTS])
{
    xent_options o = options_of(c);
    int64_t row, count = 0, end = row_count(c);
    if (!has_labels(c) || !c->arguments[ARGMAX].is_given)
        return -1;
    for (row = 0; row < end; row++) {
        int64_t label = label_of(c, places, row);
        count += !is_ignored(&o, label) && label == integer_element(&c->arguments[ARGMAX], &places[ARGMAX], row);
    }
    return count;
}

int64_t largest_class(const call *c, const place places[ARGUMENTS], int64_t row)
{
    rows r = rows_of(c);
    int64_t class_index, largest = 0, first = row / r.step * r.step * r.classes + row % r.step;
    double most = -INFINITY;
    for (class_index = 0; class_index < r.classes; class_index++) {
        double value = floating_element(&c->arguments[Y_PRED], &places[Y_PRED], first + class_index * r.step);
        if (isnan(value))
            return class_index;
        if (value > most) {
            most = value;
            largest = class_index;
        }
    }
    return largest;
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static int is_probability_refused(const call *c, int32_t input, double value)
{
    int32_t type = c->arguments[Y_PRED].type;
    double tolerance = type == XENT_F16 || type == XENT_BF16 ? 1e-2 : 1e-3;
    if (input == XENT_PROBABILITIES)
        return value < -tolerance || value > 1 + tolerance;
    return input == XENT_LOG_PROBABILITIES && is_binary(c) && value > tolerance;
}

static xent_status status_of_labels(const call *c, const place places[ARGUMENTS], int64_t *error_index)
{
    xent_options o = options_of(c);
    int64_t classes = rows_of(c).classes, end = row_count(c);
    for (*error_index = 0; *error_index < end; ++*error_index) {
        int64_t label = label_of(c, places, *error_index);
        if ((label < 0 || label >= classes) && !is_ignored(&o, label))
            return XENT_ERROR_LABEL;
    }
    return XENT_OK;
}

/* Whether an element of y_pred is read at all when the targets are labels. */
static int is_label_entry(const call *c, const place places[ARGUMENTS], const xent_options *o, int64_t index)
{
    rows r = rows_of(c);
    int64_t label = label_of(c, places, index / (r.step * r.classes) * r.step + index % r.step);
    return !is_ignored(o, label) && (o->label_smoothing != 0 || label == index / r.step % r.classes);
}

xent_status status_of_elements(const call *c, const place places[ARGUMENTS], int64_t *error_index)
{
    const argument *y_true = &c->arguments[Y_TRUE], *y_pred = &c->arguments[Y_PRED];
    xent_options o = options_of(c);
    int64_t end = element_count(y_pred);
    if (has_labels(c) && status_of_labels(c, places, error_index) != XENT_OK)
        return XENT_ERROR_LABEL;
    for (*error_index = 0; *error_index < end; ++*error_index) {
        if (has_labels(c)) {
            if (!is_label_entry(c, places, &o, *error_index))
                continue;
        } else {
            double target = floating_element(y_true, &places[Y_TRUE], *error_index);
            if (!(target >= 0 && (is_binary(c) ? target <= 1 : target < INFINITY)))
                return XENT_ERROR_TARGET;
        }
        if (is_probability_refused(c, o.input, floating_element(y_pred, &places[Y_PRED], *error_index)))
            return XENT_ERROR_PROBABILITY;
    }
    *error_index = -1;
    return XENT_OK;
}
