/* SPDX-License-Identifier: MIT
 *
 * What state.c and state_find.c share.
 */
#ifndef COLLECTOR_STATE_STATE_DATA_H
#define COLLECTOR_STATE_STATE_DATA_H

#include "state.h"
#include "state_directory.h"
#include "state_file.h"

struct state_store {
    struct log *log;
    struct state_directory home; /* the state_dir */
    struct state_directory live; /* where files are mapped; if it is not apart, the same */
    int home_lock, live_lock;
    bool is_kept;  /* there are directories */
    bool is_apart; /* the live directory is another one */
    bool is_replay;
    bool said_unkept;
    bool has_begun;
    uint64_t started_ns; /* wall clock */
    uint64_t interval_ns, next_copy_ns;
    char boot[sizeof((struct state_header *)0)->boot];
    struct state *states; /* that are open */
};

struct state {
    struct state *next;
    struct state_store *store;
    struct state_owner owner;
    void *memory;
    struct state_file file;    /* fd is -1: the memory is not kept */
    struct state_header found; /* the header before this run wrote its own */
    bool is_made;              /* the file was not there before */
    bool copy_failed;          /* and that has been said */
};

/* How it went with a state that is to be kept; FAILED and UNKEPT (there is no space) come with
 * a log line. */
enum state_result { STATE_FAILED, STATE_NOTHING, STATE_KEPT, STATE_UNKEPT };

/* Finds what earlier runs left, if it is good, and makes it the state's file and memory. */
enum state_result state_find(struct state *state, struct muster_state *wanted);

/* Makes a file of zeros for the state. */
enum state_result state_make(struct state *state);

/* How old a state with that header is. */
enum muster_state_age state_age(const struct state_store *store, const struct state_header *header);

/* The header once this run has the state. */
struct state_header state_claimed(const struct state_store *store, struct state_header header,
                                  bool is_stale);

/* Lets go of the memory. */
void state_unmap(struct state *state);

/* Lets go of the file as it is; a file that was not there before goes away. */
void state_drop_file(struct state *state);

#endif
