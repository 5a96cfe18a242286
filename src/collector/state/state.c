/* SPDX-License-Identifier: MIT
 *
 * One instance's state, from its opening to the word that the run stopped in order.
 */
#include "state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "state_find.h"
#include "state_memory.h"
#include "state_store.h"

#define BYTES_MOST (SIZE_MAX / 4) /* that a file and memory can have */

enum {
    INSTANCE_MOST = 200, /* bytes of a name, so that what is set aside still has one that fits */
    TIME_TEXT = 40
};

/* ---- Opening -------------------------------------------------------------------------- */

static const char *time_text(uint64_t ns, char text[TIME_TEXT])
{
    time_t seconds = (time_t)(ns / CLOCK_SECOND);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(text, TIME_TEXT, "an unknown time");
    return text;
}

static void tell_what_was_found(const struct state *state, uint32_t age, struct problems *problems)
{
    const struct state_file_header *found = &state->found;
    const char *name = state->owner.instance;
    char began[TIME_TEXT], written[TIME_TEXT];

    time_text(found->started_ns, began);
    time_text(found->written_ns, written);
    if (age == MUSTER_STATE_NEW)
        problems_note(problems, LOG_INFO, name, "the state begins anew, in \"%s/%s\"",
                      state->store->live.path, state->file.name);
    else if (age == MUSTER_STATE_STOPPED)
        problems_note(problems, LOG_INFO, name,
                      "state of the last run, which stopped in order at %s", written);
    else if (age == MUSTER_STATE_KILLED)
        problems_note(problems, LOG_INFO, name,
                      "state of the last run, which began at %s and was killed", began);
    else if (found->run != STATE_FILE_SNAPSHOT)
        problems_note(
            problems, LOG_INFO, name,
            "state of the run that began at %s; the machine went down since, or a later run "
            "did not have it",
            began);
    else
        problems_note(
            problems, LOG_INFO, name,
            "state from a snapshot of %s; the machine went down since, or a later state is "
            "lost",
            written);
}

/* A state that is mapped from a file, of an earlier run or a new one. */
static enum state_outcome open_file(struct state *state, struct muster_state *wanted,
                                    struct problems *problems)
{
    enum state_outcome outcome = state_find(state, wanted, problems);
    uint32_t age = MUSTER_STATE_NEW;
    int error;

    if (outcome == STATE_NOTHING) {
        outcome = state_memory_make(state, problems);
    } else if (outcome == STATE_MAPPED) {
        age = state_store_age(state->store, &state->found);
        state->file.header =
            state_store_claim(state->store, state->found, age == MUSTER_STATE_STALE);
        error = state_file_write_header(&state->file);
        if (error == 0)
            error = state_file_sync(&state->file);
        if (error != 0) {
            problems_note(problems, LOG_ERROR, state->owner.instance, "cannot write \"%s/%s\": %s",
                          state->store->live.path, state->file.name, strerror(error));
            outcome = STATE_FAILED;
        }
    }
    if (outcome != STATE_MAPPED)
        return outcome;
    wanted->memory = state->memory;
    wanted->age = age;
    wanted->is_kept = 1;
    tell_what_was_found(state, age, problems);
    return STATE_MAPPED;
}

/* A state that is forgotten at the stop. */
static int open_forgotten(struct state *state, struct muster_state *wanted,
                          struct problems *problems)
{
    struct state_store *store = state->store;

    if (!store->has_directory && !store->is_replay && !store->said_forgotten) {
        problems_note(
            problems, LOG_INFO, NULL,
            "no state_dir is set: what is known of the devices is forgotten when musterd stops");
        store->said_forgotten = true;
    }
    if (state_memory_forgotten(state, problems) < 0)
        return -1;
    wanted->memory = state->memory;
    wanted->age = MUSTER_STATE_NEW;
    wanted->is_kept = 0;
    return 0;
}

struct state *state_open(struct state_store *store, const char *instance, const char *plugin,
                         struct muster_state *wanted, struct problems *problems)
{
    struct state *state = calloc(1, sizeof *state);
    enum state_outcome outcome = STATE_NO_SPACE;
    const char *why = NULL;

