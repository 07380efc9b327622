/* Every status of the contiguous functions, and what they must leave alone. */
#include "harness.h"

/* ---- A sound call to spoil ------------------------------------------------------------------ */

enum { ROWS = 21, CLASSES = 5 };

typedef struct contiguous_call {
    enum function function;
    xent_type type;
    buffer y_true_buffer, y_pred_buffer, loss_buffer, gradient_buffer;
    const void *y_true, *y_pred;
    void *loss, *gradient;
    size_t rows, classes;
    xent_options options;
} contiguous_call;

static void start(contiguous_call *c, enum function function, xent_type type)
{
    size_t i, count = function == BINARY ? ROWS : ROWS * CLASSES;
    c->function = function;
    c->type = type;
    c->rows = ROWS;
    c->classes = CLASSES;
    c->y_true_buffer = new_buffer(function == SPARSE_CATEGORICAL ? XENT_I64 : type,
                                  function == SPARSE_CATEGORICAL ? (size_t)ROWS : count);
    c->y_pred_buffer = new_buffer(type, count);
    c->loss_buffer = new_buffer(type, ROWS);
    c->gradient_buffer = new_buffer(type, count);
    for (i = 0; i < count; i++)
        set_value(&c->y_pred_buffer, i, 0.25);
    for (i = 0; i < c->y_true_buffer.count; i++) {
        if (function == SPARSE_CATEGORICAL)
            ((int64_t *)c->y_true_buffer.data)[i] = (int64_t)(i % CLASSES);
        else
            set_value(&c->y_true_buffer, i, i % CLASSES == 0 ? 1 : 0);
    }
    c->y_true = c->y_true_buffer.data;
    c->y_pred = c->y_pred_buffer.data;
    c->loss = c->loss_buffer.data;
    c->gradient = c->gradient_buffer.data;
    xent_options_init(&c->options);
}

static int is_found_before_computing(xent_status status)
{
    return status != XENT_OK && status != XENT_ERROR_PROBABILITY && status != XENT_ERROR_TARGET;
}

/* Calls, checks, and frees. The outputs of an error found before computing must still be sentinels. */
#define EXPECT(c, status, what) expect_at(c, status, what, __LINE__)
static void expect_at(contiguous_call *c, xent_status expected, const char *what, int line)
{
    static const char *const functions[] = {"binary", "categorical", "sparse_categorical"};
    xent_status status = call_contiguous(c->function, c->type, c->y_true, c->y_pred, c->rows, c->classes, &c->options,
                                         c->loss, c->gradient);
    check_at(status == expected, __FILE__, line, "%s_%s, %s: %s, expected %s", functions[c->function],
             c->type == XENT_F32 ? "f32" : "f64", what, xent_status_string(status), xent_status_string(expected));
    if (is_found_before_computing(expected)) {
        check_at(is_untouched(&c->loss_buffer), __FILE__, line, "%s: loss was written", what);
        check_at(is_untouched(&c->gradient_buffer), __FILE__, line, "%s: gradient was written", what);
    }
    free_buffer(&c->y_true_buffer);
    free_buffer(&c->y_pred_buffer);
    free_buffer(&c->loss_buffer);
    free_buffer(&c->gradient_buffer);
}

/* ---- Options -------------------------------------------------------------------------------- */

static void test_options(enum function function, xent_type type)
{
    contiguous_call c;
    const char *name;
    int i;

    for (i = 0; start(&c, function, type), (name = spoil_option(&c.options, i)) != NULL; i++)
        EXPECT(&c, XENT_ERROR_OPTION, name);
    EXPECT(&c, XENT_OK, "default options");

    start(&c, function, type); c.options.normalizer = 8; c.options.divisor = XENT_DIVISOR_COUNT;
    EXPECT(&c, XENT_OK, "normalizer over divisor");
    start(&c, function, type); c.options.probability_floor = 0; EXPECT(&c, XENT_OK, "floor 0");
    start(&c, function, type); c.options.probability_floor = 0.49; EXPECT(&c, XENT_OK, "floor 0.49");
    start(&c, function, type); c.options.num_threads = 1; EXPECT(&c, XENT_OK, "one thread");
    start(&c, function, type); c.options.ignore_index = -100; EXPECT(&c, XENT_OK, "ignore_index without has_ignore_index");
    if (function != BINARY) {
        start(&c, function, type); c.options.axis = 1; EXPECT(&c, XENT_OK, "axis 1");
        start(&c, function, type); c.options.axis = 2; EXPECT(&c, XENT_ERROR_OPTION, "axis 2");
    }
}

