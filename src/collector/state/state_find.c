/* SPDX-License-Identifier: MIT
 *
 * Which file an instance's state comes from, and how old it is.
 *
 * With a live directory there may be two files: the one that was mapped, and the copy
 * in the state directory.  The one of the later run counts; of the same run, the live one.
 */
#include "state_data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"

enum muster_state_age state_age(const struct state_store *store, const struct state_header *header)
{
    if (header->stale || header->run == STATE_SNAPSHOT)
        return MUSTER_STATE_STALE;
    if (header->run == STATE_STOPPED)
        return MUSTER_STATE_STOPPED;
    return store->boot[0] != '\0' && strncmp(header->boot, store->boot, sizeof header->boot) == 0
               ? MUSTER_STATE_KILLED
               : MUSTER_STATE_STALE;
}

/* Moves a file that is of no use out of the way. */
static int set_aside(const struct state *state, struct state_file *file, const char *why)
{
    char name[NAME_MAX + 1];
    const char *path = file->directory->path;
    int error = state_file_set_aside(file, name);

    if (error != 0) {
        log_format(state->store->log, LOG_ERROR, state->owner.instance,
                   "cannot use the state in \"%s/%s\": %s; and cannot set it aside as \"%s\": %s",
                   path, file->name, why, name, strerror(error));
        return -1;
    }
    log_format(state->store->log, LOG_WARNING, state->owner.instance,
               "cannot use the state in \"%s/%s\": %s; it is set aside as \"%s/%s\"", path,
               file->name, why, path, name);
    return 0;
}

/* Opens the instance's file in that directory; one that is no good is set aside.  No
 * file is no error: file->fd is -1 then. */
static int look(const struct state *state, const struct state_directory *directory,
                struct state_file *file, bool *is_lost)
{
    char why[STATE_WHY];

    switch (state_file_find(file, directory, &state->owner, why)) {
    case STATE_BAD:
        *is_lost = true;
        return set_aside(state, file, why);
    case STATE_ERROR:
        log_line(state->store->log, LOG_ERROR, state->owner.instance, why);
        return -1;
    case STATE_NONE:
    case STATE_GOOD:
        break;
    }
    return 0;
}

/* Of the files that there are, the one to take. */
static int choose(const struct state *state, struct state_file *file, bool *is_lost)
{
    const struct state_store *store = state->store;
    struct state_file home;
    bool is_home_lost = false;

    if (look(state, &store->live, file, is_lost) < 0)
        return -1;
    if (!store->is_apart)
        return 0;
    if (look(state, &store->home, &home, &is_home_lost) < 0) {
        state_file_close(file);
        return -1;
    }
    /* A good live file is of that run or a later one. */
    *is_lost |= is_home_lost && file->fd < 0;
    if (home.fd >= 0 && (file->fd < 0 || home.header.started_ns > file->header.started_ns)) {
        state_file_close(file);
        *file = home;
    } else {
        state_file_close(&home);
    }
    return 0;
}

/* Whose the file is now. */
struct state_header state_claimed(const struct state_store *store, struct state_header header,
                                  bool is_stale)
{
    header.run = STATE_RUNNING;
    header.stale = is_stale;
    /* Later than the last run, even if the clock was set back, or begins anew at each boot. */
    header.started_ns =
        store->started_ns > header.started_ns ? store->started_ns : header.started_ns + 1;
    header.written_ns = clock_wall();
    header.pid = (uint32_t)getpid();
    memcpy(header.boot, store->boot, sizeof header.boot);
    return header;
}

/* A disk that is full must not keep the collector from collecting. */
static void tell_no_space(const struct state *state, int error)
{
    const struct state_directory *directory = &state->store->live;
    uint64_t needed = state->owner.bytes + sizeof(struct state_header), left = 0;
    struct statvfs status;

    if (fstatvfs(directory->fd, &status) == 0)
        left = (uint64_t)status.f_bavail * status.f_frsize;
    if (error == ENOSPC && left < needed)
        log_format(
            state->store->log, LOG_ERROR, state->owner.instance,
            "\"%s\" lacks %" PRIu64 " bytes for the state, which takes %" PRIu64
            ": %s; what was kept is not used, and what this run learns is forgotten when musterd "
            "stops",
            directory->path, needed - left, needed, strerror(error));
    else
        log_format(
            state->store->log, LOG_ERROR, state->owner.instance,
            "\"%s\" has no room for the state, which takes %" PRIu64
            " bytes: %s; what was kept is not used, and what this run learns is forgotten when "
            "musterd stops",
            directory->path, needed, strerror(error));
}

