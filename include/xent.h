/**
 * @file xent.h
 * Cross-entropy losses and their gradients.
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
 *     same memory. None keeps state between calls, reads a file or writes to a stream, and with one thread none
 *     allocates.
 *   - A call needs at most 128 KiB of stack. Threads that it starts end with it, so a process may fork at any time and
 *     use the library in the child, and load and unload it. Where there are fewer threads to be had than wanted, or
 *     none, the work is done by those there are.
 *   - The library's threads block all signals but SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGSYS: no other signal
 *     interrupts them. Those six are blocked or not as in the caller, so that a fault in the caller's memory reaches the
 *     caller's handler for it, perhaps on a thread of the library. A call is no point at which a thread is cancelled.
 *   - The results do not depend on the caller's floating-point environment (rounding mode, flushing to zero, traps),
 *     which is as before after the call; exception flags may be raised. errno is left as it is.
 *   - The environment is read once, by the first call or by xent_instruction_set(): a program whose other threads
 *     change it calls that before they start.
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

#define XENT_VERSION_MAJOR 0   /**< Rises when a program must be changed for a new version. */
#define XENT_VERSION_MINOR 1   /**< Rises with every addition. */
#define XENT_VERSION_PATCH 0   /**< Rises with every correction. */
#define XENT_VERSION "0.1.0"   /**< The version of this header; xent_version() tells that of the library. */

/* ================================================================================================
 * Status
 * ============================================================================================= */

/** What a call returns. "before" means: found before the computing starts, and nothing at all is written but
 * error_index. "while computing" means: loss, gradient, hessian, log_sum_exp and argmax may be partly written, in
 * place y_pred too; totals are not. On anything but XENT_OK no total is written. */
typedef enum xent_status {
    XENT_OK = 0,            /**< the call has done all that was asked for */
    XENT_ERROR_NULL,        /**< before: a required pointer, or the data of an array with elements, is NULL */
    XENT_ERROR_SHAPE,       /**< before: shapes disagree, a length is negative, sizes or addresses overflow, weights
                                 have a wrong rank or length, or there are zero classes */
    XENT_ERROR_TYPE,        /**< before: an element type that this argument cannot have */
    XENT_ERROR_OPTION,      /**< before: an option (or an element of a weight array) out of its range, an option or
                                 output without meaning for the call, a struct_size that this library does not know */
    XENT_ERROR_LABEL,       /**< before: a class index outside [0, classes) that is not the ignored one */
    XENT_ERROR_PROBABILITY, /**< while computing: a probability outside [0, 1] by more than 1e-3, or a binary
                                 log-probability above 1e-3; 1e-2 if y_pred is of a 16-bit type */
    XENT_ERROR_TARGET,      /**< while computing: a binary target outside [0, 1] or NaN, or an entry of a
                                 distribution that is negative, infinite or NaN */
    XENT_ERROR_OVERLAP,     /**< before: an output's memory overlaps another argument's, or itself */
    XENT_ERROR_MEMORY       /**< before: not enough memory */
} xent_status;

/* ================================================================================================
 * Arrays
 * ============================================================================================= */

/** Element types. Which argument can have which:
 *
 *     y_pred, distributions, binary targets, weights, upstream   any floating type, each its own
 *     labels (class indices)                                     any integer type
 *     gradient, hessian                                          any floating type; usually y_pred's
 *     loss, log_sum_exp                                          XENT_F64 if y_pred is XENT_F64, else XENT_F32
 *     argmax                                                     XENT_I64
 *
 * y_pred's type decides how a call computes: XENT_F64 in float64, all others in float32. 16-bit elements are widened,
 * which is exact, and a 16-bit output is the result of the float32 call, rounded once to nearest, ties to even. */
typedef enum xent_type {
    XENT_F32,  /**< float */
    XENT_F64,  /**< double */
    XENT_F16,  /**< IEEE 754 binary16 */
    XENT_BF16, /**< the upper half of a float */
    XENT_I8,   /**< int8_t */
    XENT_I16,  /**< int16_t */
    XENT_I32,  /**< int32_t */
    XENT_I64,  /**< int64_t */
    XENT_U8,   /**< uint8_t */
    XENT_U16,  /**< uint16_t */
    XENT_U32   /**< uint32_t */
} xent_type;

