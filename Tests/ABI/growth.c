/* Callers of other versions: structs that are smaller, larger and absurd, each of them ending where no memory is mapped,
 * so that a library that reads one byte too many dies.
 *
 * usage: growth VERSION   how many versions of the structs the library knows: 1 (today's) or 2 (the test's next one) */
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xent.h>

enum { LARGEST = 65536 };
static const size_t options_sizes[2] = {sizeof(xent_options), sizeof(xent_options) + 8};
static const size_t outputs_sizes[2] = {sizeof(xent_outputs), sizeof(xent_outputs) + 8};
static int versions, failures, calls;
static unsigned char *end; /* the first address that is not mapped */

static void *memory_before_the_end(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = LARGEST + page;
    unsigned char *memory = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + size, page, PROT_NONE) != 0) exit(2);
    return memory + size;
}

/* The struct's start, which is aligned: only the end of one whose size is no multiple of 8 has up to 7 bytes behind it.
 * `used` bytes of it stand in memory, and are the content's or zero. */
static unsigned char *place(size_t struct_size, size_t used, const void *content, size_t content_size)
{
    unsigned char *start = end - (used + 7) / 8 * 8;
    memset(start, 0, (size_t)(end - start));
    memcpy(start, content, content_size < used ? content_size : used);
    memcpy(start, &struct_size, sizeof struct_size);
    return start;
}

static int is_accepted(size_t size, const size_t sizes[2])
{
    int i;
    for (i = 0; i < versions; i++)
        if (size == sizes[i]) return 1;
    return size > sizes[versions - 1] && size <= LARGEST;
}

static void check(int good, const char *what, size_t size, long byte)
{
    if (good) return;
    if (failures++ < 20) printf("FAILED: %s of %lu bytes, byte %ld\n", what, (unsigned long)size, byte);
}

/* ---- One call with such a struct -------------------------------------------------------------- */

static const double y[2] = {1, 0}, z[2] = {2, -1};
static const int64_t two = 2;
static const xent_array y_true = {(void *)y, XENT_F64, 1, &two, NULL}, y_pred = {(void *)z, XENT_F64, 1, &two, NULL};

static void call_with_options(const unsigned char *start, size_t size, int accepted, long byte)
{
    const xent_status expected = accepted ? XENT_OK : XENT_ERROR_OPTION;
    const xent_options *options = (const void *)start;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    double loss = -1;

    check(xent_binary_f64(y, z, 2, options, &loss, NULL) == expected, "options", size, byte);
    check(accepted ? fabs(loss - (log1p(exp(-2)) + log1p(exp(-1)))) < 1e-12 : loss == -1, "loss", size, byte);
    check(xent_binary(&y_true, &y_pred, options, &outputs) == expected, "options of arrays", size, byte);
    calls += 2;
}

static void call_with_outputs(unsigned char *start, size_t size, size_t used, int accepted, long byte)
{
    static unsigned char before[LARGEST];
    const xent_status expected = accepted ? XENT_OK : XENT_ERROR_OPTION;
    xent_outputs *outputs = (void *)start;
    xent_options options = XENT_OPTIONS_INIT;
    char message[100];

    options.input = XENT_LOGITS;
    memcpy(before, start, used);
    xent_explain_binary(&y_true, &y_pred, &options, outputs, message, sizeof message);
    check((strstr(message, "outputs.struct_size") != NULL) == !accepted, "message on outputs", size, byte);
    check(memcmp(before, start, used) == 0, "outputs changed by explaining", size, byte);
    check(xent_binary(&y_true, &y_pred, &options, outputs) == expected, "outputs", size, byte);
    if (accepted) {
        check(outputs->count == 2 && outputs->error_index == -1 && outputs->weight_sum == 2, "totals", size, byte);
        check(outputs->struct_size == size, "struct_size", size, byte);
        /* Behind what the library knows, and in the struct's first part, nothing changes. */
        check(memcmp(start + 8, before + 8, offsetof(xent_outputs, loss_sum) - 8) == 0, "wishes", size, byte);
        if (used > outputs_sizes[versions - 1])
            check(memcmp(start + outputs_sizes[versions - 1], before + outputs_sizes[versions - 1],
                         used - outputs_sizes[versions - 1]) == 0, "unknown tail", size, byte);
    } else {
        check(memcmp(before, start, used) == 0, "refused outputs changed", size, byte);
    }
    calls += 2;
}

