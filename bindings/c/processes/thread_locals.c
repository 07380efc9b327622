/* A process whose thread-local variables, which lie on the threads' stacks, are larger than the stacks that the library
 * gives its threads (2 MiB), or leave too little of them (1000 KiB): they get larger ones.
 *
 * LARGE is the size of the variables in bytes. */
#include "process.h"

static const library linked = LINKED_LIBRARY;
static __thread char large[LARGE];

int main(void)
{
    int i;
    large[LARGE - 1] = 1;
    prepare_calls();
    record_results(&linked);
    /* The kernels that need most are not always on the library's threads. */
    for (i = 0; i < 5; i++)
        all_agree(&linked, 0, call_count, 7);
    CHECK(large[LARGE - 1] == 1, "a thread-local variable is another");
    return finish("thread_locals");
}
