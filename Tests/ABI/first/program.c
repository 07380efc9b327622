/* A program of the first version: it knows nothing but the header beside it, calls every function, and checks answers
 * that follow from the formulas. */
#include "program.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xent.h>

static int failures;

static void check_at(int line, int good, const char *what)
{
    if (good) return;
    failures++;
    printf("FAILED: line %d: %s\n", line, what);
}

#define CHECK(condition) check_at(__LINE__, (condition), #condition)
#define OK(call) check_at(__LINE__, (call) == XENT_OK, #call)
#define NEAR(value, expected) check_at(__LINE__, fabs((double)(value) - (expected)) < 1e-6, #value " is not " #expected)

static xent_array array_of(void *data, xent_type type, int32_t ndim, const int64_t *shape)
{
    xent_array result;
    result.data = data;
    result.type = type;
    result.ndim = ndim;
    result.shape = shape;
    result.strides = NULL;
    return result;
}

static double softplus(double x) { return log1p(exp(x)); }

/* ---- Contiguous functions ------------------------------------------------------------------- */

static void test_binary(void)
{
    const double y[4] = {1, 0, 1, 0}, p[4] = {0.9, 0.1, 0.8, 0.2}, z[4] = {2, -1, 0.5, 3};
    const float y32[4] = {1, 0, 1, 0}, p32[4] = {0.9f, 0.1f, 0.8f, 0.2f};
    const double mean = -(2 * log(0.9) + 2 * log(0.8)) / 4;
    double loss, losses[4], gradient[4] = {0, 0, 0, 0};
    float loss32, gradient32[4];
    xent_options options = XENT_OPTIONS_INIT;

    OK(xent_binary_f64(y, p, 4, NULL, &loss, gradient));
    NEAR(loss, mean);
    NEAR(gradient[0], -1 / 0.9 / 4);
    NEAR(gradient[1], 1 / 0.9 / 4);
    OK(xent_binary_f32(y32, p32, 4, &options, &loss32, gradient32));
    NEAR(loss32, mean);
    NEAR(gradient32[3], 1 / 0.8 / 4);

    options.input = XENT_LOGITS;
    options.reduction = XENT_NONE;
    options.logit_scale = 2;
    OK(xent_binary_f64(y, z, 4, &options, losses, NULL));
    NEAR(losses[0], softplus(-4));
    NEAR(losses[1], softplus(-2));
    NEAR(losses[3], softplus(6));
    options.logit_scale = 1;
    options.logit_softcap = 3;
    OK(xent_binary_f64(y, z, 4, &options, losses, NULL));
    NEAR(losses[2], softplus(-3 * tanh(0.5 / 3)));
    options.logit_softcap = 0;
    options.label_smoothing = 0.2;
    OK(xent_binary_f64(y, z, 4, &options, losses, NULL));
    NEAR(losses[0], 0.9 * softplus(-2) + 0.1 * softplus(2));
    options.label_smoothing = 0;
    options.focal_gamma = 2;
    options.focal_alpha = 0.25;
    OK(xent_binary_f64(y, z, 4, &options, losses, NULL));
    NEAR(losses[0], 0.25 * pow(1 / (1 + exp(2)), 2) * softplus(-2));

    xent_options_init(&options);
    options.reduction = XENT_SUM;
    options.input = XENT_LOG_PROBABILITIES;
    {
        const double q[1] = {-0.5}, one[1] = {1};
        OK(xent_binary_f64(one, q, 1, &options, &loss, NULL));
        NEAR(loss, 0.5);
    }
    options.input = XENT_PROBABILITIES;
    options.probability_floor = 0.01;
    {
        const double zero[1] = {0}, one[1] = {1};
        OK(xent_binary_f64(one, zero, 1, &options, &loss, NULL));
        NEAR(loss, -log(0.01));
    }
    options.probability_floor = 0;
    options.poly_epsilon = 0.5;
    OK(xent_binary_f64(y, p, 1, &options, &loss, NULL));
    NEAR(loss, -log(0.9) + 0.5 * 0.1);
    options.poly_epsilon = 0;
    options.measure = XENT_KL_DIVERGENCE;
    OK(xent_binary_f64(p, p, 4, &options, &loss, NULL));
    NEAR(loss, 0);
}