static void test_options_size(enum function function, xent_type type)
{
    static const size_t refused[] = {0, 1, sizeof(size_t), sizeof(xent_options) - 1, sizeof(xent_options) - sizeof(void *)};
    struct { xent_options options; unsigned char tail[32]; } grown;
    contiguous_call c;
    size_t i;
    xent_status status;

    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        start(&c, function, type); c.options.struct_size = refused[i]; EXPECT(&c, XENT_ERROR_OPTION, "struct_size too small");
    }
    start(&c, function, type);
    for (i = 0; i < 5; i++) {
        memset(&grown, 0, sizeof grown);
        xent_options_init(&grown.options);
        grown.options.struct_size = sizeof(xent_options) + 24;
        if (i > 0) /* first and last byte of the tail; behind the tail; nothing */
            grown.tail[i == 1 ? 0 : i == 2 ? 23 : 24] = i < 4 ? 1 : 0;
        status = call_contiguous(function, type, c.y_true, c.y_pred, ROWS, CLASSES, &grown.options, c.loss, NULL);
        CHECK(status == (i == 1 || i == 2 ? XENT_ERROR_OPTION : XENT_OK), "a grown struct, case %lu: %s",
              (unsigned long)i, xent_status_string(status));
    }
    EXPECT(&c, XENT_OK, "default options");
}

/* ---- Pointers, shapes, values --------------------------------------------------------------- */

static void test_pointers_and_shapes(enum function function, xent_type type)
{
    contiguous_call c;
    int reduction;

    start(&c, function, type); c.y_true = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_true NULL");
    start(&c, function, type); c.y_pred = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_pred NULL");
    start(&c, function, type); c.loss = NULL; EXPECT(&c, XENT_OK, "loss NULL");
    start(&c, function, type); c.gradient = NULL; EXPECT(&c, XENT_OK, "gradient NULL");
    start(&c, function, type); c.loss = c.gradient = NULL; EXPECT(&c, XENT_OK, "no outputs");

    start(&c, function, type);
    CHECK(call_contiguous(function, type, c.y_true, c.y_pred, ROWS, CLASSES, NULL, c.loss, c.gradient) == XENT_OK,
          "options NULL");
    EXPECT(&c, XENT_OK, "default options");

    for (reduction = XENT_MEAN; reduction <= XENT_NONE; reduction++) {
        start(&c, function, type);
        c.rows = 0;
        c.y_true = c.y_pred = NULL;
        c.gradient = NULL;
        c.options.reduction = reduction;
        if (reduction != XENT_NONE) {
            CHECK(call_contiguous(function, type, NULL, NULL, 0, CLASSES, &c.options, c.loss, NULL) == XENT_OK
                  && get_value(&c.loss_buffer, 0) == 0, "the loss of zero rows is not 0");
        }
        EXPECT(&c, XENT_OK, "zero rows of NULL");
    }
    start(&c, function, type); c.rows = SIZE_MAX; EXPECT(&c, XENT_ERROR_SHAPE, "SIZE_MAX rows");
    start(&c, function, type); c.rows = SIZE_MAX / 2 + 1; EXPECT(&c, XENT_ERROR_SHAPE, "rows beyond a signed size");
    start(&c, function, type); c.rows = SIZE_MAX / size_of_type(type) + 1;
    EXPECT(&c, XENT_ERROR_SHAPE, "rows whose bytes wrap to 0");
    start(&c, function, type); c.rows = SIZE_MAX / size_of_type(type) + 2;
    EXPECT(&c, XENT_ERROR_SHAPE, "rows whose bytes wrap to one element");
    if (function == BINARY)
        return;
    start(&c, function, type); c.classes = 0; EXPECT(&c, XENT_ERROR_SHAPE, "zero classes");
    start(&c, function, type); c.rows = c.classes = 0; EXPECT(&c, XENT_ERROR_SHAPE, "zero rows of zero classes");
    start(&c, function, type); c.rows = SIZE_MAX / 2 + 1; c.classes = 2;
    EXPECT(&c, XENT_ERROR_SHAPE, "rows x classes wraps to 0");
    start(&c, function, type); c.rows = 3; c.classes = SIZE_MAX / 3 + 1;
    EXPECT(&c, XENT_ERROR_SHAPE, "rows x classes wraps to 1");
    start(&c, function, type); c.rows = 1; c.classes = SIZE_MAX / 4 + 1; EXPECT(&c, XENT_ERROR_SHAPE, "huge classes");
    start(&c, function, type); c.rows = SIZE_MAX / 8 + 1; c.classes = 1;
    EXPECT(&c, XENT_ERROR_SHAPE, "labels whose bytes wrap");
}

