/* The stack that a call needs: the deepest of all calls stays within what the header promises, on the caller's thread and
 * on those that the library starts. */
#define _GNU_SOURCE 1 /* RTLD_NEXT, MAP_ANONYMOUS */
#include "process.h"

#include <dlfcn.h>
#include <sys/mman.h>

enum { PROMISED = 128 << 10, MAPPED = 1 << 20, PAINT = 0x5a };

static const xent_type types[] = {XENT_F32, XENT_F64, XENT_F16, XENT_BF16};
static unsigned char *zeros, *written[5];
static size_t calls_made;

/* ---- Stacks of painted memory ---------------------------------------------------------------- */

static unsigned char *new_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return (unsigned char *)memory;
}

static unsigned char *new_stack(void) { return (unsigned char *)memset(new_memory(MAPPED), PAINT, MAPPED); }

/* How many bytes below a frame were written to. */
static size_t used_below(const unsigned char *stack, const unsigned char *frame)
{
    const unsigned char *lowest = stack;
    while (lowest < frame && *lowest == PAINT)
        lowest++;
    return (size_t)(frame - lowest);
}

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static int start_on(unsigned char *stack, pthread_t *thread, void *(*body)(void *), void *context)
{
    create_function create;
    pthread_attr_t attributes;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, MAPPED);
    return create(thread, &attributes, body, context);
}

/* ---- The library's own threads: their stacks are ours, too, and are looked at when they end ---- */

typedef struct start {
    void *(*body)(void *);
    void *context;
    unsigned char *stack;
} start;

static unsigned char *worker_stack;
static size_t deepest_caller, deepest_worker;

static void *run_worker(void *context)
{
    start s = *(start *)context;
    unsigned char here;
    size_t used;
    s.body(s.context);
    used = used_below(s.stack, &here);
    if (used > deepest_worker)
        deepest_worker = used;
    return NULL;
}

/* Stands before the C library's for the library, too. One thread at a time beside the caller's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *context)
{
    static start s;
    (void)attributes;
    s.body = body;
    s.context = context;
    s.stack = worker_stack;
    return start_on(worker_stack, thread, run_worker, &s);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

typedef struct layout {
    int64_t rows, classes;
} layout;

static const layout layouts[] = {{3, 5}, {70, 9}, {130, 300}};
static const layout long_row = {1, 140000};
enum { MOST_ELEMENTS = 140000 };

enum target { BINARY, LABELS, DISTRIBUTION };

/* What a call may have beside loss and gradient. */
enum option {
    TURNED = 1 << 0, WIDE_TARGETS = 1 << 1, EACH_ROW = 1 << 2, SMOOTHING = 1 << 3, SCALE = 1 << 4, SOFTCAP = 1 << 5,
    Z_LOSS = 1 << 6, FOCAL = 1 << 7, POLY = 1 << 8, DIVERGENCE = 1 << 9, CLASS_WEIGHTS = 1 << 10,
    SAMPLE_WEIGHTS = 1 << 11, HESSIAN = 1 << 12, LOG_SUM_EXP = 1 << 13, ARGMAX = 1 << 14, OPTIONS_END = 1 << 15
};

static xent_array array(void *memory, xent_type type, int32_t ndim, const int64_t *shape, const int64_t *strides)
{
    xent_array a;
    a.data = memory;
    a.type = type;
    a.ndim = ndim;
    a.shape = shape;
    a.strides = strides;
    return a;
}

