/* Hessian, log_sum_exp, argmax and the totals beside what option_values.c compares with the formulas. */
#include "problem.h"

/* Each output alone is that beside all others. */
static void test_each_alone(enum function f, int32_t input, xent_type type)
{
    static problem all, p;
    int place, k;
    size_t i;
    start_problem(&all, f, input, type, f == BINARY ? "reduction=2 hessian" : input == XENT_LOGITS
                  ? "reduction=2 hessian argmax log_sum_exp" : "reduction=2 hessian argmax");
    p = all;
    solve(&all);
    CHECK(all.status == XENT_OK, "all outputs: %s", xent_status_string(all.status));
    for (place = LOSS; place < ARGUMENTS; place++) {
        problem one = p;
        if (!p.arguments[place].is_given)
            continue;
        for (k = LOSS; k < ARGUMENTS; k++)
            one.arguments[k].is_given = k == place;
        solve(&one);
        CHECK(one.totals.correct == (f == SPARSE_CATEGORICAL && place == ARGMAX ? all.totals.correct : -1),
              "correct is %ld", (long)one.totals.correct);
        for (i = 0; i < count_of(&one.arguments[place]); i++)
            CHECK(close_number(one.arguments[place].values[i], all.arguments[place].values[i], one.arguments[place].type),
                  "function %d, input %d, type %d: output %d alone: [%lu] is %a, beside others %a", (int)f, (int)input, (int)type,
                  place, (unsigned long)i, one.arguments[place].values[i], all.arguments[place].values[i]);
    }
}

static void test_argmax(int32_t input, xent_type type)
{
    static const int64_t shape[2] = {8, 4};
    static const double x[32] = {-1, -2, -3, -4, -4, -1, -1, -2, -3, -3, -3, -3, -4, -3, -2, -1, -1, NAN, -2, NAN, NAN, -1, -1, -1,
                                 -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -2, -HUGE_VAL, -2};
    static const double expected[8] = {0, 1, 0, 3, 1, 0, 0, 1}, labels[8] = {0, 1, 1, 3, 1, 0, 0, 3};
    static problem p;
    int way;
    size_t i;
    for (way = 0; way < 4; way++) {
        start_shaped(&p, SPARSE_CATEGORICAL, input, type, way % 2 ? "argmax sample_weights" : "argmax", 2, shape, -1);
        for (i = 0; i < 32; i++)
            p.arguments[Y_PRED].values[i] = input == XENT_PROBABILITIES ? exp(x[i]) : x[i];
        memcpy(p.arguments[Y_TRUE].values, labels, sizeof labels);
        p.arguments[SAMPLE_WEIGHTS].values[0] = 0; /* counts nonetheless */
        p.options.has_ignore_index = way / 2;
        p.options.ignore_index = 3;
        solve(&p);
        CHECK(p.status == XENT_OK && p.totals.correct == (way / 2 ? 5 : 6) && p.totals.count == (way / 2 ? 6 : 8),
              "argmax, input %d: %s, %ld of %ld correct", (int)input, xent_status_string(p.status), (long)p.totals.correct,
              (long)p.totals.count);
        for (i = 0; i < 8; i++)
            CHECK(p.arguments[ARGMAX].values[i] == expected[i], "argmax[%lu] is %g, expected %g", (unsigned long)i,
                  p.arguments[ARGMAX].values[i], expected[i]);
    }
    start_problem(&p, CATEGORICAL, input, type, "argmax");
    solve(&p);
    CHECK(p.totals.correct == -1, "a distribution has no label to be right about: %ld", (long)p.totals.correct);
}

static void test_log_sum_exp(xent_type type)
{
    static const int64_t shape[2] = {5, 2};
    static const double x[10] = {0, 0, -HUGE_VAL, -HUGE_VAL, 1, HUGE_VAL, HUGE_VAL, NAN, 3, -HUGE_VAL};
    const double expected[5] = {log(2.0), -HUGE_VAL, HUGE_VAL, NAN, 3};
    static problem p;
    size_t i;
    int way;
    for (way = 0; way < 3; way++) { /* plainly; all rows ignored; all weights 0 */
        start_shaped(&p, SPARSE_CATEGORICAL, XENT_LOGITS, type,
                     way == 0 ? "log_sum_exp argmax" : way == 1 ? "log_sum_exp argmax has_ignore_index=1"
                     : "log_sum_exp argmax sample_weights", 2, shape, -1);
        memcpy(p.arguments[Y_PRED].values, x, sizeof x);
        memset(p.arguments[Y_TRUE].values, 0, sizeof p.arguments[Y_TRUE].values);
        memset(p.arguments[SAMPLE_WEIGHTS].values, 0, sizeof p.arguments[SAMPLE_WEIGHTS].values);
        solve(&p);
        for (i = 0; i < 5; i++) {
            double value = p.arguments[LOG_SUM_EXP].values[i];
            CHECK(same_number(value, expected[i]) || fabs(value - expected[i]) < 1e-7, "log_sum_exp[%lu] is %g, expected %g",
                  (unsigned long)i, value, expected[i]);
        }
        CHECK(p.status == XENT_OK && p.arguments[ARGMAX].values[2] == 1 && p.arguments[ARGMAX].values[3] == 1, "argmax, way %d", way);
    }
}

/* Two halves' totals add up to the whole's. */
static void test_totals_add(void)
{
    static const int64_t shape[2] = {6, 5}, half[2] = {3, 5};
    static const char *const spec = "argmax sample_weights class_weights has_ignore_index=1 ignore_index=2";
    static problem whole, part;
    double loss_sum = 0, weight_sum = 0;
    int64_t count = 0, correct = 0;
    int i;
    start_shaped(&whole, SPARSE_CATEGORICAL, XENT_LOGITS, XENT_F64, spec, 2, shape, -1);
    for (i = 0; i < 2; i++) {
        start_shaped(&part, SPARSE_CATEGORICAL, XENT_LOGITS, XENT_F64, spec, 2, half, -1);
        memcpy(part.arguments[Y_PRED].values, whole.arguments[Y_PRED].values + 15 * i, 15 * sizeof(double));
        memcpy(part.arguments[Y_TRUE].values, whole.arguments[Y_TRUE].values + 3 * i, 3 * sizeof(double));
        memcpy(part.arguments[SAMPLE_WEIGHTS].values, whole.arguments[SAMPLE_WEIGHTS].values + 3 * i, 3 * sizeof(double));
        solve(&part);
        loss_sum += part.totals.loss_sum;
        weight_sum += part.totals.weight_sum;
        count += part.totals.count;
        correct += part.totals.correct;
    }
    solve(&whole);
    CHECK(fabs(whole.totals.loss_sum - loss_sum) < 1e-12 && fabs(whole.totals.weight_sum - weight_sum) < 1e-12
          && whole.totals.count == count && whole.totals.correct == correct, "the totals of two halves do not add up");
}

void test_side_outputs(void)
{
    static const xent_type types[3] = {XENT_F32, XENT_F64, XENT_BF16};
    int way;
    for (way = 0; way < 27; way++)
        test_each_alone((enum function)(way % 3), way / 3 % 3, types[way / 9]);
    for (way = 0; way < 9; way++)
        test_argmax(way % 3, types[way / 3]);
    test_log_sum_exp(XENT_F32);
    test_log_sum_exp(XENT_F64);
    test_totals_add();
}
