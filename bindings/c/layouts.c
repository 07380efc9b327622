/* Strides, ranks and class axes: the results are those of contiguous copies. */
#include "problem.h"

typedef struct shaped { int32_t rank; int64_t shape[MOST_AXES]; int32_t axis; } shaped;

static const shaped binary_shapes[] = {
    {0, {0}, -1}, {1, {17}, -1}, {2, {3, 5}, -1}, {2, {40, 10}, -1}, {3, {2, 3, 5}, -1}, {5, {2, 1, 3, 2, 4}, -1}};
static const shaped class_shapes[] = {
    {1, {7}, -1}, {1, {7}, 0}, {2, {3, 5}, -1}, {2, {3, 5}, 0}, {2, {40, 10}, 0}, {2, {10, 40}, 1}, {2, {6, 17}, 1}, {2, {17, 6}, 0}, {3, {2, 3, 5}, 0},
    {3, {2, 3, 5}, 1}, {3, {2, 3, 5}, -2}, {3, {2, 3, 5}, 2}, {4, {2, 5, 3, 4}, 1}, {4, {2, 5, 3, 4}, -3},
    {5, {2, 1, 3, 2, 4}, 2}, {5, {2, 1, 3, 2, 4}, 0}, {5, {2, 1, 3, 2, 4}, 1}, {5, {2, 1, 3, 2, 4}, -1}};

static const char *spec_of(enum function f, int32_t input, int way)
{
    if (way == 0)
        return f != BINARY && input == XENT_LOGITS ? "reduction=2 hessian argmax log_sum_exp" : "reduction=2 hessian";
    return f == BINARY ? "sample_weights pos_weight upstream accumulate_gradient=1 label_smoothing=0.1"
                       : "sample_weights class_weights upstream accumulate_gradient=1 focal_gamma=2 argmax";
}

static void describe(char *text, size_t size, const problem *p)
{
    const argument *a = &p->arguments[Y_PRED];
    snprintf(text, size, "function %d, input %d, type %d, rank %d {%d, %d, %d, ...}, axis %d", (int)p->function,
             (int)p->options.input, (int)a->type, (int)a->rank, a->rank > 0 ? (int)a->shape[0] : 0,
             a->rank > 1 ? (int)a->shape[1] : 0, a->rank > 2 ? (int)a->shape[2] : 0, (int)p->options.axis);
}

/* The copy of p whose classes run along the last axis. */
static void with_classes_last(const problem *p, problem *q)
{
    static const enum place full[] = {Y_PRED, GRADIENT, HESSIAN, Y_TRUE};
    const argument *rows = &p->arguments[ARGMAX];
    size_t i, row, c, classes = classes_of(p);
    *q = *p;
    q->options.axis = -1;
    for (i = 0; i < (p->function == CATEGORICAL ? 4u : 3u); i++) {
        argument *a = &q->arguments[full[i]];
        memcpy(a->shape, rows->shape, sizeof a->shape);
        a->shape[rows->rank] = (int64_t)classes;
        for (row = 0; row < rows_of(p); row++)
            for (c = 0; c < classes; c++)
                a->values[row * classes + c] = p->arguments[full[i]].values[class_place(p, row, c)];
    }
}

static void test_shape(enum function f, int32_t input, xent_type type, const shaped *s, int way)
{
    static problem start, p, q, last;
    char what[160];
    int layout, place;

    start_shaped(&start, f, input, type, spec_of(f, input, way), s->rank, s->shape, s->axis);
    describe(what, sizeof what, &start);
    q = start;
    solve(&q);
    CHECK(q.status == XENT_OK && q.totals.count == (int64_t)rows_of(&q), "%s: %s", what, xent_status_string(q.status));
    if (f != BINARY) {
        with_classes_last(&start, &p);
        solve(&p);
        with_classes_last(&q, &last);
        CHECK(close_answers(&p, &last), "%s: results differ from those with the classes last", what);
    }
    for (layout = C_STRIDES; layout < LAYOUTS; layout++) {
        for (place = -1; place < ARGUMENTS; place++) { /* all arguments so; each alone */
            int i;
            p = start;
            for (i = 0; i < ARGUMENTS; i++)
                if (place < 0 || i == place)
                    p.arguments[i].layout = layout;
            solve(&p);
            /* Another layout may have another kernel, which rounds otherwise. */
            CHECK((layout == C_STRIDES ? same_answers : close_answers)(&p, &q),
                  "%s: layout %d of argument %d: %s, or other results", what, layout, place,
                  xent_status_string(p.status));
        }
        p = start;
        p.is_in_place = 1;
        p.options.accumulate_gradient = 0;
        p.arguments[Y_PRED].layout = layout;
        last = start;
        last.options.accumulate_gradient = 0;
        solve(&p);
        solve(&last);
        CHECK((layout == C_STRIDES ? same_answers : close_answers)(&p, &last),
              "%s: in place, layout %d: %s, or other results", what, layout, xent_status_string(p.status));
    }
}

