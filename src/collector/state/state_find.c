/* SPDX-License-Identifier: MIT
 *
 * With a live directory there may be two files: the one that was mapped, and the copy
 * in the state directory.  The one of the later run counts; of the same run, the live one.
 */
#include "state_find.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "state_convert.h"
#include "state_memory.h"

/* Moves a file that is of no use out of the way. */
static int set_aside(const struct state *state, struct state_file *file, const char *why,
                     struct problems *problems)
{
    char name[NAME_MAX + 1];
    const char *path = file->directory->path;
    int error = state_file_set_aside(file, name);

    if (error != 0) {
        problems_note(
            problems, LOG_ERROR, state->owner.instance,
            "cannot use the state in \"%s/%s\": %s; and cannot set it aside as \"%s\": %s", path,
            file->name, why, name, strerror(error));
        return -1;
    }
    problems_note(problems, LOG_WARNING, state->owner.instance,
                  "cannot use the state in \"%s/%s\": %s; it is set aside as \"%s/%s\"", path,
                  file->name, why, path, name);
    return 0;
}

/* Opens the instance's file in that directory; one that is no good is set aside.  One of another
 * format or size is good if the plugin can take it over, at least.  No file is no error: file->fd
 * is -1 then. */
static int look(const struct state *state, const struct state_directory *directory,
                bool can_convert, struct state_file *file, bool *is_lost, struct problems *problems)
{
    char why[STATE_FILE_WHY];

    switch (state_file_find(file, directory, &state->owner, why)) {
    case STATE_FILE_OTHER:
        if (can_convert)
            break;
        /* fall through */
    case STATE_FILE_BAD:
        *is_lost = true;
        return set_aside(state, file, why, problems);
    case STATE_FILE_ERROR:
        problems_note(problems, LOG_ERROR, state->owner.instance, "%s", why);
        return -1;
    case STATE_FILE_NONE:
    case STATE_FILE_GOOD:
        break;
    }
    return 0;
}

/* Of the files that there are, the one to take. */
static int choose(const struct state *state, bool can_convert, struct state_file *file,
                  bool *is_lost, struct problems *problems)
{
    const struct state_store *store = state->store;
    struct state_file home;
    bool is_home_lost = false;

    if (look(state, &store->live, can_convert, file, is_lost, problems) < 0)
        return -1;
    if (!store->is_apart)
        return 0;
    if (look(state, &store->home, can_convert, &home, &is_home_lost, problems) < 0) {
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

static bool is_sound(const struct state *state, struct muster_state *wanted, uint32_t age)
{
    wanted->memory = state->memory;
    wanted->age = age;
    wanted->is_kept = 1;
    return wanted->is_sound == NULL || wanted->is_sound(wanted) != 0;
}

/* The plugin says that what is mapped is damaged: lets go of it.  `chosen` is the file that is to
 * blame. */
static void give_back(struct state *state, struct state_file *chosen)
{
    state_memory_unmap(state);
    if (!state->file.is_made) {
        *chosen = state->file;
        state->file.fd = -1;
    }
    state_file_drop(&state->file);
}

static bool is_other(const struct state *state, const struct state_file *file)
{
    return file->header.format != state->owner.format ||
           file->header.content_bytes != state->owner.bytes;
}

/* Takes the file as the state's.  NOTHING: it is damaged, and `why` says so; `chosen` is to blame.
 */
static enum state_outcome take(struct state *state, struct muster_state *wanted,
                               struct state_file *chosen, char *why, struct problems *problems)
{
    enum state_outcome outcome;

    if (!state_file_is_whole(chosen, why))
        return STATE_NOTHING;
    if (is_other(state, chosen))
        return state_convert(state, wanted, chosen, why, problems);
    state->found = chosen->header;
    outcome = state_memory_take(state, chosen, problems);
    if (outcome != STATE_MAPPED ||
        is_sound(state, wanted, state_store_age(state->store, &state->found)))
        return outcome;
    snprintf(why, STATE_FILE_WHY, "the plugin %s says that its content is damaged",
             state->owner.plugin);
    give_back(state, chosen);
    return STATE_NOTHING;
}

enum state_outcome state_find(struct state *state, struct muster_state *wanted,
                              struct problems *problems)
{
    bool is_lost = false; /* something later was no good: what else there is, is stale */
    char why[STATE_FILE_WHY];
    enum state_outcome outcome;

    assert(state->store->has_directory && state->file.fd < 0);

    for (;;) {
        struct state_file chosen;

        if (choose(state, wanted->convert != NULL, &chosen, &is_lost, problems) < 0)
            return STATE_FAILED;
        if (chosen.fd < 0)
            return STATE_NOTHING;
        chosen.header.stale |= is_lost;
        outcome = take(state, wanted, &chosen, why, problems);
        if (outcome != STATE_NOTHING) {
            state_file_close(&chosen);
            return outcome;
        }
        is_lost = true;
        if (set_aside(state, &chosen, why, problems) < 0)
            return STATE_FAILED;
    }
}
