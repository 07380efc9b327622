/* Calls of every shape, sound and spoiled, against the promises of xent.h: no crash, no memory touched that is not the
 * call's, nothing written on an error found beforehand, the same bits for any number of threads, an explanation for each
 * refusal. The entry point is libFuzzer's; replay.c has a main for machines without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "memory.h"

/* What is left unwritten keeps this byte. */
enum { UNTOUCHED = 0xa5, PAGE = 4096 };

#define REQUIRE(condition, ...) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            fprintf(stderr, __VA_ARGS__); \
            fprintf(stderr, "\n"); \
            abort(); \
        } \
    } while (0)

/* Where an argument lies. */
typedef struct place {
    int is_real;             /* there is memory behind the pointer */
    unsigned char *bytes;    /* the lowest element, writable */
    size_t size;             /* from the lowest element to the end of the highest */
    void *data;              /* what the library is given */
    int owner;               /* whose region it lies in */
} place;

typedef struct argument_memory {
    memory data, view, shape, strides;
} argument_memory;

/* Of all that the calls so far have written. */
uint64_t fuzz_digest = 0xcbf29ce484222325ULL;

static argument_memory memories[ARGUMENTS];
static memory options_memory, outputs_memory, message_memory;
static unsigned char saved[ARGUMENTS][MOST_BYTES];

static void prepare(void)
{
    int i;
    if (message_memory.size > 0)
        return;
    for (i = 0; i < ARGUMENTS; i++) {
        memories[i].data = new_memory(MOST_BYTES);
        memories[i].view = new_memory(sizeof(xent_array));
        memories[i].shape = new_memory(MOST_AXES * sizeof(int64_t));
        memories[i].strides = new_memory(MOST_AXES * sizeof(int64_t));
    }
    options_memory = new_memory(1 << 16);
    outputs_memory = new_memory(1 << 16);
    message_memory = new_memory(1 << 12);
}

/* Bytes directly before the forbidden page, as the library shall see them. */
static const void *put_at_end(const memory *m, const void *bytes, size_t size)
{
    memcpy(m->writable + m->size - size, bytes, size);
    return m->read_only + m->size - size;
}

/* ---- Places ---------------------------------------------------------------------------------- */

enum reach { NOTHING, IMPOSSIBLE, TOO_LARGE, REAL };

/* How many bytes lie below an argument's first element and how many from there on. IMPOSSIBLE: what the library must
 * refuse before it touches an element. TOO_LARGE: more than there is room for here. */
static enum reach measure(const argument *a, size_t *bytes_below, size_t *bytes_above)
{
    __int128 count = 1, lowest = 0, highest = 0, step = 1;
    int32_t axis;
    *bytes_below = *bytes_above = 0;
    if (a->ndim < 0 || (a->ndim > 0 && !a->has_shape))
        return IMPOSSIBLE;
    for (axis = 0; axis < a->ndim; axis++)
        if (a->shape[axis] < 0)
            return IMPOSSIBLE;
    for (axis = 0; axis < a->ndim; axis++)
        if (a->shape[axis] == 0)
            return NOTHING;
    for (axis = a->ndim - 1; axis >= 0; axis--) {
        __int128 stride = a->has_strides ? a->strides[axis] : step;
        if (a->shape[axis] > 1)
            *(stride < 0 ? &lowest : &highest) += stride * (a->shape[axis] - 1);
        count *= a->shape[axis];
        step = count;
        if (count > INT64_MAX)
            return IMPOSSIBLE;
    }
    highest = (highest + 1) * (__int128)size_of((xent_type)a->type);
    lowest *= -(__int128)size_of((xent_type)a->type);
    if (count * (__int128)size_of((xent_type)a->type) > INT64_MAX || highest > INT64_MAX || lowest > INT64_MAX)
        return IMPOSSIBLE;
    if (lowest + highest > MOST_BYTES || count > MOST_BYTES)
        return TOO_LARGE;
    *bytes_below = (size_t)lowest;
    *bytes_above = (size_t)highest;
    return REAL;
}

