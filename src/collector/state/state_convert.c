/* SPDX-License-Identifier: MIT
 *
 * The new file has its name only when all of it is on the disk.  So a kill at any time leaves one
 * of the two, whole.
 */
#include "state_convert.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "state_memory.h"

/* The header of the new file: it is of the run that the old one is of. */
static struct state_file_header convert_header(const struct state *state,
                                               const struct state_file_header *old)
{
    struct state_file_header header = state_file_header_new(&state->owner);

    header.started_ns = old->started_ns;
    header.written_ns = old->written_ns;
    header.run = old->run;
    header.pid = old->pid;
    header.stale = old->stale;
    memcpy(header.boot, old->boot, sizeof header.boot);
    return header;
}

/* Whether the plugin has taken over what is in `memory`. */
static bool convert_content(const struct state *state, struct muster_state *wanted,
                            const struct state_file_header *header, void *memory, char *why)
{
    struct muster_state old = *wanted;

    old.size = sizeof old;
    old.format = header->format;
    old.bytes = header->content_bytes;
    old.memory = memory;
    old.age = wanted->age = state_store_age(state->store, header);
    old.is_kept = wanted->is_kept = 1;
    wanted->memory = state->memory;
    if (wanted->convert(&old, wanted) != 1) {
        snprintf(why, STATE_FILE_WHY,
                 "its format is %" PRIu32 ", of %" PRIu64 " bytes, expected %" PRIu32
                 ", of %" PRIu64 ", and the plugin %s cannot take it over",
                 header->format, header->content_bytes, wanted->format, wanted->bytes,
                 state->owner.plugin);
        return false;
    }
    if (wanted->is_sound != NULL && wanted->is_sound(wanted) == 0) {
        snprintf(why, STATE_FILE_WHY,
                 "the plugin %s says that what it took over from it is damaged",
                 state->owner.plugin);
        return false;
    }
    return true;
}

static void convert_tell(const struct state *state, const struct state_file *old,
                         struct problems *problems)
{
    problems_note(problems, LOG_INFO, state->owner.instance,
                  "the state in \"%s/%s\" was of format %" PRIu32 " and %" PRIu64
                  " bytes: it is taken over to format %" PRIu32 " and %" PRIu64 " bytes",
                  old->directory->path, old->name, old->header.format, old->header.content_bytes,
                  state->owner.format, state->owner.bytes);
}

enum state_outcome state_convert(struct state *state, struct muster_state *wanted,
                                 const struct state_file *old, char *why, struct problems *problems)
{
    const size_t bytes = (size_t)old->header.content_bytes;
    const struct state_file_header header = convert_header(state, &old->header);
    enum state_outcome outcome;
    void *memory;

    assert(wanted->convert != NULL && old->fd >= 0 && state->file.fd < 0);

    memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, old->fd, (off_t)old->header.content_offset);
    if (memory == MAP_FAILED) {
        problems_note(problems, LOG_ERROR, state->owner.instance,
                      "cannot map the state \"%s/%s\": %s", old->directory->path, old->name,
                      strerror(errno));
        return STATE_FAILED;
    }
    outcome = state_memory_begin(state, &header, old, problems);
    if (outcome == STATE_MAPPED && !convert_content(state, wanted, &old->header, memory, why))
        outcome = STATE_NOTHING;
    munmap(memory, bytes);
    if (outcome == STATE_MAPPED)
        outcome = state_memory_publish(state, problems);
    if (outcome == STATE_MAPPED) {
        /* In another directory the old one stays, and a start that fails needs no new one. */
        state->file.is_made = old->directory != state->file.directory;
        state->found = state->file.header;
        convert_tell(state, old, problems);
    } else {
        state_memory_unmap(state);
        state_file_discard(&state->file);
    }
    return outcome;
}