/** A view of an array; the caller keeps the memory and the shape. Nothing is copied.
 *
 * A *flat index* counts the elements in C order of the shape, whatever the strides: 0 is [0, ..., 0], 1 is
 * [0, ..., 1]. Every index that the library reports is one.
 *
 * Overlap: the memory of an array runs from its lowest element to its highest, gaps included. An output may touch no
 * input's and no other output's, and no two elements of an output may share memory (a stride of 0 on a length above
 * 1): XENT_ERROR_OVERLAP. Only the gradient may be the very view that y_pred is (same data, type, shape, strides): it
 * is then written over the input, in place. Inputs may overlap each other as they like. Nor may
 * an output touch the shape or the strides of any array.
 *
 * This struct never grows. */
typedef struct xent_array {
    void *data;             /**< the element whose indices are all 0, which with negative strides is not the lowest
                                 address; aligned to its type. May be NULL if the array has no elements. Inputs are
                                 never written */
    xent_type type;         /**< of the elements */
    int32_t ndim;           /**< number of axes, 0 or more. Rank 0 is one element */
    const int64_t *shape;   /**< ndim lengths, 0 or more each. May be NULL if ndim is 0 */
    const int64_t *strides; /**< ndim steps, counted in elements, from one index to the next: any sign, any order of the
                                 axes, with gaps or, in inputs, 0 (one element stands for the whole axis). NULL is C
                                 order: the last index runs fastest */
} xent_array;

/* ================================================================================================
 * Options
 * ============================================================================================= */

/** What y_pred holds (options.input). p is a probability, z a logit (the argument of sigmoid or softmax), q a
 * log-probability, the natural logarithm of p; y and t are targets; lse is log-sum-exp, the logarithm of
 * sum_c exp(z_c). */
enum {
    XENT_PROBABILITIES = 0,    /**< p, in [0, 1] */
    XENT_LOGITS = 1,           /**< z, any number */
    XENT_LOG_PROBABILITIES = 2 /**< q, at most 0 */
};

/** How the losses become one (options.reduction): their mean, their sum, or one loss a row. A *row* is one position of
 * the axes that are not the class axis; in a binary call it is one element. */
enum {
    XENT_MEAN = 0, /**< the sum, divided by what options.divisor or options.normalizer says */
    XENT_SUM = 1,  /**< the sum */
    XENT_NONE = 2  /**< one loss a row */
};

/** What the mean divides by (options.divisor). s are the sample weights and w the class weights, 1 if not given.
 *
 * If the divisor is 0 (all rows ignored, no rows, weights that sum to 0), the mean is 0 and so are gradient and
 * hessian; outputs.weight_sum tells. */
enum {
    XENT_DIVISOR_WEIGHTS = 0, /**< class indices: sum of s_i w_(y_i) over the rows not ignored; distributions and
                                   binary: sum of s_i. So without weights the number of rows not ignored */
    XENT_DIVISOR_COUNT = 1,   /**< the number of rows not ignored */
    XENT_DIVISOR_BATCH = 2    /**< the number of rows */
};

/** What is measured (options.measure). The Kullback-Leibler divergence is the cross-entropy less the target's own
 * entropy: it adds sum_c w_c t_c log t_c (binary: y log y + (1-y) log(1-y)), where 0 log 0 is 0. Gradient and hessian
 * are the same. */
enum {
    XENT_CROSS_ENTROPY = 0, /**< the loss as xent_options states it, without the term KL */
    XENT_KL_DIVERGENCE = 1  /**< with it */
};

