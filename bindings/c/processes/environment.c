/* The environment is read by the first call and never again: a later reading would meet another thread's setenv, which the
 * C library does not survive. */
#define _GNU_SOURCE 1 /* RTLD_NEXT */
#include "process.h"

#include <dlfcn.h>

static const library linked = LINKED_LIBRARY;
static int reads;

/* Stands before the C library's for the library, too. */
char *getenv(const char *name)
{
    char *(*next)(const char *);
    *(void **)&next = dlsym(RTLD_NEXT, "getenv");
    reads += strncmp(name, "XENT_", 5) == 0;
    return next(name);
}

int main(void)
{
    prepare_calls();
    CHECK(reads == 0, "the environment is read before the first call");
    CHECK(strlen(xent_instruction_set()) > 0, "no instruction set");
    CHECK(reads == 2, "%d variables are read by the first call", reads);
    record_results(&linked);
    all_agree(&linked, 0, call_count, 0);
    CHECK(reads == 2, "%d variables are read by later calls", reads - 2);
    return finish("environment");
}
