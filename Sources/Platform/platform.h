/* What the Swift sources need from the C library and the operating system, in a form that Swift can import also where
 * its own C library module is not available. Declarations and one-line bridges only. */
#ifndef XENT_PLATFORM_H
#define XENT_PLATFORM_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* snprintf is variadic, which Swift cannot call: the shortest of 9 or 17 digits that reads back as the value. Whatever
 * the locale's decimal separator is, also of several bytes, a point stands in its place. */
static inline int32_t platform_format_double(char *buffer, size_t capacity, double value) {
    int written = snprintf(buffer, capacity, "%.9g", value);
    if (value == value && strtod(buffer, NULL) != value) written = snprintf(buffer, capacity, "%.17g", value);
    if (written <= 0 || (size_t)written >= capacity) return 0;
    int32_t length = 0;
    for (int i = 0; i < written; i++) {
        const char c = buffer[i];
        const int is_ours = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '+' || c == '-';
        if (is_ours)
            buffer[length++] = c;
        else if (length == 0 || buffer[length - 1] != '.')
            buffer[length++] = '.';
    }
    return length;
}

/* A word that several threads may set to the same value at the same time. */
static inline int32_t platform_load_relaxed(const int32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void platform_store_relaxed(int32_t *word, int32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline int64_t platform_fetch_add(int64_t *word, int64_t amount) {
    return __atomic_fetch_add(word, amount, __ATOMIC_RELAXED);
}

/* The variables' values; NULL, or 0, where they are not set. */
static inline const char *platform_environment_instruction_set(void) { return getenv("XENT_INSTRUCTION_SET"); }
static inline int64_t platform_environment_num_threads(void) {
    const char *text = getenv("XENT_NUM_THREADS");
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

#if defined(__linux__)
/* The C library declares it only for those who ask for all its extensions, which this header cannot do for others. */
extern int platform_sched_getaffinity(int process, size_t size, unsigned char *mask) __asm__("sched_getaffinity");
#endif

/* How many processors this thread may run on; on Linux by one system call that reads no file, 1 if it is refused. */
static inline int64_t platform_processor_count(void) {
#if defined(__linux__)
    unsigned char mask[1024];
    int64_t count = 0;
    for (size_t i = 0; i < sizeof mask; i++) mask[i] = 0;
    if (platform_sched_getaffinity(0, sizeof mask, mask) != 0) return 1;
    for (size_t i = 0; i < sizeof mask; i++)
        for (unsigned char bits = mask[i]; bits != 0; bits >>= 1) count += bits & 1;
    return count;
#else
    return sysconf(_SC_NPROCESSORS_ONLN);
#endif
}

/* Starts a thread that takes none of the process's signals. Returns 0, or an error number if there is no thread. */
static inline int platform_start_thread(pthread_t *thread, void *(*body)(void *), void *context) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(thread, NULL, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

#if defined(__x86_64__)
#include <cpuid.h>

/* One leaf of cpuid, all zero where the processor does not have the leaf. */
typedef struct platform_cpuid_leaf { uint32_t eax, ebx, ecx, edx; } platform_cpuid_leaf;
static inline platform_cpuid_leaf platform_cpuid(uint32_t leaf, uint32_t subleaf) {
    platform_cpuid_leaf result = {0, 0, 0, 0};
    __get_cpuid_count(leaf, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
    return result;
}

/* The register states that the operating system saves (XCR0). Only valid where cpuid reports OSXSAVE. */
static inline uint64_t platform_saved_states(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}
#endif

#endif
