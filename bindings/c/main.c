/* harness VECTORS_FILE [GROUP...]: runs everything, or only the groups named; prints each failure, ends in one line with
 * the instruction set in use and the counts. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS and setenv beside strict C99 */
#include "harness.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Checks --------------------------------------------------------------------------------- */

static long checks_made = 0, checks_failed = 0;

int check_at(int condition, const char *file, int line, const char *format, ...)
{
    checks_made++;
    if (!condition) {
        va_list arguments;
        checks_failed++;
        printf("%s:%d: ", file, line);
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
    }
    return condition;
}

/* ---- Buffers -------------------------------------------------------------------------------- */

enum { GUARD = 64, SENTINEL = 0xA5 };

size_t size_of_type(xent_type type)
{
    switch (type) {
    case XENT_F64: case XENT_I64: return 8;
    case XENT_F32: case XENT_I32: case XENT_U32: return 4;
    case XENT_I8: case XENT_U8: return 1;
    default: return 2;
    }
}

/* The array ends where an inaccessible page begins, so that reading behind it is seen as well as writing. */
buffer new_buffer(xent_type type, size_t count)
{
    buffer b;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), accessible;
    b.type = type;
    b.count = count;
    b.bytes = count * size_of_type(type);
    accessible = (GUARD + b.bytes + page - 1) / page * page;
    b.mapped = accessible + page;
    b.block = (unsigned char *)mmap(NULL, b.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.block == MAP_FAILED || mprotect(b.block + accessible, page, PROT_NONE) != 0) {
        printf("harness: out of memory\n");
        exit(2);
    }
    memset(b.block, SENTINEL, accessible);
    b.data = b.block + accessible - b.bytes;
    return b;
}

buffer new_values(xent_type type, const double *values, size_t count)
{
    buffer b = new_buffer(type, count);
    size_t i;
    for (i = 0; i < count; i++)
        set_value(&b, i, values[i]);
    return b;
}

buffer new_labels(xent_type type, const int64_t *values, size_t count)
{
    buffer b = new_buffer(type, count);
    size_t i;
    for (i = 0; i < count; i++) {
        switch (type) {
        case XENT_I8: ((int8_t *)b.data)[i] = (int8_t)values[i]; break;
        case XENT_I16: ((int16_t *)b.data)[i] = (int16_t)values[i]; break;
        case XENT_I32: ((int32_t *)b.data)[i] = (int32_t)values[i]; break;
        case XENT_U8: ((uint8_t *)b.data)[i] = (uint8_t)values[i]; break;
        case XENT_U16: ((uint16_t *)b.data)[i] = (uint16_t)values[i]; break;
        case XENT_U32: ((uint32_t *)b.data)[i] = (uint32_t)values[i]; break;
        default: ((int64_t *)b.data)[i] = values[i]; break;
        }
    }
    return b;
}

buffer copy_buffer(const buffer *from)
{
    buffer b = new_buffer(from->type, from->count);
    memcpy(b.data, from->data, from->bytes);
    return b;
}

static int all_sentinels(const unsigned char *bytes, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++)
        if (bytes[i] != SENTINEL)
            return 0;
    return 1;
}

void free_buffer(buffer *b)
{
    unsigned char *data = (unsigned char *)b->data;
    CHECK(all_sentinels(b->block, (size_t)(data - b->block)), "memory before an array was written");
    munmap(b->block, b->mapped);
    b->block = NULL;
}

int is_untouched(const buffer *b)
{
    return all_sentinels((const unsigned char *)b->data, b->bytes);
}

int same_values(const buffer *a, const buffer *b)
{
    size_t i, size = size_of_type(a->type);
    if (a->type != b->type || a->count != b->count)
        return 0;
    for (i = 0; i < a->count; i++) {
        double x = get_value(a, i), y = get_value(b, i);
        if (x != x && y != y)
            continue;
        if (memcmp((const char *)a->data + i * size, (const char *)b->data + i * size, size) != 0)
            return 0;
    }
    return 1;
}

xent_array view_of(const buffer *b, int32_t ndim, const int64_t *shape)
{
    xent_array a;
    a.data = b->data;
    a.type = b->type;
    a.ndim = ndim;
    a.shape = shape;
    a.strides = NULL;
    return a;
}

/* ---- Information ---------------------------------------------------------------------------- */

/* A status of any number, without a cast that C++ leaves undefined outside the enumeration. */
static xent_status status_of(int32_t number)
{
    xent_status status = XENT_OK;
    memcpy(&status, &number, sizeof number);
    return status;
}

