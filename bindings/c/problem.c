/* Problems: their arguments in memory, and the call. */
#include "problem.h"

/* ---- Arguments in memory -------------------------------------------------------------------- */

typedef struct placed {
    buffer memory, before;
    int64_t strides[MOST_AXES], start;
    xent_array view;
} placed;

size_t count_of(const argument *a)
{
    size_t count = 1;
    int32_t i;
    for (i = 0; i < a->rank; i++)
        count *= (size_t)a->shape[i];
    return count;
}

/* Where element `flat` of C order lies. */
static size_t offset_of(const argument *a, const placed *at, size_t flat)
{
    int64_t offset = at->start;
    int32_t i;
    for (i = a->rank - 1; i >= 0; i--) {
        offset += (int64_t)(flat % (size_t)a->shape[i]) * at->strides[i];
        flat /= (size_t)a->shape[i];
    }
    return (size_t)offset;
}

/* The last element ends at the end of the memory, whatever the layout. */
static void place_argument(const argument *a, placed *at)
{
    int64_t step = a->layout == GAPS || a->layout == MIXED ? 2 : 1, last = 0;
    size_t i, count = count_of(a);
    int32_t k;
    at->start = 0;
    for (k = 0; k < a->rank; k++) {
        int32_t axis = a->layout == COLUMN_MAJOR ? k : a->layout == MIXED ? (k + 1) % a->rank : a->rank - 1 - k;
        int backward = a->layout == REVERSED || (a->layout == MIXED && axis % 2 == 0);
        at->strides[axis] = a->still >> axis & 1 ? 0 : backward ? -step : step;
        if (at->strides[axis] != 0 && a->shape[axis] > 0) {
            last += step * (a->shape[axis] - 1);
            at->start += backward ? step * (a->shape[axis] - 1) : 0;
            step = step * a->shape[axis] + (a->layout == PADDED && k == 0 ? 3 : 0);
        }
    }
    at->memory = new_buffer(a->type, count == 0 ? 0 : (size_t)last + 1);
    for (i = 0; i < count; i++)
        set_value(&at->memory, offset_of(a, at, i), a->values[i]);
    at->before = copy_buffer(&at->memory);
    at->view = view_of(&at->memory, a->rank, a->shape);
    at->view.data = a->has_null_data ? NULL : (char *)at->memory.data + (size_t)at->start * size_of_type(a->type);
    at->view.strides = a->layout == C_ORDER && a->still == 0 ? NULL : at->strides;
}

/* Reads an output back; then only its gaps may differ from what they were. */
static void take_output(argument *a, placed *at, int line)
{
    size_t i, size = size_of_type(a->type), count = count_of(a);
    for (i = 0; i < count; i++)
        a->values[i] = get_value(&at->memory, offset_of(a, at, i));
    for (i = 0; i < count; i++) {
        size_t byte = offset_of(a, at, i) * size;
        memcpy((char *)at->memory.data + byte, (const char *)at->before.data + byte, size);
    }
    check_at(memcmp(at->memory.data, at->before.data, at->memory.bytes) == 0, __FILE__, line, "gaps of an output were written");
}

/* ---- The call ------------------------------------------------------------------------------- */

static const xent_array *given(const problem *p, const placed *at, enum place place)
{
    return p->arguments[place].is_given ? &at[place].view : NULL;
}

