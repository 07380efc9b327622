/* What the library asks of the system: the first version's program, which calls every function, runs where each system
 * call that opens, reads, writes, connects or starts a program is deadly, and getenv notes the names it is asked for.
 *
 * Exit status 77, which CTest counts as skipped, where the system has no filter for system calls. */
#define _GNU_SOURCE
#include "first/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Memory, threads, and nothing else. */
static const int allowed[] = {
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_mremap, SYS_clone, SYS_futex, SYS_exit, SYS_exit_group,
    SYS_set_robust_list, SYS_rt_sigprocmask, SYS_sched_getaffinity,
    SYS_rt_sigaction, /* of the C library's own signal, at its first thread */
#ifdef SYS_clone3
    SYS_clone3,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
};
enum { COUNT = sizeof allowed / sizeof allowed[0] };

/* Shared with the child, which cannot print. */
static struct {
    int instruction_set, num_threads, others;
    char other[64];
} *asked;

/* Takes the C library's place for everything in this process. No variable is set. */
char *getenv(const char *name)
{
    if (asked != NULL && strcmp(name, "XENT_INSTRUCTION_SET") == 0) {
        __atomic_fetch_add(&asked->instruction_set, 1, __ATOMIC_RELAXED);
    } else if (asked != NULL && strcmp(name, "XENT_NUM_THREADS") == 0) {
        __atomic_fetch_add(&asked->num_threads, 1, __ATOMIC_RELAXED);
    } else if (asked != NULL) {
        __atomic_fetch_add(&asked->others, 1, __ATOMIC_RELAXED);
        strncpy(asked->other, name, sizeof asked->other - 1);
    }
    return NULL;
}

/* 0, or -1 where there is no such filter. */
static int allow_memory_and_threads_only(void)
{
    struct sock_filter code[COUNT + 3];
    struct sock_fprog program = {COUNT + 3, code};
    int i;

    code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (i = 0; i < COUNT; i++)
        code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], COUNT - i, 0);
    code[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[COUNT + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int opens_a_file(void) { return open("/dev/null", O_RDONLY) < 0; }

/* The child's wait status. */
static int run_in_sandbox(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (allow_memory_and_threads_only() != 0) _exit(77);
        _exit(body() != 0);
    }
    if (child > 0) waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    void *volatile first = malloc(1); /* with the allocator's own first steps */
    int status;

    free(first);
    asked = mmap(NULL, sizeof *asked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (asked == MAP_FAILED) return 1;
    status = run_in_sandbox(opens_a_file);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        printf("skipped: no filter for system calls: %s\n", strerror(errno));
        return 77;
    }
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
        printf("FAILED: the sandbox lets files be opened\n");
        return 1;
    }
    status = run_in_sandbox(first_program);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        printf("FAILED: the program ended with wait status %#x (signal %d: a refused system call)\n", (unsigned)status,
               SIGSYS);
        return 1;
    }
    printf("no system calls but for memory and threads; environment: XENT_INSTRUCTION_SET %d times, "
           "XENT_NUM_THREADS %d, others %d %s\n", asked->instruction_set, asked->num_threads, asked->others, asked->other);
    return asked->instruction_set == 0 || asked->num_threads == 0 || asked->others != 0;
}
