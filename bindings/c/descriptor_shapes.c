/* Descriptor functions: pointers, shapes and element types. */
#include "described.h"

/* ---- Pointers, shapes, types ---------------------------------------------------------------- */

static void test_pointers(enum function f, xent_type type)
{
    described_call c;
    xent_outputs outputs = XENT_OUTPUTS_INIT;

    start_described(&c, f, type); c.y_true.data = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_true|labels", "y_true's data NULL");
    start_described(&c, f, type); c.y_pred.data = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_pred", "y_pred's data NULL");
    start_described(&c, f, type); c.loss.data = NULL; EXPECT(&c, XENT_ERROR_NULL, "loss", "loss's data NULL");
    start_described(&c, f, type); c.gradient.data = NULL; EXPECT(&c, XENT_ERROR_NULL, "gradient", "gradient's data NULL");
    start_described(&c, f, type); c.y_pred.shape = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_pred", "y_pred's shape NULL");
    start_described(&c, f, type); c.y_true.shape = NULL; EXPECT(&c, XENT_ERROR_NULL, "y_true|labels", "y_true's shape NULL");
    start_described(&c, f, type); c.gradient.shape = NULL; EXPECT(&c, XENT_ERROR_NULL, "gradient", "gradient's shape NULL");

    start_described(&c, f, type);
    CHECK(call_described(&c, NULL, &c.y_pred, &outputs) == XENT_ERROR_NULL, "y_true NULL");
    CHECK_MESSAGE(&c, NULL, &c.y_pred, &outputs, "y_true|labels", "y_true NULL");
    CHECK(call_described(&c, &c.y_true, NULL, &outputs) == XENT_ERROR_NULL, "y_pred NULL");
    CHECK_MESSAGE(&c, &c.y_true, NULL, &outputs, "y_pred", "y_pred NULL");
    CHECK(call_described(&c, &c.y_true, &c.y_pred, NULL) == XENT_ERROR_NULL, "outputs NULL");
    CHECK_MESSAGE(&c, &c.y_true, &c.y_pred, NULL, "outputs", "outputs NULL");
    CHECK((f == BINARY ? xent_binary : xent_categorical)(&c.y_true, &c.y_pred, NULL, &outputs) == XENT_OK, "options NULL");
    EXPECT(&c, XENT_OK, NULL, "a sound call");

    start_described(&c, f, type); c.outputs.loss = NULL; EXPECT(&c, XENT_OK, NULL, "no loss");
    start_described(&c, f, type); c.outputs.gradient = NULL; EXPECT(&c, XENT_OK, NULL, "no gradient");
    start_described(&c, f, type); c.outputs.loss = c.outputs.gradient = NULL; EXPECT(&c, XENT_OK, NULL, "totals only");
}