/* One element stands for a whole axis of an input. */
static void test_still(enum function f, int32_t input)
{
    static const int64_t shape[3] = {4, 3, 5};
    static problem p, q;
    int place, axis;
    for (place = Y_TRUE; place <= SAMPLE_WEIGHTS; place++)
        for (axis = 0; axis < 3; axis++) {
            argument *a = &p.arguments[place];
            size_t i, k, outer, inner = 1;
            start_shaped(&p, f, input, XENT_F32, f == BINARY ? "sample_weights" : "sample_weights class_weights", 3, shape, -1);
            if (!a->is_given || axis >= a->rank)
                continue;
            for (k = (size_t)axis + 1; k < (size_t)a->rank; k++)
                inner *= (size_t)a->shape[k];
            outer = inner * (size_t)a->shape[axis];
            for (i = 0; i < count_of(a); i++)
                a->values[i] = a->values[i / outer * outer + i % inner];
            q = p;
            a->still = 1u << axis;
            solve(&p);
            solve(&q);
            CHECK(p.status == XENT_OK && close_answers(&p, &q), "function %d, input %d: stride 0 on axis %d of argument %d: %s",
                  (int)f, (int)input, axis, place, xent_status_string(p.status));
        }
}

/* Binary sample weights broadcast, also in the ways of pos_weight. */
static void test_broadcast(enum place place)
{
    static const shaped all[] = {{0, {0}, 0}, {1, {1}, 0}, {1, {5}, 0}, {2, {1, 1}, 0}, {2, {3, 1}, 0}, {2, {1, 5}, 0},
                                 {3, {2, 1, 1}, 0}, {3, {2, 1, 5}, 0}, {3, {1, 3, 1}, 0}, {3, {1, 1, 1}, 0}};
    static problem p;
    size_t i;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        argument *a = &p.arguments[place];
        start_problem(&p, BINARY, XENT_LOGITS, XENT_F64, place == SAMPLE_WEIGHTS ? "sample_weights" : "pos_weight");
        a->rank = all[i].rank;
        memcpy(a->shape, all[i].shape, sizeof a->shape);
        a->layout = GAPS;
        if (place == SAMPLE_WEIGHTS || count_of(a) == 1 || all[i].rank == 1)
            check_against_reference(&p, place == SAMPLE_WEIGHTS ? "broadcast sample weights" : "pos_weight");
    }
}

static void test_empty(enum function f)
{
    static const int64_t shapes[3][3] = {{0, 3, 5}, {3, 0, 5}, {0, 0, 5}};
    static problem p;
    int i, reduction, place;
    for (i = 0; i < 3; i++)
        for (reduction = 0; reduction < 3; reduction++) {
            start_shaped(&p, f, XENT_LOGITS, XENT_F32, f == BINARY ? "hessian" : "hessian argmax log_sum_exp", 3, shapes[i], -1);
            p.options.reduction = reduction;
            p.arguments[LOSS].rank = reduction == XENT_NONE ? p.arguments[ARGMAX].rank : 0;
            for (place = 0; place < ARGUMENTS; place++)
                p.arguments[place].has_null_data = count_of(&p.arguments[place]) == 0;
            solve(&p);
            CHECK(p.status == XENT_OK && p.totals.count == 0 && p.totals.weight_sum == 0
                  && (reduction == XENT_NONE || p.arguments[LOSS].values[0] == 0), "function %d, no rows, reduction %d: %s",
                  (int)f, reduction, xent_status_string(p.status));
        }
}

void test_layouts(void)
{
    int way;
    size_t i;
    for (way = 0; way < 18; way++) {
        enum function f = (enum function)(way % 3);
        const shaped *shapes = f == BINARY ? binary_shapes : class_shapes;
        size_t count = f == BINARY ? sizeof binary_shapes / sizeof binary_shapes[0] : sizeof class_shapes / sizeof class_shapes[0];
        for (i = 0; i < count; i++)
            test_shape(f, way / 3 % 3, i % 3 == 0 ? XENT_F64 : i % 3 == 1 ? XENT_F32 : XENT_F16, &shapes[i], way / 9);
    }
    for (way = 0; way < 9; way++)
        test_still((enum function)(way % 3), way / 3);
    test_broadcast(SAMPLE_WEIGHTS);
    test_broadcast(POS_WEIGHT);
    for (way = 0; way < 3; way++)
        test_empty((enum function)way);
}
