/* SPDX-License-Identifier: MIT
 *
 * A signal handler must not ask the dynamic linker, so each file's place is noted when it is
 * loaded. The stack is read by the kernel, which returns an error where there is none.
 */
#include "owner.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include "note.h"

enum { OWNERS = 64, CHUNK = 4096, CHUNKS = 64 };

/* Written by the main thread alone. */
static struct owner {
    atomic_bool used;
    const char *path, *name, *version;
    uintptr_t from, to;
} owners[OWNERS];

struct search {
    uintptr_t base;
    struct owner *found;
};

/* The span of a file that begins at `base`. */
static int measure(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;
    unsigned i;

    (void)size;
    for (i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;

        if (part->p_type != PT_LOAD)
            continue;
        if (search->found->to == 0 || from < search->found->from)
            search->found->from = from;
        if (to > search->found->to)
            search->found->to = to;
    }
    if (search->base >= search->found->from && search->base < search->found->to)
        return 1;
    search->found->from = search->found->to = 0;
    return 0;
}

void owner_add(const struct plugin *plugin, const void *symbol)
{
    struct search search = {.base = (uintptr_t)symbol};
    unsigned i;

    for (i = 0; i < OWNERS && atomic_load(&owners[i].used); i++)
        ;
    if (i == OWNERS)
        return;
    search.found = &owners[i];
    owners[i].from = owners[i].to = 0;
    owners[i].path = plugin->path;
    owners[i].name = plugin->api.name;
    owners[i].version = plugin->api.version;
    if (dl_iterate_phdr(measure, &search) == 1)
        atomic_store(&owners[i].used, true);
}

void owner_remove(const struct plugin *plugin)
{
    unsigned i;

    for (i = 0; i < OWNERS; i++)
        if (owners[i].path == plugin->path)
            atomic_store(&owners[i].used, false);
}

static const struct owner *owner_of(uintptr_t address)
{
    unsigned i;

    for (i = 0; i < OWNERS; i++)
        if (atomic_load(&owners[i].used) && address >= owners[i].from && address < owners[i].to)
            return &owners[i];
    return NULL;
}

static const struct owner *search_stack(uintptr_t at)
{
    uintptr_t words[CHUNK / sizeof(uintptr_t)];
    const struct owner *found = NULL;
    unsigned chunk;
    ssize_t i, got;

    at -= at % sizeof(uintptr_t);
    for (chunk = 0; chunk < CHUNKS && found == NULL; chunk++) {
        const size_t size = CHUNK - at % CHUNK;
        const struct iovec here = {.iov_base = words, .iov_len = size};
        const struct iovec there = {.iov_base = (void *)at, .iov_len = size};

        got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
        if (got <= 0)
            break;
        for (i = 0; i < got / (ssize_t)sizeof words[0] && found == NULL; i++)
            found = owner_of(words[i]);
        at += size;
    }
    return found;
}

int owner_text(const void *address, const void *stack, char *out, size_t room)
{
    const struct owner *found = owner_of((uintptr_t)address);

    if (found == NULL && stack != NULL)
        found = search_stack((uintptr_t)stack);
    if (found == NULL)
        return -1;
    out[0] = '\0';
    note_append(out, room, "the plugin ");
    note_append(out, room, found->name);
    note_append(out, room, " ");
    note_append(out, room, found->version);
    note_append(out, room, " (");
    note_append(out, room, found->path);
    note_append(out, room, ")");
    return 0;
}
