/*
 * xent.h - cross-entropy losses and their gradients
 *
 * The whole public interface of libxent. Link with -lxent; nothing else is needed.
 *
 *     #include <xent.h>
 *
 *     double y_true[4] = {1, 0, 1, 0}, y_pred[4] = {0.9, 0.1, 0.8, 0.2};
 *     double loss, gradient[4];
 *     if (xent_binary_f64(y_true, y_pred, 4, NULL, &loss, gradient) != XENT_OK) { ... }
 *
 * Rules that hold for every function below:
 *
 *   - The target comes first, the prediction second.
 *   - Losses are in nats (natural logarithm). Divide by ln 2 for bits.
 *   - Every function may be called from any number of threads at once, as long as no two calls write the
 *     same memory. None keeps state between calls, reads a file or writes to a stream, and with one thread none allocates.
 *   - Pointers need the alignment of their element type, no more.
 *   - Nothing aborts: whatever the values are, a call with pointers that are valid for the shapes given
 *     returns a status.
 */
#ifndef XENT_H
#define XENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ================================================================================================
 * Version
 * ============================================================================================= */

#define XENT_VERSION_MAJOR 0
#define XENT_VERSION_MINOR 1
#define XENT_VERSION_PATCH 0
#define XENT_VERSION "0.1.0"

/* ================================================================================================
 * Status
 * ============================================================================================= */

/* What a call returns. On anything but XENT_OK no total is written; the note behind each status says
 * whether the output arrays may have been. */
typedef enum xent_status {
    XENT_OK = 0,
    XENT_ERROR_NULL,        /* a required pointer is NULL                                  nothing written */
    XENT_ERROR_SHAPE,       /* shapes disagree, overflow, or have zero classes             nothing written */
    XENT_ERROR_TYPE,        /* an element type that this argument cannot have              nothing written */
    XENT_ERROR_OPTION,      /* an option out of its range, or without meaning for the call,
                               or a struct_size that this library does not know            nothing written */
    XENT_ERROR_LABEL,       /* a class index outside [0, classes)                          nothing written */
    XENT_ERROR_PROBABILITY, /* a probability outside [0, 1] by more than 1e-3, or a binary
                               log-probability above 1e-3          loss, gradient may be partly written */
    XENT_ERROR_TARGET,      /* a binary target outside [0, 1], or an entry of a distribution
                               that is negative, infinite or NaN   loss, gradient may be partly written */
    XENT_ERROR_OVERLAP,     /* an output's memory overlaps another argument's              nothing written */
    XENT_ERROR_MEMORY       /* not enough memory                                           nothing written */
} xent_status;

/* ================================================================================================
 * Arrays
 * ============================================================================================= */

/* Element types. Predictions, distributions, weights, gradients: XENT_F32, XENT_F64 (XENT_F16 and
 * XENT_BF16 are named for later versions and answer XENT_ERROR_TYPE). Labels: any integer type. */
typedef enum xent_type {
    XENT_F32, XENT_F64, XENT_F16, XENT_BF16,
    XENT_I8, XENT_I16, XENT_I32, XENT_I64, XENT_U8, XENT_U16, XENT_U32
} xent_type;

/* A view of an array; the caller keeps the memory and the shape. Strides are counted in elements; NULL
 * means C order (the last index runs fastest), and in this version given strides must describe C order.
 * data may be NULL if the array has no elements; shape may be NULL if ndim is 0 (one element). */
typedef struct xent_array {
    void *data;
    xent_type type;
    int32_t ndim;
    const int64_t *shape;
    const int64_t *strides;
} xent_array;

/* ================================================================================================
 * Options
 * ============================================================================================= */

/* What y_pred holds (options.input). p is a probability, z a logit, q a log-probability; y and t are
 * targets; lse is log-sum-exp, the logarithm of sum_c exp(z_c). */
enum { XENT_PROBABILITIES = 0, XENT_LOGITS = 1, XENT_LOG_PROBABILITIES = 2 };

/* How the losses become one (options.reduction): their mean, their sum, or one loss a row. */
enum { XENT_MEAN = 0, XENT_SUM = 1, XENT_NONE = 2 };

/* What the mean divides by (options.divisor): the sum of the weights (without weights, the number of
 * rows), the number of rows that are not ignored, or the number of rows. */
