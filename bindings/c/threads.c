/* Problems large enough for several threads: the results are the same to the last bit for any number of them, also in a
   forked child, and the first offending element is found whoever finds it. */
#define _DEFAULT_SOURCE 1 /* fork beside strict C99 */
#include "harness.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum shape_kind { BINARY_CALL, LABELS_CALL, DISTRIBUTION_CALL } shape_kind;

typedef struct problem {
    shape_kind kind;
    xent_type type;
    int32_t input;
    int64_t shape[2];
    buffer y_true, y_pred;
} problem;

typedef struct results {
    buffer loss, gradient;
    xent_outputs totals;
} results;

/* A value in (0, 1) that looks random and is the same everywhere. */
static double value_at(size_t index)
{
    return (double)((uint32_t)(index * 2654435761u) >> 8) / 16777216.0 + 1.0 / 33554432.0;
}

static problem new_problem(shape_kind kind, xent_type type, int32_t input, int64_t rows, int64_t classes)
{
    problem p;
    size_t count = (size_t)(rows * classes), i;
    p.kind = kind;
    p.type = type;
    p.input = input;
    p.shape[0] = rows;
    p.shape[1] = classes;
    p.y_pred = new_buffer(type, count);
    for (i = 0; i < count; i++)
        set_value(&p.y_pred, i, input == XENT_LOGITS ? 20 * value_at(i) - 10 : value_at(i));
    p.y_true = new_buffer(kind == LABELS_CALL ? XENT_I64 : type, kind == LABELS_CALL ? (size_t)rows : count);
    for (i = 0; i < p.y_true.count; i++) {
        if (kind == LABELS_CALL)
            ((int64_t *)p.y_true.data)[i] = (int64_t)(i * 7919 % (size_t)classes);
        else
            set_value(&p.y_true, i, value_at(3 * i + 1));
    }
    return p;
}

static xent_status compute(const problem *p, int32_t num_threads, int32_t reduction, results *r)
{
    int binary = p->kind == BINARY_CALL;
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    xent_array y_true = view_of(&p->y_true, p->kind == LABELS_CALL ? 1 : 2, p->shape);
    xent_array y_pred = view_of(&p->y_pred, 2, p->shape);
    xent_array gradient = view_of(&r->gradient, 2, p->shape), loss = view_of(&r->loss, 0, p->shape);
    xent_status status;
    options.input = p->input;
    options.reduction = reduction;
    options.num_threads = num_threads;
    if (reduction == XENT_NONE)
        loss.ndim = binary ? 2 : 1;
    outputs.loss = &loss;
    outputs.gradient = &gradient;
    status = binary ? xent_binary(&y_true, &y_pred, &options, &outputs)
                    : xent_categorical(&y_true, &y_pred, &options, &outputs);
    r->totals = outputs;
    return status;
}

static results new_results(const problem *p, int32_t reduction)
{
    results r;
    size_t count = (size_t)(p->shape[0] * p->shape[1]);
    r.loss = new_buffer(p->type, reduction != XENT_NONE ? 1 : p->kind == BINARY_CALL ? count : (size_t)p->shape[0]);
    r.gradient = new_buffer(p->type, count);
    return r;
}

static void free_results(results *r)
{
    free_buffer(&r->loss);
    free_buffer(&r->gradient);
}

static int same_results(const results *a, const results *b)
{
    return same_values(&a->loss, &b->loss) && same_values(&a->gradient, &b->gradient)
        && memcmp(&a->totals.loss_sum, &b->totals.loss_sum, sizeof a->totals.loss_sum) == 0;
}

static void test_counts(const problem *p)
{
    static const int32_t counts[] = {0, 2, 3, 7, 1000};
    static const int32_t reductions[] = {XENT_MEAN, XENT_NONE};
    size_t i, j;
    for (j = 0; j < 2; j++) {
        results one = new_results(p, reductions[j]);
        CHECK(compute(p, 1, reductions[j], &one) == XENT_OK, "kind %d: one thread fails", (int)p->kind);
        for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            results many = new_results(p, reductions[j]);
            CHECK(compute(p, counts[i], reductions[j], &many) == XENT_OK, "%d threads fail", (int)counts[i]);
            CHECK(same_results(&one, &many), "kind %d, %d x %d: %d threads give other bits", (int)p->kind,
                  (int)p->shape[0], (int)p->shape[1], (int)counts[i]);
            free_results(&many);
        }
        free_results(&one);
    }
}

static void test_fork(const problem *p)
{
    results before = new_results(p, XENT_MEAN), after = new_results(p, XENT_MEAN);
    int status = -1;
    pid_t child;
    CHECK(compute(p, 2, XENT_MEAN, &before) == XENT_OK, "two threads fail");
    child = fork();
    if (child == 0)
        _exit(compute(p, 2, XENT_MEAN, &after) == XENT_OK && same_results(&before, &after) ? 0 : 1);
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a forked child computes something else");
    free_results(&before);
    free_results(&after);
}

/* Two bad elements in different chunks: the first is reported. */
static void test_first_error(void)
{
    problem p = new_problem(BINARY_CALL, XENT_F32, XENT_PROBABILITIES, 1000, 400);
    int32_t threads;
    set_value(&p.y_pred, 399000, 7);
    set_value(&p.y_pred, 150001, -5);
    for (threads = 1; threads <= 4; threads++) {
        results r = new_results(&p, XENT_MEAN);
        CHECK(compute(&p, threads, XENT_MEAN, &r) == XENT_ERROR_PROBABILITY, "%d threads: status", (int)threads);
        CHECK(r.totals.error_index == 150001, "%d threads: error_index", (int)threads);
        free_results(&r);
    }
    free_buffer(&p.y_true);
    free_buffer(&p.y_pred);
}

void test_threads(void)
{
    static const struct {
        shape_kind kind;
        xent_type type;
        int32_t input;
        int64_t rows, classes;
    } cases[] = {
        {BINARY_CALL, XENT_F32, XENT_PROBABILITIES, 1001, 301}, {BINARY_CALL, XENT_F64, XENT_LOGITS, 777, 401},
        {LABELS_CALL, XENT_F32, XENT_LOGITS, 301, 1003},        {LABELS_CALL, XENT_F32, XENT_LOGITS, 30011, 10},
        {LABELS_CALL, XENT_F64, XENT_LOGITS, 5, 70001},         {LABELS_CALL, XENT_F32, XENT_PROBABILITIES, 3001, 100},
        {DISTRIBUTION_CALL, XENT_F32, XENT_LOGITS, 301, 1003},  {DISTRIBUTION_CALL, XENT_F64, XENT_PROBABILITIES, 2999, 100},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        problem p = new_problem(cases[i].kind, cases[i].type, cases[i].input, cases[i].rows, cases[i].classes);
        test_counts(&p);
        test_fork(&p);
        free_buffer(&p.y_true);
        free_buffer(&p.y_pred);
    }
    test_first_error();
}
