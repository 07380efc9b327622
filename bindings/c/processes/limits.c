/* Threads that cannot be started, for want of processes or of memory: the calling thread does the work, with the same
 * results. And threads that by default would have too small a stack. */
#define _GNU_SOURCE 1 /* RLIMIT_NPROC, pthread_setattr_default_np */
#include "process.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const library linked = LINKED_LIBRARY;

static void *no_work(void *context) { return context; }

/* Whether a thread with the usual attributes can be started. */
static int can_start_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, no_work, NULL) != 0)
        return 0;
    pthread_join(thread, NULL);
    return 1;
}

static int call_with_all_thread_counts(void)
{
    static const int32_t counts[] = {2, 1000, 0};
    sigset_t before, after;
    int agree = 1, i;
    sigemptyset(&before);
    sigaddset(&before, SIGHUP);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = 77;
    for (i = 0; i < 3; i++)
        agree &= all_agree(&linked, 0, call_count, counts[i]);
    agree &= CHECK(errno == 77, "errno is %d after calls that succeed", errno);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    return agree & CHECK(sigismember(&after, SIGHUP) == 1 && sigismember(&after, SIGINT) == 0, "the mask is another");
}

static int without_processes(void *context)
{
    const struct rlimit none = {0, 0};
    (void)context;
    /* The limit does not hold for root. */
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    if (setrlimit(RLIMIT_NPROC, &none) != 0)
        return 3;
    CHECK(!can_start_thread(), "the limit on processes does not keep threads from starting");
    return call_with_all_thread_counts() ? 0 : 1;
}

/* With so many bytes of address space left: for no stack, for small ones, or for one of the usual size. */
static int without_memory(void *context)
{
    const size_t left = *(const size_t *)context;
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = (rlim_t)process_status("VmSize:") * 1024 + left;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 3;
    if (left == 0)
        CHECK(!can_start_thread(), "the limit on memory does not keep threads from starting");
    return call_with_all_thread_counts() ? 0 : 1;
}

static int with_small_stacks(void *context)
{
    pthread_attr_t attributes;
    (void)context;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32 << 10);
    if (pthread_setattr_default_np(&attributes) != 0)
        return 3;
    return call_with_all_thread_counts() ? 0 : 1;
}

/* The allocator takes what the results' arrays need beforehand and keeps it: only stacks are still mapped. */
static void keep_memory(void)
{
    void *memory;
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    memory = malloc(1 << 26);
    if (!memory)
        abort();
    memset(memory, 1, 1 << 26);
    free(memory);
}

int main(void)
{
    static const size_t left[] = {0, 1 << 16, 1 << 18, 3 << 18, 1 << 20, 3 << 20, 9 << 20, 30 << 20};
    size_t i;
    prepare_calls();
    record_results(&linked);
    CHECK(in_child(without_processes, NULL) == 0, "without processes");
    CHECK(in_child(with_small_stacks, NULL) == 0, "with small stacks by default");
    keep_memory();
    for (i = 0; i < sizeof left / sizeof left[0]; i++)
        CHECK(in_child(without_memory, (void *)&left[i]) == 0, "with %lu bytes left", (unsigned long)left[i]);
    return finish("limits");
}
