/* Calls of every shape, sound and spoiled, against the promises of xent.h: no crash, no memory touched that is not the
 * call's, nothing written on an error found beforehand, refusals of exactly the elements that are bad, the same bits for any
 * number of threads and in any floating-point environment, which is left alone, an explanation for each refusal. The entry
 * point is libFuzzer's; replay.c has a main for machines without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elements.h"
#include "outcome.h"

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

static unsigned char saved[ARGUMENTS][MOST_BYTES];

/* ---- Promises -------------------------------------------------------------------------------- */

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

static void check_totals(const call *c, const outcome *o)
{
    const xent_outputs *found = &o->outputs;
    xent_outputs expected;
    if (!c->has_outputs || found->struct_size < sizeof *found || found->struct_size > 1 << 16)
        return;
    memset(&expected, UNTOUCHED, sizeof expected);
    if (o->status == XENT_OK)
        REQUIRE(found->error_index == -1 && found->count >= 0 && found->correct >= -1 && found->correct <= found->count,
                "totals: error_index %lld, count %lld, correct %lld", (long long)found->error_index,
                (long long)found->count, (long long)found->correct);
    else
        REQUIRE(memcmp(&found->loss_sum, &expected.loss_sum, sizeof(double)) == 0
                && memcmp(&found->weight_sum, &expected.weight_sum, sizeof(double)) == 0
                && found->count == expected.count && found->correct == expected.correct,
                "status %d: totals are written", (int)o->status);
}

static void check_explanation(const call *c, const place places[ARGUMENTS], const outcome *o, size_t capacity)
{
    /* Data that the gradient has overwritten can no longer be explained. */
    if (is_intact(c, places, o->status))
        REQUIRE((o->length > 0) == (o->status != XENT_OK), "status %d has an explanation of %zu bytes", (int)o->status,
                o->length);
    REQUIRE(o->length < 1000, "an explanation of %zu bytes", o->length);
    if (capacity > 0) {
        size_t expected = o->length < capacity - 1 ? o->length : capacity - 1;
        const char *message = o->message + sizeof o->message - capacity;
        REQUIRE(memchr(message, 0, capacity) == message + expected, "the explanation has another length");
    }
}

/* Argmax and totals, while the arrays are as the call has left them. */
static void check_rows(const call *c, const place places[ARGUMENTS], const xent_outputs *found)
{
    const argument *argmax = &c->arguments[ARGMAX];
    int64_t row, rows = row_count(c);
    int is_weighted = c->arguments[SAMPLE_WEIGHTS].is_given || c->arguments[CLASS_WEIGHTS].is_given;
    for (row = 0; argmax->is_given && row < rows; row++) {
        int64_t largest = integer_element(argmax, &places[ARGMAX], row);
        REQUIRE(largest >= 0 && largest < c->label_classes, "argmax of row %lld is %lld", (long long)row, (long long)largest);
        REQUIRE(is_in_place(c, places) || largest == largest_class(c, places, row), "argmax of row %lld is %lld, not %lld",
                (long long)row, (long long)largest, (long long)largest_class(c, places, row));
    }
    REQUIRE(found->count == rows - ignored_row_count(c, places), "the count of %lld rows is %lld", (long long)rows,
            (long long)found->count);
    REQUIRE(is_weighted || found->weight_sum == (double)found->count, "the weights of %lld rows without weights are %g",
            (long long)found->count, found->weight_sum);
    REQUIRE(found->correct == correct_row_count(c, places), "correct is %lld, not %lld", (long long)found->correct,
            (long long)correct_row_count(c, places));
}

