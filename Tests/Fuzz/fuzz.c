/* Calls of every shape, sound and spoiled, against the promises of xent.h: no crash, no memory touched that is not the
 * call's, nothing written on an error found beforehand, the same bits for any number of threads, an explanation for each
 * refusal. The entry point is libFuzzer's; replay.c has a main for machines without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "places.h"

#define REQUIRE(condition, ...) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            fprintf(stderr, __VA_ARGS__); \
            fprintf(stderr, "\n"); \
            abort(); \
        } \
    } while (0)

/* Of all that the calls so far have written. */
uint64_t fuzz_digest = 0xcbf29ce484222325ULL;

static memory message_memory;
static unsigned char saved[ARGUMENTS][MOST_BYTES];

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
        REQUIRE(is_untouched(&places[i]), "function %d, status %d: argument %d is written where it must not be",
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

    if (message_memory.size == 0)
        message_memory = new_memory(1 << 12);
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
        memcpy(&totals, placed_totals(), sizeof totals);
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
        REQUIRE(memcmp(&totals, placed_totals(), sizeof totals) == 0,
                "%d threads give other totals", (int)threads);
    return 0;
}
