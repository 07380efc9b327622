/* Memory that ends the program when the library touches what it may not: every piece lies directly before or behind a page
 * that nobody may touch, and what the library shall only read is mapped a second time without the right to write. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <stddef.h>

typedef struct memory {
    unsigned char *writable;  /* the whole region */
    unsigned char *read_only; /* the same bytes */
    size_t size;
} memory;

/* A region of whole pages, at least `size` bytes, between two forbidden pages. Ends the program if there is none. */
memory new_memory(size_t size);

/* An address that must not be touched, aligned to everything. */
void *forbidden_address(void);

#endif
