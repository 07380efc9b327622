/* Makes the calls of a corpus file, one a line in hexadecimal, with each instruction set: a process for each, as the
 * library chooses once. AVX2 and AVX-512 must write the same bits. Given a number, at most that many lines are taken,
 * evenly spread over the file. */
#define _POSIX_C_SOURCE 200112L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xent.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern uint64_t fuzz_digest;

typedef struct replay {
    char set[16];       /* as the library names it */
    uint64_t digest;    /* of all that was written */
    size_t inputs;
} replay;

static char line[8192];

static size_t count_lines(FILE *file)
{
    size_t count = 0;
    while (fgets(line, sizeof line, file) != NULL)
        count++;
    rewind(file);
    return count;
}

static replay replay_corpus(const char *path, size_t most)
{
    uint8_t bytes[sizeof line / 2];
    replay result = {"", 0, 0};
    FILE *file = fopen(path, "r");
    size_t number = 0, lines = file == NULL ? 0 : count_lines(file);
    strncpy(result.set, xent_instruction_set(), sizeof result.set - 1);
    for (; file != NULL && fgets(line, sizeof line, file) != NULL; number++) {
        unsigned value;
        size_t size = 0;
        if (result.inputs == most || number < result.inputs * lines / most)
            continue;
        while (sscanf(line + 2 * size, "%2x", &value) == 1)
            bytes[size++] = (uint8_t)value;
        LLVMFuzzerTestOneInput(bytes, size);
        result.inputs++;
    }
    if (file != NULL)
        fclose(file);
    result.digest = fuzz_digest;
    return result;
}

/* Replays in a child process. Returns whether it lived to the end. */
static int replay_with(const char *set, const char *path, size_t most, replay *result)
{
    int ends[2], status = -1;
    pid_t child;
    memset(result, 0, sizeof *result);
    if (pipe(ends) != 0 || (child = fork()) < 0)
        return 0;
    if (child == 0) {
        setenv("XENT_INSTRUCTION_SET", set, 1);
        *result = replay_corpus(path, most);
        _exit(write(ends[1], result, sizeof *result) == (ssize_t)sizeof *result ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], result, sizeof *result) != (ssize_t)sizeof *result)
        result->inputs = 0;
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && result->inputs > 0;
}

int main(int argc, char **argv)
{
    static const char *const sets[] = {"baseline", "avx2", "avx512"};
    replay replays[3];
    int i, failures = 0;
    size_t most = argc == 3 ? (size_t)strtoul(argv[2], NULL, 10) : 100000;
    if (argc < 2 || argc > 3 || most == 0) {
        fprintf(stderr, "usage: replay CORPUS [MOST_INPUTS]\n");
        return 2;
    }
    for (i = 0; i < 3; i++) {
        int passed = replay_with(sets[i], argv[1], most, &replays[i]);
        printf("%s: %zu inputs, digest %016llx%s\n", replays[i].set, replays[i].inputs,
               (unsigned long long)replays[i].digest, passed ? "" : ", FAILED");
        failures += !passed;
    }
    if (strcmp(replays[2].set, "avx512") == 0 && replays[1].digest != replays[2].digest) {
        printf("FAILED: avx2 and avx512 write other bits\n");
        failures++;
    }
    return failures > 0;
}
