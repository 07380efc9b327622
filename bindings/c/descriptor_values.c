/* Descriptor functions: options, struct sizes, labels, data and overlap. */
#include "described.h"

/* ---- Options and structs -------------------------------------------------------------------- */

static void test_options(enum function f, xent_type type)
{
    static const size_t refused[] = {0, 1, sizeof(size_t), sizeof(xent_outputs) - 1, sizeof(xent_outputs) - 8};
    struct { xent_outputs outputs; unsigned char tail[32]; } grown;
    described_call c;
    const char *name;
    int i;

    for (i = 0; start_described(&c, f, type), (name = spoil_option(&c.options, i)) != NULL; i++) {
        if (c.options.reduction == XENT_NONE) {
            c.loss.ndim = 2;
            c.loss.shape = shape;
        }
        EXPECT(&c, XENT_ERROR_OPTION, name, name);
    }
    EXPECT(&c, XENT_OK, NULL, "default options");
    start_described(&c, f, type); c.outputs.log_sum_exp = &c.loss; EXPECT(&c, XENT_ERROR_OPTION, "log_sum_exp", "log_sum_exp");
    if (f != BINARY) {
        start_described(&c, f, type); c.options.axis = 2; EXPECT(&c, XENT_OK, NULL, "axis 2 of 3");
        start_described(&c, f, type); c.options.axis = 3; EXPECT(&c, XENT_ERROR_OPTION, "axis", "axis 3 of 3");
    }
    if (f == SPARSE_CATEGORICAL) {
        start_described(&c, f, type); c.options.axis = 1; EXPECT(&c, XENT_ERROR_SHAPE, "labels", "axis 1, but labels without axis 2");
    }
    for (i = 0; i < 5; i++) {
        start_described(&c, f, type); c.options.struct_size = refused[i]; EXPECT(&c, XENT_ERROR_OPTION, "struct_size", "options' size");
        start_described(&c, f, type); c.outputs.struct_size = refused[i]; EXPECT(&c, XENT_ERROR_OPTION, "struct_size", "outputs' size");
    }
    start_described(&c, f, type);
    for (i = 0; i < 5; i++) {
        xent_status status, expected = i == 1 || i == 2 ? XENT_ERROR_OPTION : XENT_OK;
        memset(&grown, 0, sizeof grown);
        xent_outputs_init(&grown.outputs);
        grown.outputs.struct_size = sizeof(xent_outputs) + 24;
        if (i > 0) /* first and last byte of the tail; behind the tail; nothing */
            grown.tail[i == 1 ? 0 : i == 2 ? 23 : 24] = i < 4 ? 1 : 0;
        status = call_described(&c, &c.y_true, &c.y_pred, &grown.outputs);
        CHECK(status == expected, "grown outputs, case %d: %s", i, xent_status_string(status));
        CHECK_MESSAGE(&c, &c.y_true, &c.y_pred, &grown.outputs, expected == XENT_OK ? NULL : "struct_size|outputs",
                      "grown outputs");
    }
    EXPECT(&c, XENT_OK, NULL, "default outputs");
}

/* ---- Labels and data ------------------------------------------------------------------------ */

static void test_labels(xent_type type)
{
    static const struct { xent_type type; int64_t value; const char *message; } bad[] = {
        {XENT_I8, -1, "is -1, outside [0, 4)"}, {XENT_I8, -128, "-128"}, {XENT_I16, 4, "is 4, outside [0, 4)"},
        {XENT_I32, INT32_MIN, "-2147483648"}, {XENT_I64, INT64_MIN, "-9223372036854775808"},
        {XENT_I64, INT64_MAX, "9223372036854775807"}, {XENT_I64, (int64_t)1 << 32, "4294967296"},
        {XENT_U8, 255, "255"}, {XENT_U16, 65535, "65535"}, {XENT_U32, 4294967295, "4294967295"}};
    static const int64_t eighteen[1] = {18}, eighteen_by_ten[2] = {18, 10};
    size_t i;
    int64_t place;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (place = 0; place < 6; place++) {
            int64_t labels[6] = {1, 0, 3, 1, 2, 1};
            described_call c;
            start_described(&c, SPARSE_CATEGORICAL, type);
            labels[place] = bad[i].value;
            if (place < 4) /* the first one counts */
                labels[5] = bad[i].value;
            free_buffer(&c.y_true_buffer);
            c.y_true_buffer = new_labels(bad[i].type, labels, 6);
            c.y_true = view_of(&c.y_true_buffer, 2, shape);
            EXPECT_INDEX(&c, XENT_ERROR_LABEL, place, bad[i].message, "a label out of range");
        }
    {   /* The sentence as the header has it. */
        int64_t labels[18] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 12};
        double p[180];
        char message[100];
        described_call c;
        start_described(&c, SPARSE_CATEGORICAL, type);
        for (i = 0; i < 180; i++)
            p[i] = 0.1;
        free_buffer(&c.y_true_buffer);
        free_buffer(&c.y_pred_buffer);
        c.y_true_buffer = new_labels(XENT_I16, labels, 18);
        c.y_pred_buffer = new_values(type, p, 180);
        c.y_true = view_of(&c.y_true_buffer, 1, eighteen);
        c.y_pred = view_of(&c.y_pred_buffer, 2, eighteen_by_ten);
        c.outputs.gradient = NULL;
        call_described(&c, &c.y_true, &c.y_pred, &c.outputs);
        explain_described(&c, &c.y_true, &c.y_pred, &c.outputs, message, sizeof message);
        CHECK(strcmp(message, "labels[17] is 12, outside [0, 10)") == 0, "the message is: %s", message);
        EXPECT_INDEX(&c, XENT_ERROR_LABEL, 17, "labels[17] is 12, outside [0, 10)", "label 12 of 10");
    }
}

