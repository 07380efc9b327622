/* fork before, after and during calls: a child can call everything, and so can its own children. */
#include "process.h"

#include <unistd.h>

static const library linked = LINKED_LIBRARY;
static int stop;

static int call_everything(void *context)
{
    (void)context;
    return all_agree(&linked, 0, call_count, 2) && all_agree(&linked, 0, large_call, 0) ? 0 : 1;
}

static int record_and_call(void *context)
{
    record_results(&linked);
    return call_everything(context);
}

static int call_and_fork(void *context)
{
    return call_everything(context) == 0 && in_child(call_everything, context) == 0 ? call_everything(context) : 1;
}

static int call_some(void *context)
{
    (void)context;
    return all_agree(&linked, 0, large_call, 3) && in_child(call_everything, NULL) == 0 ? 0 : 1;
}

/* Threads 1 and 2 are in calls all the time while thread 0 forks. */
static void call_or_fork(int number)
{
    int i;
    if (number > 0) {
        while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
            all_agree(&linked, large_call, call_count, number + 1);
        return;
    }
    for (i = 0; i < 12; i++)
        CHECK(in_child(call_some, NULL) == 0, "the child of fork %d during calls fails", i);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

int main(void)
{
    prepare_calls();
    CHECK(in_child(record_and_call, NULL) == 0, "a child of a process that has not called fails");
    record_results(&linked);
    call_everything(NULL);
    CHECK(in_child(call_everything, NULL) == 0, "a child of a process that has called fails");
    CHECK(in_child(call_and_fork, NULL) == 0, "a child's child fails");
    in_threads(3, call_or_fork);
    call_everything(NULL);
    return finish("forks");
}
