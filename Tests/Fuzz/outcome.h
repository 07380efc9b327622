/* Makes calls, and tells what comes of them. */
#ifndef FUZZ_OUTCOME_H
#define FUZZ_OUTCOME_H

#include "environment.h"
#include "places.h"

/* What a call has said. What it has written beside stands in the arrays until the next. */
typedef struct outcome {
    xent_status status;
    xent_outputs outputs;
    size_t length;         /* of the explanation */
    char message[1 << 12]; /* all the memory around it, too */
    const char *changed;   /* what of the environment is not as it was, NULL: nothing */
} outcome;

/* Fills the arrays anew and calls, with num_threads of its own if that is not negative, in an environment of
 * environment.h; then asks there for the explanation, which has room for `capacity` bytes. */
void make_call(const call *c, const place places[ARGUMENTS], int32_t num_threads, uint32_t environment, size_t capacity,
               outcome *o);

int is_found_before(xent_status status);
int is_in_place(const call *c, const place places[ARGUMENTS]);

/* Whether the data are still what they were, whatever was written of the gradient. */
int is_intact(const call *c, const place places[ARGUMENTS], xent_status status);

#endif
