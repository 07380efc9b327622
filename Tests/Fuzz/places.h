/* Puts the arguments of a call where the library finds them: each array, its shape, its strides, its descriptor and the two
 * structs directly beside forbidden pages. */
#ifndef FUZZ_PLACES_H
#define FUZZ_PLACES_H

#include "call.h"

/* What is left unwritten keeps this byte. */
enum { UNTOUCHED = 0xa5 };

/* Where an argument lies. */
typedef struct place {
    int is_real;             /* there is memory behind the pointer */
    unsigned char *bytes;    /* the lowest element, writable */
    size_t size;             /* from the lowest element to the end of the highest */
    void *data;              /* what the library is given */
    int owner;               /* whose region it lies in */
} place;

/* Gives every argument its place. Returns 0 if a valid one would not fit in. */
int place_arguments(const call *c, place places[ARGUMENTS]);

/* Inputs are filled with values, outputs are untouched. */
void fill(const call *c, const place places[ARGUMENTS]);

typedef struct arguments {
    const xent_array *views[ARGUMENTS];
    const xent_options *options;
    xent_outputs *outputs;
    size_t outputs_bytes;
} arguments;

/* The descriptors and structs of the call, which has num_threads of its own if it is negative. */
arguments put_arguments(const call *c, const place places[ARGUMENTS], int32_t num_threads);

/* Sets the bytes of an argument's elements to UNTOUCHED, which leaves the gaps between them. */
void erase_elements(const argument *a, const place *p);

/* Whether an argument's bytes and those around them are all UNTOUCHED. */
int is_untouched(const place *p);

#endif