/* ---- All sizes, all bytes --------------------------------------------------------------------- */

static void try_options(size_t size, size_t used)
{
    xent_options content = XENT_OPTIONS_INIT;
    content.input = XENT_LOGITS;
    content.reduction = XENT_SUM;
    call_with_options(place(size, used, &content, sizeof content), size, is_accepted(size, options_sizes), -1);
}

static void try_outputs(size_t size, size_t used)
{
    const xent_outputs content = XENT_OUTPUTS_INIT;
    call_with_outputs(place(size, used, &content, sizeof content), size, used, is_accepted(size, outputs_sizes), -1);
}

static void test_sizes(void)
{
    static const size_t large[] = {LARGEST - 8, LARGEST - 1, LARGEST};
    static const size_t absurd[] = {LARGEST + 1, LARGEST + 8, 1 << 20, (size_t)1 << 32, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
                                    SIZE_MAX - 7, SIZE_MAX};
    size_t size, i;

    for (size = 0; size <= 1024; size++) {
        /* At the least struct_size itself is there. */
        try_options(size, size < sizeof(size_t) ? sizeof(size_t) : size);
        try_outputs(size, size < sizeof(size_t) ? sizeof(size_t) : size);
    }
    for (size = 4096 - 8; size < LARGEST; size += 4096 + 8) {
        try_options(size, size);
        try_outputs(size, size);
    }
    for (i = 0; i < sizeof large / sizeof large[0]; i++) {
        try_options(large[i], large[i]);
        try_outputs(large[i], large[i]);
    }
    for (i = 0; i < sizeof absurd / sizeof absurd[0]; i++) { /* refused without a look at the rest */
        try_options(absurd[i], sizeof(size_t));
        try_outputs(absurd[i], sizeof(size_t));
    }
}

/* A tail that is not zero in one byte is refused, whichever it is; behind the struct anything may stand. */
static void test_tails(size_t size, size_t step)
{
    xent_options options = XENT_OPTIONS_INIT;
    const xent_outputs outputs = XENT_OUTPUTS_INIT;
    size_t byte;

    options.input = XENT_LOGITS;
    options.reduction = XENT_SUM;
    for (byte = options_sizes[versions - 1]; byte < size; byte += step) {
        unsigned char *start = place(size, size, &options, sizeof options);
        start[byte] = byte % 2 ? 1 : 0x80;
        call_with_options(start, size, 0, (long)byte);
    }
    for (byte = outputs_sizes[versions - 1]; byte < size; byte += step) {
        unsigned char *start = place(size, size, &outputs, sizeof outputs);
        start[byte] = byte % 2 ? 1 : 0x80;
        call_with_outputs(start, size, size, 0, (long)byte);
    }
    if (size % 8 != 0) { /* here a byte behind the struct is mapped */
        unsigned char *start = place(size, size, &options, sizeof options);
        end[-1] = 1;
        call_with_options(start, size, 1, -1);
        start = place(size, size, &outputs, sizeof outputs);
        end[-1] = 1;
        call_with_outputs(start, size, size, 1, -1);
        check(end[-1] == 1, "byte behind outputs", size, -1);
    }
}

/* A caller's struct may be the first version's, whatever the library: nothing behind it is written. */
static void test_init(void)
{
    const xent_options options = XENT_OPTIONS_INIT;
    const xent_outputs outputs = XENT_OUTPUTS_INIT;

    xent_options_init((void *)(end - sizeof options));
    check(memcmp(end - sizeof options, &options, sizeof options) == 0, "xent_options_init", sizeof options, -1);
    xent_outputs_init((void *)(end - sizeof outputs));
    check(memcmp(end - sizeof outputs, &outputs, sizeof outputs) == 0, "xent_outputs_init", sizeof outputs, -1);
}

int main(int count, char **arguments)
{
    versions = count == 2 ? atoi(arguments[1]) : 0;
    if (versions != 1 && versions != 2) return 2;
    end = memory_before_the_end();
    test_init();
    test_sizes();
    test_tails(options_sizes[1] + 40, 1);
    test_tails(options_sizes[1] + 33, 1);
    test_tails(LARGEST, 499);
    printf("struct growth, %d known: %d calls, %d failed\n", versions, calls, failures);
    return failures != 0;
}