/** Options of a call. Start from XENT_OPTIONS_INIT or xent_options_init, then set what differs:
 *
 *     xent_options options = XENT_OPTIONS_INIT;
 *     options.input = XENT_LOGITS;
 *
 * NULL in place of a pointer to options means all defaults. Options combine freely unless said otherwise. One that is
 * outside its range, NaN, or not the default where it has no meaning for the call (a logit option without logits, say)
 * is XENT_ERROR_OPTION, never ignored.
 *
 * The loss of a row, with every option that stands in it (those not given drop out):
 *
 *     binary       l = s { P alpha     y     (1-p)^g [-log p]
 *                        +   (1-alpha) (1-y) p^g     [-log(1-p)]  +  eps [ y (1-p) + (1-y) p ]  +  KL }
 *
 *     categorical  l = s { sum_c w_c t_c ( (1-p_c)^g [-log p_c]  +  eps (1-p_c)  +  KL: log t_c )  +  b w_y lse^2 }
 *
 *     P pos_weight, alpha focal_alpha, g focal_gamma, eps poly_epsilon, b z_loss, s sample_weights, w class_weights;
 *     w_y is the class weight of the label, 1 where the target is a distribution
 *
 * in this order: first the targets are smoothed, and t and y mean the smoothed target everywhere; logits are scaled,
 * then capped; then l. p is softmax(z)_c or sigmoid(z), or e^q, at most 1. The gradient is the derivative of the result in
 * y_pred as the caller gave it, so logit_scale and the soft cap's slope are in it.
 *
 * 0 times infinity and 0 times NaN are 0 in a class term: a class with t_c = 0 or w_c = 0 adds nothing to that sum.
 *
 * The weight arrays are inputs: any strides, any floating type, rank as said; their elements must be finite, of any
 * sign. Wrong rank or length is XENT_ERROR_SHAPE, a wrong type XENT_ERROR_TYPE, an element that is not finite
 * XENT_ERROR_OPTION with error_index its flat index in the weight array. Arrays with exactly one element count as one
 * value, whatever their rank; rank 0 is the plain form. */
typedef struct xent_options {
    size_t  struct_size;         /**< sizeof(xent_options) */

    int32_t input;               /**< XENT_PROBABILITIES (default), XENT_LOGITS, XENT_LOG_PROBABILITIES */

    int32_t axis;                /**< class axis, in [-rank, rank), negative counts from the end; default -1, the last.
                                      Binary calls have none: leave it at -1. Contiguous functions: -1 or 1 */

    int32_t reduction;           /**< XENT_MEAN (default), XENT_SUM, XENT_NONE */

    int32_t divisor;             /**< XENT_DIVISOR_WEIGHTS (default), _COUNT, _BATCH; XENT_MEAN only */

    int32_t measure;             /**< XENT_CROSS_ENTROPY (default), XENT_KL_DIVERGENCE */

    int32_t accumulate_gradient; /**< 0 (default): the gradient is written. 1: it is added to what the gradient array
                                      holds; rows with a zero gradient leave theirs as it is. Does not touch how the
                                      hessian is written. Accepted, without effect, if no gradient is wanted */

    int32_t num_threads;         /**< the most threads that a call may use, >= 0; 1 starts none; 0 (default) = choose by
                                      the problem's size and the processors, or XENT_NUM_THREADS in the environment,
                                      which counts if it is a positive number.
                                      Never changes a bit of the results */

    int32_t has_ignore_index;    /**< 0 (default) or 1; class indices only */
    int64_t ignore_index;        /**< rows whose label is this, inside [0, classes) or not, add nothing, count nothing,
                                      and get loss, gradient and hessian of exactly 0. Their y_pred is not even checked
                                      and may hold anything. Read only if has_ignore_index is 1; default 0 */

    double  normalizer;          /**< positive, finite: the mean divides by this, whatever divisor says: for a batch
                                      that comes in parts. 0 = none (default); XENT_MEAN only */

    double  probability_floor;   /**< p and 1-p are taken as at least this, each by itself, wherever a formula says p or
                                      1-p; in [0, 0.5), default 1e-15. 0 turns it off: a loss may then be +inf. For
                                      XENT_PROBABILITIES only */

    double  label_smoothing;     /**< e in [0, 1], default 0: t becomes (1-e) t + e/classes; binary: y becomes
                                      (1-e) y + e/2 */

    double  logit_scale;         /**< a > 0, finite, default 1: z becomes a z. XENT_LOGITS only */

    double  logit_softcap;       /**< k > 0, finite: z becomes k tanh(z/k), after the scale; -inf and inf become -k and
                                      k. 0 = off (default). XENT_LOGITS only; no hessian */

    double  z_loss;              /**< b >= 0, finite, default 0: adds b lse(z)^2, with z scaled and capped. Categorical
                                      calls with XENT_LOGITS only. Where lse is near 0, the term has the digits of
                                      log_sum_exp, which are those of a number near 1 */

    double  focal_gamma;         /**< g >= 0, finite, default 0: multiplies the log term by (1-p_c)^g; binary: by
                                      (1-p)^g where y stands, by p^g where 1-y stands. If > 0, no hessian */

    double  focal_alpha;         /**< in [0, 1]: weight of the log term of y, 1 - focal_alpha that of 1-y. Negative
                                      = off (default -1). Binary only */

    double  poly_epsilon;        /**< finite, default 0: adds eps sum_c w_c t_c (1-p_c); binary:
                                      eps [y (1-p) + (1-y) p]. If not 0, no hessian */

    const xent_array *class_weights;  /**< w, rank 1, one value a class: multiplies the class's log, poly and KL term.
                                           NULL = none. Categorical only */

    const xent_array *sample_weights; /**< s: multiplies the row's loss, gradient and hessian. Categorical: shape of
                                           y_pred without the class axis. Binary: broadcastable to y_pred (axes matched
                                           from the last, each of the same length or 1, leading ones may be missing). A
                                           row of weight 0 adds nothing, its loss and gradient are 0 whatever its y_pred
                                           holds, but it is checked and counts as a row. NULL = none. In the contiguous
                                           functions the shape is {rows} or {count} */

    const xent_array *pos_weight;     /**< P: multiplies the log term of y. One value, or rank 1 and one a position of
                                           y_pred's last axis. NULL = none. Binary only */

    const xent_array *upstream;       /**< dL/dl, the derivative of what the caller computes from the loss: multiplies
                                           gradient and hessian, and nothing else. One value; or with XENT_NONE one a
                                           row, shape of the losses. Any value: NaN and infinities pass into the
                                           gradient (but not into rows that are ignored or have weight 0). NULL = 1.
                                           Accepted, without effect, if no gradient and no hessian is wanted */
} xent_options;

