/* A sound call of a descriptor function, to be spoilt in one place. */
#ifndef DESCRIBED_H
#define DESCRIBED_H

#include "harness.h"

extern const int64_t shape[3];                               /* 2, 3, 4; without classes 2, 3 */

typedef struct described_call {
    enum function function;
    buffer y_true_buffer, y_pred_buffer, loss_buffer, gradient_buffer;
    xent_array y_true, y_pred, loss, gradient;
    xent_options options;
    xent_outputs outputs;
} described_call;

/* Targets of class 1 (binary: 1), probabilities of 0.25, loss and gradient wanted. */
void start_described(described_call *c, enum function function, xent_type type);

/* The function of c with its options, on the caller's choice of the other arguments. */
xent_status call_described(const described_call *c, const xent_array *y_true, const xent_array *y_pred,
                           xent_outputs *outputs);
size_t explain_described(const described_call *c, const xent_array *y_true, const xent_array *y_pred,
                         const xent_outputs *outputs, char *message, size_t capacity);

/* Calls, checks what was written and what not, and the message; then frees. The message must hold one of the words,
 * which '|' separates; NULL: there must be none; "": any. index: the error_index that must be written back, else -1. */
#define EXPECT(c, status, words, what) expect_described(c, status, -1, words, what, __FILE__, __LINE__)
#define EXPECT_INDEX(c, status, index, words, what) expect_described(c, status, index, words, what, __FILE__, __LINE__)
void expect_described(described_call *c, xent_status expected, int64_t error_index, const char *words, const char *what,
                      const char *file, int line);

/* The message alone, cut at every interesting capacity. */
#define CHECK_MESSAGE(c, y_true, y_pred, outputs, words, what) \
    check_message(c, y_true, y_pred, outputs, words, what, __FILE__, __LINE__)
void check_message(const described_call *c, const xent_array *y_true, const xent_array *y_pred, const xent_outputs *outputs,
                   const char *words, const char *what, const char *file, int line);

#endif