/* Gives every argument its place. Returns 0 if a valid one would not fit in. */
static int place_arguments(const call *c, place places[ARGUMENTS])
{
    size_t bytes_below[ARGUMENTS], bytes_above[ARGUMENTS];
    int is_written[ARGUMENTS] = {0};
    int i;
    for (i = 0; i < ARGUMENTS; i++) {
        const argument *a = &c->arguments[i];
        place *p = &places[i];
        enum reach reach = a->is_given ? measure(a, &bytes_below[i], &bytes_above[i]) : NOTHING;
        memset(p, 0, sizeof *p);
        if (reach == TOO_LARGE)
            return 0;
        p->owner = i;
        p->data = a->has_data ? forbidden_address() : NULL;
        if (reach != REAL || !a->has_data)
            continue;
        p->is_real = 1;
        p->size = bytes_below[i] + bytes_above[i];
        p->bytes = memories[i].data.writable + (a->is_at_start ? 0 : memories[i].data.size - p->size);
        is_written[i] = i >= INPUTS;
    }
    for (i = 0; i < ARGUMENTS; i++) {
        int other = c->arguments[i].overlapped;
        const memory *m = &memories[other < 0 ? i : other].data;
        size_t size = size_of((xent_type)c->arguments[i].type), first;
        if (other < 0 || other == i || !places[i].is_real || !places[other].is_real || places[other].owner != other)
            continue;
        first = (size_t)(places[other].bytes - m->writable) + bytes_below[other] + c->arguments[i].shift * size;
        first = (first + size - 1) / size * size;
        if (first < bytes_below[i] || first + bytes_above[i] > m->size)
            continue;
        first -= bytes_below[i];
        if (m->writable + first >= places[other].bytes + places[other].size
            || m->writable + first + places[i].size <= places[other].bytes)
            continue;
        places[i].owner = other;
        places[i].bytes = m->writable + first;
        /* In place, the input may be written. */
        if (i == GRADIENT && other == Y_PRED && c->arguments[i].shift == 0)
            is_written[other] = 1;
    }
    for (i = 0; i < ARGUMENTS; i++) {
        const memory *m = &memories[places[i].owner].data;
        if (places[i].is_real)
            places[i].data = (is_written[places[i].owner] ? m->writable : m->read_only)
                + (places[i].bytes - m->writable) + bytes_below[i];
    }
    return 1;
}

/* A region's bytes that are looked at: the argument's own, and a page on either side. */
static unsigned char *window(const memory *m, const place *p, size_t *size)
{
    size_t first = (size_t)(p->bytes - m->writable), end = first + p->size + PAGE;
    first = first < PAGE ? 0 : first - PAGE;
    *size = (end > m->size ? m->size : end) - first;
    return m->writable + first;
}

static void fill(const call *c, const place places[ARGUMENTS])
{
    int i;
    for (i = 0; i < ARGUMENTS; i++) {
        const argument *a = &c->arguments[i];
        size_t size = size_of((xent_type)a->type), at, window_size;
        unsigned char *bytes;
        filling f;
        if (!places[i].is_real || places[i].owner != i)
            continue;
        bytes = window(&memories[i].data, &places[i], &window_size);
        memset(bytes, UNTOUCHED, window_size);
        if (i >= INPUTS && !is_descent(c))
            continue;
        f.kind = i == Y_PRED ? (value_kind)(c->options.input % 3) : i == Y_TRUE ? PROBABILITIES_KIND : WEIGHTS_KIND;
        f.state = c->seed + (uint64_t)i;
        f.strange = a->strange;
        f.classes = c->label_classes;
        for (at = 0; at + size <= places[i].size; at += size)
            store_value(&f, places[i].bytes + at, (xent_type)a->type);
    }
}

/* ---- Calls ----------------------------------------------------------------------------------- */

/* A struct of the caller's version: its first `size` bytes, or as much as can be had, directly before the forbidden page;
 * what the library does not know yet is 0. */
static size_t struct_bytes(size_t size, size_t known)
{
    return size > 1 << 16 ? known : size < sizeof(size_t) ? sizeof(size_t) : (size + 7) / 8 * 8;
}