/** All defaults. The struct grows at its end only; struct_size tells the library which version the caller has. That of an
 * earlier version is accepted, and no byte behind it is read or written. A larger struct than the library's, up to
 * 65536 bytes, is accepted if the part that the library does not know is all zero: every later field's default is. */
#define XENT_OPTIONS_INIT \
    { sizeof(xent_options), XENT_PROBABILITIES, -1, XENT_MEAN, XENT_DIVISOR_WEIGHTS, XENT_CROSS_ENTROPY, \
      0, 0, 0, 0, 0.0, 1e-15, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, NULL, NULL, NULL, NULL }

/** Sets *options to XENT_OPTIONS_INIT, for languages without the macro. What is written is the struct of version 0.1,
 * struct_size with it, in every later library too, which cannot know how large the caller's struct is.
 *
 * @param options  NULL is ignored */
void xent_options_init(xent_options *options);

/* ================================================================================================
 * Outputs of the descriptor functions
 * ============================================================================================= */

/** What a call shall compute, and the totals it writes back. NULL = not wanted; asking for no array at all is legal and
 * computes the totals. All arrays come from one pass over y_pred. Types: see xent_type; layout and overlap: see
 * xent_array. "Rows" is the shape of y_pred without the class axis, which is that of labels; binary: y_pred's shape.
 *
 * The hessian is the diagonal: the exact second derivative in each element of y_pred, scaled as the gradient is.
 * Without options, for one row:
 *
 *     probabilities, binary        y/p^2 + (1-y)/(1-p)^2       categorical   t_c / p_c^2
 *     logits, binary               p (1-p)                     categorical   T p_c (1-p_c), T = sum_c t_c
 *     log-probabilities, binary    (1-y) e^q / (1-e^q)^2       categorical   0
 *
 * log_sum_exp and argmax are computed for ignored rows, too, and for rows of weight 0.
 *
 * Totals add: those of two batches summed are those of the joined batch, so that a mean over many calls is the sum of
 * loss_sum divided by the sum of weight_sum. */
