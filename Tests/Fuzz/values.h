/* The bytes of a fuzzing input as decisions, and the values that arrays are filled with. */
#ifndef FUZZ_VALUES_H
#define FUZZ_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include <xent.h>

/* Where the input is read; behind its end it is all zeros, which always stands for the ordinary case. */
typedef struct decisions {
    const uint8_t *next, *end;
} decisions;

uint32_t below(decisions *d, uint32_t limit); /* a number in [0, limit), limit <= 65536 */
int one_in(decisions *d, uint32_t n);         /* 1 in one of n cases, never in the ordinary case */
int64_t extreme_integer(decisions *d);        /* lengths, strides and indices that go wrong */
double extreme_number(decisions *d);          /* option values at and beyond the edges */

size_t size_of(xent_type type);
int is_floating(xent_type type);

typedef enum value_kind { PROBABILITIES_KIND, LOGITS_KIND, LOG_PROBABILITIES_KIND, WEIGHTS_KIND, LABELS_KIND } value_kind;

/* How an array is filled: `strange` of 256 values are not what the kind says. */
typedef struct filling {
    value_kind kind;
    uint64_t state;
    uint32_t strange;
    int64_t classes;
} filling;

void store_value(filling *f, void *element, xent_type type);

#endif
