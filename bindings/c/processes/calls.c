/* The calls: every loss, input, type and form of target, plain and with options, from one row to a million elements. */
#include "process.h"

enum target { BINARY, LABELS, DISTRIBUTION };
enum variant { PLAIN, COMPOSED };

static const struct call {
    enum target target;
    xent_type type;
    int32_t input, reduction;
    enum variant variant;
    int64_t rows, classes;
} calls[] = {
    {BINARY, XENT_F32, XENT_PROBABILITIES, XENT_MEAN, PLAIN, 2, 2},
    {BINARY, XENT_F64, XENT_LOGITS, XENT_NONE, COMPOSED, 70, 3},
    {LABELS, XENT_F32, XENT_LOGITS, XENT_MEAN, PLAIN, 100, 10},
    {LABELS, XENT_F64, XENT_PROBABILITIES, XENT_SUM, COMPOSED, 20, 10},
    {DISTRIBUTION, XENT_BF16, XENT_LOGITS, XENT_NONE, COMPOSED, 30, 17},
    {BINARY, XENT_F32, XENT_PROBABILITIES, XENT_NONE, PLAIN, 501, 301},
    {BINARY, XENT_F64, XENT_LOGITS, XENT_MEAN, PLAIN, 300, 201},
    {BINARY, XENT_F16, XENT_LOG_PROBABILITIES, XENT_MEAN, PLAIN, 200, 301},
    {BINARY, XENT_F32, XENT_LOGITS, XENT_MEAN, COMPOSED, 200, 301},
    {LABELS, XENT_F32, XENT_LOGITS, XENT_NONE, PLAIN, 301, 503},
    {LABELS, XENT_F64, XENT_LOGITS, XENT_MEAN, COMPOSED, 301, 203},
    {LABELS, XENT_F16, XENT_LOGITS, XENT_SUM, PLAIN, 5011, 10},
    {LABELS, XENT_F32, XENT_PROBABILITIES, XENT_MEAN, PLAIN, 1001, 100},
    {LABELS, XENT_F32, XENT_LOG_PROBABILITIES, XENT_MEAN, COMPOSED, 401, 100},
    {DISTRIBUTION, XENT_F32, XENT_LOGITS, XENT_MEAN, PLAIN, 201, 503},
    {DISTRIBUTION, XENT_F64, XENT_PROBABILITIES, XENT_NONE, PLAIN, 999, 100},
    {DISTRIBUTION, XENT_F32, XENT_LOGITS, XENT_MEAN, COMPOSED, 301, 203},
    {LABELS, XENT_F32, XENT_LOGITS, XENT_MEAN, PLAIN, 1100, 1000},
    {LABELS, XENT_F16, XENT_LOGITS, XENT_MEAN, PLAIN, 2, 600011},
    {BINARY, XENT_F32, XENT_LOGITS, XENT_MEAN, PLAIN, 1100, 1000},
};

enum { CALLS = sizeof calls / sizeof calls[0] };
const int call_count = CALLS, large_call = CALLS - 3;

static struct {
    void *y_true, *y_pred, *weights;
} data[CALLS];
static uint64_t recorded[CALLS];

static size_t size_of(xent_type type) { return type == XENT_F32 ? 4 : type == XENT_F64 || type == XENT_I64 ? 8 : 2; }

/* A value in (0, 1) that looks random and is the same everywhere, exact in every type but the 16-bit ones. */
static double value_at(int64_t index) { return ((double)((uint32_t)(index * 2654435761u) >> 9) + 0.5) / 8388608.0; }

/* 16-bit types take the upper bits of a float32; float16 by way of its own exponent. All values here are normal. */
static void store(void *array, xent_type type, int64_t index, double value)
{
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, 4);
    if (type == XENT_F64)
        ((double *)array)[index] = value;
    else if (type == XENT_F32)
        ((float *)array)[index] = single;
    else if (type == XENT_BF16)
        ((uint16_t *)array)[index] = (uint16_t)(bits >> 16);
    else if ((bits >> 23 & 255) < 113) /* below 2^-14, which float16 holds no longer in full */
        ((uint16_t *)array)[index] = (uint16_t)(bits >> 16 & 0x8000);
    else
        ((uint16_t *)array)[index] = (uint16_t)((bits >> 16 & 0x8000) | ((bits - (112u << 23)) >> 13 & 0x7fff));
}

static void *allocate(size_t bytes)
{
    void *memory = calloc(bytes + 1, 1);
    if (!memory)
        abort();
    return memory;
}