static void test_categorical(void)
{
    const double t[6] = {0, 0.25, 0.75, 1, 0, 0}, z[6] = {0, 1, 2, 3, 0, -1};
    const float t32[6] = {0, 0.25f, 0.75f, 1, 0, 0}, z32[6] = {0, 1, 2, 3, 0, -1};
    const int64_t labels[2] = {2, 0}, one_ignored[2] = {2, -100};
    const double first = log(1 + exp(1) + exp(2)), second = log(exp(3) + 1 + exp(-1));
    double loss, losses[2], gradient[6], weights[3] = {1, 2, 4}, samples[2] = {3, 0.5};
    float loss32, gradient32[6];
    int64_t three = 3, two = 2;
    xent_array class_weights = array_of(weights, XENT_F64, 1, &three);
    xent_array sample_weights = array_of(samples, XENT_F64, 1, &two);
    double scale = 10;
    xent_array upstream = array_of(&scale, XENT_F64, 0, NULL);
    xent_options options = XENT_OPTIONS_INIT;

    options.input = XENT_LOGITS;
    OK(xent_categorical_f64(t, z, 2, 3, &options, &loss, gradient));
    NEAR(loss, (first - 1.75 + second - 3) / 2);
    NEAR(gradient[0], exp(0 - first) / 2);
    NEAR(gradient[3], (exp(3 - second) - 1) / 2);
    OK(xent_categorical_f32(t32, z32, 2, 3, &options, &loss32, gradient32));
    NEAR(loss32, (first - 1.75 + second - 3) / 2);
    OK(xent_sparse_categorical_f32(labels, z32, 2, 3, &options, &loss32, gradient32));
    NEAR(loss32, (first - 2 + second - 3) / 2);
    NEAR(gradient32[2], (exp(2 - first) - 1) / 2);

    options.class_weights = &class_weights;
    OK(xent_sparse_categorical_f64(labels, z, 2, 3, &options, &loss, NULL));
    NEAR(loss, (4 * (first - 2) + (second - 3)) / (4 + 1));
    options.divisor = XENT_DIVISOR_COUNT;
    options.sample_weights = &sample_weights;
    OK(xent_sparse_categorical_f64(labels, z, 2, 3, &options, &loss, NULL));
    NEAR(loss, (12 * (first - 2) + 0.5 * (second - 3)) / 2);
    options.divisor = XENT_DIVISOR_WEIGHTS;
    options.class_weights = options.sample_weights = NULL;
    options.has_ignore_index = 1;
    options.ignore_index = -100;
    OK(xent_sparse_categorical_f64(one_ignored, z, 2, 3, &options, &loss, gradient));
    NEAR(loss, first - 2);
    CHECK(gradient[3] == 0 && gradient[4] == 0 && gradient[5] == 0);
    options.divisor = XENT_DIVISOR_BATCH;
    OK(xent_sparse_categorical_f64(one_ignored, z, 2, 3, &options, &loss, NULL));
    NEAR(loss, (first - 2) / 2);
    options.divisor = XENT_DIVISOR_WEIGHTS;
    options.has_ignore_index = 0;
    options.ignore_index = 0;
    options.normalizer = 8;
    options.z_loss = 0.5;
    options.num_threads = 1;
    OK(xent_sparse_categorical_f64(labels, z, 2, 3, &options, &loss, NULL));
    NEAR(loss, (first - 2 + second - 3 + 0.5 * (first * first + second * second)) / 8);

    xent_options_init(&options);
    options.input = XENT_LOGITS;
    options.reduction = XENT_NONE;
    options.axis = 1;
    options.upstream = &upstream;
    options.accumulate_gradient = 1;
    gradient[0] = 100;
    OK(xent_sparse_categorical_f64(labels, z, 2, 3, &options, losses, gradient));
    NEAR(losses[1], second - 3);
    NEAR(gradient[0], 100 + 10 * exp(0 - first));
}

