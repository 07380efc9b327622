#include "call.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

int has_descriptors(const call *c) { return c->function <= CATEGORICAL; }
int is_descent(const call *c) { return c->function >= DESCENT_F32; }
int has_labels(const call *c)
{
    return c->function == SPARSE_F32 || c->function == SPARSE_F64
        || (c->function == CATEGORICAL && !is_floating((xent_type)c->arguments[Y_TRUE].type));
}

int is_binary(const call *c) { return c->function == BINARY || c->function == BINARY_F32 || c->function == BINARY_F64; }

/* y_pred's shape: small lengths around the widths of vectors and groups of rows, now and then one for several threads. */
static void decode_shape(decisions *d, argument *a, int32_t least, int32_t most)
{
    static const int64_t lengths[] = {3, 1, 2, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 80, 81, 130, 300, 0, 1100};
    int64_t count = 1, limit = one_in(d, 32) ? 60000 : 4000;
    int32_t axis;
    a->is_given = a->has_shape = a->has_data = 1;
    a->ndim = least + (int32_t)below(d, (uint32_t)(most - least + 1));
    for (axis = 0; axis < a->ndim; axis++) {
        int64_t length = limit > 4000 && axis == 0 ? 200 * below(d, 300) : lengths[below(d, COUNT(lengths))];
        a->shape[axis] = count * length > limit ? 1 : length;
        count *= a->shape[axis] > 0 ? a->shape[axis] : 1;
    }
}

static void give(argument *a, int32_t type)
{
    a->is_given = a->has_shape = a->has_data = 1;
    a->type = type;
}

/* The shape of `other`, without one axis (none: -1). */
static void set_shape(argument *a, const argument *other, int32_t without)
{
    int32_t axis;
    a->ndim = 0;
    for (axis = 0; axis < other->ndim; axis++)
        if (axis != without)
            a->shape[a->ndim++] = other->shape[axis];
}

static void give_shaped(argument *a, int32_t type, const argument *other, int32_t without)
{
    give(a, type);
    set_shape(a, other, without);
}

/* C order written out, then reversed axes, gaps, other orders of the axes, and in inputs repetition. */
static void decode_layout(decisions *d, argument *a, int is_input)
{
    int64_t step = 1;
    int32_t axis;
    uint32_t kind = below(d, 8);
    if (kind == 0 || a->ndim > MOST_AXES)
        return;
    a->has_strides = 1;
    for (axis = 0; axis < a->ndim; axis++) {
        int32_t here = kind == 4 ? axis : a->ndim - 1 - axis; /* column-major, or row-major */
        a->strides[here] = step;
        step *= a->shape[here] > 0 ? a->shape[here] : 1;
        if (kind == 2 || kind == 5)
            step += below(d, 4);
        if (kind == 3 || kind == 5)
            a->strides[here] = -a->strides[here];
        if (kind == 6)
            a->strides[here] *= 2;
        if (kind == 7 && is_input && one_in(d, 2))
            a->strides[here] = 0;
    }
}

/* Whether an element stands for several. */
static int is_repeated(const argument *a)
{
    int32_t axis;
    for (axis = 0; a->has_strides && axis < a->ndim; axis++)
        if (a->strides[axis] == 0)
            return 1;
    return 0;
}

static int32_t decode_floating(decisions *d, int32_t ordinary) { return one_in(d, 2) ? (int32_t)below(d, 4) : ordinary; }

static void decode_options(decisions *d, call *c)
{
    xent_options *o = &c->options;
    int labels = has_labels(c), binary = is_binary(c);
    xent_options_init(o);
    o->input = (int32_t)below(d, 3);
    o->reduction = (int32_t)below(d, 3);
    o->num_threads = one_in(d, 3) ? (int32_t)below(d, 5) : 1;
    if (one_in(d, 4) && o->reduction == XENT_MEAN) o->divisor = (int32_t)below(d, 3);
    if (one_in(d, 6)) o->measure = XENT_KL_DIVERGENCE;
    if (one_in(d, 6)) o->accumulate_gradient = 1;
    if (one_in(d, 8) && o->reduction == XENT_MEAN) o->normalizer = 7;
    if (one_in(d, 6)) o->label_smoothing = (double)below(d, 11) / 10;
    if (one_in(d, 8)) o->poly_epsilon = 1;
    if (one_in(d, 8)) o->focal_gamma = (double)below(d, 9) / 2;
    if (one_in(d, 8) && binary) o->focal_alpha = 0.25;
    if (one_in(d, 6) && labels) { o->has_ignore_index = 1; o->ignore_index = (int64_t)below(d, 6) - 2; }
    if (one_in(d, 6) && o->input == XENT_PROBABILITIES) o->probability_floor = below(d, 2) ? 0.0 : 1e-3;
    if (o->input == XENT_LOGITS) {
        if (one_in(d, 8)) o->logit_scale = 0.37;
        if (one_in(d, 8)) o->logit_softcap = 30;
        if (one_in(d, 8) && !binary) o->z_loss = 1e-3;
    }
}

