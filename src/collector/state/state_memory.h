/* SPDX-License-Identifier: MIT
 *
 * The memory of a state: mapped from its file, or of none.
 */
#ifndef COLLECTOR_STATE_STATE_MEMORY_H
#define COLLECTOR_STATE_STATE_MEMORY_H

#include "state_store.h"

/* Makes a file of zeros, and maps it. */
enum state_outcome state_memory_make(struct state *state, struct problems *problems);

/* Maps a file that was found.  One of the state directory is copied to the live directory, and the
 * copy is mapped; then `chosen` stays open. */
enum state_outcome state_memory_take(struct state *state, struct state_file *chosen,
                                     struct problems *problems);

/* The same with a file that gets its name from state_memory_publish, with its content as it is then
 * and its checksum, in place of `old`, which is locked meanwhile. */
enum state_outcome state_memory_begin(struct state *state, const struct state_file_header *header,
                                      const struct state_file *old, struct problems *problems);
enum state_outcome state_memory_publish(struct state *state, struct problems *problems);

/* Memory of zeros without a file.  Returns 0, or -1 with a problem. */
int state_memory_forgotten(struct state *state, struct problems *problems);

void state_memory_unmap(struct state *state);

#endif
