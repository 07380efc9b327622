/* oneDNN's logsoftmax forward of a float32 matrix, along its rows, behind four plain functions. For oneDNN 2 and 3. */
#include <dnnl.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct problem {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t source, destination;
} problem;

/* The version of the library that was loaded, as major * 10000 + minor * 100 + patch. */
int onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return version->major * 10000 + version->minor * 100 + version->patch;
}

/* How many threads the problems created after this call use. */
void onednn_set_threads(int threads) { omp_set_num_threads(threads); }

void onednn_destroy(problem *p) {
    if (!p) return;
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    if (p->source) dnnl_memory_destroy(p->source);
    if (p->destination) dnnl_memory_destroy(p->destination);
    if (p->stream) dnnl_stream_destroy(p->stream);
    if (p->engine) dnnl_engine_destroy(p->engine);
    free(p);
}

#if DNNL_VERSION_MAJOR >= 3
static int build(problem *p, const dnnl_dims_t shape, float *source, float *destination) {
    dnnl_memory_desc_t layout = NULL;
    dnnl_primitive_desc_t choice = NULL;
    int failed = dnnl_memory_desc_create_with_tag(&layout, 2, shape, dnnl_f32, dnnl_ab)
        || dnnl_softmax_forward_primitive_desc_create(&choice, p->engine, dnnl_forward_inference, dnnl_softmax_log,
                                                      layout, layout, 1, NULL)
        || dnnl_primitive_create(&p->primitive, choice)
        || dnnl_memory_create(&p->source, layout, p->engine, source)
        || dnnl_memory_create(&p->destination, layout, p->engine, destination);
    if (choice) dnnl_primitive_desc_destroy(choice);
    if (layout) dnnl_memory_desc_destroy(layout);
    return failed;
}
#else
static int build(problem *p, const dnnl_dims_t shape, float *source, float *destination) {
    dnnl_memory_desc_t layout;
    dnnl_logsoftmax_desc_t operation;
    dnnl_primitive_desc_t choice = NULL;
    int failed = dnnl_memory_desc_init_by_tag(&layout, 2, shape, dnnl_f32, dnnl_ab)
        || dnnl_logsoftmax_forward_desc_init(&operation, dnnl_forward_inference, &layout, 1)
        || dnnl_primitive_desc_create(&choice, &operation, NULL, p->engine, NULL)
        || dnnl_primitive_create(&p->primitive, choice)
        || dnnl_memory_create(&p->source, &layout, p->engine, source)
        || dnnl_memory_create(&p->destination, &layout, p->engine, destination);
    if (choice) dnnl_primitive_desc_destroy(choice);
    return failed;
}
#endif

/* A logsoftmax of source (rows x classes, C order) into destination. NULL if oneDNN refuses. */
problem *onednn_create(float *source, float *destination, int64_t rows, int64_t classes) {
    problem *p = calloc(1, sizeof *p);
    dnnl_dims_t shape = {rows, classes};
    if (!p) return NULL;
    if (dnnl_engine_create(&p->engine, dnnl_cpu, 0)
        || dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags)
        || build(p, shape, source, destination)) {
        onednn_destroy(p);
        return NULL;
    }
    return p;
}

/* Computes it and waits for the end. 0 on success. */
int onednn_run(problem *p) {
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_SRC, p->source}, {DNNL_ARG_DST, p->destination}};
    return dnnl_primitive_execute(p->primitive, p->stream, 2, arguments) || dnnl_stream_wait(p->stream);
}