    assert(instance[0] != '\0' && strchr(instance, '/') == NULL);
    assert(wanted->bytes > 0);

    if (state == NULL)
        why = "out of memory";
    else if (wanted->bytes > BYTES_MOST)
        why = "it wants more memory for its state than there can be";
    else if (strlen(instance) > INSTANCE_MOST)
        why = "its name is too long for a file's; expected 200 letters at most";
    if (why != NULL) {
        problems_note(problems, LOG_ERROR, instance, "%s", why);
        free(state);
        return NULL;
    }
    state->store = store;
    state->owner = (struct state_file_owner){
        .instance = instance, .plugin = plugin, .format = wanted->format, .bytes = wanted->bytes};
    state->file.fd = -1;
    if (store->has_directory)
        outcome = open_file(state, wanted, problems);
    if (outcome == STATE_FAILED ||
        (outcome == STATE_NO_SPACE && open_forgotten(state, wanted, problems) < 0)) {
        state_memory_unmap(state);
        state_file_drop(&state->file);
        free(state);
        return NULL;
    }
    state->next = store->states;
    store->states = state;
    return state;
}

/* ---- Closing -------------------------------------------------------------------------- */

/* The end of a run. */
static void stop(struct state *state, struct problems *problems)
{
    struct state_file *file = &state->file;
    int error = state_file_sync(file); /* the content before the header that vouches for it */

    if (error == 0)
        error = state_file_checksum(file, &file->header.content_checksum);
    if (error == 0) {
        file->header.run = STATE_FILE_STOPPED;
        file->header.written_ns = clock_wall();
        error = state_file_write_header(file);
    }
    if (error == 0)
        error = state_file_sync(file);
    if (error != 0)
        problems_note(problems, LOG_ERROR, state->owner.instance,
                      "cannot write \"%s/%s\": %s; the next run will take this one for killed",
                      state->store->live.path, file->name, strerror(error));
    else if (state->store->is_apart)
        state_store_copy_home(state, STATE_FILE_STOPPED, problems);
    state_file_close(file);
}

/* The end of a start that came to nothing.  What a plugin wrote in it stays; unless it was closed
 * in order, the next run finds it as that of a run that was cut off. */
static void leave_as_found(struct state *state, bool in_order, struct problems *problems)
{
    uint64_t checksum = 0;
    int error = 0;

    if (!state->file.is_made && state->found.run != STATE_FILE_RUNNING)
        error = state_file_checksum(&state->file, &checksum);
    if (error == 0 && !state->file.is_made &&
        (in_order || state->found.run == STATE_FILE_RUNNING ||
         checksum == state->found.content_checksum)) {
        state->file.header = state->found;
        if (state->found.run != STATE_FILE_RUNNING)
            state->file.header.content_checksum = checksum;
        error = state_file_write_header(&state->file);
        if (error == 0)
            error = state_file_sync(&state->file);
    }
    if (error != 0)
        problems_note(problems, LOG_ERROR, state->owner.instance, "cannot write \"%s/%s\": %s",
                      state->store->live.path, state->file.name, strerror(error));
    state_file_drop(&state->file);
}

/* A file that is not there any more cannot be found by the next run. */
static void check_removed(const struct state *state, struct problems *problems)
{
    struct stat status;

    if (fstat(state->file.fd, &status) == 0 && status.st_nlink == 0)
        problems_note(
            problems, LOG_ERROR, state->owner.instance,
            "\"%s/%s\" was removed while musterd ran: the state is lost, and the next run "
            "begins anew",
            state->store->live.path, state->file.name);
}

void state_close(struct state *state, bool in_order, struct problems *problems)
{
    struct state **link;

    if (state == NULL)
        return;
    for (link = &state->store->states; *link != state; link = &(*link)->next)
        assert(*link != NULL);
    *link = state->next;
    state_memory_unmap(state);
    if (state->file.fd >= 0 && state->store->has_begun) {
        check_removed(state, problems);
        stop(state, problems);
    } else if (state->file.fd >= 0) {
        leave_as_found(state, in_order, problems);
    }
    free(state);
}