enum { XENT_DIVISOR_WEIGHTS = 0, XENT_DIVISOR_COUNT = 1, XENT_DIVISOR_BATCH = 2 };

/* What is measured (options.measure). */
enum { XENT_CROSS_ENTROPY = 0, XENT_KL_DIVERGENCE = 1 };

/* Options of a call. Start from XENT_OPTIONS_INIT or xent_options_init, then set what differs:
 *
 *     xent_options options = XENT_OPTIONS_INIT;
 *     options.input = XENT_LOGITS;
 *
 * NULL in place of a pointer to options means all defaults. An option outside its range, or one that
 * has no meaning for the call (a normalizer without a mean, say), is XENT_ERROR_OPTION, never ignored.
 *
 * In this version the fields marked (default only) must keep their default: any other value is
 * XENT_ERROR_OPTION. */
typedef struct xent_options {
    size_t  struct_size;         /* sizeof(xent_options) */
    int32_t input;               /* XENT_PROBABILITIES (default), XENT_LOGITS, XENT_LOG_PROBABILITIES */
    int32_t axis;                /* class axis, negative counts from the end; default -1. It must be the
                                    last axis in this version; binary calls have none: leave it at -1 */
    int32_t reduction;           /* XENT_MEAN (default), XENT_SUM, XENT_NONE */
    int32_t divisor;             /* XENT_DIVISOR_WEIGHTS (default), _COUNT, _BATCH; for XENT_MEAN only */
    int32_t measure;             /* XENT_CROSS_ENTROPY                                   (default only) */
    int32_t accumulate_gradient; /* 0                                                    (default only) */
    int32_t num_threads;         /* the most threads a call may use; 1 starts none; 0 (default) = choose by the
                                    problem's size and the processors, or XENT_NUM_THREADS in the environment */
    int32_t has_ignore_index;    /* 0                                                    (default only) */
    int64_t ignore_index;        /* read only if has_ignore_index is 1 */
    double  normalizer;          /* > 0: the mean divides by this instead; 0 = none (default); XENT_MEAN only */
    double  probability_floor;   /* p and 1-p are taken as at least this, in [0, 0.5); default 1e-15, 0 turns
                                    it off; for XENT_PROBABILITIES only */
    double  label_smoothing;     /* 0                                                    (default only) */
    double  logit_scale;         /* 1                                                    (default only) */
    double  logit_softcap;       /* 0 = off                                              (default only) */
    double  z_loss;              /* 0                                                    (default only) */
    double  focal_gamma;         /* 0                                                    (default only) */
    double  focal_alpha;         /* negative = off                                       (default only) */
    double  poly_epsilon;        /* 0                                                    (default only) */
    const xent_array *class_weights;  /* NULL = none                                     (default only) */
    const xent_array *sample_weights; /* NULL = none                                     (default only) */
    const xent_array *pos_weight;     /* NULL = none                                     (default only) */
    const xent_array *upstream;       /* NULL = none                                     (default only) */
} xent_options;

/* The struct grows at its end only; struct_size tells the library which version the caller has. A larger
 * struct than the library's, up to 65536 bytes, is accepted if the part that the library does not know is all zero. */
#define XENT_OPTIONS_INIT \
    { sizeof(xent_options), XENT_PROBABILITIES, -1, XENT_MEAN, XENT_DIVISOR_WEIGHTS, XENT_CROSS_ENTROPY, \
      0, 0, 0, 0, 0.0, 1e-15, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, NULL, NULL, NULL, NULL }

/* Sets *options to XENT_OPTIONS_INIT, for languages without the macro. NULL is ignored. */
void xent_options_init(xent_options *options);

/* ================================================================================================
 * Outputs of the descriptor functions
 * ============================================================================================= */

/* What a call shall compute, and the totals it writes back. NULL = not wanted; asking for no array at all
 * is legal and computes the totals.
 *
 *   loss       one value for XENT_MEAN and XENT_SUM; for XENT_NONE one a row, in the shape of y_pred without
 *              the class axis (binary: y_pred's shape). XENT_F64 if y_pred is, else XENT_F32.
 *   gradient   of the reduced loss (XENT_NONE: of each row's own loss) in y_pred; y_pred's shape and type.
 *              It may be the very view that y_pred is: the input is then overwritten.
 *   hessian, log_sum_exp, argmax: must be NULL in this version, else XENT_ERROR_OPTION. */
