/* Signals: those sent to the process are the caller's threads' alone, and interrupt nothing; a fault in the caller's memory
 * reaches the caller's handler whichever thread meets it; a cancelled caller ends after the call, not in it. */
#include "process.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SENT = 300, ELEMENTS = 1100000 };

static const library linked = LINKED_LIBRARY;

/* ---- Signals to the process ------------------------------------------------------------------ */

static const int sent_signals[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGPROF, SIGVTALRM, SIGCHLD, SIGINT, SIGTERM};
static __thread int is_calling;
static int stop, strangers;
static sem_t handled;

static void handle(int signal)
{
    (void)signal;
    if (!is_calling)
        __atomic_fetch_add(&strangers, 1, __ATOMIC_RELAXED);
    sem_post(&handled);
}

/* The one thread of this program that the signals may interrupt. */
static void *call_until_stopped(void *context)
{
    sigset_t none, before, after;
    (void)context;
    is_calling = 1;
    sigemptyset(&none);
    sigaddset(&none, SIGHUP);
    pthread_sigmask(SIG_SETMASK, &none, &before);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        errno = 77;
        all_agree(&linked, large_call, call_count, 4);
        CHECK(errno == 77, "errno is %d after calls that succeed", errno);
        pthread_sigmask(SIG_SETMASK, NULL, &after);
        CHECK(sigismember(&after, SIGHUP) == 1 && sigismember(&after, SIGUSR1) == 0, "the caller's mask is another");
    }
    return NULL;
}

static void test_process_signals(void)
{
    struct sigaction action;
    sigset_t blocked, before;
    pthread_t caller;
    size_t i, count = sizeof sent_signals / sizeof sent_signals[0];
    int sent;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle; /* without SA_RESTART */
    sigemptyset(&blocked);
    for (i = 0; i < count; i++) {
        sigaction(sent_signals[i], &action, NULL);
        sigaddset(&blocked, sent_signals[i]);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    sem_init(&handled, 0, 0);
    if (pthread_create(&caller, NULL, call_until_stopped, NULL) != 0)
        abort();
    for (sent = 0; sent < SENT; sent++) {
        kill(getpid(), sent_signals[(size_t)sent % count]);
        while (sem_wait(&handled) != 0)
            continue;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(caller, NULL);
    CHECK(strangers == 0, "%d of %d signals interrupted a thread that is not the caller's", strangers, SENT);
    for (i = 0; i < count; i++)
        signal(sent_signals[i], SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static float *lazy;
static int faults;

static void bring_in(int signal, siginfo_t *info, void *context)
{
    const uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)4095, start = (uintptr_t)lazy;
    (void)signal;
    (void)context;
    if (page < start || page >= start + ELEMENTS * sizeof(float)
        || mprotect((void *)page, 4096, PROT_READ | PROT_WRITE) != 0)
        _exit(99);
    __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
}

/* The gradient is written to memory that a handler makes writable page by page, as garbage collectors and lazily mapped
 * files do. */
static int write_lazy_memory(void *context)
{
    float *y_true = (float *)calloc(ELEMENTS, 4), *y_pred = (float *)calloc(ELEMENTS, 4);
    float *plain = (float *)calloc(ELEMENTS, 4);
    xent_options options = XENT_OPTIONS_INIT;
    struct sigaction action;
    float loss[2];
    int i;
    (void)context;
    for (i = 0; i < ELEMENTS; i++)
        y_pred[i] = (float)(i % 1000) / 100 - 5;
    lazy = (float *)mmap(NULL, ELEMENTS * 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = bring_in;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
    options.input = XENT_LOGITS;
    options.num_threads = 4;
    CHECK(xent_binary_f32(y_true, y_pred, ELEMENTS, &options, &loss[0], plain) == XENT_OK, "plain memory");
    CHECK(xent_binary_f32(y_true, y_pred, ELEMENTS, &options, &loss[1], lazy) == XENT_OK, "lazy memory");
    return CHECK(faults >= ELEMENTS * 4 / 4096, "%d faults", faults)
            && CHECK(loss[0] == loss[1] && memcmp(plain, lazy, ELEMENTS * 4) == 0, "other bits in lazy memory") ? 0 : 1;
}

/* ---- Cancellation ---------------------------------------------------------------------------- */

static int calls_ended;

static void *call_cancelled(void *context)
{
    (void)context;
    pthread_cancel(pthread_self());
    calls_ended += all_agree(&linked, large_call, call_count, 3);
    pthread_testcancel();
    return NULL;
}

static void test_cancellation(void)
{
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, call_cancelled, NULL) != 0)
        abort();
    pthread_join(thread, &result);
    CHECK(calls_ended == 1, "a cancelled thread leaves in the middle of a call");
    CHECK(result == PTHREAD_CANCELED, "a thread is not cancelled after its call");
}

int main(void)
{
    prepare_calls();
    record_results(&linked);
    test_process_signals();
    CHECK(in_child(write_lazy_memory, NULL) == 0, "a fault does not reach the caller's handler");
    test_cancellation();
    return finish("signals");
}