static const xent_array *put_view(const call *c, const place places[ARGUMENTS], int i)
{
    const argument *a = &c->arguments[i];
    size_t axes = a->ndim > 0 ? (size_t)a->ndim : 0;
    xent_array view;
    if (!a->is_given)
        return NULL;
    memset(&view, 0, sizeof view);
    view.data = places[i].data;
    memcpy(&view.type, &a->type, sizeof view.type);
    view.ndim = a->ndim;
    view.shape = a->has_shape ? (const int64_t *)put_at_end(&memories[i].shape, a->shape, axes * sizeof(int64_t)) : NULL;
    view.strides = a->has_strides ? (const int64_t *)put_at_end(&memories[i].strides, a->strides, axes * sizeof(int64_t)) : NULL;
    return (const xent_array *)put_at_end(&memories[i].view, &view, sizeof view);
}

typedef struct arguments {
    const xent_array *views[ARGUMENTS];
    const xent_options *options;
    xent_outputs *outputs;
    size_t outputs_bytes;
} arguments;

static arguments put_arguments(const call *c, const place places[ARGUMENTS], int32_t num_threads)
{
    arguments result;
    xent_options options = c->options;
    xent_outputs outputs;
    size_t bytes = struct_bytes(c->options_size, sizeof options);
    int i;
    for (i = 0; i < ARGUMENTS; i++)
        result.views[i] = put_view(c, places, i);
    options.struct_size = c->options_size;
    if (num_threads >= 0)
        options.num_threads = num_threads;
    options.class_weights = result.views[CLASS_WEIGHTS];
    options.sample_weights = result.views[SAMPLE_WEIGHTS];
    options.pos_weight = result.views[POS_WEIGHT];
    options.upstream = result.views[UPSTREAM];
    memset(options_memory.writable + options_memory.size - bytes, 0, bytes);
    memcpy(options_memory.writable + options_memory.size - bytes, &options, bytes < sizeof options ? bytes : sizeof options);
    result.options = c->has_options ? (const xent_options *)(options_memory.read_only + options_memory.size - bytes) : NULL;

    memset(&outputs, UNTOUCHED, sizeof outputs);
    outputs.struct_size = c->outputs_size;
    outputs.loss = result.views[LOSS];
    outputs.gradient = result.views[GRADIENT];
    outputs.hessian = result.views[HESSIAN];
    outputs.log_sum_exp = result.views[LOG_SUM_EXP];
    outputs.argmax = result.views[ARGMAX];
    bytes = result.outputs_bytes = struct_bytes(c->outputs_size, sizeof outputs);
    memset(outputs_memory.writable + outputs_memory.size - bytes, 0, bytes);
    memcpy(outputs_memory.writable + outputs_memory.size - bytes, &outputs, bytes < sizeof outputs ? bytes : sizeof outputs);
    result.outputs = c->has_outputs ? (xent_outputs *)(outputs_memory.writable + outputs_memory.size - bytes) : NULL;
    return result;
}

static xent_status invoke(const call *c, const place p[ARGUMENTS], const arguments *a)
{
    const void *t = c->arguments[Y_TRUE].is_given ? p[Y_TRUE].data : NULL;
    const void *y = c->arguments[Y_PRED].is_given ? p[Y_PRED].data : NULL;
    void *l = c->arguments[LOSS].is_given ? p[LOSS].data : NULL;
    void *g = c->arguments[GRADIENT].is_given ? p[GRADIENT].data : NULL;
    const xent_options *o = a->options;
    size_t n = c->rows, k = c->classes;
    switch (c->function) {
    case BINARY: return xent_binary(a->views[Y_TRUE], a->views[Y_PRED], o, a->outputs);
    case CATEGORICAL: return xent_categorical(a->views[Y_TRUE], a->views[Y_PRED], o, a->outputs);
    case BINARY_F32: return xent_binary_f32((const float *)t, (const float *)y, n, o, (float *)l, (float *)g);
    case BINARY_F64: return xent_binary_f64((const double *)t, (const double *)y, n, o, (double *)l, (double *)g);
    case CATEGORICAL_F32: return xent_categorical_f32((const float *)t, (const float *)y, n, k, o, (float *)l, (float *)g);
    case CATEGORICAL_F64: return xent_categorical_f64((const double *)t, (const double *)y, n, k, o, (double *)l, (double *)g);
    case SPARSE_F32:
        return xent_sparse_categorical_f32((const int64_t *)t, (const float *)y, n, k, o, (float *)l, (float *)g);
    case SPARSE_F64:
        return xent_sparse_categorical_f64((const int64_t *)t, (const double *)y, n, k, o, (double *)l, (double *)g);
    case DESCENT_F32: return xent_gradient_descent_f32((float *)g, (const float *)y, n, c->learning_rate);
    default: return xent_gradient_descent_f64((double *)g, (const double *)y, n, c->learning_rate);
    }
}

