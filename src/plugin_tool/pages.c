/* SPDX-License-Identifier: MIT
 *
 * Memory on pages of its own.
 */
#include "pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct pages {
    struct pages *next;
    enum pages_content content;
    uint8_t *map; /* whole pages, and one more behind them that nobody may touch */
    size_t map_size, size;
    const char *gone; /* the callback that had it; NULL: it is there */
};

static struct pages *_Atomic all;

struct pages *pages_new(enum pages_content content, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct pages *pages = calloc(1, sizeof *pages);

    if (pages == NULL)
        return NULL;
    pages->content = content;
    pages->size = size;
    pages->map_size = (size + page - 1) / page * page + page;
    pages->map =
        mmap(NULL, pages->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages->map == MAP_FAILED) {
        free(pages);
        return NULL;
    }
    mprotect(pages->map + pages->map_size - page, page, PROT_NONE);
    pages->next = all;
    while (!__atomic_compare_exchange_n((struct pages **)&all, &pages->next, pages, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        continue;
    return pages;
}

static size_t usable(const struct pages *pages)
{
    return pages->map_size - (size_t)sysconf(_SC_PAGESIZE);
}

void *pages_memory(const struct pages *pages)
{
    return pages->map + usable(pages) - pages->size;
}

void pages_read_only(struct pages *pages)
{
    if (usable(pages) > 0)
        mprotect(pages->map, usable(pages), PROT_READ);
}

void pages_gone(struct pages *pages, const char *callback)
{
    pages->gone = callback;
    madvise(pages->map, pages->map_size, MADV_DONTNEED);
    mprotect(pages->map, pages->map_size, PROT_NONE);
}

bool pages_explain(const void *address, bool is_write, const char *callback,
                   const char *parts[PAGES_PARTS])
{
    static const char *const names[] = {"a record", "a payload", "an arrival (via)"};
    const uint8_t *at = address;
    const struct pages *pages;
    unsigned n = 0;

    for (pages = all; pages != NULL; pages = pages->next)
        if (at >= pages->map && at < pages->map + pages->map_size)
            break;
    if (pages == NULL)
        return false;
    parts[n++] = callback != NULL ? callback : "a thread of the plugin's own";
    parts[n++] = callback != NULL ? "() " : " ";
    parts[n++] = is_write ? "writes to " : "reads ";
    if (pages->gone != NULL) {
        parts[n++] = names[pages->content];
        parts[n++] = " after ";
        parts[n++] = pages->gone;
        parts[n++] = "(), which was given it, has returned; copy what you keep";
    } else if (at >= pages->map + usable(pages)) {
        parts[n++] = pages->content == PAGES_RECORDS ? "behind the last record of the batch"
                                                     : "more than 16 bytes behind a payload's end";
    } else {
        parts[n++] = names[pages->content];
        parts[n++] = pages->content == PAGES_RECORDS ? ", which other sinks read at the same time"
                                                     : ", which belongs to the host";
    }
    parts[n] = NULL;
    return true;
}