/* ---- Described arrays ----------------------------------------------------------------------- */

static void test_described_binary(void)
{
    float y[2] = {1, 0}, p[2] = {0.5f, 0.75f}, loss, gradient[2], hessian[2], factor = 3;
    int64_t two = 2;
    xent_array y_true = array_of(y, XENT_F32, 1, &two), y_pred = array_of(p, XENT_F32, 1, &two);
    xent_array loss_array = array_of(&loss, XENT_F32, 0, NULL), gradient_array = array_of(gradient, XENT_F32, 1, &two);
    xent_array hessian_array = array_of(hessian, XENT_F32, 1, &two), pos_weight = array_of(&factor, XENT_F32, 0, NULL);
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    char message[100];

    options.reduction = XENT_SUM;
    options.pos_weight = &pos_weight;
    outputs.loss = &loss_array;
    outputs.gradient = &gradient_array;
    outputs.hessian = &hessian_array;
    OK(xent_binary(&y_true, &y_pred, &options, &outputs));
    NEAR(loss, 3 * log(2) + log(4));
    NEAR(gradient[0], -6);
    NEAR(gradient[1], 4);
    NEAR(hessian[0], 12);
    NEAR(hessian[1], 16);
    NEAR(outputs.loss_sum, 3 * log(2) + log(4));
    CHECK(outputs.weight_sum == 2 && outputs.count == 2 && outputs.correct == -1 && outputs.error_index == -1);
    CHECK(xent_explain_binary(&y_true, &y_pred, &options, &outputs, message, sizeof message) == 0);

    p[1] = 7;
    CHECK(xent_binary(&y_true, &y_pred, &options, &outputs) == XENT_ERROR_PROBABILITY);
    CHECK(outputs.error_index == 1);
    CHECK(xent_explain_binary(&y_true, &y_pred, &options, &outputs, message, sizeof message) == strlen(message));
    CHECK(strstr(message, "y_pred[1] is 7") != NULL);
}

static void test_described_labels(void)
{
    double z[6] = {0, 1, 2, 3, 0, -1}, log_sum_exp[2];
    int32_t labels[2] = {2, 1};
    int64_t argmax[2], shape[2] = {3, 2}, by_columns[2] = {1, 3}, two = 2;
    xent_array y_true = array_of(labels, XENT_I32, 1, &two), y_pred = array_of(z, XENT_F64, 2, shape);
    xent_array lse = array_of(log_sum_exp, XENT_F64, 1, &two), best = array_of(argmax, XENT_I64, 1, &two);
    xent_options options;
    xent_outputs outputs;
    char message[100];

    xent_options_init(&options);
    xent_outputs_init(&outputs);
    y_pred.strides = by_columns;
    options.input = XENT_LOGITS;
    options.axis = 0;
    outputs.log_sum_exp = &lse;
    outputs.argmax = &best;
    OK(xent_categorical(&y_true, &y_pred, &options, &outputs));
    NEAR(log_sum_exp[0], log(1 + exp(1) + exp(2)));
    CHECK(argmax[0] == 2 && argmax[1] == 0 && outputs.correct == 1 && outputs.count == 2);
    labels[0] = 12;
    CHECK(xent_categorical(&y_true, &y_pred, &options, &outputs) == XENT_ERROR_LABEL);
    CHECK(xent_explain_categorical(&y_true, &y_pred, &options, &outputs, message, sizeof message) > 0);
    CHECK(strcmp(message, "labels[0] is 12, outside [0, 3)") == 0);
}