/* ---- Promises -------------------------------------------------------------------------------- */

static int is_found_before(xent_status status)
{
    return status != XENT_OK && status != XENT_ERROR_PROBABILITY && status != XENT_ERROR_TARGET;
}

/* Sets the bytes of an argument's elements to UNTOUCHED, which leaves the gaps between them. */
static void erase_elements(const argument *a, const place *p)
{
    size_t size = size_of((xent_type)a->type), bytes_below, bytes_above;
    int64_t index[MOST_AXES] = {0};
    int32_t axis;
    measure(a, &bytes_below, &bytes_above);
    do {
        int64_t offset = 0, step = 1;
        for (axis = a->ndim - 1; axis >= 0; axis--) {
            offset += index[axis] * (a->has_strides ? a->strides[axis] : step);
            step *= a->shape[axis];
        }
        memset(p->bytes + (int64_t)bytes_below + offset * (int64_t)size, UNTOUCHED, size);
        for (axis = a->ndim - 1; axis >= 0 && ++index[axis] == a->shape[axis]; axis--)
            index[axis] = 0;
    } while (axis >= 0);
}

static int is_untouched(const memory *m, const place *p)
{
    size_t size, i;
    const unsigned char *bytes = window(m, p, &size);
    for (i = 0; i < size; i++)
        if (bytes[i] != UNTOUCHED)
            return 0;
    return 1;
}

/* An output in memory of its own. */
static int is_separate(const call *c, const place places[ARGUMENTS], int i)
{
    return i >= INPUTS && !is_descent(c) && places[i].is_real && places[i].owner == i;
}

static void check_outputs(const call *c, const place places[ARGUMENTS], xent_status status)
{
    int i;
    for (i = INPUTS; i < ARGUMENTS; i++) {
        if (!is_separate(c, places, i))
            continue;
        if (!is_found_before(status))
            erase_elements(&c->arguments[i], &places[i]);
        REQUIRE(is_untouched(&memories[i].data, &places[i]), "function %d, status %d: argument %d is written where it must not be",
                (int)c->function, (int)status, i);
    }
}

static void check_totals(const arguments *a, xent_status status)
{
    xent_outputs expected;
    const xent_outputs *found = a->outputs;
    if (found == NULL || found->struct_size < sizeof *found || found->struct_size > 1 << 16)
        return;
    memset(&expected, UNTOUCHED, sizeof expected);
    if (status == XENT_OK)
        REQUIRE(found->error_index == -1 && found->count >= 0 && found->correct >= -1 && found->correct <= found->count,
                "totals: error_index %lld, count %lld, correct %lld", (long long)found->error_index,
                (long long)found->count, (long long)found->correct);
    else
        REQUIRE(memcmp(&found->loss_sum, &expected.loss_sum, sizeof(double)) == 0
                && memcmp(&found->weight_sum, &expected.weight_sum, sizeof(double)) == 0
                && found->count == expected.count && found->correct == expected.correct,
                "status %d: totals are written", (int)status);
}