void test_information(void)
{
    char version[40];
    const char *set = xent_instruction_set();
    int32_t i, j;

    snprintf(version, sizeof version, "%d.%d.%d", XENT_VERSION_MAJOR, XENT_VERSION_MINOR, XENT_VERSION_PATCH);
    CHECK(strcmp(version, XENT_VERSION) == 0, "the version macros say %s and %s", version, XENT_VERSION);
    CHECK(strcmp(xent_version(), XENT_VERSION) == 0, "xent_version() is %s, the header's %s", xent_version(), XENT_VERSION);
    CHECK(strcmp(set, "baseline") == 0 || strcmp(set, "avx2") == 0 || strcmp(set, "avx512") == 0,
          "xent_instruction_set() is %s", set);
    /* The environment is read once. */
    setenv("XENT_INSTRUCTION_SET", strcmp(set, "baseline") == 0 ? "avx512" : "baseline", 1);
    CHECK(strcmp(set, xent_instruction_set()) == 0, "the instruction set changed to %s", xent_instruction_set());

    for (i = XENT_OK; i <= XENT_ERROR_MEMORY; i++) {
        const char *text = xent_status_string(status_of(i));
        CHECK(text != NULL && text[0] != '\0' && strcmp(text, "unknown status") != 0, "status %d has no text", (int)i);
        for (j = XENT_OK; j < i; j++)
            CHECK(strcmp(text, xent_status_string(status_of(j))) != 0, "statuses %d and %d read alike", (int)i, (int)j);
    }
    for (i = 0; i < 5; i++) {
        static const int32_t unknown[5] = {XENT_ERROR_MEMORY + 1, 1000, -1, INT32_MAX, INT32_MIN};
        const char *text = xent_status_string(status_of(unknown[i]));
        CHECK(text != NULL && strcmp(text, "unknown status") == 0, "status %ld is not unknown", (long)unknown[i]);
    }
    CHECK(strcmp(xent_status_string(XENT_ERROR_LABEL), "a class index is outside [0, classes)") == 0,
          "XENT_ERROR_LABEL reads: %s", xent_status_string(XENT_ERROR_LABEL));

    {   /* The functions must set what the macros set, padding aside. */
        xent_options a = XENT_OPTIONS_INIT, b;
        xent_outputs c = XENT_OUTPUTS_INIT, d;
        memset(&b, SENTINEL, sizeof b);
        memset(&d, SENTINEL, sizeof d);
        xent_options_init(&b);
        xent_outputs_init(&d);
        CHECK(a.struct_size == b.struct_size && a.input == b.input && a.axis == b.axis && a.reduction == b.reduction
              && a.divisor == b.divisor && a.measure == b.measure && a.accumulate_gradient == b.accumulate_gradient
              && a.num_threads == b.num_threads && a.has_ignore_index == b.has_ignore_index
              && a.ignore_index == b.ignore_index && a.normalizer == b.normalizer
              && a.probability_floor == b.probability_floor && a.label_smoothing == b.label_smoothing
              && a.logit_scale == b.logit_scale && a.logit_softcap == b.logit_softcap && a.z_loss == b.z_loss
              && a.focal_gamma == b.focal_gamma && a.focal_alpha == b.focal_alpha && a.poly_epsilon == b.poly_epsilon
              && b.class_weights == NULL && b.sample_weights == NULL && b.pos_weight == NULL && b.upstream == NULL,
              "xent_options_init differs from XENT_OPTIONS_INIT");
        CHECK(c.struct_size == d.struct_size && d.loss == NULL && d.gradient == NULL && d.hessian == NULL
              && d.log_sum_exp == NULL && d.argmax == NULL && c.loss_sum == d.loss_sum && c.weight_sum == d.weight_sum
              && c.count == d.count && c.correct == d.correct && c.error_index == d.error_index,
              "xent_outputs_init differs from XENT_OUTPUTS_INIT");
        xent_options_init(NULL);
        xent_outputs_init(NULL);
    }
}

/* ---- All ------------------------------------------------------------------------------------ */

static const char *vectors_file;

static void test_vectors(void)
{
    CHECK(read_records(vectors_file, test_record) > 0, "%s: unreadable, or not a vector file", vectors_file);
}

static const struct group {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"vectors", test_vectors},
    {"label_types", test_label_types},
    {"contiguous_errors", test_contiguous_errors},
    {"descriptor_shapes", test_descriptor_shapes},
    {"descriptor_values", test_descriptor_values},
    {"gradient_descent", test_gradient_descent},
    {"option_values", test_option_values},
    {"types", test_types},
    {"layouts", test_layouts},
    {"side_outputs", test_side_outputs},
    {"edge_values", test_edge_values},
    {"option_errors", test_option_errors},
    {"threads", test_threads},
    {"information", test_information},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static int is_group(const char *name)
{
    int i;
    for (i = 0; i < GROUPS; i++)
        if (strcmp(name, groups[i].name) == 0)
            return 1;
    return 0;
}

static int is_wanted(const char *name, int argc, char **argv)
{
    int i;
    for (i = 2; i < argc; i++)
        if (strcmp(name, argv[i]) == 0)
            return 1;
    return argc == 2;
}

int main(int argc, char **argv)
{
    int i, sound = argc >= 2;
    for (i = 2; i < argc; i++)
        sound = sound && is_group(argv[i]);
    if (!sound) {
        printf("usage: %s VECTORS_FILE [GROUP...]\ngroups:", argv[0]);
        for (i = 0; i < GROUPS; i++)
            printf(" %s", groups[i].name);
        printf("\n");
        return 2;
    }
    vectors_file = argv[1];
    for (i = 0; i < GROUPS; i++)
        if (is_wanted(groups[i].name, argc, argv))
            groups[i].run();
    printf("harness (%s): %ld checks, %ld failed\n", xent_instruction_set(), checks_made, checks_failed);
    return checks_failed == 0 ? 0 : 1;
}
