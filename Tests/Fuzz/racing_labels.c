/* Labels that another thread changes during a call: the results are anything, but no memory outside of the arrays is touched,
 * although labels say where in a row the library reads and writes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xent.h>

#include "memory.h"

enum { MOST_ROWS = 4096, MOST_VALUES = 1 << 18 };

static volatile int64_t *labels;
/* Accessed by atomic operations. */
static int is_done;
static int64_t used_rows = 1;

static void *change_labels(void *unused)
{
    static const int64_t values[] = {0, (int64_t)1 << 40, 1, -((int64_t)1 << 40), 2, INT64_MAX, 0, INT64_MIN, 1, 1 << 20};
    size_t i = 0;
    (void)unused;
    while (!__atomic_load_n(&is_done, __ATOMIC_RELAXED)) {
        /* One at a time, and not for long, so that calls get beyond the check. */
        size_t row = i * 7919 % (size_t)__atomic_load_n(&used_rows, __ATOMIC_RELAXED);
        int wait;
        labels[row] = values[i++ % (sizeof values / sizeof *values)];
        for (wait = 0; wait < 20; wait++)
            (void)labels[row];
        labels[row] = 1;
        for (wait = 0; wait < 200; wait++)
            (void)labels[row];
    }
    return NULL;
}

static size_t computed;

static void call(int64_t rows, int64_t classes, xent_type type, int32_t input, int variant, memory *y_pred, memory *gradient)
{
    size_t size = type == XENT_F64 ? 8 : 4, bytes = (size_t)(rows * classes) * size;
    int64_t shape[2];
    float weights[2000];
    xent_array label_array, prediction, gradient_array, hessian, weight_array;
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    xent_status status;
    int64_t c;
    __atomic_store_n(&used_rows, rows, __ATOMIC_RELAXED);
    shape[0] = rows;
    shape[1] = classes;
    memset(&prediction, 0, sizeof prediction);
    prediction.data = y_pred->read_only + y_pred->size - bytes;
    prediction.type = type;
    prediction.ndim = 2;
    prediction.shape = shape;
    gradient_array = hessian = prediction;
    gradient_array.data = gradient->writable + gradient->size - bytes;
    hessian.data = gradient->writable + gradient->size - 2 * bytes;
    label_array = prediction;
    label_array.data = (void *)(uintptr_t)labels;
    label_array.type = XENT_I64;
    label_array.ndim = 1;
    options.input = input;
    options.label_smoothing = variant == 1 ? 0.1 : 0;
    options.has_ignore_index = variant == 2;
    options.ignore_index = 1;
    options.accumulate_gradient = variant == 3;
    if (variant == 4) {
        for (c = 0; c < classes; c++)
            weights[c] = 1;
        weight_array = prediction;
        weight_array.data = weights;
        weight_array.type = XENT_F32;
        weight_array.ndim = 1;
        weight_array.shape = shape + 1;
        options.class_weights = &weight_array;
    }
    outputs.gradient = &gradient_array;
    if (variant == 5)
        outputs.hessian = &hessian;
    status = xent_categorical(&label_array, &prediction, &options, &outputs);
    if (status == XENT_OK)
        computed++;
    else if (status != XENT_ERROR_LABEL && status != XENT_ERROR_PROBABILITY) {
        fprintf(stderr, "status %d\n", (int)status);
        exit(1);
    }
}

int main(void)
{
    static const int64_t classes[] = {3, 10, 33, 100, 1000};
    static const xent_type types[] = {XENT_F32, XENT_F64};
    memory label_memory = new_memory(MOST_ROWS * sizeof *labels);
    memory y_pred = new_memory(MOST_VALUES * sizeof(double)), gradient = new_memory(2 * MOST_VALUES * sizeof(double));
    pthread_t thread;
    int repeat, input, variant;
    size_t c, t;
    labels = (volatile int64_t *)(void *)label_memory.writable;
    if (pthread_create(&thread, NULL, change_labels, NULL) != 0)
        return 1;
    for (repeat = 0; repeat < 60; repeat++)
        for (c = 0; c < sizeof classes / sizeof *classes; c++)
            for (t = 0; t < 2; t++)
                for (input = 0; input < 3; input++)
                    for (variant = 0; variant < 6; variant++)
                        call(classes[c] > 64 ? MOST_VALUES / classes[c] / 8 : 1 + 53 * repeat, classes[c], types[t], input,
                             variant, &y_pred, &gradient);
    __atomic_store_n(&is_done, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    printf("%zu calls computed while their labels changed\n", computed);
    return computed == 0;
}