static void decode_weights(decisions *d, call *c, int32_t class_axis)
{
    argument *a = c->arguments, *y_pred = &a[Y_PRED];
    int binary = is_binary(c);
    if (one_in(d, 4) && !binary) {
        give(&a[CLASS_WEIGHTS], decode_floating(d, XENT_F32));
        a[CLASS_WEIGHTS].ndim = 1;
        a[CLASS_WEIGHTS].shape[0] = y_pred->shape[class_axis];
    }
    if (one_in(d, 4)) {
        int32_t axis;
        give_shaped(&a[SAMPLE_WEIGHTS], decode_floating(d, XENT_F32), y_pred, class_axis);
        for (axis = 0; binary && axis < y_pred->ndim; axis++)
            if (one_in(d, 3))
                a[SAMPLE_WEIGHTS].shape[axis] = 1;
    }
    if (one_in(d, 4) && binary) {
        give(&a[POS_WEIGHT], decode_floating(d, XENT_F32));
        a[POS_WEIGHT].ndim = one_in(d, 2) && y_pred->ndim > 0;
        a[POS_WEIGHT].shape[0] = y_pred->ndim > 0 ? y_pred->shape[y_pred->ndim - 1] : 1;
    }
    if (one_in(d, 4)) {
        give(&a[UPSTREAM], decode_floating(d, XENT_F32));
        if (c->options.reduction == XENT_NONE && one_in(d, 2))
            give_shaped(&a[UPSTREAM], a[UPSTREAM].type, y_pred, class_axis);
    }
}

static void decode_outputs(decisions *d, call *c, int32_t class_axis)
{
    argument *a = c->arguments, *y_pred = &a[Y_PRED];
    int32_t scalar = y_pred->type == XENT_F64 ? XENT_F64 : XENT_F32;
    if (!one_in(d, 4)) {
        give(&a[LOSS], scalar);
        if (c->options.reduction == XENT_NONE)
            give_shaped(&a[LOSS], scalar, y_pred, class_axis);
    }
    if (!one_in(d, 3))
        give_shaped(&a[GRADIENT], decode_floating(d, y_pred->type), y_pred, -1);
    if (!has_descriptors(c))
        return;
    if (one_in(d, 5) && c->options.focal_gamma == 0 && c->options.poly_epsilon == 0 && c->options.logit_softcap == 0)
        give_shaped(&a[HESSIAN], decode_floating(d, y_pred->type), y_pred, -1);
    if (one_in(d, 5) && !is_binary(c) && c->options.input == XENT_LOGITS)
        give_shaped(&a[LOG_SUM_EXP], scalar, y_pred, class_axis);
    if (one_in(d, 5) && !is_binary(c))
        give_shaped(&a[ARGMAX], XENT_I64, y_pred, class_axis);
}

/* The one thing wrong with an otherwise sound call. */
static void spoil(decisions *d, call *c)
{
    argument *a = &c->arguments[below(d, ARGUMENTS)];
    double *numbers[] = {&c->options.normalizer, &c->options.probability_floor, &c->options.label_smoothing,
                         &c->options.logit_scale, &c->options.logit_softcap, &c->options.z_loss, &c->options.focal_gamma,
                         &c->options.focal_alpha, &c->options.poly_epsilon, &c->learning_rate};
    int32_t *integers[] = {&c->options.input, &c->options.axis, &c->options.reduction, &c->options.divisor,
                           &c->options.measure, &c->options.accumulate_gradient, &c->options.num_threads,
                           &c->options.has_ignore_index};
    switch (below(d, 16)) {
    case 0: a->type = (int32_t)below(d, 14) - 1; break;
    case 1: a->type = (int32_t)extreme_integer(d); break;
    case 2: a->ndim = (int32_t)below(d, MOST_AXES + 2) - 1; break;
    case 3: a->shape[below(d, 5)] = extreme_integer(d); break;
    case 4: a->has_strides = 1; a->strides[below(d, 5)] = extreme_integer(d); break;
    case 5: a->has_data = 0; break;
    case 6: a->has_shape = 0; break;
    case 7: a->is_given = !a->is_given; break;
    case 8: a->overlapped = (int)below(d, ARGUMENTS); a->shift = below(d, 8); break;
    case 9: *numbers[below(d, COUNT(numbers))] = extreme_number(d); break;
    case 10: *integers[below(d, COUNT(integers))] = (int32_t)extreme_integer(d); break;
    case 11: c->options.ignore_index = extreme_integer(d); break;
    case 12: c->options_size = one_in(d, 2) ? (size_t)extreme_integer(d) : below(d, 65536); break;
    case 13: c->outputs_size = one_in(d, 2) ? (size_t)extreme_integer(d) : below(d, 65536); break;
    case 14: if (one_in(d, 2)) c->has_outputs = 0; else c->has_options = 0; break;
    case 15: if (one_in(d, 2)) c->rows = (size_t)extreme_integer(d); else c->classes = (size_t)extreme_integer(d); break;
    }
}

static int32_t pick(decisions *d, const int32_t *types, uint32_t count) { return types[below(d, count)]; }

