/* dlopen and dlclose in a loop, with calls of several threads in between: nothing of the library stays behind.
 *
 * usage: reload LIBXENT */
#define _GNU_SOURCE 1 /* dl_iterate_phdr */
#include "loading.h"

#include <link.h>

enum { WARM_UP = 50, ROUNDS = 1000 };

typedef struct footprint {
    int mappings, libraries, keys;
    long resident, address_space, threads;
} footprint;

static int count_library(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    if (strstr(info->dlpi_name, "libxent") != NULL) {
        ++*(int *)context;
        CHECK(info->dlpi_tls_modid == 0, "the library has thread-local variables");
    }
    return 0;
}

/* How many keys of thread-specific data are still to be had. */
static int free_keys(void)
{
    static pthread_key_t keys[4096];
    int count = 0, i;
    while (count < 4096 && pthread_key_create(&keys[count], NULL) == 0)
        count++;
    for (i = 0; i < count; i++)
        pthread_key_delete(keys[i]);
    return count;
}

static footprint footprint_now(void)
{
    footprint f = {0, 0, 0, 0, 0, 0};
    FILE *maps = fopen("/proc/self/maps", "r");
    int character;
    while (maps && (character = getc(maps)) != EOF)
        f.mappings += character == '\n';
    if (maps)
        fclose(maps);
    dl_iterate_phdr(count_library, &f.libraries);
    f.keys = free_keys();
    f.resident = process_status("VmRSS:");
    f.address_space = process_status("VmSize:");
    f.threads = process_status("Threads:");
    return f;
}

int main(int count, char **arguments)
{
    footprint before = {0, 0, 0, 0, 0, 0}, after;
    library used;
    void *handle;
    int i;
    if (count < 2)
        return 2;
    prepare_calls();
    for (i = 0; i < WARM_UP + ROUNDS; i++) {
        if (i == WARM_UP)
            before = footprint_now();
        handle = open_library(arguments[1], i % 2 ? RTLD_NOW | RTLD_LOCAL : RTLD_LAZY | RTLD_GLOBAL);
        used = library_of(handle);
        if (i == 0)
            record_results(&used);
        all_agree(&used, i % large_call, i % large_call + 1, 1 + i % 4);
        if (i == WARM_UP / 2) {
            footprint loaded = footprint_now();
            CHECK(loaded.libraries == 1 && loaded.threads == 1, "%d libraries, %ld threads after a call",
                  loaded.libraries, loaded.threads);
        }
        CHECK(dlclose(handle) == 0, "dlclose fails");
    }
    after = footprint_now();
    CHECK(before.libraries == 0 && after.libraries == 0, "the library is still loaded");
    CHECK(after.threads == 1, "%ld threads are left", after.threads);
    CHECK(after.mappings <= before.mappings, "mappings: %d, then %d", before.mappings, after.mappings);
    CHECK(after.keys == before.keys, "free keys: %d, then %d", before.keys, after.keys);
    CHECK(after.address_space <= before.address_space, "address space: %ld KiB, then %ld", before.address_space,
          after.address_space);
    /* The C library's allocator may touch a few more of its own pages. */
    CHECK(after.resident <= before.resident + 256, "resident: %ld KiB, then %ld", before.resident, after.resident);
    printf("%d times: resident %ld KiB, then %ld; %d mappings, then %d\n", ROUNDS, before.resident, after.resident,
           before.mappings, after.mappings);
    return finish("reload");
}