typedef struct xent_outputs {
    size_t struct_size;               /* sizeof(xent_outputs) */
    const xent_array *loss, *gradient, *hessian, *log_sum_exp, *argmax;
    double  loss_sum;                 /* written back on XENT_OK: the sum of all losses, whatever the reduction */
    double  weight_sum;               /* ... the divisor that XENT_DIVISOR_WEIGHTS gives */
    int64_t count;                    /* ... the number of rows (binary: elements) that are not ignored */
    int64_t correct;                  /* ... -1: not counted */
    int64_t error_index;              /* written back too on an error (unless struct_size is wrong): flat index, in C order, of the first offending
                                         element (of y_true for XENT_ERROR_LABEL and _TARGET, of y_pred for
                                         XENT_ERROR_PROBABILITY), else -1 */
} xent_outputs;

#define XENT_OUTPUTS_INIT { sizeof(xent_outputs), NULL, NULL, NULL, NULL, NULL, 0.0, 0.0, 0, -1, -1 }

/* Sets *outputs to XENT_OUTPUTS_INIT, for languages without the macro. NULL is ignored. */
void xent_outputs_init(xent_outputs *outputs);

/* ================================================================================================
 * Losses of contiguous arrays
 *
 * loss     receives one value (XENT_MEAN, XENT_SUM) or one a row (XENT_NONE); NULL = not wanted.
 * gradient receives the gradient in y_pred, as many values as y_pred has; NULL = not wanted. It may equal
 *          y_pred (in place). No other overlap of an output with anything is allowed: XENT_ERROR_OVERLAP.
 * options  NULL = defaults. axis must be -1, or in the categorical functions 1.
 *
 * Of 0 rows the loss is 0. 0 classes are XENT_ERROR_SHAPE, as are sizes whose product overflows. A data
 * pointer may be NULL only if its array has no elements.
 *
 * Large problems are shared out over threads that end with the call (options.num_threads). Results are the same to the
 * last bit for any number of threads.
 *
 * A NaN in y_pred that is read makes the loss and the gradient of its row NaN and no other; it is not an
 * error. Where the target is 0 a class adds nothing, whatever stands in y_pred (0 * inf is 0).
 * ============================================================================================= */

/* Binary cross-entropy. Every element is a problem of its own with a target y in [0, 1] (not only 0 and 1).
 *
 *     probabilities      l = -[ y log p + (1-y) log(1-p) ]        dl/dp = -y/p + (1-y)/(1-p)
 *     logits             l = y softplus(-z) + (1-y) softplus(z)   dl/dz = sigmoid(z) - y
 *     log-probabilities  l = -[ y q + (1-y) log(1-e^q) ]          dl/dq = -y + (1-y) e^q/(1-e^q)
 *
 * softplus(x) = log(1 + e^x). Probabilities: p and 1-p are clamped to [0, 1] and then to at least
 * probability_floor, each by itself, in loss and gradient; 1-p is taken exactly, so p = 1 with y = 1 costs 0.
 *
 * y_true, y_pred: count values. XENT_NONE gives count losses.
 * Errors: NULL, SHAPE (count overflows), OPTION, PROBABILITY, TARGET, OVERLAP. */
xent_status xent_binary_f32(const float *y_true, const float *y_pred, size_t count,
                            const xent_options *options, float *loss, float *gradient);
xent_status xent_binary_f64(const double *y_true, const double *y_pred, size_t count,
                            const xent_options *options, double *loss, double *gradient);

/* Categorical cross-entropy with a distribution t over the classes in every row (one-hot or soft; entries
 * are >= 0 and need not sum to 1).
 *
 *     probabilities      l = -sum_c t_c log p_c            dl/dp_c = -t_c / p_c
 *     logits             l = sum_c t_c (lse(z) - z_c)      dl/dz_c = T softmax(z)_c - t_c,  T = sum_c t_c
 *     log-probabilities  l = -sum_c t_c q_c                dl/dq_c = -t_c
 *
 * Probabilities: p is clamped to [0, 1] and then to at least probability_floor, in loss and gradient; rows are
 * not renormalised. Logits of -inf are classes of probability 0.
 *
 * y_true, y_pred: rows x classes values, C order. XENT_NONE gives rows losses.
 * Errors: NULL, SHAPE, OPTION, PROBABILITY, TARGET, OVERLAP. */
