/* SPDX-License-Identifier: MIT
 *
 * A store into a mapped file must find a block of the disk: so its space is reserved before.
 */
#include "state_memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

/* A disk that is full must not keep the collector from collecting. */
static void tell_no_space(const struct state *state, int error, struct problems *problems)
{
    const struct state_directory *directory = &state->store->live;
    uint64_t needed = state->owner.bytes + sizeof(struct state_file_header), left = 0;
    struct statvfs status;

    if (fstatvfs(directory->fd, &status) == 0)
        left = (uint64_t)status.f_bavail * status.f_frsize;
    if (error == ENOSPC && left < needed)
        problems_note(
            problems, LOG_ERROR, state->owner.instance,
            "\"%s\" lacks %" PRIu64 " bytes for the state, which takes %" PRIu64
            ": %s; what was kept is not used, and what this run learns is forgotten when musterd "
            "stops",
            directory->path, needed - left, needed, strerror(error));
    else
        problems_note(
            problems, LOG_ERROR, state->owner.instance,
            "\"%s\" has no room for the state, which takes %" PRIu64
            " bytes: %s; what was kept is not used, and what this run learns is forgotten when "
            "musterd stops",
            directory->path, needed, strerror(error));
}

/* What an errno of making or reserving a file comes to. */
static enum state_outcome no_file(const struct state *state, int error, struct problems *problems)
{
    if (state_file_is_no_space(error)) {
        tell_no_space(state, error, problems);
        return STATE_NO_SPACE;
    }
    problems_note(problems, LOG_ERROR, state->owner.instance,
                  "cannot make the state \"%s/%s" STATE_FILE_SUFFIX "\": %s",
                  state->store->live.path, state->owner.instance, strerror(error));
    return STATE_FAILED;
}

/* The directory's lock says who has it; this one holds even if somebody removes that file. */
static enum state_outcome lock(const struct state *state, const struct state_file *file,
                               struct problems *problems)
{
    if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return STATE_MAPPED;
    problems_note(problems, LOG_ERROR, state->owner.instance,
                  "the state \"%s/%s\" is in use by musterd, pid %" PRIu32
                  "; stop that one first, or give this one a directory of its own",
                  file->directory->path, file->name, file->header.pid);
    return STATE_FAILED;
}

static enum state_outcome map(struct state *state, struct problems *problems)
{
    const struct state_file_header *header = &state->file.header;

    assert(state->memory == NULL);
    assert(header->content_bytes == state->owner.bytes);

    state->memory = mmap(NULL, (size_t)header->content_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                         state->file.fd, (off_t)header->content_offset);
    if (state->memory != MAP_FAILED)
        return lock(state, &state->file, problems);
    problems_note(problems, LOG_ERROR, state->owner.instance, "cannot map the state \"%s/%s\": %s",
                  state->store->live.path, state->file.name, strerror(errno));
    state->memory = NULL;
    return STATE_FAILED;
}

enum state_outcome state_memory_make(struct state *state, struct problems *problems)
{
    struct state_file_header header =
        state_store_claim(state->store, state_file_header_new(&state->owner), false);
    int error =
        state_file_create(&state->file, &state->store->live, state->owner.instance, &header);

    return error == 0 ? map(state, problems) : no_file(state, error, problems);
}

enum state_outcome state_memory_take(struct state *state, struct state_file *chosen,
                                     struct problems *problems)
{
    struct state_store *store = state->store;
    int error;

    if (chosen->directory == &store->live) {
        error = state_file_reserve(chosen); /* the copies of a live directory have holes */
        if (error == 0) {
            state->file = *chosen;
            chosen->fd = -1;
        }
    } else {
        error = state_file_copy(&state->file, &store->live, state->owner.instance, &chosen->header,
                                chosen, true);
    }
    return error == 0 ? map(state, problems) : no_file(state, error, problems);
}

enum state_outcome state_memory_begin(struct state *state, const struct state_file_header *header,
                                      const struct state_file *old, struct problems *problems)
{
    enum state_outcome outcome = lock(state, old, problems);
    int error;

    if (outcome != STATE_MAPPED)
        return outcome;
    error = state_file_begin(&state->file, &state->store->live, state->owner.instance, header);
    return error == 0 ? map(state, problems) : no_file(state, error, problems);
}

enum state_outcome state_memory_publish(struct state *state, struct problems *problems)
{
    int error = state_file_checksum(&state->file, &state->file.header.content_checksum);

    if (error == 0)
        error = state_file_publish(&state->file);
    return error == 0 ? STATE_MAPPED : no_file(state, error, problems);
}

int state_memory_forgotten(struct state *state, struct problems *problems)
{
    assert(state->memory == NULL && state->file.fd < 0);

    state->memory = mmap(NULL, (size_t)state->owner.bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (state->memory != MAP_FAILED)
        return 0;
    problems_note(problems, LOG_ERROR, state->owner.instance,
                  "cannot have %" PRIu64 " bytes for the state: %s", state->owner.bytes,
                  strerror(errno));
    state->memory = NULL;
    return -1;
}

void state_memory_unmap(struct state *state)
{
    if (state->memory != NULL)
        munmap(state->memory, (size_t)state->owner.bytes);
    state->memory = NULL;
}
