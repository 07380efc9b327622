/* What xent.h says of single elements, written once more and plainly: which are refused, which are counted, which is the
 * largest of a row. For calls whose arguments are otherwise sound. */
#ifndef FUZZ_ELEMENTS_H
#define FUZZ_ELEMENTS_H

#include "places.h"

/* The status that the elements give, and the index that goes with it. */
xent_status status_of_elements(const call *c, const place places[ARGUMENTS], int64_t *error_index);

int64_t row_count(const call *c);
int64_t ignored_row_count(const call *c, const place places[ARGUMENTS]);

/* The class that argmax must name. */
int64_t largest_class(const call *c, const place places[ARGUMENTS], int64_t row);

/* The number of rows, not ignored, whose element of argmax is the label. */
int64_t correct_row_count(const call *c, const place places[ARGUMENTS]);

int64_t integer_element(const argument *a, const place *p, int64_t index);

#endif
