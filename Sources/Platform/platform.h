/* What the Swift sources need from the C library and the operating system, in a form that Swift can import also where
 * its own C library module is not available. Declarations and one-line bridges only. */
#ifndef XENT_PLATFORM_H
#define XENT_PLATFORM_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The C library rounds texts of numbers as the x87 unit is set to, which nothing else here depends on. Sets the usual way, and
 * returns what to restore. */
static inline uint16_t platform_change_text_rounding(uint16_t control) {
    uint16_t before = 0;
#if defined(__x86_64__)
    __asm__ volatile("fnstcw %0" : "=m"(before));
    __asm__ volatile("fldcw %0" : : "m"(control));
#else
    (void)control;
#endif
    return before;
}

/* snprintf is variadic, which Swift cannot call: the shortest of 9 or 17 digits that reads back as the value. Whatever
 * the locale's decimal separator is, also of several bytes, a point stands in its place. errno is left as it is, here and
 * below. */
static inline int32_t platform_format_double(char *buffer, size_t capacity, double value) {
    const int error = errno;
    const uint16_t control = platform_change_text_rounding(0x37f);
    int written = snprintf(buffer, capacity, "%.9g", value);
    if (value == value && strtod(buffer, NULL) != value) written = snprintf(buffer, capacity, "%.17g", value);
    platform_change_text_rounding(control);
    errno = error;
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

/* The variables' values; NULL, or 0, where they are not set or no number. */
static inline const char *platform_environment_instruction_set(void) { return getenv("XENT_INSTRUCTION_SET"); }
static inline int64_t platform_environment_num_threads(void) {
    const char *text = getenv("XENT_NUM_THREADS");
    const int error = errno;
    char *end = NULL;
    const long number = text == NULL ? 0 : strtol(text, &end, 10);
    errno = error;
    return end != NULL && *end == '\0' ? number : 0;
}

#if defined(__linux__)
/* The C library declares it only for those who ask for all its extensions, which this header cannot do for others. */
extern int platform_sched_getaffinity(int process, size_t size, unsigned char *mask) __asm__("sched_getaffinity");
#endif

/* How many processors this thread may run on; on Linux by one system call that reads no file, 1 if it is refused. */
static inline int64_t platform_processor_count(void) {
#if defined(__linux__)
    unsigned char mask[1024];
    const int error = errno;
    int64_t count = 0;
    for (size_t i = 0; i < sizeof mask; i++) mask[i] = 0;
    if (platform_sched_getaffinity(0, sizeof mask, mask) != 0) {
        errno = error;
        return 1;
    }
    for (size_t i = 0; i < sizeof mask; i++)
        for (unsigned char bits = mask[i]; bits != 0; bits >>= 1) count += bits & 1;
    return count;
#else
    return sysconf(_SC_NPROCESSORS_ONLN);
#endif
}

/* Threads have stacks of this size: several times what the kernels need, which the process's default may not be, and small
 * enough for the C library to keep many for the next call. */
enum { platform_stack_size = 1 << 20, platform_stack_need = 128 << 10 };

static inline void *platform_no_work(void *context) { return context; }

/* Sets that size, unless the process's thread-local variables, which lie on the stack, too, are so large that they do not leave
 * what the kernels need: the C library refuses a thread with that much less. Asked once in a process. */
static inline int platform_set_stack_size(pthread_attr_t *attributes) {
    static int32_t known; /* 0: not asked yet; 1: has room; 2: has none */
    if (platform_load_relaxed(&known) == 0) {
        pthread_t thread;
        pthread_attr_setstacksize(attributes, platform_stack_size - platform_stack_need);
        const int status = pthread_create(&thread, attributes, platform_no_work, NULL);
        if (status != 0 && status != EINVAL) return status;
        if (status == 0) pthread_join(thread, NULL);
        platform_store_relaxed(&known, status == 0 ? 1 : 2);
    }
    if (platform_load_relaxed(&known) == 1) return pthread_attr_setstacksize(attributes, platform_stack_size);
    pthread_attr_destroy(attributes);
    return pthread_attr_init(attributes);
}

/* Starts a thread, and returns 0, or an error number if there is none to be had. It takes none of the signals that are sent
 * to the process. A fault of its own is handled as the caller's would be: the handler may be there to bring in the memory
 * that was touched. */
static inline int platform_start_thread(pthread_t *thread, void *(*body)(void *), void *context) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    const int error = errno;
    pthread_attr_t attributes;
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int status = pthread_attr_init(&attributes);
    if (status == 0) {
        status = platform_set_stack_size(&attributes);
        if (status == 0) status = pthread_create(thread, &attributes, body, context);
        pthread_attr_destroy(&attributes);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return status;
}

/* Whether the calling thread may be cancelled: not while others work on its stack. Returns what to restore. */
static inline int platform_forbid_cancellation(void) {
    int before = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}
static inline void platform_restore_cancellation(int before) { pthread_setcancelstate(before, NULL); }

/* The arithmetic of the kernels: rounding to nearest, with subnormal numbers, without traps. Sets it where the thread has
 * another, and returns what to restore. A thread inherits it from the one that starts it. */
#if defined(__x86_64__)
#define PLATFORM_USUAL_ARITHMETIC 0x1f80u
#define PLATFORM_EXCEPTION_FLAGS 0x3fu
static inline uint64_t platform_arithmetic(void) { return __builtin_ia32_stmxcsr(); }
static inline void platform_change_arithmetic(uint64_t state) { __builtin_ia32_ldmxcsr((unsigned)state); }
#elif defined(__aarch64__)
#define PLATFORM_USUAL_ARITHMETIC 0u
#define PLATFORM_EXCEPTION_FLAGS 0u
static inline uint64_t platform_arithmetic(void) {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
}
static inline void platform_change_arithmetic(uint64_t state) { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
#else
#define PLATFORM_USUAL_ARITHMETIC 0u
#define PLATFORM_EXCEPTION_FLAGS 0u
static inline uint64_t platform_arithmetic(void) { return 0; }
static inline void platform_change_arithmetic(uint64_t state) { (void)state; }
#endif
static inline int platform_is_usual_arithmetic(uint64_t state) {
    return (state & ~(uint64_t)PLATFORM_EXCEPTION_FLAGS) == PLATFORM_USUAL_ARITHMETIC;
}
static inline uint64_t platform_set_usual_arithmetic(void) {
    const uint64_t before = platform_arithmetic();
    if (!platform_is_usual_arithmetic(before)) platform_change_arithmetic(PLATFORM_USUAL_ARITHMETIC);
    return before;
}
static inline void platform_restore_arithmetic(uint64_t before) {
    if (!platform_is_usual_arithmetic(before)) platform_change_arithmetic(before);
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
