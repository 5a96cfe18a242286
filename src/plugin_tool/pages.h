/* SPDX-License-Identifier: MIT
 *
 * Memory on pages of its own, which ends where its content ends, and goes when a callback is over:
 * whoever writes where he must not, reads behind the end or keeps a pointer runs into a wall.
 */
#ifndef PLUGIN_TOOL_PAGES_H
#define PLUGIN_TOOL_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum pages_content { PAGES_RECORDS, PAGES_PAYLOADS, PAGES_ARRIVALS };

struct pages;

/* Zeros, writable; `size` is a multiple of 16.  NULL: no memory. */
struct pages *pages_new(enum pages_content content, size_t size);
void *pages_memory(const struct pages *pages);

void pages_read_only(struct pages *pages);

/* The callback of that name is over.  The memory goes, its addresses stay taken. */
void pages_gone(struct pages *pages, const char *callback);

/* For a signal handler: what happened at this address, for whoever reads the report, in parts that
 * end with NULL.  False: it is none of these pages. */
enum { PAGES_PARTS = 10 };
bool pages_explain(const void *address, bool is_write, const char *callback,
                   const char *parts[PAGES_PARTS]);

#endif