/* What an errno of making or reserving a file comes to, after a log line. */
static enum state_result no_file(const struct state *state, int error)
{
    if (state_is_no_space(error)) {
        tell_no_space(state, error);
        return STATE_UNKEPT;
    }
    log_format(state->store->log, LOG_ERROR, state->owner.instance,
               "cannot make the state \"%s/%s.state\": %s", state->store->live.path,
               state->owner.instance, strerror(error));
    return STATE_FAILED;
}

/* The directory's lock says who has it; this one holds even if somebody removes that file. */
static enum state_result lock(struct state *state)
{
    if (flock(state->file.fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return STATE_KEPT;
    log_format(state->store->log, LOG_ERROR, state->owner.instance,
               "the state \"%s/%s\" is in use by musterd, pid %" PRIu32
               "; stop that one first, or give this one a directory of its own",
               state->store->live.path, state->file.name, state->file.header.pid);
    return STATE_FAILED;
}

static enum state_result map(struct state *state)
{
    const struct state_header *header = &state->file.header;

    state->memory = mmap(NULL, (size_t)header->content_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                         state->file.fd, (off_t)header->content_offset);
    if (state->memory != MAP_FAILED)
        return lock(state);
    log_format(state->store->log, LOG_ERROR, state->owner.instance,
               "cannot map the state \"%s/%s\": %s", state->store->live.path, state->file.name,
               strerror(errno));
    state->memory = NULL;
    return STATE_FAILED;
}

void state_unmap(struct state *state)
{
    if (state->memory != NULL)
        munmap(state->memory, (size_t)state->owner.bytes);
    state->memory = NULL;
}

/* Lets go of the file without a word in it; one that is ours alone goes away. */
void state_drop_file(struct state *state)
{
    if (state->is_made && state->file.fd >= 0)
        state_file_remove(&state->file);
    state_file_close(&state->file);
    state->is_made = false;
}

/* Makes the file that was chosen the one that is mapped, which may take a copy; then
 * `chosen` stays open. */
static enum state_result fetch(struct state *state, struct state_file *chosen)
{
    struct state_store *store = state->store;
    int error;

    if (chosen->directory == &store->live) {
        error = state_file_reserve(chosen); /* the copies of a live directory have holes */
        if (error != 0) {
            state_file_close(chosen);
            return no_file(state, error);
        }
        state->file = *chosen;
        chosen->fd = -1;
    } else {
        error = state_file_copy(&state->file, &store->live, state->owner.instance, &chosen->header,
                                chosen, true);
        if (error != 0)
            return no_file(state, error);
        state->is_made = true;
    }
    return map(state);
}

static bool is_sound(const struct state *state, struct muster_state *wanted, uint32_t age)
{
    wanted->memory = state->memory;
    wanted->age = age;
    wanted->is_kept = 1;
    return wanted->is_sound == NULL || wanted->is_sound(wanted) != 0;
}

/* Takes what earlier runs left, if it is good. */
enum state_result state_find(struct state *state, struct muster_state *wanted)
{
    bool is_lost = false; /* something later was no good: what else there is, is stale */
    char why[STATE_WHY];
    enum state_result result;

    for (;;) {
        struct state_file chosen;

        if (choose(state, &chosen, &is_lost) < 0)
            return STATE_FAILED;
        if (chosen.fd < 0)
            return STATE_NOTHING;
        if (state_file_is_whole(&chosen, why)) {
            chosen.header.stale |= is_lost;
            state->found = chosen.header;
            result = fetch(state, &chosen);
            if (result != STATE_KEPT) {
                state_file_close(&chosen);
                return result;
            }
            if (is_sound(state, wanted, state_age(state->store, &state->found))) {
                state_file_close(&chosen);
                return STATE_KEPT;
            }
            snprintf(why, sizeof why, "the plugin %s says that its content is damaged",
                     state->owner.plugin);
            state_unmap(state);
            if (!state->is_made) {
                chosen = state->file;
                state->file.fd = -1;
            }
            state_drop_file(state);
        }
        is_lost = true;
        if (set_aside(state, &chosen, why) < 0)
            return STATE_FAILED;
    }
}

enum state_result state_make(struct state *state)
{
    struct state_header header =
        state_claimed(state->store, state_header_new(&state->owner), false);
    int error =
        state_file_create(&state->file, &state->store->live, state->owner.instance, &header);

    if (error != 0)
        return no_file(state, error);
    state->is_made = true;
    return map(state);
}
