/* Section by section what xent.h says of xent_options, in doubles: no fast form, no trick, derivatives by differences. */
#include "problem.h"

typedef struct two { double p, q; } two;                     /* p and 1-p */

static double weight(const problem *p, enum place place, size_t index)
{
    return p->arguments[place].is_given ? p->arguments[place].values[index] : 1;
}

/* The element that serves element `flat` of y_pred in an array that broadcasts to it. */
static size_t broadcast(const argument *a, const argument *y_pred, size_t flat)
{
    size_t index = 0, step = 1;
    int32_t i;
    for (i = 1; i <= a->rank; i++) {
        size_t length = (size_t)y_pred->shape[y_pred->rank - i], own = (size_t)a->shape[a->rank - i];
        index += own > 1 ? flat % length * step : 0;
        step *= own;
        flat /= length;
    }
    return index;
}

static double sample_weight(const problem *p, size_t row)
{
    const argument *s = &p->arguments[SAMPLE_WEIGHTS];
    return weight(p, SAMPLE_WEIGHTS, p->function == BINARY ? broadcast(s, &p->arguments[Y_PRED], row) : row);
}

static size_t label_of(const problem *p, size_t row) { return (size_t)p->arguments[Y_TRUE].values[row]; }

int is_ignored(const problem *p, size_t row)
{
    return p->options.has_ignore_index && p->arguments[Y_TRUE].values[row] == (double)p->options.ignore_index;
}

static double logit(const problem *p, double x)
{
    double z = p->options.logit_scale * x, cap = p->options.logit_softcap;
    return cap > 0 ? cap * tanh(z / cap) : z;
}

static two floored(const problem *p, double x)
{
    double floor = p->options.probability_floor;
    two r;
    r.p = x < floor ? floor : x > 1 ? 1 : x;
    r.q = 1 - x < floor ? floor : x < 0 ? 1 : 1 - x;
    return r;
}

/* log terms, poly and entropy of one share t of a target whose class has probability c.p */
static double term(const problem *p, double t, two c, double log_p, double log_weight)
{
    double l = t * log_weight * pow(c.q, p->options.focal_gamma) * -log_p + p->options.poly_epsilon * t * c.q;
    return t == 0 ? 0 : p->options.measure == XENT_KL_DIVERGENCE ? l + t * log(t) : l;
}

static double binary_loss(const problem *p, size_t row, double x)
{
    double e = p->options.label_smoothing, y = (1 - e) * p->arguments[Y_TRUE].values[row] + e / 2;
    double alpha = p->options.focal_alpha, z = logit(p, x);
    double pos = weight(p, POS_WEIGHT, broadcast(&p->arguments[POS_WEIGHT], &p->arguments[Y_PRED], row));
    two c = floored(p, x), other;
    if (p->options.input == XENT_LOGITS) {
        c.p = 1 / (1 + exp(-z));
        c.q = 1 / (1 + exp(z));
    } else if (p->options.input == XENT_LOG_PROBABILITIES) {
        c.p = exp(x);
        c.q = -expm1(x);
    }
    other.p = c.q;
    other.q = c.p;
    return term(p, y, c, log(c.p), pos * (alpha < 0 ? 1 : alpha)) + term(p, 1 - y, other, log(c.q), alpha < 0 ? 1 : 1 - alpha);
}

static double log_sum_exp(const problem *p, const double *x)
{
    size_t c;
    double sum = 0;
    for (c = 0; c < classes_of(p); c++)
        sum += exp(logit(p, x[c]));
    return log(sum);
}

static double categorical_loss(const problem *p, size_t row, const double *x)
{
    size_t c, classes = classes_of(p);
    double e = p->options.label_smoothing, loss = 0, lse = log_sum_exp(p, x);
    int is_sparse = p->function == SPARSE_CATEGORICAL;
    for (c = 0; c < classes; c++) {
        double t = is_sparse ? label_of(p, row) == c : p->arguments[Y_TRUE].values[class_place(p, row, c)];
        double log_p = p->options.input == XENT_LOGITS ? logit(p, x[c]) - lse : x[c];
        two share = floored(p, x[c]);
        if (p->options.input == XENT_PROBABILITIES)
            log_p = log(share.p);
        else {
            share.p = exp(log_p);
            share.q = -expm1(log_p);
        }
        loss += weight(p, CLASS_WEIGHTS, c) * term(p, (1 - e) * t + e / (double)classes, share, log_p, 1);
    }
    if (p->options.z_loss != 0)
        loss += p->options.z_loss * lse * lse * (is_sparse ? weight(p, CLASS_WEIGHTS, label_of(p, row)) : 1);
    return loss;
}

static void read_row(const problem *p, size_t row, double *x)
{
    size_t c;
    for (c = 0; c < classes_of(p); c++)
        x[c] = p->arguments[Y_PRED].values[class_place(p, row, c)];
}

static double loss_at(const problem *p, size_t row, const double *x)
{
    double s = sample_weight(p, row);
    if (s == 0 || is_ignored(p, row))
        return 0;
    return s * (p->function == BINARY ? binary_loss(p, row, x[0]) : categorical_loss(p, row, x));
}

