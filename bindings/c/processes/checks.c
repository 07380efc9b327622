/* Checks, children and threads. */
#include "process.h"

#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

static int checked, failed;

int check_at(int condition, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    __atomic_fetch_add(&checked, 1, __ATOMIC_RELAXED);
    if (condition)
        return 1;
    __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    printf("%s:%d: ", file, line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    return 0;
}

int finish(const char *program)
{
    printf("%s: %d checks, %d failed\n", program, checked, failed);
    return failed == 0 ? 0 : 1;
}

int in_child(int (*body)(void *), void *context)
{
    int status = -1;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(body(context));
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

typedef struct one_thread {
    pthread_t handle;
    pthread_barrier_t *start;
    void (*body)(int);
    int number;
} one_thread;

static void *run_thread(void *context)
{
    one_thread *self = (one_thread *)context;
    pthread_barrier_wait(self->start);
    self->body(self->number);
    return NULL;
}

void in_threads(int count, void (*body)(int number))
{
    one_thread *threads = (one_thread *)calloc((size_t)count, sizeof *threads);
    pthread_barrier_t start;
    int i;
    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (i = 0; i < count; i++) {
        threads[i].start = &start;
        threads[i].body = body;
        threads[i].number = i;
        if (pthread_create(&threads[i].handle, NULL, run_thread, &threads[i]) != 0)
            abort();
    }
    for (i = 0; i < count; i++)
        pthread_join(threads[i].handle, NULL);
    pthread_barrier_destroy(&start);
    free(threads);
}

long process_status(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return value;
}