/* The contiguous functions know no shapes but their counts, which may have been spoiled. */
static void shape_by_counts(call *c)
{
    argument *a = c->arguments;
    int none = c->has_options && c->options.reduction == XENT_NONE;
    int i;
    a[Y_PRED].shape[0] = (int64_t)c->rows;
    if (a[Y_PRED].ndim > 1)
        a[Y_PRED].shape[1] = (int64_t)c->classes;
    for (i = 0; i < ARGUMENTS; i++)
        if (a[i].is_given && (i == Y_TRUE || i == LOSS || i == GRADIENT))
            set_shape(&a[i], &a[Y_PRED], (i == Y_TRUE && has_labels(c)) || i == LOSS ? 1 : -1);
    if (!none)
        a[LOSS].ndim = 0;
    a[Y_PRED].has_strides = a[Y_TRUE].has_strides = a[LOSS].has_strides = a[GRADIENT].has_strides = 0;
    a[Y_PRED].has_shape = a[Y_TRUE].has_shape = a[LOSS].has_shape = a[GRADIENT].has_shape = 1;
}

int decode_call(decisions *d, call *c)
{
    static const int32_t targets[] = {XENT_I64, XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I8,
                                      XENT_I16, XENT_I32, XENT_U8,  XENT_U16, XENT_U32};
    argument *y_true = &c->arguments[Y_TRUE], *y_pred = &c->arguments[Y_PRED];
    int32_t class_axis = -1;
    uint32_t spoiled = 0, i;
    memset(c, 0, sizeof *c);
    for (i = 0; i < ARGUMENTS; i++)
        c->arguments[i].overlapped = -1;
    c->function = one_in(d, 3) ? (enum function)below(d, FUNCTIONS) : (enum function)below(d, 2);
    c->has_options = c->has_outputs = 1;
    c->options_size = sizeof(xent_options);
    c->outputs_size = sizeof(xent_outputs);
    c->learning_rate = 0.1;
    c->seed = below(d, 65536) * 0x9e3779b97f4a7c15ULL + 1;

    if (has_descriptors(c)) {
        decode_shape(d, y_pred, c->function == CATEGORICAL, 4);
        y_pred->type = (int32_t)below(d, 4);
    } else {
        decode_shape(d, y_pred, 2 - is_binary(c) - is_descent(c), 2 - is_binary(c) - is_descent(c));
        y_pred->type = c->function % 2; /* the functions of each type alternate, as the types do */
    }
    if (c->function == CATEGORICAL)
        y_true->type = pick(d, targets, COUNT(targets));
    else if (has_descriptors(c))
        y_true->type = decode_floating(d, y_pred->type);
    else
        y_true->type = has_labels(c) ? XENT_I64 : y_pred->type;
    if (is_descent(c)) { /* theta is the gradient's place, the only one that is written */
        give_shaped(&c->arguments[GRADIENT], y_pred->type, y_pred, -1);
    } else {
        decode_options(d, c);
        if (!is_binary(c)) {
            class_axis = has_descriptors(c) && one_in(d, 2) ? (int32_t)below(d, (uint32_t)y_pred->ndim) : y_pred->ndim - 1;
            c->options.axis = class_axis == y_pred->ndim - 1 ? -1 : class_axis;
        }
        give_shaped(y_true, y_true->type, y_pred, has_labels(c) ? class_axis : -1);
        decode_weights(d, c, class_axis);
        decode_outputs(d, c, class_axis);
    }
    c->rows = (size_t)y_pred->shape[0];
    c->classes = y_pred->ndim > 1 ? (size_t)y_pred->shape[1] : 1;
    c->label_classes = class_axis >= 0 ? y_pred->shape[class_axis] : 1;
    for (i = 0; i < ARGUMENTS; i++) {
        argument *a = &c->arguments[i];
        if (!a->is_given)
            continue;
        if (has_descriptors(c) || (i >= CLASS_WEIGHTS && i <= UPSTREAM))
            decode_layout(d, a, i < INPUTS);
        a->is_at_start = one_in(d, 3);
        if (one_in(d, 4))
            a->strange = below(d, 256);
    }
    if (c->arguments[GRADIENT].is_given && !is_descent(c) && !is_repeated(y_pred) && one_in(d, 8)) { /* in place */
        argument *gradient = &c->arguments[GRADIENT];
        *gradient = *y_pred;
        gradient->overlapped = Y_PRED;
    }
    for (spoiled = 0; spoiled < 3 && one_in(d, 3); spoiled++)
        spoil(d, c);
    if (!has_descriptors(c)) {
        /* Their types are in their names. */
        y_pred->type = c->function % 2;
        y_true->type = has_labels(c) ? XENT_I64 : y_pred->type;
        c->arguments[LOSS].type = c->arguments[GRADIENT].type = y_pred->type;
        y_pred->ndim = 2 - is_binary(c) - is_descent(c);
        shape_by_counts(c);
    }
    return spoiled > 0 || c->label_classes == 0; /* no classes are an error */
}