static void test_labels(xent_type type)
{
    static const int64_t bad[] = {-1, CLASSES, INT64_MIN, INT64_MAX, (int64_t)1 << 32, -((int64_t)1 << 32)};
    static const size_t places[] = {0, 7, ROWS - 1};
    contiguous_call c;
    size_t i, k;
    int outputs;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (k = 0; k < 3; k++)
            for (outputs = 0; outputs < 4; outputs++) {
                start(&c, SPARSE_CATEGORICAL, type);
                ((int64_t *)c.y_true_buffer.data)[places[k]] = bad[i];
                c.loss = outputs & 1 ? c.loss : NULL;
                c.gradient = outputs & 2 ? c.gradient : NULL;
                c.options.input = (int32_t)i % 3;
                c.options.reduction = (int32_t)k;
                EXPECT(&c, XENT_ERROR_LABEL, "label out of range");
            }
    start(&c, SPARSE_CATEGORICAL, type);
    ((int64_t *)c.y_true_buffer.data)[0] = CLASSES - 1;
    ((int64_t *)c.y_true_buffer.data)[ROWS - 1] = 0;
    EXPECT(&c, XENT_OK, "labels at both ends of the range");
}

static void test_data(enum function function, xent_type type)
{
    static const double probabilities[] = {7, -0.5, 1.01, -0.01, 1e30, HUGE_VAL, -HUGE_VAL, 1.0005, -0.0005, NAN};
    static const double targets[] = {-0.1, NAN, HUGE_VAL, -HUGE_VAL, 1.5, -1e-9, 0.5, -0.0, 1e-30};
    contiguous_call c;
    size_t i;
    int place, outputs;

    for (place = 0; place < 3; place++)
        for (outputs = 1; outputs < 4; outputs++) {
            for (i = 0; i < sizeof probabilities / sizeof probabilities[0]; i++) {
                size_t row = place == 0 ? 0 : place == 1 ? 10 : ROWS - 1; /* rows whose target is class 0 */
                start(&c, function, type);
                if (function == SPARSE_CATEGORICAL)
                    ((int64_t *)c.y_true_buffer.data)[row] = 0;
                set_value(&c.y_pred_buffer, function == BINARY ? row : row * CLASSES, probabilities[i]);
                c.loss = outputs & 1 ? c.loss : NULL;
                c.gradient = outputs & 2 ? c.gradient : NULL;
                EXPECT(&c, i < 7 ? XENT_ERROR_PROBABILITY : XENT_OK, "a probability out of range, or just not");
            }
            for (i = 0; function != SPARSE_CATEGORICAL && i < sizeof targets / sizeof targets[0]; i++) {
                int is_bad = i < 4 || i == 5 || (i == 4 && function == BINARY);
                start(&c, function, type);
                set_value(&c.y_true_buffer, place == 0 ? 0 : place == 1 ? 9 : c.y_true_buffer.count - 1, targets[i]);
                c.loss = outputs & 1 ? c.loss : NULL;
                c.gradient = outputs & 2 ? c.gradient : NULL;
                c.options.input = place == 1 ? XENT_LOGITS : XENT_PROBABILITIES;
                EXPECT(&c, is_bad ? XENT_ERROR_TARGET : XENT_OK, "a target out of range, or just not");
            }
        }
    start(&c, function, type); /* 0.25 is no binary log-probability; a categorical one is not checked */
    c.options.input = XENT_LOG_PROBABILITIES;
    EXPECT(&c, function == BINARY ? XENT_ERROR_PROBABILITY : XENT_OK, "log-probabilities of 0.25");
    start(&c, function, type);
    for (i = 0; i < c.y_pred_buffer.count; i++)
        set_value(&c.y_pred_buffer, i, i % 2 ? 5e-4 : -0.5);
    c.options.input = XENT_LOG_PROBABILITIES;
    EXPECT(&c, XENT_OK, "log-probabilities within the tolerance");
}

