/* What the programs here share: checks, and a list of calls with all that they return. Each program is one way in which
 * processes and threads may treat the library. */
#ifndef PROCESS_H
#define PROCESS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xent.h>

/* ---- Checks --------------------------------------------------------------------------------- */

/* Counts a check, and prints place and message if it fails. May be used in any thread. */
#define CHECK(condition, ...) check_at((condition) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)
int check_at(int condition, const char *file, int line, const char *format, ...);

/* What main returns: prints how many checks there were. */
int finish(const char *program);

/* ---- The library ---------------------------------------------------------------------------- */

typedef struct library {
    xent_status (*binary)(const xent_array *, const xent_array *, const xent_options *, xent_outputs *);
    xent_status (*categorical)(const xent_array *, const xent_array *, const xent_options *, xent_outputs *);
    const char *(*version)(void);
    const char *(*instruction_set)(void);
} library;

/* For programs that are linked with it. */
#define LINKED_LIBRARY { xent_binary, xent_categorical, xent_version, xent_instruction_set }

/* ---- Calls ---------------------------------------------------------------------------------- */

/* Every loss in every type and form of target, plain and with options, with all outputs that it has; the large ones are
 * those at large_call and behind, beyond the size at which a call takes several threads by itself. */
extern const int call_count, large_call;

/* The arguments of every call. Once for a process, before its other threads. */
void prepare_calls(void);

/* Calls number `call`, and returns a digest of the bits of all its results; 0 if it fails. */
uint64_t result_of(const library *used, int call, int32_t num_threads);

/* Computes all that one thread gives, for all_agree; returns it, one digest a call. */
const uint64_t *record_results(const library *used);

/* Whether calls first to end give the recorded results. */
int all_agree(const library *used, int first, int end, int32_t num_threads);

/* ---- Processes and threads ------------------------------------------------------------------ */

/* Runs the body in a forked child and returns its exit status, or 128 and the signal that ended it. */
int in_child(int (*body)(void *), void *context);

/* Runs the body in `count` threads at once, each with its number. */
void in_threads(int count, void (*body)(int number));

/* A number in a line of /proc/self/status ("Threads:"), -1 if there is none. */
long process_status(const char *name);

#endif