typedef struct xent_outputs {
    size_t struct_size;               /**< sizeof(xent_outputs) */

    const xent_array *loss;           /**< XENT_MEAN, XENT_SUM: one value, in any array with exactly one element.
                                           XENT_NONE: rows. In nats. It has sample weights, class weights and all terms
                                           in it, upstream not */

    const xent_array *gradient;       /**< y_pred's shape. Derivative in y_pred of the reduced loss (the mean's divisor
                                           is in it), or with XENT_NONE of each row's own loss; times upstream */

    const xent_array *hessian;        /**< y_pred's shape; see above. With focal_gamma > 0, poly_epsilon != 0 or
                                           logit_softcap > 0 it is XENT_ERROR_OPTION */

    const xent_array *log_sum_exp;    /**< rows. lse of the logits after scale and soft cap; -inf if all are -inf (also
                                           where classes are 1), +inf if one is +inf, NaN if one is NaN. Categorical
                                           calls with XENT_LOGITS only, else XENT_ERROR_OPTION */

    const xent_array *argmax;         /**< rows. Index of the largest element of y_pred along the class axis, the lowest
                                           on a tie; the first NaN's if there is one. Nothing is checked for it.
                                           Categorical only, else XENT_ERROR_OPTION */

    double  loss_sum;                 /**< written back on XENT_OK: the sum of the rows' losses, whatever the reduction
                                           */

    double  weight_sum;               /**< written back on XENT_OK: the divisor that XENT_DIVISOR_WEIGHTS gives,
                                           whatever divisor says; 0 if all rows are ignored, where the mean is 0 by
                                           definition */

    int64_t count;                    /**< written back on XENT_OK: the number of rows (binary: elements) that are not
                                           ignored */

    int64_t correct;                  /**< written back on XENT_OK: the number of those whose argmax is the label; -1
                                           unless argmax is wanted and labels are class indices. Accuracy is
                                           correct / count */

    int64_t error_index;              /**< written back too on an error (unless struct_size is wrong): flat index of the
                                           first offending element, of y_true for XENT_ERROR_LABEL and _TARGET, of
                                           y_pred for XENT_ERROR_PROBABILITY, of the weight array for an element that is
                                           not finite; else -1 */
} xent_outputs;

/** No array wanted. The struct grows as xent_options does. */
#define XENT_OUTPUTS_INIT { sizeof(xent_outputs), NULL, NULL, NULL, NULL, NULL, 0.0, 0.0, 0, -1, -1 }

/** Sets *outputs to XENT_OUTPUTS_INIT, for languages without the macro: the struct of version 0.1, as xent_options_init.
 *
 * @param outputs  NULL is ignored */
void xent_outputs_init(xent_outputs *outputs);

/** @name Losses of contiguous arrays
 *
 * loss receives one value (XENT_MEAN, XENT_SUM) or one a row (XENT_NONE). gradient receives the gradient in y_pred, as
 * many values as y_pred has (with accumulate_gradient it is added to them); it may equal y_pred (in place). No other
 * overlap of an output with anything, weight arrays included, is allowed: XENT_ERROR_OVERLAP.
 *
 * All options have a meaning here; axis must be -1, or in the categorical functions 1. Weight arrays may have any
 * floating type and strides.
 *
 * Of 0 rows the loss is 0. 0 classes are XENT_ERROR_SHAPE, as are sizes whose product overflows. A data
 * pointer may be NULL only if its array has no elements. 1 class is legal: its softmax is 1, the loss 0.
 *
 * Large problems are shared out over threads that end with the call (options.num_threads). Results are the same to the
 * last bit for any number of threads, and from run to run.
 *
 * Edge values, here and in the descriptor functions:
 *
 *   - A NaN in y_pred that is read makes the loss and the gradient of its row NaN and no other; it is not an error.
 *   - A result that is NaN is the positive quiet NaN without a payload, whatever NaN it comes from.
 *   - Where the target or the class weight is 0 a class adds nothing, whatever stands in y_pred (0 * inf is 0).
 *   - A logit of -inf is a class of probability 0: the loss is +inf if its target is positive. All logits -inf (also
 *     with 1 class), or one of +inf or NaN, make the row NaN. Binary logits of -inf and inf are p = 0 and p = 1.
 *   - Losses of +inf are results, not errors. So is a probability of 0 on a positive target: it costs
 *     -log(probability_floor), 34.5 by default.
 * @{ */

