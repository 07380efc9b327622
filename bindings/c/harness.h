/* The C harness: golden vectors and every status of the C interface. C99, and C++17 word for word. */
#ifndef HARNESS_H
#define HARNESS_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xent.h>

/* ---- Checks (main.c) ------------------------------------------------------------------------ */

/* One check: counts it, and prints file, line and the message if it fails. Returns condition. */
#define CHECK(condition, ...) check_at((condition) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)
int check_at(int condition, const char *file, int line, const char *format, ...);

/* ---- Buffers (main.c) ----------------------------------------------------------------------- */

/* An array between two guards, aligned to its element and to nothing more. */
typedef struct buffer {
    unsigned char *block;
    size_t mapped;
    void *data;
    xent_type type;
    size_t count, bytes;
} buffer;

size_t size_of_type(xent_type type);
buffer new_buffer(xent_type type, size_t count);             /* filled with sentinels */
buffer new_values(xent_type type, const double *values, size_t count);
buffer new_labels(xent_type type, const int64_t *values, size_t count);
buffer copy_buffer(const buffer *from);
void free_buffer(buffer *b);                                 /* checks the guards first */
double get_value(const buffer *b, size_t index);             /* of any type (numbers.c) */
void set_value(buffer *b, size_t index, double value);       /* rounded to the type, half to even (numbers.c) */
int is_untouched(const buffer *b);                           /* still all sentinels */
int same_values(const buffer *a, const buffer *b);           /* bit for bit; any NaN equals any NaN */

xent_array view_of(const buffer *b, int32_t ndim, const int64_t *shape);

/* What a floating type makes of a value: rounded half to even, by arithmetic alone (numbers.c). */
double round_to_type(xent_type type, double value);

/* ---- Records of the vector file (vectors.c) ------------------------------------------------- */

enum function { BINARY, CATEGORICAL, SPARSE_CATEGORICAL };

typedef struct record {
    char name[120];
    enum function function;
    xent_type type;
    xent_options options;
    size_t rows, classes, count;                             /* count: rows * classes */
    int64_t *labels;
    double *y_true, *y_pred, *losses, *gradient, *magnitude;
    double loss;
} record;

/* Calls visit with every record. Returns how many there were, or -1 if the file is not as documented. */
int read_records(const char *path, void (*visit)(const record *));

/* ---- Calls ---------------------------------------------------------------------------------- */

/* The contiguous function of this name and type (values.c); binary: classes is not read. */
xent_status call_contiguous(enum function function, xent_type type, const void *y_true, const void *y_pred, size_t rows,
                            size_t classes, const xent_options *options, void *loss, void *gradient);

/* Option values that every loss function refuses (options.c): sets the index'th and returns the name of the option,
 * NULL behind the last. */
const char *spoil_option(xent_options *options, int index);

/* Sets the option of this name, an array aside (options.c). Returns 0 if there is none. */
int set_option(xent_options *options, const char *name, double value);

/* ---- Parts ---------------------------------------------------------------------------------- */

void test_record(const record *r);                           /* values.c */
void test_label_types(void);                                 /* values.c */
void test_contiguous_errors(void);                           /* errors.c */
void test_gradient_descent(void);                            /* errors.c */
void test_descriptor_shapes(void);                           /* descriptor_shapes.c */
void test_descriptor_values(void);                           /* descriptor_values.c */
void test_option_values(void);                               /* option_values.c */
void test_types(void);                                       /* types.c */
void test_layouts(void);                                     /* layouts.c */
void test_side_outputs(void);                                /* side_outputs.c */
void test_edge_values(void);                                 /* edges.c */
void test_option_errors(void);                               /* option_errors.c */
void test_threads(void);                                     /* threads.c */
void test_information(void);                                 /* main.c */

#endif
