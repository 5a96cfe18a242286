/* SPDX-License-Identifier: MIT
 *
 * A run's states: from their directories' locks over copies to the word that the run
 * stopped in order.
 */
#include "state.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "state_data.h"

#define BYTES_MOST (SIZE_MAX / 4) /* that a file and memory can have */

enum {
    INSTANCE_MOST = 200, /* bytes of a name, so that what is set aside still has one that fits */
    TIME_TEXT = 40
};

/* ---- The store ------------------------------------------------------------------------ */

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

struct state_store *state_store_open(const struct state_settings *settings, struct log *log)
{
    struct state_store *store = calloc(1, sizeof *store);

    if (store == NULL) {
        log_line(log, LOG_ERROR, NULL, "out of memory");
        return NULL;
    }
    store->log = log;
    store->is_replay = settings->is_replay;
    store->interval_ns = settings->interval_ns;
    store->started_ns = clock_wall();
    store->home.fd = store->live.fd = store->home_lock = store->live_lock = -1;
    if (settings->directory == NULL || settings->is_replay)
        return store;
    store->is_kept = true;
    read_boot_id(store->boot, sizeof store->boot);
    if (state_directory_open(&store->home, "state_dir", settings->directory, log) < 0)
        goto failed;
    if (settings->live_directory == NULL) {
        store->live = store->home;
    } else {
        if (state_directory_open(&store->live, "state_live_dir", settings->live_directory, log) < 0)
            goto failed;
        store->is_apart = !state_directory_is_same(&store->home, &store->live);
        if (!store->is_apart) { /* two names for one, which cannot be locked twice */
            close(store->live.fd);
            store->live = store->home;
        }
    }
    store->home_lock = state_directory_lock(&store->home, log);
    if (store->home_lock < 0)
        goto failed;
    if (store->is_apart) {
        store->live_lock = state_directory_lock(&store->live, log);
        if (store->live_lock < 0)
            goto failed;
    }
    return store;

failed:
    state_store_close(store);
    return NULL;
}

void state_store_close(struct state_store *store)
{
    if (store == NULL)
        return;
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

/* Notes in a file that this run leaves behind that another run came after it. */
static void mark_stale(const struct state *state, const struct state_directory *directory)
{
    char why[STATE_WHY];
    struct state_file file;
    enum state_found found = state_file_find(&file, directory, &state->owner, why);
    int error = 0;

    if (found == STATE_GOOD && !file.header.stale && file.header.run != STATE_SNAPSHOT) {
        file.header.stale = 1;
        error = state_file_write_header(&file);
        if (error == 0)
            error = state_file_sync(&file);
    }
    if (error != 0)
        log_format(state->store->log, LOG_WARNING, state->owner.instance,
                   "cannot write \"%s/%s\": %s; if this run is lost, that will pass for the last",
                   directory->path, file.name, strerror(error));
    state_file_close(&file);
}

static void begin(struct state *state)
{
    struct state_store *store = state->store;
    int error;

    if (state->file.fd < 0)
        mark_stale(state, &store->live);
    if (store->is_apart)
        mark_stale(state, &store->home); /* until the next copy replaces it */
    if (state->file.fd < 0 || !state->file.header.stale)
        return;
    state->file.header.stale = 0; /* the plugin has seen to it */
    error = state_file_write_header(&state->file);
    if (error != 0)
        log_format(store->log, LOG_WARNING, state->owner.instance, "cannot write \"%s/%s\": %s",
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
            strcmp(name + length, STATE_SUFFIX) == 0)
            return true;
    }
    return false;
}

/* States that this run does not have will not know of it: to a later run that has them again they
 * are stale. */
