#include "loading.h"

void *open_library(const char *path, int flags)
{
    void *handle = dlopen(path, flags);
    if (!handle) {
        printf("%s\n", dlerror());
        exit(2);
    }
    return handle;
}

library library_of(void *handle)
{
    library l;
    /* C has no conversion from an object's address to a function's; POSIX has them of one representation. */
    *(void **)&l.binary = dlsym(handle, "xent_binary");
    *(void **)&l.categorical = dlsym(handle, "xent_categorical");
    *(void **)&l.version = dlsym(handle, "xent_version");
    *(void **)&l.instruction_set = dlsym(handle, "xent_instruction_set");
    return l;
}