static void test_shapes(enum function f, xent_type type)
{
    static const int64_t six[1] = {6}, swapped[3] = {3, 2, 4}, negative[3] = {-2, 3, 4}, two_negative[3] = {-2, -3, 4};
    static const int64_t huge[3] = {(int64_t)1 << 62, 3, 4}, wraps[3] = {(int64_t)1 << 32, (int64_t)1 << 32, 4};
    static const int64_t ones[3] = {1, 1, 1}, no_rows[3] = {0, 3, 4}, no_classes[3] = {2, 3, 0}, none_at_all[3] = {0, 3, 0};
    const char *inputs = "y_true|y_pred|labels";
    described_call c;
    int32_t i;

    start_described(&c, f, type); c.y_pred.ndim = -1; EXPECT(&c, XENT_ERROR_SHAPE, "y_pred", "ndim -1");
    start_described(&c, f, type); c.y_pred.ndim = INT32_MIN; EXPECT(&c, XENT_ERROR_SHAPE, "y_pred", "ndim INT32_MIN");
    start_described(&c, f, type); c.y_true.ndim = -1; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_true's ndim -1");
    start_described(&c, f, type); c.gradient.ndim = -1; EXPECT(&c, XENT_ERROR_SHAPE, "gradient", "gradient's ndim -1");
    start_described(&c, f, type); c.y_pred.shape = c.y_true.shape = negative; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "a negative length");
    start_described(&c, f, type); c.y_pred.shape = c.y_true.shape = c.gradient.shape = two_negative;
    EXPECT(&c, XENT_ERROR_SHAPE, inputs, "two negative lengths");
    start_described(&c, f, type); c.y_pred.shape = c.y_true.shape = c.gradient.shape = huge;
    EXPECT(&c, XENT_ERROR_SHAPE, inputs, "a huge shape");
    start_described(&c, f, type); c.y_pred.shape = c.y_true.shape = c.gradient.shape = wraps;
    EXPECT(&c, XENT_ERROR_SHAPE, inputs, "a product that wraps to 0");

    start_described(&c, f, type); c.y_true.shape = swapped; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_true of another shape");
    start_described(&c, f, type); c.y_pred.shape = swapped; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_pred of another shape");
    start_described(&c, f, type); c.y_true.ndim = 1; c.y_true.shape = six; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_true of another rank");
    start_described(&c, f, type); c.y_true.ndim = 0; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_true of rank 0");
    start_described(&c, f, type); c.y_true.shape = ones; EXPECT(&c, XENT_ERROR_SHAPE, inputs, "y_true does not broadcast");
    start_described(&c, f, type); c.gradient.shape = swapped; EXPECT(&c, XENT_ERROR_SHAPE, "gradient", "gradient of another shape");
    start_described(&c, f, type); c.gradient.ndim = 1; c.gradient.shape = six; EXPECT(&c, XENT_ERROR_SHAPE, "gradient", "flat gradient");
    start_described(&c, f, type); c.gradient.ndim = 0; EXPECT(&c, XENT_ERROR_SHAPE, "gradient", "gradient of rank 0");

    for (i = 0; i <= 3; i++) { /* a reduced loss may have any rank */
        start_described(&c, f, type); c.loss.ndim = i; c.loss.shape = ones; EXPECT(&c, XENT_OK, NULL, "a loss of one element");
    }
    start_described(&c, f, type); c.loss.ndim = 1; c.loss.shape = six; EXPECT(&c, XENT_ERROR_SHAPE, "loss", "six reduced losses");
    start_described(&c, f, type); c.loss.ndim = 1; c.loss.shape = no_rows; EXPECT(&c, XENT_ERROR_SHAPE, "loss", "no reduced loss");
    start_described(&c, f, type); c.options.reduction = XENT_NONE; EXPECT(&c, XENT_ERROR_SHAPE, "loss", "one loss for all rows");
    start_described(&c, f, type); c.options.reduction = XENT_NONE; c.loss.ndim = 2; c.loss.shape = shape;
    EXPECT(&c, XENT_OK, NULL, "a loss for every row");
    start_described(&c, f, type); c.options.reduction = XENT_NONE; c.loss.ndim = 1; c.loss.shape = six;
    EXPECT(&c, XENT_ERROR_SHAPE, "loss", "losses of another rank");
    start_described(&c, f, type); c.options.reduction = XENT_NONE; c.loss.ndim = 2; c.loss.shape = swapped;
    EXPECT(&c, XENT_ERROR_SHAPE, "loss", "losses of another shape");

    start_described(&c, f, type); c.y_true.shape = c.y_pred.shape = c.gradient.shape = no_rows;
    c.y_true.data = c.y_pred.data = c.gradient.data = NULL; c.y_pred_buffer.count = 0;
    EXPECT(&c, XENT_OK, NULL, "no rows, data NULL");
    if (f != BINARY) {
        start_described(&c, f, type); c.y_true.shape = c.y_pred.shape = c.gradient.shape = no_classes;
        EXPECT(&c, XENT_ERROR_SHAPE, "class|y_pred", "no classes");
        start_described(&c, f, type); c.y_true.shape = c.y_pred.shape = c.gradient.shape = none_at_all;
        EXPECT(&c, XENT_ERROR_SHAPE, "class|y_pred", "no rows of no classes");
        start_described(&c, f, type); c.y_true.ndim = c.y_pred.ndim = c.gradient.ndim = 0;
        EXPECT(&c, XENT_ERROR_SHAPE, "class|axis|y_pred", "no class axis");
    }
}

static void test_wrong_types(enum function f, xent_type type)
{
    static const xent_type bad_inputs[] = {XENT_I8, XENT_I64, XENT_U32, (xent_type)11, (xent_type)15};
    const xent_type other = type == XENT_F32 ? XENT_F64 : XENT_F32;
    described_call c;
    int i;

    for (i = 0; i < 5; i++) {
        start_described(&c, f, type); c.y_pred.type = bad_inputs[i]; EXPECT(&c, XENT_ERROR_TYPE, "y_pred", "y_pred's type");
        start_described(&c, f, type); c.gradient.type = bad_inputs[i]; EXPECT(&c, XENT_ERROR_TYPE, "gradient", "gradient's type");
        start_described(&c, f, type); c.loss.type = bad_inputs[i]; EXPECT(&c, XENT_ERROR_TYPE, "loss", "loss's type");
    }
    start_described(&c, f, type); c.loss.type = other; EXPECT(&c, XENT_ERROR_TYPE, "loss", "loss of the other float");
    start_described(&c, f, type); c.y_true.type = (xent_type)11; EXPECT(&c, XENT_ERROR_TYPE, "y_true|labels", "y_true of no type");
    if (f == BINARY) {
        start_described(&c, f, type); c.y_true.type = XENT_I64; EXPECT(&c, XENT_ERROR_TYPE, "y_true", "binary targets of I64");
        start_described(&c, f, type); c.y_true.type = XENT_U8; EXPECT(&c, XENT_ERROR_TYPE, "y_true", "binary targets of U8");
    }
    if (f == SPARSE_CATEGORICAL) { /* floating labels read as a distribution, whose shape is another */
        start_described(&c, f, type); c.y_true.type = type; EXPECT(&c, XENT_ERROR_SHAPE, "y_true", "floating labels");
    }
    if (f == CATEGORICAL) {
        start_described(&c, f, type); c.y_true.type = XENT_I32; EXPECT(&c, XENT_ERROR_SHAPE, "y_true|labels", "an integer distribution");
    }
}

