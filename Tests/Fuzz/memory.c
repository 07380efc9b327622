#define _GNU_SOURCE 1 /* memfd_create */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *or_exit(void *address)
{
    if (address != MAP_FAILED)
        return address;
    perror("mmap");
    exit(2);
}

/* The file's bytes between two forbidden pages. */
static unsigned char *map_between_guards(int file, size_t size, int protection)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *whole = (unsigned char *)or_exit(
        mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    return (unsigned char *)or_exit(mmap(whole + page, size, protection, MAP_SHARED | MAP_FIXED, file, 0));
}

memory new_memory(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int file = memfd_create("fuzz", 0);
    memory result;
    result.size = (size + page - 1) / page * page;
    if (file < 0 || ftruncate(file, (off_t)result.size) != 0) {
        perror("memfd_create");
        exit(2);
    }
    result.writable = map_between_guards(file, result.size, PROT_READ | PROT_WRITE);
    result.read_only = map_between_guards(file, result.size, PROT_READ);
    close(file);
    return result;
}

void *forbidden_address(void)
{
    static void *page;
    if (page == NULL)
        page = or_exit(mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    return page;
}
