/* Loading the library while the program runs. */
#ifndef LOADING_H
#define LOADING_H

#include "process.h"

#include <dlfcn.h>

/* Loads the library at this path, or stops the program. */
void *open_library(const char *path, int flags);

/* The functions of a handle from dlopen. */
library library_of(void *handle);

#endif