/* ---- One row: the smallest ranks ------------------------------------------------------------ */

static void test_rank_0(xent_type type)
{
    static const double p[4] = {0.25, 0.125, 0.5, 0.125}, y[1] = {1};
    static const int64_t label[1] = {2}, four[1] = {4};
    buffer y_true = new_values(type, y, 1), y_pred = new_values(type, p, 4), labels = new_labels(XENT_U8, label, 1);
    buffer loss = new_buffer(type, 1), gradient = new_buffer(type, 4);
    xent_array t = view_of(&y_true, 0, NULL), q = view_of(&y_pred, 0, NULL), l = view_of(&loss, 0, NULL);
    xent_array g = view_of(&gradient, 0, NULL);
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;

    options.reduction = XENT_NONE;
    outputs.loss = &l;
    outputs.gradient = &g;
    CHECK(xent_binary(&t, &q, &options, &outputs) == XENT_OK && outputs.count == 1 && get_value(&gradient, 0) == -4,
          "binary of rank 0: gradient %g", get_value(&gradient, 0));
    CHECK(fabs(get_value(&loss, 0) - log(4.0)) < 1e-6, "binary of rank 0: loss %g", get_value(&loss, 0));
    t = view_of(&labels, 0, NULL);
    q = view_of(&y_pred, 1, four);
    g = view_of(&gradient, 1, four);
    CHECK(xent_categorical(&t, &q, &options, &outputs) == XENT_OK && outputs.count == 1, "a label of rank 0");
    CHECK(get_value(&gradient, 0) == 0 && get_value(&gradient, 2) == -2, "a label of rank 0: gradient %g",
          get_value(&gradient, 2));
    CHECK(fabs(get_value(&loss, 0) - log(2.0)) < 1e-6, "a label of rank 0: loss %g", get_value(&loss, 0));
    free_buffer(&y_true);
    free_buffer(&y_pred);
    free_buffer(&labels);
    free_buffer(&loss);
    free_buffer(&gradient);
}

/* Shapes and strides are read while outputs are written: none may lie there. */
static void test_output_over_descriptor(void)
{
    int64_t shape[2] = {2, 3}, strides[2] = {3, 1}, rows[1] = {2}, labels[2] = {0, 2}, before[2];
    float predictions[6] = {0, 1, 2, 3, 4, 5};
    int64_t *places[2];
    int i;
    places[0] = shape;
    places[1] = strides;
    for (i = 0; i < 2; i++) {
        xent_options options = XENT_OPTIONS_INIT;
        xent_outputs outputs = XENT_OUTPUTS_INIT;
        xent_array y_true = {labels, XENT_I64, 1, NULL, NULL}, y_pred = {predictions, XENT_F32, 2, NULL, NULL};
        xent_array loss = {NULL, XENT_F32, 1, NULL, NULL};
        char message[100];
        y_true.shape = loss.shape = rows;
        y_pred.shape = shape;
        y_pred.strides = strides;
        loss.data = places[i];
        options.input = XENT_LOGITS;
        options.reduction = XENT_NONE;
        outputs.loss = &loss;
        memcpy(before, places[i], sizeof before);
        CHECK(xent_categorical(&y_true, &y_pred, &options, &outputs) == XENT_ERROR_OVERLAP, "loss over %s",
              i ? "strides" : "the shape");
        CHECK(memcmp(before, places[i], sizeof before) == 0, "%s written", i ? "strides" : "the shape");
        CHECK(xent_explain_categorical(&y_true, &y_pred, &options, &outputs, message, sizeof message) > 0, "no explanation");
    }
}

void test_descriptor_shapes(void)
{
    int i;
    test_output_over_descriptor();
    for (i = 0; i < 6; i++) {
        enum function f = (enum function)(i / 2);
        xent_type type = i % 2 ? XENT_F64 : XENT_F32;
        test_pointers(f, type);
        test_shapes(f, type);
        test_wrong_types(f, type);
        if (f == BINARY)
            test_rank_0(type);
    }
}