/* ---- Overlap -------------------------------------------------------------------------------- */

static void test_overlap(enum function function, xent_type type)
{
    size_t size = size_of_type(type), columns = function == BINARY ? 1 : CLASSES, bytes = ROWS * columns * size;
    size_t target_bytes = function == SPARSE_CATEGORICAL ? ROWS * sizeof(int64_t) : bytes;
    /* y_true, y_pred, a place for the gradient and one for the losses, side by side in one block of doubles */
    size_t total = (target_bytes + 2 * bytes + ROWS * size + 64) / sizeof(double);
    int kind;

    for (kind = 0; kind < 15; kind++) {
        buffer block = new_buffer(XENT_F64, total), before;
        char *t = (char *)block.data, *p = t + target_bytes, *g = p + bytes, *l = g + bytes;
        xent_options options = XENT_OPTIONS_INIT;
        xent_status status, expected = XENT_ERROR_OVERLAP;

        memset(block.data, 0, block.bytes);
        switch (kind) {
        case 0: g = p + size; break;
        case 1: g = p - size; break;
        case 2: g = t; break;
        case 3: g = t + target_bytes - size; break;
        case 4: l = p + size; break;
        case 5: l = t; break;
        case 6: l = g; break;
        case 7: l = g + bytes - size; break;
        case 8: g = p; l = p + size; break;
        case 9: g = NULL; l = p; break;
        case 10: options.reduction = XENT_NONE; l = p - (ROWS - 1) * size; g = NULL; break;
        case 11: options.reduction = XENT_NONE; l = g + bytes - size; break;
        case 12: expected = XENT_OK; break;                    /* neighbours touch but do not overlap */
        case 13: expected = XENT_OK; g = p; break;             /* in place */
        default: /* two inputs may share memory */
            expected = XENT_OK;
            if (function != SPARSE_CATEGORICAL)
                t = p;
            break;
        }
        before = copy_buffer(&block);
        status = call_contiguous(function, type, t, p, ROWS, CLASSES, &options, l, g);
        CHECK(status == expected, "function %d, overlap case %d: %s", (int)function, kind, xent_status_string(status));
        if (expected != XENT_OK)
            CHECK(same_values(&block, &before), "function %d, overlap case %d wrote", (int)function, kind);
        free_buffer(&block);
        free_buffer(&before);
    }
    {
        double place[1] = {0};
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = XENT_NONE;
        CHECK(call_contiguous(function, type, place, place, 0, CLASSES, &options, place, place) == XENT_OK,
              "arrays without elements do not overlap");
    }
}

void test_contiguous_errors(void)
{
    int i;
    for (i = 0; i < 6; i++) {
        enum function function = (enum function)(i / 2);
        xent_type type = i % 2 ? XENT_F64 : XENT_F32;
        test_options(function, type);
        test_options_size(function, type);
        test_pointers_and_shapes(function, type);
        if (function == SPARSE_CATEGORICAL)
            test_labels(type);
        test_data(function, type);
        test_overlap(function, type);
    }
}