/** Binary cross-entropy. Every element is a problem of its own with a target y in [0, 1] (not only 0 and 1).
 *
 *     probabilities      l = -[ y log p + (1-y) log(1-p) ]        dl/dp = -y/p + (1-y)/(1-p)
 *     logits             l = y softplus(-z) + (1-y) softplus(z)   dl/dz = sigmoid(z) - y
 *     log-probabilities  l = -[ y q + (1-y) log(1-e^q) ]          dl/dq = -y + (1-y) e^q/(1-e^q)
 *
 * softplus(x) = log(1 + e^x). Probabilities: p and 1-p are clamped to [0, 1] and then to at least
 * probability_floor, each by itself, in loss and gradient; 1-p is taken exactly, so p = 1 with y = 1 costs 0. What the
 * options add to l stands at xent_options.
 *
 * @param y_true    count targets
 * @param y_pred    count predictions
 * @param count     the number of elements, 0 or more
 * @param options   NULL = defaults
 * @param loss      receives one value, in nats; with XENT_NONE count values. NULL = not wanted
 * @param gradient  receives count values. NULL = not wanted
 * @return XENT_OK, or the error: NULL, SHAPE (count overflows), OPTION, PROBABILITY, TARGET, OVERLAP */
xent_status xent_binary_f32(const float *y_true, const float *y_pred, size_t count,
                            const xent_options *options, float *loss, float *gradient);
/** @copydoc xent_binary_f32 */
xent_status xent_binary_f64(const double *y_true, const double *y_pred, size_t count,
                            const xent_options *options, double *loss, double *gradient);

/** Categorical cross-entropy with a distribution t over the classes in every row (one-hot or soft; entries
 * are >= 0 and need not sum to 1).
 *
 *     probabilities      l = -sum_c t_c log p_c            dl/dp_c = -t_c / p_c
 *     logits             l = sum_c t_c (lse(z) - z_c)      dl/dz_c = T softmax(z)_c - t_c,  T = sum_c t_c
 *     log-probabilities  l = -sum_c t_c q_c                dl/dq_c = -t_c
 *
 * Probabilities: p is clamped to [0, 1] and then to at least probability_floor, in loss and gradient; rows are
 * not renormalised. Log-probabilities are taken as they are, above 0 too, but in the terms of focal and poly, whose p is
 * at most 1. What the options add to l stands at
 * xent_options.
 *
 * @param y_true    rows x classes targets, in C order
 * @param y_pred    rows x classes predictions, in C order
 * @param rows      the number of rows, 0 or more
 * @param classes   the number of classes, 1 or more
 * @param options   NULL = defaults
 * @param loss      receives one value, in nats; with XENT_NONE rows values. NULL = not wanted
 * @param gradient  receives rows x classes values. NULL = not wanted
 * @return XENT_OK, or the error: NULL, SHAPE, OPTION, PROBABILITY, TARGET, OVERLAP */
xent_status xent_categorical_f32(const float *y_true, const float *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, float *loss, float *gradient);
/** @copydoc xent_categorical_f32 */
xent_status xent_categorical_f64(const double *y_true, const double *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, double *loss, double *gradient);

/** Categorical cross-entropy with a class index in every row: the formulas of xent_categorical_f32 with t = 1
 * at the label and 0 elsewhere. Of probabilities and log-probabilities only the label's entry is read and checked,
 * unless label_smoothing gives all classes a share of the target.
 *
 * @param labels    rows values in [0, classes) or equal to ignore_index, all checked before anything is written
 * @param y_pred    rows x classes predictions, in C order
 * @param rows      the number of rows, 0 or more
 * @param classes   the number of classes, 1 or more
 * @param options   NULL = defaults
 * @param loss      receives one value, in nats; with XENT_NONE rows values. NULL = not wanted
 * @param gradient  receives rows x classes values. NULL = not wanted
 * @return XENT_OK, or the error: NULL, SHAPE, OPTION, LABEL, PROBABILITY, OVERLAP */
xent_status xent_sparse_categorical_f32(const int64_t *labels, const float *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, float *loss, float *gradient);
/** @copydoc xent_sparse_categorical_f32 */
xent_status xent_sparse_categorical_f64(const int64_t *labels, const double *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, double *loss, double *gradient);

/** @} */

/** @name Losses of described arrays
 *
 * The same losses for arrays of any floating type, rank, strides and class axis, with side outputs, totals and
 * error_index. Alignment, edge values, errors and threads are as in the contiguous functions. The results are those of
 * contiguous copies of the arrays, though another layout may round the last bits another way.
 * @{ */