double reference_loss(const problem *p, size_t row)
{
    double x[MOST];
    read_row(p, row, x);
    return loss_at(p, row, x);
}

double reference_log_sum_exp(const problem *p, size_t row)
{
    double x[MOST];
    read_row(p, row, x);
    return log_sum_exp(p, x);
}

double reference_weight_sum(const problem *p)
{
    size_t row;
    double sum = 0;
    for (row = 0; row < rows_of(p); row++)
        if (!is_ignored(p, row))
            sum += sample_weight(p, row) * (p->function == SPARSE_CATEGORICAL ? weight(p, CLASS_WEIGHTS, label_of(p, row)) : 1);
    return sum;
}

static double divisor(const problem *p)
{
    size_t row, count = 0;
    if (p->options.reduction != XENT_MEAN)
        return 1;
    if (p->options.normalizer != 0)
        return p->options.normalizer;
    for (row = 0; row < rows_of(p); row++)
        count += is_ignored(p, row) && p->options.divisor != XENT_DIVISOR_BATCH ? 0 : 1;
    return p->options.divisor == XENT_DIVISOR_WEIGHTS ? reference_weight_sum(p) : (double)count;
}

double reference_scale(const problem *p, size_t row)
{
    return weight(p, UPSTREAM, p->arguments[UPSTREAM].rank == 0 ? 0 : row) / divisor(p);
}

/* Losses a step below, at, and a step above an element. */
static void losses_around(const problem *p, size_t row, size_t class_index, double step, double *losses)
{
    double x[MOST];
    int i;
    for (i = 0; i < 3; i++) {
        read_row(p, row, x);
        x[class_index] += (i - 1) * step;
        losses[i] = loss_at(p, row, x);
    }
}

/* Two steps, combined so that the error of order step^2 drops out. */
double reference_slope(const problem *p, size_t row, size_t class_index)
{
    const double step = 2e-4;
    double near_by[3], far[3];
    losses_around(p, row, class_index, step, near_by);
    losses_around(p, row, class_index, 2 * step, far);
    return (4 * (near_by[2] - near_by[0]) - (far[2] - far[0]) / 2) / (6 * step);
}

double reference_curvature(const problem *p, size_t row, size_t class_index)
{
    const double step = 1e-3;
    double near_by[3], far[3];
    losses_around(p, row, class_index, step, near_by);
    losses_around(p, row, class_index, 2 * step, far);
    return (4 * (near_by[0] - 2 * near_by[1] + near_by[2]) - (far[0] - 2 * far[1] + far[2]) / 4) / (3 * step * step);
}

/* ---- Comparison ----------------------------------------------------------------------------- */

static void check_near(double value, double expected, double tolerance, const char *what, const char *part, size_t index)
{
    CHECK(fabs(value - expected) <= tolerance * (1 + fabs(expected)), "%s: %s[%lu] is %.12g, expected %.12g", what, part,
          (unsigned long)index, value, expected);
}

void check_against_reference(problem *p, const char *what)
{
    const argument before = p->arguments[GRADIENT];
    const argument *a = p->arguments;
    const int is_none = p->options.reduction == XENT_NONE;
    double sum = 0;
    size_t row, c, count = 0;

    solve(p);
    if (!CHECK(p->status == XENT_OK, "%s: %s", what, xent_status_string(p->status)))
        return;
    for (row = 0; row < rows_of(p); row++) {
        double loss = reference_loss(p, row), scale = reference_scale(p, row);
        sum += loss;
        count += !is_ignored(p, row);
        if (is_none && a[LOSS].is_given)
            check_near(a[LOSS].values[row], loss, 1e-12, what, "loss", row);
        if (a[LOG_SUM_EXP].is_given)
            check_near(a[LOG_SUM_EXP].values[row], reference_log_sum_exp(p, row), 1e-13, what, "log_sum_exp", row);
        for (c = 0; c < classes_of(p); c++) {
            size_t i = class_place(p, row, c);
            if (a[GRADIENT].is_given)
                check_near(a[GRADIENT].values[i] - (p->options.accumulate_gradient ? before.values[i] : 0),
                           scale * reference_slope(p, row, c), 1e-7, what, "gradient", i);
            if (a[HESSIAN].is_given)
                check_near(a[HESSIAN].values[i], scale * reference_curvature(p, row, c), 2e-6, what, "hessian", i);
        }
    }
    if (!is_none && a[LOSS].is_given)
        check_near(a[LOSS].values[0], sum / divisor(p), 1e-11, what, "reduced loss", 0);
    check_near(p->totals.loss_sum, sum, 1e-11, what, "loss_sum", 0);
    check_near(p->totals.weight_sum, reference_weight_sum(p), 1e-13, what, "weight_sum", 0);
    CHECK(p->totals.count == (int64_t)count, "%s: count is %ld", what, (long)p->totals.count);
    CHECK(p->totals.error_index == -1, "%s: error_index is %ld", what, (long)p->totals.error_index);
}