static void test_data(enum function f, xent_type type)
{
    const size_t step = f == BINARY ? 1 : 4, first = f == BINARY ? 0 : 1; /* where the class of the target is */
    const size_t second_bad = first + 5 * step;
    described_call c;
    size_t row;
    int outputs;

    for (row = 0; row < 6; row++)
        for (outputs = 0; outputs < 4; outputs++) {
            const size_t index = first + row * step;
            start_described(&c, f, type);
            set_value(&c.y_pred_buffer, index, 7);
            if (row < 5)
                set_value(&c.y_pred_buffer, second_bad, -3);
            c.outputs.loss = outputs & 1 ? &c.loss : NULL;
            c.outputs.gradient = outputs & 2 ? &c.gradient : NULL;
            EXPECT_INDEX(&c, XENT_ERROR_PROBABILITY, (int64_t)index, "7", "a probability of 7");
            if (f == SPARSE_CATEGORICAL)
                continue;
            start_described(&c, f, type);
            c.options.input = XENT_LOGITS;
            set_value(&c.y_true_buffer, index, -2.5);
            if (row < 5)
                set_value(&c.y_true_buffer, second_bad, NAN);
            c.outputs.loss = outputs & 1 ? &c.loss : NULL;
            c.outputs.gradient = outputs & 2 ? &c.gradient : NULL;
            EXPECT_INDEX(&c, XENT_ERROR_TARGET, (int64_t)index, "-2.5", "a target of -2.5");
        }
    start_described(&c, f, type);
    set_value(&c.y_pred_buffer, first, 1.0005);
    set_value(&c.y_pred_buffer, second_bad, -0.0005);
    EXPECT(&c, XENT_OK, NULL, "probabilities within the tolerance");
    start_described(&c, f, type); set_value(&c.y_pred_buffer, first, NAN); EXPECT(&c, XENT_OK, NULL, "a NaN probability");
    start_described(&c, f, type);
    c.options.input = XENT_LOG_PROBABILITIES;
    if (f == BINARY)
        EXPECT_INDEX(&c, XENT_ERROR_PROBABILITY, 0, "0.25", "a binary log-probability of 0.25");
    else
        EXPECT(&c, XENT_OK, NULL, "log-probabilities of 0.25");
    if (f == SPARSE_CATEGORICAL) {
        start_described(&c, f, type); set_value(&c.y_pred_buffer, 0, 7); EXPECT(&c, XENT_OK, NULL, "a 7 that is not read");
    } else {
        start_described(&c, f, type); set_value(&c.y_true_buffer, first, 1.5);
        EXPECT_INDEX(&c, f == BINARY ? XENT_ERROR_TARGET : XENT_OK, f == BINARY ? 0 : -1, f == BINARY ? "1.5" : NULL,
                     "a target of 1.5");
        start_described(&c, f, type); set_value(&c.y_true_buffer, 2, HUGE_VAL);
        EXPECT_INDEX(&c, XENT_ERROR_TARGET, 2, "inf", "an infinite target");
    }
}

static void test_overlap(enum function f, xent_type type)
{
    const size_t size = size_of_type(type);
    const char *outputs = "gradient|loss";
    described_call c;

    start_described(&c, f, type); c.gradient.data = c.y_true.data; EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "gradient over y_true");
    start_described(&c, f, type); c.gradient.data = (char *)c.y_pred.data + size;
    EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "gradient one behind y_pred");
    start_described(&c, f, type); c.gradient.data = (char *)c.y_pred.data - size;
    EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "gradient one before y_pred");
    start_described(&c, f, type); c.loss.data = (char *)c.y_pred.data + size; EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "loss in y_pred");
    start_described(&c, f, type); c.loss.data = c.y_true.data; EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "loss in y_true");
    start_described(&c, f, type); c.loss.data = (char *)c.gradient.data + 5 * size;
    EXPECT(&c, XENT_ERROR_OVERLAP, outputs, "loss in gradient");
    start_described(&c, f, type); c.gradient.data = c.y_pred.data; EXPECT(&c, XENT_OK, "", "in place");
    start_described(&c, f, type); c.outputs.gradient = &c.y_pred; EXPECT(&c, XENT_OK, "", "in place, the very view");
    if (f != SPARSE_CATEGORICAL) {
        start_described(&c, f, type); c.y_true.data = c.y_pred.data; EXPECT(&c, XENT_OK, NULL, "both inputs in one place");
    }
}

void test_descriptor_values(void)
{
    int i;
    for (i = 0; i < 6; i++) {
        enum function f = (enum function)(i / 2);
        xent_type type = i % 2 ? XENT_F64 : XENT_F32;
        test_options(f, type);
        if (f == SPARSE_CATEGORICAL)
            test_labels(type);
        test_data(f, type);
        test_overlap(f, type);
    }
}
