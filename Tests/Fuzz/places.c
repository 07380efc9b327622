#include "places.h"

#include <string.h>

#include "memory.h"

enum { PAGE = 4096 };

__extension__ typedef __int128 wide; /* holds every product of two lengths */

typedef struct argument_memory {
    memory data, view, shape, strides;
} argument_memory;

static argument_memory memories[ARGUMENTS];
static memory options_memory, outputs_memory;

static void prepare(void)
{
    int i;
    if (outputs_memory.size > 0)
        return;
    for (i = 0; i < ARGUMENTS; i++) {
        memories[i].data = new_memory(MOST_BYTES);
        memories[i].view = new_memory(sizeof(xent_array));
        memories[i].shape = new_memory(MOST_AXES * sizeof(int64_t));
        memories[i].strides = new_memory(MOST_AXES * sizeof(int64_t));
    }
    options_memory = new_memory(1 << 16);
    outputs_memory = new_memory(1 << 16);
}

/* Bytes directly before the forbidden page, as the library shall see them. */
static const void *put_at_end(const memory *m, const void *bytes, size_t size)
{
    memcpy(m->writable + m->size - size, bytes, size);
    return m->read_only + m->size - size;
}

enum reach { NOTHING, IMPOSSIBLE, TOO_LARGE, REAL };

/* How many bytes lie below an argument's first element and how many from there on. IMPOSSIBLE: what the library must
 * refuse before it touches an element. TOO_LARGE: more than there is room for here. */
static enum reach measure(const argument *a, size_t *bytes_below, size_t *bytes_above)
{
    wide count = 1, lowest = 0, highest = 0, step = 1;
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
        wide stride = a->has_strides ? a->strides[axis] : step;
        if (a->shape[axis] > 1)
            *(stride < 0 ? &lowest : &highest) += stride * (a->shape[axis] - 1);
        count *= a->shape[axis];
        step = count;
        if (count > INT64_MAX)
            return IMPOSSIBLE;
    }
    highest = (highest + 1) * (wide)size_of((xent_type)a->type);
    lowest *= -(wide)size_of((xent_type)a->type);
    if (count * (wide)size_of((xent_type)a->type) > INT64_MAX || highest > INT64_MAX || lowest > INT64_MAX)
        return IMPOSSIBLE;
    if (lowest + highest > MOST_BYTES || count > MOST_BYTES)
        return TOO_LARGE;
    *bytes_below = (size_t)lowest;
    *bytes_above = (size_t)highest;
    return REAL;
}

int place_arguments(const call *c, place places[ARGUMENTS])
{
    size_t bytes_below[ARGUMENTS], bytes_above[ARGUMENTS];
    int is_written[ARGUMENTS] = {0};
    int i;
    prepare();
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

void fill(const call *c, const place places[ARGUMENTS])
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

void erase_elements(const argument *a, const place *p)
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

int is_untouched(const place *p)
{
    size_t size, i;
    const unsigned char *bytes = window(&memories[p->owner].data, p, &size);
    for (i = 0; i < size; i++)
        if (bytes[i] != UNTOUCHED)
            return 0;
    return 1;
}

/* ---- Descriptors ------------------------------------------------------------------------------ */

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
    view.strides =
        a->has_strides ? (const int64_t *)put_at_end(&memories[i].strides, a->strides, axes * sizeof(int64_t)) : NULL;
    return (const xent_array *)put_at_end(&memories[i].view, &view, sizeof view);
}

arguments put_arguments(const call *c, const place places[ARGUMENTS], int32_t num_threads)
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