/* Every element type: two rows of one class, or one probability, whose loss is known. */
static void test_types(void)
{
    static const xent_type integers[7] = {XENT_I8, XENT_I16, XENT_I32, XENT_I64, XENT_U8, XENT_U16, XENT_U32};
    uint16_t half = 0x3800, half_bfloat = 0x3f00, one = 0x3c00, one_bfloat = 0x3f80; /* 0.5 and 1 */
    xent_array y_true = array_of(&one, XENT_F16, 0, NULL), y_pred = array_of(&half, XENT_F16, 0, NULL);
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    int i;

    OK(xent_binary(&y_true, &y_pred, NULL, &outputs));
    NEAR(outputs.loss_sum, log(2));
    y_true = array_of(&one_bfloat, XENT_BF16, 0, NULL);
    y_pred = array_of(&half_bfloat, XENT_BF16, 0, NULL);
    OK(xent_binary(&y_true, &y_pred, NULL, &outputs));
    NEAR(outputs.loss_sum, log(2));
    for (i = 0; i < 7; i++) {
        int64_t label = 0, shape[1] = {2};
        float p[2] = {0.25f, 0.75f};
        y_true = array_of(&label, integers[i], 0, NULL);
        y_pred = array_of(p, XENT_F32, 1, shape);
        OK(xent_categorical(&y_true, &y_pred, NULL, &outputs));
        NEAR(outputs.loss_sum, log(4));
    }
}

/* ---- Statuses, threads, descent, information ------------------------------------------------ */

static void test_statuses(void)
{
    const float y[2] = {1, 0}, p[2] = {0.5f, 0.5f}, bad_target[2] = {2, 0};
    const int64_t bad_label[1] = {2};
    float loss, buffer[4] = {0, 0, 0, 0};
    int32_t label = 0;
    xent_array integers = array_of(&label, XENT_I32, 0, NULL);
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    int status;

    CHECK(xent_binary_f32(NULL, p, 2, NULL, &loss, NULL) == XENT_ERROR_NULL);
    CHECK(xent_categorical_f32(y, p, 2, 0, NULL, &loss, NULL) == XENT_ERROR_SHAPE);
    CHECK(xent_binary(&integers, &integers, NULL, &outputs) == XENT_ERROR_TYPE);
    CHECK(xent_sparse_categorical_f32(bad_label, p, 1, 2, NULL, &loss, NULL) == XENT_ERROR_LABEL);
    CHECK(xent_binary_f32(bad_target, p, 2, NULL, &loss, NULL) == XENT_ERROR_TARGET);
    CHECK(xent_gradient_descent_f32(buffer, buffer + 1, 2, 0.5) == XENT_ERROR_OVERLAP);
    options.label_smoothing = 2;
    CHECK(xent_binary_f32(y, p, 2, &options, &loss, NULL) == XENT_ERROR_OPTION);
    for (status = XENT_OK; status <= XENT_ERROR_MEMORY; status++)
        CHECK(strcmp(xent_status_string((xent_status)status), "unknown status") != 0);
    CHECK(strcmp(xent_status_string((xent_status)99), "unknown status") == 0);
}

/* Enough elements for threads, whose number is left to the library and then given. */
static void test_threads(void)
{
    enum { COUNT = 1 << 21 };
    static float y[COUNT], z[COUNT], gradient[COUNT];
    float chosen, given;
    xent_options options = XENT_OPTIONS_INIT;

    options.input = XENT_LOGITS;
    OK(xent_binary_f32(y, z, COUNT, &options, &chosen, gradient));
    NEAR(chosen, log(2));
    options.num_threads = 3;
    OK(xent_binary_f32(y, z, COUNT, &options, &given, gradient));
    CHECK(given == chosen);
}

static void test_descent(void)
{
    float theta32[2] = {1, 2}, gradient32[2] = {2, -4};
    double theta[2] = {1, 2}, gradient[2] = {2, -4};

    OK(xent_gradient_descent_f32(theta32, gradient32, 2, 0.25));
    CHECK(theta32[0] == 0.5f && theta32[1] == 3);
    OK(xent_gradient_descent_f64(theta, gradient, 2, 0.25));
    CHECK(theta[0] == 0.5 && theta[1] == 3);
}

int first_program(void)
{
    const char *set = xent_instruction_set();

    test_binary();
    test_categorical();
    test_described_binary();
    test_described_labels();
    test_types();
    test_statuses();
    test_threads();
    test_descent();
    CHECK(strcmp(set, "baseline") == 0 || strcmp(set, "avx2") == 0 || strcmp(set, "avx512") == 0);
    CHECK(strncmp(xent_version(), "0.", 2) == 0);
    return failures;
}