void solve(problem *p)
{
    placed at[ARGUMENTS];
    xent_options options = p->options;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    int i, may_be_written;

    for (i = 0; i < ARGUMENTS; i++)
        place_argument(&p->arguments[i], &at[i]);
    options.class_weights = given(p, at, CLASS_WEIGHTS);
    options.sample_weights = given(p, at, SAMPLE_WEIGHTS);
    options.pos_weight = given(p, at, POS_WEIGHT);
    options.upstream = given(p, at, UPSTREAM);
    outputs.loss = given(p, at, LOSS);
    outputs.gradient = p->is_in_place ? &at[Y_PRED].view : given(p, at, GRADIENT);
    outputs.hessian = given(p, at, HESSIAN);
    outputs.log_sum_exp = given(p, at, LOG_SUM_EXP);
    outputs.argmax = given(p, at, ARGMAX);
    outputs.loss_sum = outputs.weight_sum = -12.5;
    outputs.count = outputs.correct = outputs.error_index = -77;
    p->status = p->function == BINARY ? xent_binary(&at[Y_TRUE].view, &at[Y_PRED].view, &options, &outputs)
                                      : xent_categorical(&at[Y_TRUE].view, &at[Y_PRED].view, &options, &outputs);
    p->totals = outputs;
    if (p->status != XENT_OK)
        CHECK(outputs.loss_sum == -12.5 && outputs.weight_sum == -12.5 && outputs.count == -77 && outputs.correct == -77,
              "totals were written on an error");
    may_be_written = p->status == XENT_OK || p->status == XENT_ERROR_PROBABILITY || p->status == XENT_ERROR_TARGET;
    for (i = 0; i < ARGUMENTS; i++) {
        int is_output = p->is_in_place ? i == Y_PRED || (i >= LOSS && i != GRADIENT) : i >= LOSS;
        if (!is_output || !may_be_written || !p->arguments[i].is_given)
            CHECK(memcmp(at[i].memory.data, at[i].before.data, at[i].memory.bytes) == 0, "argument %d was written (%s)", i,
                  xent_status_string(p->status));
        else if (i != Y_PRED)
            take_output(&p->arguments[i], &at[i], __LINE__);
        else {
            argument gradient = p->arguments[Y_PRED];
            take_output(&gradient, &at[Y_PRED], __LINE__);
            memcpy(p->arguments[GRADIENT].values, gradient.values, sizeof gradient.values);
        }
        free_buffer(&at[i].memory);
        free_buffer(&at[i].before);
    }
}

