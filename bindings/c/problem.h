/* A call written down as plain numbers: every argument's values in C order, with the type, shape and layout in which
 * they shall reach the library. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "harness.h"

enum { MOST = 420, MOST_AXES = 5 };

enum place { Y_TRUE, Y_PRED, CLASS_WEIGHTS, SAMPLE_WEIGHTS, POS_WEIGHT, UPSTREAM, /* inputs */
             LOSS, GRADIENT, HESSIAN, LOG_SUM_EXP, ARGMAX, ARGUMENTS };
enum layout { C_ORDER, C_STRIDES, REVERSED, COLUMN_MAJOR, GAPS, PADDED, MIXED, LAYOUTS };

typedef struct argument {
    int is_given, has_null_data;
    xent_type type;
    int32_t rank;
    int64_t shape[MOST_AXES];
    int layout;
    unsigned still;                                          /* bit of an axis: its stride is 0 */
    double values[MOST];                                     /* labels too; outputs: what the call wrote */
} argument;

typedef struct problem {
    enum function function;
    argument arguments[ARGUMENTS];
    xent_options options;
    int is_in_place;                                         /* the gradient is y_pred's view */
    xent_status status;                                      /* of the last solve, as the totals */
    xent_outputs totals;
} problem;

size_t count_of(const argument *a);

/* A sound problem of shape {2, 3, 5} (binary, too), with loss and gradient wanted. spec: words, each option=value or the
 * name of an argument to give or to want; "pos_weights" and "upstreams": one for every position of the last axis, and one
 * a row. */
void start_problem(problem *p, enum function function, int32_t input, xent_type type, const char *spec);

/* The same with another shape. All values fit into float16. */
void start_shaped(problem *p, enum function function, int32_t input, xent_type type, const char *spec, int32_t rank,
                  const int64_t *shape, int32_t axis);

/* Calls the library. Checks that the inputs, the gaps of the outputs and what is around them are not written, and the
 * outputs neither on an error that is found before computing. */
void solve(problem *p);

/* Whether two problems' outputs and totals are the same, bit for bit (any NaN equals any NaN). */
int same_answers(const problem *a, const problem *b);
int same_number(double a, double b);

/* The same up to a few units in the last place: another layout or another set of outputs may take another kernel. */
int close_answers(const problem *a, const problem *b);
int close_number(double a, double b, xent_type type);

/* y_pred's place of a class of a row; binary: class 0 of row i is element i. */
size_t rows_of(const problem *p);
size_t classes_of(const problem *p);
size_t class_place(const problem *p, size_t row, size_t class_index);

/* ---- The contract in doubles (reference.c): derivatives by differences ---------------------------- */

double reference_loss(const problem *p, size_t row);         /* of one row, its weight in it */
double reference_log_sum_exp(const problem *p, size_t row);
double reference_weight_sum(const problem *p);
double reference_scale(const problem *p, size_t row);        /* of the row's gradient: upstream and divisor */
double reference_slope(const problem *p, size_t row, size_t class_index);
double reference_curvature(const problem *p, size_t row, size_t class_index);
int is_ignored(const problem *p, size_t row);

/* Solves p, and compares everything that it asks for with the above. */
void check_against_reference(problem *p, const char *what);

#endif
