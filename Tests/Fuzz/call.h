/* One call of the library, as a fuzzing input describes it. */
#ifndef FUZZ_CALL_H
#define FUZZ_CALL_H

#include <stddef.h>
#include <stdint.h>

#include <xent.h>

#include "values.h"

enum { Y_TRUE, Y_PRED, CLASS_WEIGHTS, SAMPLE_WEIGHTS, POS_WEIGHT, UPSTREAM, INPUTS,
       LOSS = INPUTS, GRADIENT, HESSIAN, LOG_SUM_EXP, ARGMAX, ARGUMENTS };

enum function { BINARY, CATEGORICAL, BINARY_F32, BINARY_F64, CATEGORICAL_F32, CATEGORICAL_F64, SPARSE_F32, SPARSE_F64,
                DESCENT_F32, DESCENT_F64, FUNCTIONS };

enum { MOST_AXES = 40, MOST_BYTES = 1 << 19 };

typedef struct argument {
    int is_given, has_shape, has_strides, has_data;
    int32_t type, ndim;
    int64_t shape[MOST_AXES], strides[MOST_AXES];
    int is_at_start;  /* of its region, not at its end */
    int overlapped;   /* the argument whose memory it begins in, or -1 */
    size_t shift;     /* how many elements behind that one's first element */
    uint32_t strange; /* of 256 values */
} argument;

typedef struct call {
    enum function function;
    argument arguments[ARGUMENTS];
    xent_options options;   /* its pointers are set when the arguments have their places */
    size_t options_size, outputs_size;
    int has_options, has_outputs;
    size_t rows, classes;   /* of the contiguous functions; without classes: rows */
    int64_t label_classes;  /* labels are below it, but the strange ones */
    double learning_rate;
    uint64_t seed;
} call;

/* A sound call, in which a few things are then spoiled. Returns whether anything was. */
int decode_call(decisions *d, call *c);

int has_descriptors(const call *c);
int is_binary(const call *c);
int is_descent(const call *c);
/* Whether the targets are class indices. */
int has_labels(const call *c);

#endif
