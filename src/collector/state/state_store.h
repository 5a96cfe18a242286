/* SPDX-License-Identifier: MIT
 *
 * A run's states, as the files of this folder see them.
 */
#ifndef COLLECTOR_STATE_STATE_STORE_H
#define COLLECTOR_STATE_STATE_STORE_H

#include "state.h"
#include "state_directory.h"
#include "state_file.h"

struct state_store {
    struct state_directory home; /* the state_dir */
    struct state_directory live; /* where files are mapped; if it is not apart, the same */
    int home_lock, live_lock;
    bool has_directory; /* else every state is forgotten at the stop */
    bool is_apart;      /* the live directory is another one */
    bool is_replay;
    bool said_forgotten; /* that there is no directory */
    bool has_begun;
    uint64_t started_ns; /* wall clock */
    uint64_t interval_ns, next_copy_ns;
    char boot[sizeof((struct state_file_header *)0)->boot];
    struct state *states; /* that are open */
};

struct state {
    struct state *next;
    struct state_store *store;
    struct state_file_owner owner;
    void *memory;
    struct state_file file;         /* fd is -1: the memory is forgotten at the stop */
    struct state_file_header found; /* the header before this run wrote its own */
    bool copy_failed;               /* and that has been said */
};

/* How it went with a state that is to outlive the run.  FAILED and NO_SPACE come with a problem. */
enum state_outcome {
    STATE_FAILED,
    STATE_NOTHING,  /* no earlier run left any */
    STATE_MAPPED,   /* it has its file and its memory */
    STATE_NO_SPACE, /* on the disk: it is to be forgotten at the stop */
};

/* How old a state with that header is. */
enum muster_state_age state_store_age(const struct state_store *store,
                                      const struct state_file_header *header);

/* The header once this run has the state. */
struct state_file_header state_store_claim(const struct state_store *store,
                                           struct state_file_header header, bool is_stale);

/* Copies a state that is mapped elsewhere to the state directory. */
void state_store_copy_home(struct state *state, enum state_file_run run, struct problems *problems);

#endif
