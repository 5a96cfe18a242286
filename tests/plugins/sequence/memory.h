/* SPDX-License-Identifier: MIT
 *
 * Memory for the tracker's tables in tests: zeros, shared with child processes.
 */
#ifndef TESTS_PLUGINS_MEMORY_H
#define TESTS_PLUGINS_MEMORY_H

#include <check.h>
#include <stdint.h>
#include <sys/mman.h>

#include "sequence/tables.h"

static inline void *memory_new(uint64_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    ck_assert(memory != MAP_FAILED);
    return memory;
}

/* Lays new tables out, for so many devices; the first tick has begun. */
static inline void memory_tables_for(struct tables *tables, uint32_t devices, uint32_t window)
{
    tables_lay_out(tables, memory_new(tables_bytes(devices, window)), devices, window);
    tables->shared->causes.tick = 1;
}

/* For all that a built-in datagram can be of. */
static inline void memory_tables(struct tables *tables, uint32_t window)
{
    memory_tables_for(tables, MUSTER_DEVICE_IDS, window);
}

static inline void memory_free(struct tables *tables)
{
    munmap(tables->shared, tables_bytes(tables->devices, tables->window));
}

#endif
