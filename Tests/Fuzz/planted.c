/* Faults of a caller that a sanitizer must see inside the library: that it does shows that the library is instrumented. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xent.h>

enum { COUNT = 4096 };

static float y_true[COUNT], y_pred[COUNT], gradient[COUNT];

/* The last prediction lies behind the memory. */
static int read_beyond(void)
{
    float *too_short = (float *)calloc(COUNT - 1, sizeof(float));
    int status = (int)xent_binary_f32(y_true, too_short, COUNT, NULL, NULL, gradient);
    free(too_short);
    return status;
}

/* Of class indices: the label's element is stored by itself. The thread sanitizer does not see vectors of more than 16 bytes. */
static void *write_gradient(void *unused)
{
    static const int64_t labels[COUNT / 64];
    xent_options options = XENT_OPTIONS_INIT;
    (void)unused;
    options.input = XENT_LOGITS;
    xent_sparse_categorical_f32(labels, y_pred, COUNT / 64, 64, &options, NULL, gradient);
    return NULL;
}

/* Two calls write the same memory. */
static int write_together(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_gradient, NULL) != 0)
        return 1;
    write_gradient(NULL);
    return pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    const char *fault = argc == 2 ? argv[1] : "";
    if (strcmp(fault, "read-beyond") == 0)
        return read_beyond();
    if (strcmp(fault, "write-together") == 0)
        return write_together();
    fprintf(stderr, "usage: planted read-beyond | write-together\n");
    return 2;
}