xent_status xent_categorical_f32(const float *y_true, const float *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, float *loss, float *gradient);
xent_status xent_categorical_f64(const double *y_true, const double *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, double *loss, double *gradient);

/* Categorical cross-entropy with a class index in every row: the formulas of xent_categorical_* with t = 1
 * at the label and 0 elsewhere. Of probabilities and log-probabilities only the label's entry is read.
 *
 * labels: rows values in [0, classes), all checked before anything is written. y_pred: rows x classes values,
 * C order. XENT_NONE gives rows losses.
 * Errors: NULL, SHAPE, OPTION, LABEL, PROBABILITY, OVERLAP. */
xent_status xent_sparse_categorical_f32(const int64_t *labels, const float *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, float *loss, float *gradient);
xent_status xent_sparse_categorical_f64(const int64_t *labels, const double *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, double *loss, double *gradient);

/* ================================================================================================
 * Losses of described arrays
 *
 * The same losses for arrays of any rank that say their type and shape, with totals and error_index. Both
 * pointers and outputs must not be NULL; options may be. Threads are used as by the contiguous functions.
 * ============================================================================================= */

/* Binary cross-entropy, see xent_binary_f32. y_true and y_pred have the same shape and floating type.
 * Errors: as xent_binary_f32, and TYPE. */
xent_status xent_binary(const xent_array *y_true, const xent_array *y_pred,
                        const xent_options *options, xent_outputs *outputs);

/* Categorical cross-entropy, see xent_categorical_f32 and xent_sparse_categorical_f32. y_pred has one class
 * axis, options->axis; y_true is either of an integer type in y_pred's shape without that axis (labels), or
 * of y_pred's type and shape (distributions).
 * Errors: as the contiguous functions, and TYPE. */
xent_status xent_categorical(const xent_array *y_true, const xent_array *y_pred,
                             const xent_options *options, xent_outputs *outputs);

/* Says in one English sentence why xent_binary or xent_categorical refuses these arguments, naming the
 * argument, the index and the value: "labels[17] is 12, outside [0, 10)".
 *
 * Call it with the arguments of the call that failed and outputs as that call left it (error_index is read).
 * message receives at most capacity bytes, always ended by a NUL (unless capacity is 0); it may be NULL if
 * capacity is 0. Returns the length of the whole message without the NUL; 0 if there is nothing to refuse. */
size_t xent_explain_binary(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                           const xent_outputs *outputs, char *message, size_t capacity);
size_t xent_explain_categorical(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                                const xent_outputs *outputs, char *message, size_t capacity);

/* ================================================================================================
 * Gradient descent
 * ============================================================================================= */

/* theta <- theta - learning_rate * gradient, element by element, computed in float64 by both functions and
 * rounded to theta's type.
 *
 * theta, gradient: count values; they must not overlap. learning_rate: any finite value.
 * Errors, on which nothing is written: NULL (unless count is 0), SHAPE (count overflows), OPTION
 * (learning_rate not finite), OVERLAP. */
xent_status xent_gradient_descent_f32(float *theta, const float *gradient, size_t count, double learning_rate);
xent_status xent_gradient_descent_f64(double *theta, const double *gradient, size_t count, double learning_rate);

/* ================================================================================================
 * Information
 * ============================================================================================= */

/* A status in words ("a class index is outside [0, classes)"); "unknown status" for any other number.
 * Never NULL; the string is constant and needs no freeing. */
const char *xent_status_string(xent_status status);

/* The library's version, XENT_VERSION of the header that it was built with. */
const char *xent_version(void);

/* The instruction set that the kernels use: "baseline", "avx2" or "avx512". Chosen once, from the processor
 * and the operating system; the environment variable XENT_INSTRUCTION_SET with one of these names lowers the
 * choice, and is ignored if it asks for more than there is. */
const char *xent_instruction_set(void);

#ifdef __cplusplus
}
#endif

#endif /* XENT_H */
