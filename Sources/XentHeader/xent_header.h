/* The public header as Swift imports it, so that the compiler checks every entry point against it. */
#include "../../include/xent.h"

/* A C string macro has no constant address in Swift. */
static inline const char *xent_header_version(void) { return XENT_VERSION; }