static void check_explanation(const call *c, const arguments *a, xent_status status, size_t capacity)
{
    size_t (*explain)(const xent_array *, const xent_array *, const xent_options *, const xent_outputs *, char *, size_t) =
        c->function == BINARY ? xent_explain_binary : xent_explain_categorical;
    char *message = (char *)message_memory.writable + message_memory.size - capacity;
    size_t length;
    memset(message_memory.writable, 1, message_memory.size);
    length = explain(a->views[Y_TRUE], a->views[Y_PRED], a->options, a->outputs, capacity > 0 ? message : NULL, capacity);
    /* Data that the gradient has overwritten can no longer be explained. */
    if (status == XENT_OK || is_found_before(status))
        REQUIRE((length > 0) == (status != XENT_OK), "status %d has an explanation of %zu bytes", (int)status, length);
    REQUIRE(length < 1000, "an explanation of %zu bytes", length);
    if (capacity > 0)
        REQUIRE(strlen(message) == (length < capacity - 1 ? length : capacity - 1), "the explanation has another length");
}

static void save_outputs(const call *c, const place places[ARGUMENTS])
{
    int i;
    for (i = INPUTS; i < ARGUMENTS; i++)
        if (places[i].is_real && c->arguments[i].is_given)
            memcpy(saved[i], places[i].bytes, places[i].size);
}

/* FNV-1a: Fowler, Noll, Vo. */
static void digest(const void *bytes, size_t size)
{
    const unsigned char *byte = (const unsigned char *)bytes, *end = byte + size;
    while (byte < end)
        fuzz_digest = (fuzz_digest ^ *byte++) * 0x100000001b3ULL;
}

static void check_same_outputs(const call *c, const place places[ARGUMENTS], int32_t threads)
{
    int i;
    for (i = INPUTS; i < ARGUMENTS; i++)
        if (places[i].is_real && c->arguments[i].is_given)
            REQUIRE(memcmp(saved[i], places[i].bytes, places[i].size) == 0,
                    "function %d, argument %d: %d threads give other bits", (int)c->function, i, (int)threads);
}

static int is_weight_strange(const call *c)
{
    return c->arguments[CLASS_WEIGHTS].strange | c->arguments[SAMPLE_WEIGHTS].strange | c->arguments[POS_WEIGHT].strange;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decisions d = {data, data + size};
    call c;
    place places[ARGUMENTS];
    arguments a;
    xent_status status, again;
    xent_outputs totals;
    size_t capacity;
    int32_t threads;
    int i;
    int is_spoiled = decode_call(&d, &c);
    capacity = below(&d, 300);
    threads = 1 + (int32_t)below(&d, 5);

    prepare();
    if (!place_arguments(&c, places))
        return 0;
    fill(&c, places);
    a = put_arguments(&c, places, -1);
    status = invoke(&c, places, &a);
    REQUIRE(status >= XENT_OK && status <= XENT_ERROR_MEMORY, "status %d", (int)status);
    REQUIRE(is_spoiled || status == XENT_OK || status == XENT_ERROR_LABEL || status == XENT_ERROR_PROBABILITY
            || status == XENT_ERROR_TARGET || (status == XENT_ERROR_OPTION && is_weight_strange(&c)),
            "function %d: a sound call has status %d", (int)c.function, (int)status);
    save_outputs(&c, places);
    if (has_descriptors(&c)) {
        check_totals(&a, status);
        check_explanation(&c, &a, status, capacity);
        memcpy(&totals, (unsigned char *)outputs_memory.writable + outputs_memory.size - sizeof totals, sizeof totals);
    }
    check_outputs(&c, places, status);
    for (i = INPUTS; status == XENT_OK && i < ARGUMENTS; i++)
        if (places[i].is_real)
            digest(saved[i], places[i].size);
    digest(&status, sizeof status);
    if (status == XENT_OK && has_descriptors(&c))
        digest(&totals.loss_sum, sizeof totals - offsetof(xent_outputs, loss_sum));

    if (status != XENT_OK || is_descent(&c))
        return 0;
    fill(&c, places);
    a = put_arguments(&c, places, threads);
    again = invoke(&c, places, &a);
    REQUIRE(again == status, "%d threads: status %d, not %d", (int)threads, (int)again, (int)status);
    check_same_outputs(&c, places, threads);
    if (has_descriptors(&c))
        REQUIRE(memcmp(&totals, outputs_memory.writable + outputs_memory.size - sizeof totals, sizeof totals) == 0,
                "%d threads give other totals", (int)threads);
    return 0;
}
