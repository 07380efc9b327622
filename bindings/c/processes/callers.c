/* 64 threads at once, which also make the process's first calls: each gets what one thread gets, to the last bit. */
#include "process.h"

enum { CALLERS = 64, MOST_CALLS = 64 };

static const library linked = LINKED_LIBRARY;
static uint64_t results[CALLERS][MOST_CALLS];
static const char *instruction_sets[CALLERS];

/* From a first call of its own, so that different losses meet; large calls choose their threads themselves. */
static void call_all(int number)
{
    int i;
    for (i = 0; i < call_count; i++) {
        const int call = (number + i) % call_count;
        results[number][call] = result_of(&linked, call, call >= large_call ? 0 : number % 4);
    }
    instruction_sets[number] = xent_instruction_set();
}

static void agree_all(int number) { all_agree(&linked, 0, large_call, 1 + number % 3); }

int main(void)
{
    const uint64_t *alone;
    int i, j;
    prepare_calls();
    in_threads(CALLERS, call_all);
    alone = record_results(&linked);
    for (i = 0; i < CALLERS; i++) {
        CHECK(strcmp(instruction_sets[i], xent_instruction_set()) == 0, "thread %d has another instruction set", i);
        for (j = 0; j < call_count; j++)
            CHECK(results[i][j] == alone[j] && alone[j] != 0, "thread %d, call %d: other bits", i, j);
    }
    in_threads(CALLERS, agree_all);
    return finish("callers");
}