/* The status, and the error index, against what the elements say. */
static void check_data(const call *c, const place places[ARGUMENTS], const outcome *o)
{
    int64_t index = -1;
    xent_status expected;
    if (is_descent(c) || (o->status != XENT_OK && o->status != XENT_ERROR_LABEL && o->status != XENT_ERROR_PROBABILITY
                          && o->status != XENT_ERROR_TARGET))
        return;
    fill(c, places); /* what was computed in place */
    expected = status_of_elements(c, places, &index);
    REQUIRE(o->status == expected, "function %d has status %d, but the elements give %d at %lld", (int)c->function,
            (int)o->status, (int)expected, (long long)index);
    REQUIRE(!has_descriptors(c) || o->outputs.error_index == index, "status %d: error_index is %lld, not %lld",
            (int)o->status, (long long)o->outputs.error_index, (long long)index);
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

/* The same call with other threads or in another environment has done the same. */
static void check_same(const call *c, const place places[ARGUMENTS], const outcome *first, const outcome *again,
                       const char *difference, int number)
{
    int i;
    REQUIRE(again->changed == NULL, "function %d, %s %d: %s is changed", (int)c->function, difference, number,
            again->changed);
    REQUIRE(again->status == first->status, "function %d, %s %d: status %d, not %d", (int)c->function, difference, number,
            (int)again->status, (int)first->status);
    REQUIRE(memcmp(&first->outputs, &again->outputs, sizeof first->outputs) == 0,
            "function %d, status %d, %s %d: other totals or error_index", (int)c->function, (int)first->status, difference,
            number);
    if (is_intact(c, places, first->status))
        REQUIRE(again->length == first->length && memcmp(again->message, first->message, sizeof first->message) == 0,
                "function %d, status %d, %s %d: another explanation", (int)c->function, (int)first->status, difference, number);
    for (i = INPUTS; i < ARGUMENTS; i++)
        if (places[i].is_real && c->arguments[i].is_given && (first->status == XENT_OK || is_found_before(first->status)))
            REQUIRE(memcmp(saved[i], places[i].bytes, places[i].size) == 0, "function %d, argument %d, %s %d: other bits",
                    (int)c->function, i, difference, number);
}

/* What is wrong with the data does not depend on where the gradient goes, nor on whether there is one. */
static void check_without_gradient(const call *c, const place places[ARGUMENTS], const outcome *first)
{
    static outcome without;
    call other = *c;
    if (is_descent(c) || !c->arguments[GRADIENT].is_given
        || (first->status != XENT_OK && first->status != XENT_ERROR_PROBABILITY && first->status != XENT_ERROR_TARGET))
        return;
    other.arguments[GRADIENT].is_given = 0;
    make_call(&other, places, -1, 0, 0, &without);
    REQUIRE(without.status == first->status && without.outputs.error_index == first->outputs.error_index,
            "function %d: status %d at %lld, without a gradient %d at %lld", (int)c->function, (int)first->status,
            (long long)first->outputs.error_index, (int)without.status, (long long)without.outputs.error_index);
}

/* A call that only overlapping outputs keep from being computed says so. */
static void check_overlap(const call *c, const place places[ARGUMENTS], const outcome *first)
{
    static outcome apart;
    call other = *c;
    place other_places[ARGUMENTS];
    int i, overlaps = 0;
    for (i = 0; i < ARGUMENTS; i++) {
        if (i < INPUTS && places[i].owner != i)
            return; /* another input's values may be refused, too */
        overlaps += places[i].owner != i;
        other.arguments[i].overlapped = -1;
    }
    if (overlaps == 0 || !is_found_before(first->status) || !place_arguments(&other, other_places))
        return;
    make_call(&other, other_places, -1, 0, 0, &apart);
    REQUIRE(is_found_before(apart.status) || first->status == XENT_ERROR_OVERLAP, "function %d: overlapping has status %d",
            (int)c->function, (int)first->status);
}

static int is_weight_strange(const call *c)
{
    return c->arguments[CLASS_WEIGHTS].strange | c->arguments[SAMPLE_WEIGHTS].strange | c->arguments[POS_WEIGHT].strange;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static outcome first, again;
    decisions d = {data, data + size};
    call c;
    place places[ARGUMENTS];
    size_t capacity;
    int32_t threads;
    uint32_t environment;
    int i;
    int is_spoiled = decode_call(&d, &c);
    capacity = below(&d, 300);
    threads = 1 + (int32_t)below(&d, 5);
    environment = (below(&d, ENVIRONMENTS) + (uint32_t)(c.seed >> 32)) % ENVIRONMENTS;

    if (!place_arguments(&c, places))
        return 0;
    make_call(&c, places, -1, 0, capacity, &first);
    REQUIRE(first.status >= XENT_OK && first.status <= XENT_ERROR_MEMORY, "status %d", (int)first.status);
    REQUIRE(is_spoiled || first.status == XENT_OK || first.status == XENT_ERROR_LABEL
            || first.status == XENT_ERROR_PROBABILITY || first.status == XENT_ERROR_TARGET
            || (first.status == XENT_ERROR_OPTION && is_weight_strange(&c)),
            "function %d: a sound call has status %d", (int)c.function, (int)first.status);
    REQUIRE(first.changed == NULL, "function %d changes %s", (int)c.function, first.changed);
    save_outputs(&c, places);
    if (has_descriptors(&c)) {
        check_totals(&c, &first);
        check_explanation(&c, places, &first, capacity);
        if (first.status == XENT_OK)
            check_rows(&c, places, &first.outputs);
    }
    check_outputs(&c, places, first.status);
    check_data(&c, places, &first);
    for (i = INPUTS; first.status == XENT_OK && i < ARGUMENTS; i++)
        if (places[i].is_real)
            digest(saved[i], places[i].size);
    digest(&first.status, sizeof first.status);
    if (first.status == XENT_OK && has_descriptors(&c))
        digest(&first.outputs.loss_sum, sizeof first.outputs - offsetof(xent_outputs, loss_sum));

    make_call(&c, places, -1, environment, capacity, &again);
    check_same(&c, places, &first, &again, "environment", (int)environment);
    if (first.status == XENT_OK && !is_descent(&c)) {
        make_call(&c, places, threads, 0, capacity, &again);
        check_same(&c, places, &first, &again, "threads", (int)threads);
    }
    check_without_gradient(&c, places, &first);
    check_overlap(&c, places, &first);
    return 0;
}
