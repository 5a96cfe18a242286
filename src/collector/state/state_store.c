/* SPDX-License-Identifier: MIT
 *
 * A run's states together: the directories and their locks, what marks the files of other runs as
 * stale, and the copies.
 */
#include "state_store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- Opening and closing -------------------------------------------------------------- */

static void read_boot_id(char *boot, size_t room)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, boot, room - 1) : -1;

    /* Without it nothing passes for a state of this boot. */
    boot[got > 0 ? got : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

static int open_directories(struct state_store *store, const struct state_settings *settings,
                            struct problems *problems)
{
    if (state_directory_open(&store->home, "state_dir", settings->directory, problems) < 0)
        return -1;
    store->live = store->home;
    if (settings->live_directory != NULL) {
        if (state_directory_open(&store->live, "state_live_dir", settings->live_directory,
                                 problems) < 0)
            return -1;
        store->is_apart = !state_directory_is_same(&store->home, &store->live);
        if (!store->is_apart) { /* two names for one, which cannot be locked twice */
            close(store->live.fd);
            store->live = store->home;
        }
    }
    store->home_lock = state_directory_lock(&store->home, problems);
    if (store->home_lock >= 0 && store->is_apart)
        store->live_lock = state_directory_lock(&store->live, problems);
    return store->home_lock < 0 || (store->is_apart && store->live_lock < 0) ? -1 : 0;
}

struct state_store *state_store_open(const struct state_settings *settings,
                                     struct problems *problems)
{
    struct state_store *store = calloc(1, sizeof *store);

    assert(problems != NULL);

    if (store == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return NULL;
    }
    store->is_replay = settings->is_replay;
    store->interval_ns = settings->interval_ns;
    store->started_ns = clock_wall();
    store->home.fd = store->live.fd = store->home_lock = store->live_lock = -1;
    store->has_directory = settings->directory != NULL && !settings->is_replay;
    if (!store->has_directory)
        return store;
    read_boot_id(store->boot, sizeof store->boot);
    if (open_directories(store, settings, problems) < 0) {
        state_store_close(store);
        return NULL;
    }
    return store;
}

void state_store_close(struct state_store *store)
{
    if (store == NULL)
        return;
    assert(store->states == NULL);
    if (store->live.fd >= 0 && store->live.fd != store->home.fd)
        close(store->live.fd);
    if (store->home.fd >= 0)
        close(store->home.fd);
    if (store->live_lock >= 0)
        close(store->live_lock);
    if (store->home_lock >= 0)
        close(store->home_lock);
    free(store);
}

/* ---- Ages ----------------------------------------------------------------------------- */

enum muster_state_age state_store_age(const struct state_store *store,
                                      const struct state_file_header *header)
{
    if (header->stale || header->run == STATE_FILE_SNAPSHOT)
        return MUSTER_STATE_STALE;
    if (header->run == STATE_FILE_STOPPED)
        return MUSTER_STATE_STOPPED;
    return store->boot[0] != '\0' && strncmp(header->boot, store->boot, sizeof header->boot) == 0
               ? MUSTER_STATE_KILLED
               : MUSTER_STATE_STALE;
}

struct state_file_header state_store_claim(const struct state_store *store,
                                           struct state_file_header header, bool is_stale)
{
    header.run = STATE_FILE_RUNNING;
    header.stale = is_stale;
    /* Later than the last run, even if the clock was set back, or begins anew at each boot. */
    header.started_ns =
        store->started_ns > header.started_ns ? store->started_ns : header.started_ns + 1;
    header.written_ns = clock_wall();
    header.pid = (uint32_t)getpid();
    memcpy(header.boot, store->boot, sizeof header.boot);
    return header;
}

/* Notes in a file that this run leaves behind that another run came after it. */
static void mark_stale(const struct state *state, const struct state_directory *directory,
                       struct problems *problems)
{
    char why[STATE_FILE_WHY];
    struct state_file file;
    enum state_file_found found = state_file_find(&file, directory, &state->owner, why);
    int error = 0;

    /* One of another format is what this run's was taken over from. */
    if ((found == STATE_FILE_GOOD || found == STATE_FILE_OTHER) && !file.header.stale &&
        file.header.run != STATE_FILE_SNAPSHOT) {
        file.header.stale = 1;
        error = state_file_write_header(&file);
        if (error == 0)
            error = state_file_sync(&file);
    }
    if (error != 0)
        problems_note(
            problems, LOG_WARNING, state->owner.instance,
            "cannot write \"%s/%s\": %s; if this run is lost, that will pass for the last",
            directory->path, file.name, strerror(error));
    state_file_close(&file);
}

static void begin(struct state *state, struct problems *problems)
{
    struct state_store *store = state->store;
    int error;

    if (state->file.fd < 0)
        mark_stale(state, &store->live, problems);
    if (store->is_apart)
        mark_stale(state, &store->home, problems); /* until the next copy replaces it */
    if (state->file.fd < 0 || !state->file.header.stale)
        return;
    state->file.header.stale = 0; /* the plugin has seen to it */
    error = state_file_write_header(&state->file);
    if (error != 0)
        problems_note(problems, LOG_WARNING, state->owner.instance, "cannot write \"%s/%s\": %s",
                      store->live.path, state->file.name, strerror(error));
}

/* Whether that is the file of an instance that this run has. */
static bool is_in_use(const struct state_store *store, const char *name)
{
    const struct state *state;
    size_t length;

    for (state = store->states; state != NULL; state = state->next) {
        length = strlen(state->owner.instance);
        if (strncmp(name, state->owner.instance, length) == 0 &&
            strcmp(name + length, STATE_FILE_SUFFIX) == 0)
            return true;
    }
    return false;
}

/* States that this run does not have will not know of it: to a later run that has them again they
 * are stale. */
static void outdate_others(const struct state_store *store, const struct state_directory *directory,
                           struct problems *problems)
{
    const size_t suffix = strlen(STATE_FILE_SUFFIX);
    int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (list == NULL) {
        problems_note(problems, LOG_WARNING, NULL, "cannot list \"%s\": %s", directory->path,
                      strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    /* readdir_r is deprecated: readdir(3) is safe for a stream of one's own. */
    /* cppcheck-suppress readdirCalled */
    while ((entry = readdir(list)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length <= suffix || strcmp(entry->d_name + length - suffix, STATE_FILE_SUFFIX) != 0 ||
            is_in_use(store, entry->d_name))
            continue;
        error = state_file_outdate(directory, entry->d_name);
        if (error != 0)
            problems_note(problems, LOG_WARNING, NULL,
                          "cannot mark \"%s/%s\" as outdated: %s; do not use it again",
                          directory->path, entry->d_name, strerror(error));
    }
    closedir(list);
}

void state_store_begin(struct state_store *store, struct problems *problems)
{
    struct state *state;

    assert(!store->has_begun);

    store->has_begun = true;
    if (!store->has_directory)
        return;
    for (state = store->states; state != NULL; state = state->next)
        begin(state, problems);
    outdate_others(store, &store->live, problems);
    if (store->is_apart)
        outdate_others(store, &store->home, problems);
}

/* ---- Copies --------------------------------------------------------------------------- */

void state_store_copy_home(struct state *state, enum state_file_run run, struct problems *problems)
{
    struct state_store *store = state->store;
    struct state_file_header header = state->file.header;
    struct state_file copy;
    bool is_last = run == STATE_FILE_STOPPED;
    int error;

    assert(store->is_apart && state->file.fd >= 0);

    header.run = (uint32_t)run;
    header.stale = 0;
    header.written_ns = clock_wall();
    error =
        state_file_copy(&copy, &store->home, state->owner.instance, &header, &state->file, false);
    if (error == 0)
        state_file_close(&copy);
    if (error != 0 && (is_last || !state->copy_failed))
        problems_note(
            problems, LOG_ERROR, state->owner.instance,
            "cannot copy the state to \"%s/%s\": %s; the last copy stays, and the state itself "
            "is in \"%s\"%s",
            store->home.path, state->file.name, strerror(error), store->live.path,
            is_last ? "" : "; trying again at each state_interval");
    if (error == 0 && state->copy_failed)
        problems_note(problems, LOG_INFO, state->owner.instance,
                      "the state is copied to \"%s/%s\" again", store->home.path, state->file.name);
    state->copy_failed = error != 0;
}

uint64_t state_store_copy(struct state_store *store, uint64_t now_ns, struct problems *problems)
{
    struct state *state;

    if (!store->is_apart || store->interval_ns == 0)
        return 0;
    if (store->next_copy_ns == 0)
        store->next_copy_ns = now_ns + store->interval_ns;
    if (now_ns < store->next_copy_ns)
        return store->next_copy_ns;
    for (state = store->states; state != NULL; state = state->next)
        if (state->file.fd >= 0)
            state_store_copy_home(state, STATE_FILE_SNAPSHOT, problems);
    store->next_copy_ns = now_ns + store->interval_ns;
    return store->next_copy_ns;
}