/* One call with the options whose bits are set. What has no meaning is refused, and explained, which needs stack as well. */
static void call(int target, xent_type type, int32_t input, const layout *l, unsigned options_set, int32_t num_threads)
{
    const int is_binary = target == BINARY, has_labels = target == LABELS;
    const int64_t shape[2] = {l->rows, l->classes}, turned[2] = {1, l->rows};
    const int64_t *strides = options_set & TURNED ? turned : NULL;
    const int32_t row_rank = is_binary ? 2 : 1;
    const xent_type wide = type == XENT_F64 ? XENT_F64 : XENT_F32;
    xent_options options = XENT_OPTIONS_INIT;
    xent_outputs outputs = XENT_OUTPUTS_INIT;
    xent_array y_true = array(zeros, has_labels ? XENT_I32 : options_set & WIDE_TARGETS ? XENT_F64 : type,
                              has_labels ? 1 : 2, shape, NULL);
    xent_array y_pred = array(zeros, type, 2, shape, strides);
    xent_array weights = array(zeros, XENT_F32, row_rank, shape, NULL);
    xent_array class_weights = array(zeros, XENT_F32, 1, shape + 1, NULL);
    xent_array loss = array(written[0], wide, options_set & EACH_ROW ? row_rank : 0, shape, NULL);
    xent_array gradient = array(written[1], type, 2, shape, strides), hessian = array(written[2], type, 2, shape, strides);
    xent_array exponent = array(written[3], wide, 1, shape, NULL), argmax = array(written[4], XENT_I64, 1, shape, NULL);
    char message[200];
    options.input = input;
    options.reduction = options_set & EACH_ROW ? XENT_NONE : XENT_MEAN;
    options.num_threads = num_threads;
    outputs.loss = &loss;
    outputs.gradient = &gradient;
    if (options_set & SMOOTHING) options.label_smoothing = 0.1;
    if (options_set & SCALE) options.logit_scale = 2;
    if (options_set & SOFTCAP) options.logit_softcap = 10;
    if (options_set & Z_LOSS) options.z_loss = 0.1;
    if (options_set & FOCAL) options.focal_gamma = 1.5;
    if (options_set & POLY) options.poly_epsilon = 0.5;
    if (options_set & DIVERGENCE) options.measure = XENT_KL_DIVERGENCE;
    if (options_set & CLASS_WEIGHTS) options.class_weights = &class_weights;
    if (options_set & SAMPLE_WEIGHTS) options.sample_weights = &weights;
    if (options_set & HESSIAN) outputs.hessian = &hessian;
    if (options_set & LOG_SUM_EXP) outputs.log_sum_exp = &exponent;
    if (options_set & ARGMAX) outputs.argmax = &argmax;
    if (is_binary) {
        if (xent_binary(&y_true, &y_pred, &options, &outputs) != XENT_OK)
            xent_explain_binary(&y_true, &y_pred, &options, &outputs, message, sizeof message);
    } else if (xent_categorical(&y_true, &y_pred, &options, &outputs) != XENT_OK)
        xent_explain_categorical(&y_true, &y_pred, &options, &outputs, message, sizeof message);
    calls_made++;
}

/* Every option alone with every loss, and some together. */
static void call_everything(void)
{
    static const unsigned together[] = {
        0, SMOOTHING | FOCAL, SMOOTHING | Z_LOSS | FOCAL | POLY, SMOOTHING | HESSIAN | LOG_SUM_EXP | ARGMAX,
        SMOOTHING | FOCAL | CLASS_WEIGHTS | SAMPLE_WEIGHTS, SOFTCAP | FOCAL | POLY | DIVERGENCE,
        TURNED | WIDE_TARGETS | EACH_ROW | SMOOTHING | SCALE | SOFTCAP | Z_LOSS | FOCAL | POLY | DIVERGENCE | CLASS_WEIGHTS
            | SAMPLE_WEIGHTS | LOG_SUM_EXP | ARGMAX,
        SMOOTHING | SCALE | SOFTCAP | Z_LOSS | FOCAL | POLY | DIVERGENCE | CLASS_WEIGHTS | SAMPLE_WEIGHTS,
        SMOOTHING | SCALE | FOCAL | POLY | DIVERGENCE | SAMPLE_WEIGHTS, DIVERGENCE | SCALE | HESSIAN};
    size_t type, shape, i;
    unsigned set;
    int target;
    int32_t input;
    for (target = BINARY; target <= DISTRIBUTION; target++)
        for (input = XENT_PROBABILITIES; input <= XENT_LOG_PROBABILITIES; input++)
            for (type = 0; type < 4; type++)
                for (shape = 0; shape < sizeof layouts / sizeof layouts[0]; shape++) {
                    for (set = 1; set < OPTIONS_END; set *= 2)
                        call(target, types[type], input, &layouts[shape], set, 2);
                    for (i = 0; i < sizeof together / sizeof together[0]; i++)
                        call(target, types[type], input, &layouts[shape], together[i], 2);
                }
    for (type = 0; type < 4; type++)
        call(LABELS, types[type], XENT_LOGITS, &long_row, 0, 2);
}

static void *call_and_measure(void *context)
{
    unsigned char here;
    call_everything();
    deepest_caller = used_below((unsigned char *)context, &here);
    return NULL;
}

int main(void)
{
    unsigned char *stack = new_stack();
    pthread_t thread;
    int i;
    zeros = new_memory(MOST_ELEMENTS * 8);
    for (i = 0; i < 5; i++)
        written[i] = new_memory(MOST_ELEMENTS * 8);
    worker_stack = new_stack();
    if (start_on(stack, &thread, call_and_measure, stack) != 0)
        abort();
    pthread_join(thread, NULL);
    CHECK(deepest_caller > 0 && deepest_caller <= PROMISED, "a call needs %lu bytes of stack",
          (unsigned long)deepest_caller);
    CHECK(deepest_worker > 0 && deepest_worker <= PROMISED, "a thread of the library needs %lu bytes of stack",
          (unsigned long)deepest_worker);
    printf("%s: %lu calls used up to %lu bytes of the caller's stack, %lu of the library's threads'\n",
           xent_instruction_set(), (unsigned long)calls_made, (unsigned long)deepest_caller,
           (unsigned long)deepest_worker);
    return finish("stack");
}
