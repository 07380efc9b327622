/* What a caller has set for itself before it calls, and finds again afterwards: errno and the floating-point environment. */
#ifndef FUZZ_ENVIRONMENT_H
#define FUZZ_ENVIRONMENT_H

#include <stdint.h>

/* Environments are numbers below this; 0 is the usual one. */
enum { ENVIRONMENTS = 16 };

/* Sets a rounding mode, flushing to zero and traps, and a strange errno. What follows must compute nothing itself. */
void enter_environment(uint32_t number);

/* Returns to the environment before. What was changed meanwhile, NULL if nothing was. */
const char *leave_environment(void);

#endif