int same_number(double a, double b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

int close_number(double a, double b, xent_type type)
{
    double unit = type == XENT_F64 ? DBL_EPSILON : type == XENT_BF16 ? 1.0 / 128 : type == XENT_F16 ? 1.0 / 1024 : FLT_EPSILON;
    return same_number(a, b) || fabs(a - b) <= unit * (4 + 8 * fabs(b));
}

static int equal_answers(const problem *a, const problem *b, int is_exact)
{
    int place, same = a->status == b->status;
    size_t i;
    for (place = LOSS; place < ARGUMENTS; place++) {
        const argument *x = &a->arguments[place], *y = &b->arguments[place];
        for (i = 0; x->is_given && i < count_of(x); i++)
            same = same && (is_exact || x->type == XENT_I64 ? same_number(x->values[i], y->values[i])
                                                             : close_number(x->values[i], y->values[i], x->type));
    }
    return same && a->totals.count == b->totals.count && same_number(a->totals.weight_sum, b->totals.weight_sum)
        && a->totals.correct == b->totals.correct && a->totals.error_index == b->totals.error_index
        && (is_exact ? same_number(a->totals.loss_sum, b->totals.loss_sum)
                     : close_number(a->totals.loss_sum, b->totals.loss_sum, a->arguments[LOSS].type));
}

int same_answers(const problem *a, const problem *b) { return equal_answers(a, b, 1); }
int close_answers(const problem *a, const problem *b) { return equal_answers(a, b, 0); }

/* ---- A sound problem ------------------------------------------------------------------------ */

size_t rows_of(const problem *p) { return count_of(&p->arguments[ARGMAX]); }

size_t classes_of(const problem *p) { return p->function == BINARY ? 1 : (size_t)p->arguments[CLASS_WEIGHTS].shape[0]; }

size_t class_place(const problem *p, size_t row, size_t class_index)
{
    const argument *a = &p->arguments[Y_PRED];
    int32_t i, axis = p->options.axis < 0 ? p->options.axis + a->rank : p->options.axis;
    size_t inner = 1;
    if (p->function == BINARY)
        return row;
    for (i = axis + 1; i < a->rank; i++)
        inner *= (size_t)a->shape[i];
    return (row / inner * classes_of(p) + class_index) * inner + row % inner;
}

/* Looks random, is the same everywhere: a multiple of 1/64 in (0, 1). */
static double value_at(size_t i) { return (double)(1 + ((uint32_t)i * 2654435761u >> 11) % 63) / 64; }

static void set_shape(argument *a, int32_t rank, const int64_t *shape)
{
    a->rank = rank;
    memcpy(a->shape, shape, (size_t)rank * sizeof *shape);
}

static void read_spec(problem *p, const char *spec)
{
    static const char *const names[ARGUMENTS] = {"", "", "class_weights", "sample_weights", "pos_weight", "upstream", "loss",
                                                 "gradient", "hessian", "log_sum_exp", "argmax"};
    const argument *y_pred = &p->arguments[Y_PRED], *rows = &p->arguments[ARGMAX];
    char word[60];
    int length, i, known;
    while (sscanf(spec, "%59s%n", word, &length) == 1) {
        char *equals = strchr(word, '=');
        spec += length;
        known = 0;
        if (equals != NULL) {
            *equals = '\0';
            known = set_option(&p->options, word, strtod(equals + 1, NULL));
        } else if (strcmp(word, "upstreams") == 0) {
            known = p->arguments[UPSTREAM].is_given = 1;
            set_shape(&p->arguments[UPSTREAM], rows->rank, rows->shape);
        } else if (strcmp(word, "pos_weights") == 0) {
            known = p->arguments[POS_WEIGHT].is_given = 1;
            set_shape(&p->arguments[POS_WEIGHT], 1, &y_pred->shape[y_pred->rank - 1]);
        } else
            for (i = CLASS_WEIGHTS; i < ARGUMENTS; i++)
                if (strcmp(word, names[i]) == 0)
                    known = p->arguments[i].is_given = 1;
        CHECK(known, "harness: no option %s", word);
    }
}

void start_shaped(problem *p, enum function function, int32_t input, xent_type type, const char *spec, int32_t rank,
                  const int64_t *shape, int32_t axis)
{
    argument *a = p->arguments;
    int64_t rows[MOST_AXES], classes = function == BINARY ? 1 : shape[axis < 0 ? axis + rank : axis];
    int32_t k, rows_rank = 0;
    size_t i, j;

    memset(p, 0, sizeof *p);
    p->function = function;
    xent_options_init(&p->options);
    p->options.input = input;
    p->options.axis = axis;
    for (k = 0; k < rank; k++)
        if (function == BINARY || k != (axis < 0 ? axis + rank : axis))
            rows[rows_rank++] = shape[k];
    for (i = 0; i < ARGUMENTS; i++) {
        int is_full = i == Y_PRED || i == GRADIENT || i == HESSIAN || (i == Y_TRUE && function == CATEGORICAL);
        a[i].is_given = i <= Y_PRED || i == LOSS || i == GRADIENT;
        a[i].type = i == ARGMAX || (i == Y_TRUE && function == SPARSE_CATEGORICAL) ? XENT_I64
                  : (i == LOSS || i == LOG_SUM_EXP) && type != XENT_F64 ? XENT_F32 : type;
        set_shape(&a[i], is_full ? rank : rows_rank, is_full ? shape : rows);
        for (j = 0; j < MOST; j++) { /* weights and upstream of both signs; what accumulation adds to */
            double u = value_at(7 * j + 31 * i), other = value_at(5 * j + 3);
            a[i].values[j] = i == GRADIENT || i == UPSTREAM ? 2 * u - 1 : i == SAMPLE_WEIGHTS || i == CLASS_WEIGHTS ? 2 * u - 0.125
                           : i == Y_TRUE && function == SPARSE_CATEGORICAL ? (double)(j * 7 % (size_t)(classes + !classes))
                           : i == Y_TRUE ? (u < 0.25 ? 0 : floor(u * 8) / 8)
                           : i != Y_PRED ? u : input == XENT_LOGITS ? 4 * (u + other) - 4
                           : input == XENT_LOG_PROBABILITIES ? -4 * u - 0.25 : 0.125 + 0.75 * u;
        }
    }
    set_shape(&a[CLASS_WEIGHTS], 1, &classes);
    a[POS_WEIGHT].rank = a[UPSTREAM].rank = 0;
    read_spec(p, spec);
    if (p->options.reduction != XENT_NONE)
        a[LOSS].rank = 0;
}

void start_problem(problem *p, enum function function, int32_t input, xent_type type, const char *spec)
{
    static const int64_t shape[3] = {2, 3, 5};
    start_shaped(p, function, input, type, spec, 3, shape, -1);
}
