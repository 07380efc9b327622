/* Beside other libraries in Swift, with a runtime of their own or without: each gives its own answers, whoever is loaded
 * first.
 *
 * usage: neighbours LIBXENT NEIGHBOUR... */
#include "loading.h"

typedef int32_t (*answer_function)(int32_t);

static answer_function answer_of(void *handle)
{
    answer_function answer;
    *(void **)&answer = dlsym(handle, "neighbour_answer");
    return answer;
}

static void check_answer(answer_function answer)
{
    CHECK(answer && answer(10) == 45 + 3 * 10, "a neighbour gives another answer");
}

int main(int count, char **arguments)
{
    int flags, i, turn;
    if (count < 3)
        return 2;
    prepare_calls();
    for (turn = 0; turn < 4; turn++) {
        /* The regular runtime stays loaded for good: from the second turn on the neighbours are first. */
        void *handles[16], *own = NULL;
        library used;
        flags = turn % 2 ? RTLD_NOW | RTLD_GLOBAL : RTLD_NOW | RTLD_LOCAL;
        if (turn < 2)
            own = open_library(arguments[1], flags);
        for (i = 2; i < count && i < 16; i++) {
            handles[i] = open_library(arguments[i], flags);
            check_answer(answer_of(handles[i]));
        }
        if (turn >= 2)
            own = open_library(arguments[1], flags);
        used = library_of(own);
        record_results(&used);
        for (i = 2; i < count && i < 16; i++) {
            all_agree(&used, 0, large_call, i);
            check_answer(answer_of(handles[i]));
        }
        CHECK(dlclose(own) == 0, "dlclose fails");
        for (i = 2; i < count && i < 16; i++)
            check_answer(answer_of(handles[i]));
    }
    return finish("neighbours");
}