/** Binary cross-entropy; see xent_binary_f32 for the formulas.
 *
 * @param y_true   targets in y_pred's shape (they do not broadcast), of any floating type; not NULL
 * @param y_pred   predictions of any floating type; not NULL
 * @param options  NULL = defaults
 * @param outputs  says what is wanted, and receives totals and error_index; not NULL
 * @return XENT_OK, or the error: as xent_binary_f32, and TYPE */
xent_status xent_binary(const xent_array *y_true, const xent_array *y_pred,
                        const xent_options *options, xent_outputs *outputs);

/** Categorical cross-entropy; see xent_categorical_f32 and xent_sparse_categorical_f32 for the formulas.
 *
 * @param y_true   either labels of an integer type in y_pred's shape without the class axis, or distributions of a
 *                 floating type in y_pred's shape; not NULL. Neither broadcasts
 * @param y_pred   predictions of any floating type, of rank 1 or more, with one class axis, options->axis; not NULL
 * @param options  NULL = defaults
 * @param outputs  says what is wanted, and receives totals and error_index; not NULL
 * @return XENT_OK, or the error: as the contiguous functions, and TYPE */
xent_status xent_categorical(const xent_array *y_true, const xent_array *y_pred,
                             const xent_options *options, xent_outputs *outputs);

/** Says in one English sentence why xent_binary refuses these arguments, naming the argument, the index and the value:
 * "y_pred[1] is 7, expected a probability in [0, 1] (are these logits?)".
 *
 * @param y_true    that of the call that failed
 * @param y_pred    that of the call that failed
 * @param options   those of the call that failed
 * @param outputs   as that call left it (error_index is read)
 * @param message   receives at most capacity bytes, always ended by a NUL (unless capacity is 0); NULL if capacity is 0
 * @param capacity  the size of message in bytes
 * @return the length of the whole message without the NUL; 0 if there is nothing to refuse */
size_t xent_explain_binary(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                           const xent_outputs *outputs, char *message, size_t capacity);

/** Says why xent_categorical refuses these arguments, as xent_explain_binary does:
 * "labels[17] is 12, outside [0, 10)".
 *
 * @param y_true    that of the call that failed
 * @param y_pred    that of the call that failed
 * @param options   those of the call that failed
 * @param outputs   as that call left it (error_index is read)
 * @param message   receives at most capacity bytes, always ended by a NUL (unless capacity is 0); NULL if capacity is 0
 * @param capacity  the size of message in bytes
 * @return the length of the whole message without the NUL; 0 if there is nothing to refuse */
size_t xent_explain_categorical(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                                const xent_outputs *outputs, char *message, size_t capacity);

/** @} */

/** @name Gradient descent
 * @{ */

/** theta <- theta - learning_rate * gradient, element by element, computed in float64 by both functions and
 * rounded to theta's type. On an error nothing is written.
 *
 * @param theta          count values, changed in place
 * @param gradient       count values; they must not overlap theta
 * @param count          the number of values, 0 or more
 * @param learning_rate  any finite value
 * @return XENT_OK, or the error: NULL (unless count is 0), SHAPE (count overflows), OPTION (learning_rate not finite),
 *         OVERLAP */
xent_status xent_gradient_descent_f32(float *theta, const float *gradient, size_t count, double learning_rate);
/** @copydoc xent_gradient_descent_f32 */
xent_status xent_gradient_descent_f64(double *theta, const double *gradient, size_t count, double learning_rate);

/** @} */

/** @name Information
 * @{ */

/** A status in words: "a class index is outside [0, classes)".
 *
 * @param status  any number
 * @return a constant string that needs no freeing, never NULL; "unknown status" for a number that is no status */
const char *xent_status_string(xent_status status);

/** The library's version.
 *
 * @return XENT_VERSION of the header that it was built with */
const char *xent_version(void);

/** The instruction set that the kernels use. It is chosen once, from the processor and the operating system; the
 * environment variable XENT_INSTRUCTION_SET with one of the names below lowers the choice, and is ignored if it asks
 * for more than there is.
 *
 * @return "baseline", "avx2" or "avx512" */
const char *xent_instruction_set(void);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* XENT_H */