static void outdate_others(const struct state_store *store, const struct state_directory *directory)
{
    const size_t suffix = strlen(STATE_SUFFIX);
    int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (list == NULL) {
        log_format(store->log, LOG_WARNING, NULL, "cannot list \"%s\": %s", directory->path,
                   strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    /* readdir_r is deprecated: readdir(3) is safe for a stream of one's own. */
    /* cppcheck-suppress readdirCalled */
    while ((entry = readdir(list)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length <= suffix || strcmp(entry->d_name + length - suffix, STATE_SUFFIX) != 0 ||
            is_in_use(store, entry->d_name))
            continue;
        error = state_file_outdate(directory, entry->d_name);
        if (error != 0)
            log_format(store->log, LOG_WARNING, NULL,
                       "cannot mark \"%s/%s\" as outdated: %s; do not use it again",
                       directory->path, entry->d_name, strerror(error));
    }
    closedir(list);
}

void state_store_begin(struct state_store *store)
{
    struct state *state;

    store->has_begun = true;
    if (!store->is_kept)
        return;
    for (state = store->states; state != NULL; state = state->next)
        begin(state);
    outdate_others(store, &store->live);
    if (store->is_apart)
        outdate_others(store, &store->home);
}

/* ---- Copies --------------------------------------------------------------------------- */

/* Copies a state that is mapped elsewhere to the state directory. */
static void copy_home(struct state *state, enum state_run run)
{
    struct state_store *store = state->store;
    struct state_header header = state->file.header;
    struct state_file copy;
    bool is_last = run == STATE_STOPPED;
    int error;

    header.run = (uint32_t)run;
    header.stale = 0;
    header.written_ns = clock_wall();
    error =
        state_file_copy(&copy, &store->home, state->owner.instance, &header, &state->file, false);
    if (error == 0)
        state_file_close(&copy);
    if (error != 0 && (is_last || !state->copy_failed))
        log_format(
            store->log, LOG_ERROR, state->owner.instance,
            "cannot copy the state to \"%s/%s\": %s; the last copy stays, and the state itself "
            "is in \"%s\"%s",
            store->home.path, state->file.name, strerror(error), store->live.path,
            is_last ? "" : "; trying again at each state_interval");
    if (error == 0 && state->copy_failed)
        log_format(store->log, LOG_INFO, state->owner.instance,
                   "the state is copied to \"%s/%s\" again", store->home.path, state->file.name);
    state->copy_failed = error != 0;
}

uint64_t state_store_copy(struct state_store *store, uint64_t now_ns)
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
            copy_home(state, STATE_SNAPSHOT);
    store->next_copy_ns = now_ns + store->interval_ns;
    return store->next_copy_ns;
}

/* ---- Opening and closing -------------------------------------------------------------- */

static const char *time_text(uint64_t ns, char text[TIME_TEXT])
{
    time_t seconds = (time_t)(ns / CLOCK_SECOND);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(text, TIME_TEXT, "an unknown time");
    return text;
}

static void tell_what_was_found(const struct state *state, uint32_t age)
{
    const struct state_header *found = &state->found;
    struct log *log = state->store->log;
    const char *name = state->owner.instance;
    char began[TIME_TEXT], written[TIME_TEXT];

    time_text(found->started_ns, began);
    time_text(found->written_ns, written);
    if (age == MUSTER_STATE_NEW)
        log_format(log, LOG_INFO, name, "the state begins anew, in \"%s/%s\"",
                   state->store->live.path, state->file.name);
    else if (age == MUSTER_STATE_STOPPED)
        log_format(log, LOG_INFO, name, "state of the last run, which stopped in order at %s",
                   written);
    else if (age == MUSTER_STATE_KILLED)
        log_format(log, LOG_INFO, name, "state of the last run, which began at %s and was killed",
                   began);
    else if (found->run != STATE_SNAPSHOT)
        log_format(log, LOG_INFO, name,
                   "state of the run that began at %s; the machine went down since, or a later run "
                   "did not have it",
                   began);
    else
        log_format(log, LOG_INFO, name,
                   "state from a snapshot of %s; the machine went down since, or a later state is "
                   "lost",
                   written);
}

static enum state_result open_kept(struct state *state, struct muster_state *wanted)
{
    enum state_result result = state_find(state, wanted);
    uint32_t age = MUSTER_STATE_NEW;
    int error;

    if (result == STATE_NOTHING) {
        result = state_make(state);
    } else if (result == STATE_KEPT) {
        age = state_age(state->store, &state->found);
        state->file.header = state_claimed(state->store, state->found, age == MUSTER_STATE_STALE);
        error = state_file_write_header(&state->file);
        if (error == 0)
            error = state_file_sync(&state->file);
        if (error != 0) {
            log_format(state->store->log, LOG_ERROR, state->owner.instance,
                       "cannot write \"%s/%s\": %s", state->store->live.path, state->file.name,
                       strerror(error));
            result = STATE_FAILED;
        }
    }
    if (result != STATE_KEPT)
        return result;
    wanted->memory = state->memory;
    wanted->age = age;
    wanted->is_kept = 1;
    tell_what_was_found(state, age);
    return STATE_KEPT;
}

static enum state_result open_unkept(struct state *state, struct muster_state *wanted)
{
    struct state_store *store = state->store;

    if (!store->is_kept && !store->is_replay && !store->said_unkept) {
        log_line(
            store->log, LOG_INFO, NULL,
            "no state_dir is set: what is known of the devices is forgotten when musterd stops");
        store->said_unkept = true;
    }
    state->memory = mmap(NULL, (size_t)state->owner.bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (state->memory == MAP_FAILED) {
        log_format(store->log, LOG_ERROR, state->owner.instance,
                   "cannot have %" PRIu64 " bytes for the state: %s", state->owner.bytes,
                   strerror(errno));
        state->memory = NULL;
        return STATE_FAILED;
    }
    wanted->memory = state->memory;
    wanted->age = MUSTER_STATE_NEW;
    wanted->is_kept = 0;
    return STATE_UNKEPT;
}

struct state *state_open(struct state_store *store, const char *instance, const char *plugin,
                         struct muster_state *wanted)
{
    struct state *state = calloc(1, sizeof *state);
    enum state_result result = STATE_UNKEPT;
    const char *why = NULL;

    if (state == NULL)
        why = "out of memory";
    else if (wanted->bytes > BYTES_MOST)
        why = "it wants more memory for its state than there can be";
    else if (strlen(instance) > INSTANCE_MOST)
        why = "its name is too long for a file's; expected 200 letters at most";
    if (why != NULL) {
        log_line(store->log, LOG_ERROR, instance, why);
        free(state);
        return NULL;
    }
    state->store = store;
    state->owner = (struct state_owner){
        .instance = instance, .plugin = plugin, .format = wanted->format, .bytes = wanted->bytes};
    state->file.fd = -1;
    if (store->is_kept)
        result = open_kept(state, wanted);
    if (result == STATE_UNKEPT)
        result = open_unkept(state, wanted);
    if (result == STATE_FAILED) {
        state_unmap(state);
        state_drop_file(state);
        free(state);
        return NULL;
    }
    state->next = store->states;
    store->states = state;
    return state;
}

/* The end of a run. */
static void stop(struct state *state)
{
    struct state_file *file = &state->file;
    int error = state_file_sync(file); /* the content before the header that vouches for it */

    if (error == 0)
        error = state_file_checksum(file, &file->header.content_checksum);
    if (error == 0) {
        file->header.run = STATE_STOPPED;
        file->header.written_ns = clock_wall();
        error = state_file_write_header(file);
    }
    if (error == 0)
        error = state_file_sync(file);
    if (error != 0)
        log_format(state->store->log, LOG_ERROR, state->owner.instance,
                   "cannot write \"%s/%s\": %s; the next run will take this one for killed",
                   state->store->live.path, file->name, strerror(error));
    else if (state->store->is_apart)
        copy_home(state, STATE_STOPPED);
    state_file_close(file);
}

/* The end of a start that came to nothing.  What a plugin wrote in it stays; unless it was closed
 * in order, the next run finds it as that of a run that was cut off. */
static void leave_as_found(struct state *state, bool in_order)
{
    uint64_t checksum = 0;
    int error = 0;

    if (!state->is_made && state->found.run != STATE_RUNNING)
        error = state_file_checksum(&state->file, &checksum);
    if (error == 0 && !state->is_made &&
        (in_order || state->found.run == STATE_RUNNING ||
         checksum == state->found.content_checksum)) {
        state->file.header = state->found;
        if (state->found.run != STATE_RUNNING)
            state->file.header.content_checksum = checksum;
        error = state_file_write_header(&state->file);
        if (error == 0)
            error = state_file_sync(&state->file);
    }
    if (error != 0)
        log_format(state->store->log, LOG_ERROR, state->owner.instance,
                   "cannot write \"%s/%s\": %s", state->store->live.path, state->file.name,
                   strerror(error));
    state_drop_file(state);
}

/* A file that is not there any more cannot be found by the next run. */
static void check_removed(const struct state *state)
{
    struct stat status;

    if (fstat(state->file.fd, &status) == 0 && status.st_nlink == 0)
        log_format(state->store->log, LOG_ERROR, state->owner.instance,
                   "\"%s/%s\" was removed while musterd ran: the state is lost, and the next run "
                   "begins anew",
                   state->store->live.path, state->file.name);
}

void state_close(struct state *state, bool in_order)
{
    struct state **link;

    if (state == NULL)
        return;
    for (link = &state->store->states; *link != state; link = &(*link)->next)
        assert(*link != NULL);
    *link = state->next;
    state_unmap(state);
    if (state->file.fd >= 0 && state->store->has_begun) {
        check_removed(state);
        stop(state);
    } else if (state->file.fd >= 0) {
        leave_as_found(state, in_order);
    }
    free(state);
}
