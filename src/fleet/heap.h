/* SPDX-License-Identifier: MIT
 *
 * What is due at some time: each comes out when its time has come, those of the same time in the
 * order in which they went in.
 */
#ifndef FLEET_HEAP_H
#define FLEET_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

/* For things of `size` bytes each, at most `most` at the same time; for `room` of them there is
 * memory from the start.  NULL if memory is short. */
struct heap *heap_new(size_t size, size_t room, size_t most);
void heap_free(struct heap *heap);

/* Puts one in.  Returns 0, or -1 if memory is short, or there are as many as there may be. */
int heap_push(struct heap *heap, uint64_t due_ns, const void *thing);

/* When the next one comes out.  Returns false if there is none. */
bool heap_due(const struct heap *heap, uint64_t *due_ns);

/* Takes the next one out, whatever the time.  Returns false if there is none. */
bool heap_pop(struct heap *heap, void *thing);

/* How many there were at the same time, at most. */
size_t heap_peak(const struct heap *heap);

#endif