void prepare_calls(void)
{
    int i;
    int64_t j;
    for (i = 0; i < CALLS; i++) {
        const struct call *c = &calls[i];
        int64_t count = c->rows * c->classes;
        data[i].y_pred = allocate((size_t)count * size_of(c->type));
        for (j = 0; j < count; j++) {
            double v = value_at(j);
            store(data[i].y_pred, c->type, j,
                  c->input == XENT_LOGITS ? 20 * v - 10 : c->input == XENT_PROBABILITIES ? v : -v);
        }
        data[i].y_true = allocate((size_t)(c->target == LABELS ? c->rows * 8 : count * (int64_t)size_of(c->type)));
        for (j = 0; j < (c->target == LABELS ? c->rows : count); j++) {
            if (c->target == LABELS)
                ((int64_t *)data[i].y_true)[j] = j * 7919 % c->classes;
            else
                store(data[i].y_true, c->type, j, value_at(3 * j + 1));
        }
        data[i].weights = allocate((size_t)count * 8);
        for (j = 0; j < count; j++)
            ((double *)data[i].weights)[j] = 0.5 + value_at(5 * j + 2);
    }
}

static uint64_t digest_of(uint64_t digest, const void *memory, size_t bytes)
{
    uint64_t word;
    size_t i;
    for (i = 0; i < bytes; i += 8) {
        word = 0;
        memcpy(&word, (const char *)memory + i, bytes - i < 8 ? bytes - i : 8);
        digest = (digest ^ word) * 0x9e3779b97f4a7c15u;
        digest ^= digest >> 29;
    }
    return digest;
}

static xent_array array(void *memory, xent_type type, int32_t ndim, const int64_t *shape)
{
    xent_array a;
    a.data = memory;
    a.type = type;
    a.ndim = ndim;
    a.shape = shape;
    a.strides = NULL;
    return a;
}

uint64_t result_of(const library *used, int call, int32_t num_threads)
{
    const struct call *c = &calls[call];
    const int is_binary = c->target == BINARY, is_composed = c->variant == COMPOSED;
    const int64_t shape[2] = {c->rows, c->classes}, row_shape[1] = {c->rows};
    const xent_type wide = c->type == XENT_F64 ? XENT_F64 : XENT_F32;
    const size_t count = (size_t)(c->rows * c->classes), rows = is_binary ? count : (size_t)c->rows;
    const size_t losses = c->reduction == XENT_NONE ? rows : 1;
    const int32_t row_rank = is_binary ? 2 : 1;
    const int64_t *row_lengths = is_binary ? shape : row_shape;
    void *loss_memory = allocate(losses * size_of(wide)), *gradient_memory = allocate(count * size_of(c->type));
    void *exponent_memory = allocate(rows * size_of(wide)), *argmax_memory = allocate(rows * 8);
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    xent_array y_true = array(data[call].y_true, c->target == LABELS ? XENT_I64 : c->type,
                              c->target == LABELS ? 1 : 2, shape);
    xent_array y_pred = array(data[call].y_pred, c->type, 2, shape);
    xent_array loss = array(loss_memory, wide, c->reduction == XENT_NONE ? row_rank : 0, row_lengths);
    xent_array gradient = array(gradient_memory, c->type, 2, shape);
    xent_array exponent = array(exponent_memory, wide, 1, row_shape);
    xent_array argmax = array(argmax_memory, XENT_I64, 1, row_shape);
    xent_array weights = array(data[call].weights, XENT_F64, row_rank, row_lengths);
    uint64_t digest = 0;
    options.input = c->input;
    options.reduction = c->reduction;
    options.num_threads = num_threads;
    outputs.loss = &loss;
    outputs.gradient = &gradient;
    if (is_composed) {
        options.label_smoothing = 0.1;
        options.focal_gamma = 1.5;
        options.poly_epsilon = 0.25;
        options.sample_weights = &weights;
        if (c->input == XENT_LOGITS)
            options.logit_softcap = 8;
        if (!is_binary) {
            outputs.argmax = &argmax;
            if (c->input == XENT_LOGITS)
                outputs.log_sum_exp = &exponent;
        }
    }
    if ((is_binary ? used->binary : used->categorical)(&y_true, &y_pred, &options, &outputs) == XENT_OK) {
        digest = digest_of(1, loss_memory, losses * size_of(wide));
        digest = digest_of(digest, gradient_memory, count * size_of(c->type));
        digest = digest_of(digest, exponent_memory, rows * size_of(wide));
        digest = digest_of(digest, argmax_memory, rows * 8);
        digest = digest_of(digest, &outputs.loss_sum, sizeof outputs.loss_sum);
    }
    free(loss_memory);
    free(gradient_memory);
    free(exponent_memory);
    free(argmax_memory);
    return digest;
}

const uint64_t *record_results(const library *used)
{
    int i;
    for (i = 0; i < CALLS; i++)
        recorded[i] = result_of(used, i, 1);
    return recorded;
}

int all_agree(const library *used, int first, int end, int32_t num_threads)
{
    int i, agree = 1;
    for (i = first; i < end; i++) {
        const uint64_t result = result_of(used, i, num_threads);
        agree &= CHECK(result != 0, "call %d fails with %d threads", i, (int)num_threads);
        agree &= CHECK(result == recorded[i], "call %d gives other bits with %d threads", i, (int)num_threads);
    }
    return agree;
}
