#include "outcome.h"

#include <string.h>

#include "memory.h"

static memory message_memory;

int is_found_before(xent_status status)
{
    return status != XENT_OK && status != XENT_ERROR_PROBABILITY && status != XENT_ERROR_TARGET;
}

int is_in_place(const call *c, const place places[ARGUMENTS])
{
    return places[GRADIENT].is_real && c->arguments[GRADIENT].is_given && places[GRADIENT].owner == Y_PRED;
}

int is_intact(const call *c, const place places[ARGUMENTS], xent_status status)
{
    return status == XENT_OK || is_found_before(status) || !is_in_place(c, places);
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

static void explain(const call *c, const arguments *a, size_t capacity, outcome *o)
{
    size_t (*function)(const xent_array *, const xent_array *, const xent_options *, const xent_outputs *, char *, size_t) =
        c->function == BINARY ? xent_explain_binary : xent_explain_categorical;
    char *message = (char *)message_memory.writable + message_memory.size - capacity;
    memset(message_memory.writable, 1, message_memory.size);
    o->length = function(a->views[Y_TRUE], a->views[Y_PRED], a->options, a->outputs, capacity > 0 ? message : NULL, capacity);
    memcpy(o->message, message_memory.writable, sizeof o->message);
}

void make_call(const call *c, const place places[ARGUMENTS], int32_t num_threads, uint32_t environment, size_t capacity,
               outcome *o)
{
    arguments a;
    if (message_memory.size == 0)
        message_memory = new_memory(sizeof o->message);
    memset(o, 0, sizeof *o);
    fill(c, places);
    a = put_arguments(c, places, num_threads);
    enter_environment(environment);
    o->status = invoke(c, places, &a);
    o->changed = leave_environment();
    if (a.outputs != NULL)
        memcpy(&o->outputs, a.outputs, a.outputs_bytes < sizeof o->outputs ? a.outputs_bytes : sizeof o->outputs);
    if (!has_descriptors(c) || o->changed != NULL)
        return;
    enter_environment(environment);
    explain(c, &a, capacity, o);
    o->changed = leave_environment();
}
