/* The header of version 0.1.0, the first, without its comments. It never changes: the programs that were compiled against
 * it do not either. */
#ifndef XENT_H
#define XENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XENT_VERSION_MAJOR 0
#define XENT_VERSION_MINOR 1
#define XENT_VERSION_PATCH 0
#define XENT_VERSION "0.1.0"

typedef enum xent_status {
    XENT_OK = 0,
    XENT_ERROR_NULL,
    XENT_ERROR_SHAPE,
    XENT_ERROR_TYPE,
    XENT_ERROR_OPTION,
    XENT_ERROR_LABEL,
    XENT_ERROR_PROBABILITY,
    XENT_ERROR_TARGET,
    XENT_ERROR_OVERLAP,
    XENT_ERROR_MEMORY
} xent_status;

typedef enum xent_type {
    XENT_F32,
    XENT_F64,
    XENT_F16,
    XENT_BF16,
    XENT_I8,
    XENT_I16,
    XENT_I32,
    XENT_I64,
    XENT_U8,
    XENT_U16,
    XENT_U32
} xent_type;

typedef struct xent_array {
    void *data;
    xent_type type;
    int32_t ndim;
    const int64_t *shape;
    const int64_t *strides;
} xent_array;

enum {
    XENT_PROBABILITIES = 0,
    XENT_LOGITS = 1,
    XENT_LOG_PROBABILITIES = 2
};

enum {
    XENT_MEAN = 0,
    XENT_SUM = 1,
    XENT_NONE = 2
};

enum {
    XENT_DIVISOR_WEIGHTS = 0,
    XENT_DIVISOR_COUNT = 1,
    XENT_DIVISOR_BATCH = 2
};

enum {
    XENT_CROSS_ENTROPY = 0,
    XENT_KL_DIVERGENCE = 1
};

typedef struct xent_options {
    size_t  struct_size;
    int32_t input;
    int32_t axis;
    int32_t reduction;
    int32_t divisor;
    int32_t measure;
    int32_t accumulate_gradient;
    int32_t num_threads;
    int32_t has_ignore_index;
    int64_t ignore_index;
    double  normalizer;
    double  probability_floor;
    double  label_smoothing;
    double  logit_scale;
    double  logit_softcap;
    double  z_loss;
    double  focal_gamma;
    double  focal_alpha;
    double  poly_epsilon;
    const xent_array *class_weights;
    const xent_array *sample_weights;
    const xent_array *pos_weight;
    const xent_array *upstream;
} xent_options;

#define XENT_OPTIONS_INIT \
    { sizeof(xent_options), XENT_PROBABILITIES, -1, XENT_MEAN, XENT_DIVISOR_WEIGHTS, XENT_CROSS_ENTROPY, \
      0, 0, 0, 0, 0.0, 1e-15, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, NULL, NULL, NULL, NULL }

void xent_options_init(xent_options *options);

typedef struct xent_outputs {
    size_t struct_size;
    const xent_array *loss;
    const xent_array *gradient;
    const xent_array *hessian;
    const xent_array *log_sum_exp;
    const xent_array *argmax;
    double  loss_sum;
    double  weight_sum;
    int64_t count;
    int64_t correct;
    int64_t error_index;
} xent_outputs;

#define XENT_OUTPUTS_INIT { sizeof(xent_outputs), NULL, NULL, NULL, NULL, NULL, 0.0, 0.0, 0, -1, -1 }

void xent_outputs_init(xent_outputs *outputs);

xent_status xent_binary_f32(const float *y_true, const float *y_pred, size_t count,
                            const xent_options *options, float *loss, float *gradient);

xent_status xent_binary_f64(const double *y_true, const double *y_pred, size_t count,
                            const xent_options *options, double *loss, double *gradient);

xent_status xent_categorical_f32(const float *y_true, const float *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, float *loss, float *gradient);

xent_status xent_categorical_f64(const double *y_true, const double *y_pred, size_t rows, size_t classes,
                                 const xent_options *options, double *loss, double *gradient);

xent_status xent_sparse_categorical_f32(const int64_t *labels, const float *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, float *loss, float *gradient);

xent_status xent_sparse_categorical_f64(const int64_t *labels, const double *y_pred, size_t rows, size_t classes,
                                        const xent_options *options, double *loss, double *gradient);

xent_status xent_binary(const xent_array *y_true, const xent_array *y_pred,
                        const xent_options *options, xent_outputs *outputs);

xent_status xent_categorical(const xent_array *y_true, const xent_array *y_pred,
                             const xent_options *options, xent_outputs *outputs);

size_t xent_explain_binary(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                           const xent_outputs *outputs, char *message, size_t capacity);

size_t xent_explain_categorical(const xent_array *y_true, const xent_array *y_pred, const xent_options *options,
                                const xent_outputs *outputs, char *message, size_t capacity);

xent_status xent_gradient_descent_f32(float *theta, const float *gradient, size_t count, double learning_rate);

xent_status xent_gradient_descent_f64(double *theta, const double *gradient, size_t count, double learning_rate);

const char *xent_status_string(xent_status status);

const char *xent_version(void);

const char *xent_instruction_set(void);

#ifdef __cplusplus
}
#endif

#endif
