/* SPDX-License-Identifier: MIT
 *
 * State that outlives the daemon: for each instance that asks, memory that is mapped
 * from a file.  What the kernel has is safe from a kill -9; what is on the disk, from a
 * power cut.  All of this is [main].
 *
 * Nothing here logs: what went wrong, and what an operator wants to know of it, is added to the
 * caller's `problems`.
 */
#ifndef COLLECTOR_STATE_STATE_H
#define COLLECTOR_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/problems.h"

struct state_settings {
    const char *directory;      /* NULL: every state is forgotten at the stop */
    const char *live_directory; /* where the mapped files are; NULL: in `directory` */
    uint64_t interval_ns;       /* between copies from there to `directory`; 0: at the stop only */
    bool is_replay;             /* all is forgotten, and that is as it should be */
};

/* The states of one run of the daemon. */
struct state_store;

/* The state of one instance. */
struct state;

/* Opens and locks the directories, whose names must live as long.  NULL: there is a problem. */
struct state_store *state_store_open(const struct state_settings *settings,
                                     struct problems *problems);

/* Every plugin is open and datagrams may come: from here on a state that is closed has
 * a run behind it. */
void state_store_begin(struct state_store *store, struct problems *problems);

/* Makes the copies that are due.  Returns when the next are, on the monotonic clock; 0:
 * never. */
uint64_t state_store_copy(struct state_store *store, uint64_t now_ns, struct problems *problems);

/* After every state is closed.  NULL is no store. */
void state_store_close(struct state_store *store);

/* Fills in memory, age and is_kept of `wanted` for this instance.  NULL: there is a problem.
 * The names must live until it is closed. */
struct state *state_open(struct state_store *store, const char *instance, const char *plugin,
                         struct muster_state *wanted, struct problems *problems);

/* Takes the memory back; NULL is no state.  If the run has begun it is marked as stopped in order,
 * and copied; else it is left as it was found, apart from what the plugin wrote.  `in_order`: the
 * plugin opened and closed it. */
void state_close(struct state *state, bool in_order, struct problems *problems);

#endif
