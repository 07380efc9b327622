/* Two versions of the library in one process, in both orders and with their names local and global: each is used by
 * itself, and the one stays when the other goes.
 *
 * usage: versions LIBXENT FOLDER, where the folder is for a copy of another version and name */
#include "loading.h"

enum { MOST_BYTES = 1 << 26 };

/* Puts `to` in the place of every `from`, both of one length and with their NUL; returns how many there were. */
static int replace(char *bytes, size_t size, const char *from, const char *to)
{
    const size_t length = strlen(from) + 1;
    size_t i;
    int count = 0;
    for (i = 0; i + length <= size; i++) {
        if (memcmp(bytes + i, from, length) == 0) {
            memcpy(bytes + i, to, length);
            count++;
        }
    }
    return count;
}

static void write_other_version(const char *library_path, const char *copy_path)
{
    char *bytes = (char *)malloc(MOST_BYTES);
    char version[sizeof XENT_VERSION] = XENT_VERSION;
    FILE *from = fopen(library_path, "rb"), *to = fopen(copy_path, "wb");
    size_t size;
    if (!bytes || !from || !to)
        exit(2);
    size = fread(bytes, 1, MOST_BYTES, from);
    version[sizeof version - 2] = version[sizeof version - 2] == '9' ? '8' : '9';
    CHECK(replace(bytes, size, XENT_VERSION, version) == 1, "the version does not stand in the library once");
    CHECK(replace(bytes, size, "libxent.so.0", "libxent.so.9") == 1, "the name does not stand in the library once");
    CHECK(fwrite(bytes, 1, size, to) == size, "cannot write %s", copy_path);
    fclose(from);
    fclose(to);
    free(bytes);
}

static void use_both(const char *first_path, const char *second_path, int flags)
{
    void *first_handle = open_library(first_path, flags), *second_handle = open_library(second_path, flags);
    const library first = library_of(first_handle), second = library_of(second_handle);
    CHECK(first.binary != second.binary, "the two libraries are one");
    CHECK(strcmp(first.version(), second.version()) != 0, "both are version %s", first.version());
    CHECK((strcmp(first.version(), XENT_VERSION) == 0) != (strcmp(second.version(), XENT_VERSION) == 0),
          "neither is version %s", XENT_VERSION);
    record_results(&first);
    all_agree(&second, 0, large_call, 2);
    all_agree(&first, 0, large_call, 3);
    CHECK(dlclose(first_handle) == 0, "dlclose fails");
    all_agree(&second, 0, call_count, 2);
    CHECK(dlclose(second_handle) == 0, "dlclose fails");
}

int main(int count, char **arguments)
{
    char copy[4096];
    if (count < 3)
        return 2;
    snprintf(copy, sizeof copy, "%s/libxent_of_another_version.so", arguments[2]);
    write_other_version(arguments[1], copy);
    prepare_calls();
    use_both(arguments[1], copy, RTLD_NOW | RTLD_LOCAL);
    use_both(copy, arguments[1], RTLD_NOW | RTLD_LOCAL);
    use_both(arguments[1], copy, RTLD_NOW | RTLD_GLOBAL);
    use_both(copy, arguments[1], RTLD_LAZY | RTLD_GLOBAL);
    remove(copy);
    return finish("versions");
}
