/* SPDX-License-Identifier: MIT
 *
 * Nothing is made, and nothing is locked: who has a lock on a file is in /proc/locks.
 */
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collector/live/socket.h"
#include "collector/state/state_directory.h"

enum { LEAST_BUFFER = 4096 };

/* ---- addresses and ports -------------------------------------------------------------- */

/* Binds a socket for a moment.  Returns 0, or an errno. */
static int try_address(const struct address *address)
{
    bool is_absent = false;
    int granted, error = 0;
    int fd = socket_open(address->storage.ss_family, false, LEAST_BUFFER, &granted);

    if (fd < 0)
        return errno;
    if (socket_bind(fd, address, SOCKET_ALONE, &is_absent) < 0)
        error = errno;
    close(fd);
    return error;
}

static void check_listener(const struct listen *listen, struct problems *problems)
{
    struct address address = listen->address;
    char text[ADDRESS_TEXT];
    int error;

    address_text(address_get(&address), text);
    if (listen->interface[0] != '\0' && if_nametoindex(listen->interface) == 0) {
        problems_note(problems, LOG_WARNING, NULL,
                      "there is no interface %s, by which %s receives; it would be waited for",
                      listen->interface, text);
        return;
    }
    if (address_is_link_local(&address))
        address_set_scope(&address, if_nametoindex(listen->interface));
    error = try_address(&address);
    if (error == EADDRINUSE)
        problems_note(problems, LOG_ERROR, NULL,
                      "cannot listen on %s: %s; which program does: ss -ulpn (if that is the "
                      "musterd that this configuration is for, --no-environment checks the "
                      "configuration alone)",
                      text, strerror(error));
    else if (error != 0)
        problems_note(problems, LOG_ERROR, NULL, "cannot listen on %s: %s%s", text, strerror(error),
                      error == EACCES ? "; a port below net.ipv4.ip_unprivileged_port_start (1024) "
                                        "needs CAP_NET_BIND_SERVICE"
                                      : "");
}

/* ---- files ---------------------------------------------------------------------------- */

/* The process that has a lock on that file (flock(2)); 0: none, or nobody says. */
static long find_locker(const struct stat *file)
{
    FILE *locks = fopen("/proc/locks", "re");
    unsigned long long inode;
    unsigned major_number, minor_number;
    char line[256], kind[16];
    long pid, found = 0;

    while (locks != NULL && found == 0 && fgets(line, sizeof line, locks) != NULL)
        /* "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF" */
        if (sscanf(line, "%*u: %15s %*s %*s %ld %x:%x:%llu", kind, &pid, &major_number,
                   &minor_number, &inode) == 5 &&
            strcmp(kind, "FLOCK") == 0 && inode == file->st_ino &&
            major_number == major(file->st_dev) && minor_number == minor(file->st_dev))
            found = pid;
    if (locks != NULL)
        fclose(locks);
    return found;
}

/* Whether musterd could write there, which need not be there; else `why` says why not. */
static bool can_write(const char *path, char *why, size_t room)
{
    char folder[PATH_MAX], *slash;
    struct stat status;
    long locker = 0;

    why[0] = '\0';
    if (stat(path, &status) == 0) {
        if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
            snprintf(why, room, "cannot write \"%s\": %s", path, strerror(errno));
        else if (S_ISREG(status.st_mode))
            locker = find_locker(&status);
        if (locker != 0)
            snprintf(why, room, "\"%s\" is in use by process %ld", path, locker);
        return why[0] == '\0';
    }
    if (errno != ENOENT || (size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) {
        snprintf(why, room, "cannot reach \"%s\": %s", path, strerror(errno));
        return false;
    }
    slash = strrchr(folder, '/');
    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        slash[slash == folder ? 1 : 0] = '\0';
    if (stat(folder, &status) < 0 || faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
        snprintf(why, room, "cannot make \"%s\": \"%s\": %s", path, folder, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        snprintf(why, room, "cannot make \"%s\": \"%s\": %s", path, folder, strerror(ENOTDIR));
    return why[0] == '\0';
}

/* The files that an entry of the chain writes. */
static void check_entry(const struct entry *entry, struct problems *problems)
{
    char why[3 * PATH_MAX];
    uint32_t i;

    for (i = 0; i < entry->plugin.options.count; i++) {
        const struct muster_option option = option_at(&entry->plugin.options, i);
        const struct option_value *value = &entry->values[i];
        unsigned line = value->line != 0 ? value->line : entry->line;

        if (option.type != MUSTER_OPTION_PATH || (option.flags & MUSTER_OPTION_INPUT) != 0 ||
            value->text == NULL || can_write(value->text, why, sizeof why))
            continue;
        if (entry->required)
            problems_add(problems, entry->file, line, 0, "%s: %s: %s", entry->name, option.name,
                         why);
        else
            problems_warn(problems, entry->file, line, 0,
                          "%s: %s: %s; it would start, and try again", entry->name, option.name,
                          why);
    }
}

/* ---- the state ------------------------------------------------------------------------ */

/* What is called like the lock may be something else. */
static void check_lock(const char *path, struct problems *problems)
{
    struct state_directory directory;
    char why[DESTINATION_WHY];

    if (state_directory_open(&directory, "state_dir", path, problems) != 0)
        return;
    if (!state_directory_has_sound_lock(&directory, why))
        problems_note(problems, LOG_ERROR, NULL, "cannot lock \"%s/musterd.lock\": %s", path, why);
    close(directory.fd);
}

static void check_directory(const char *setting, const char *path, struct problems *problems)
{
    char lock[PATH_MAX];
    struct stat status;
    int error = 0;
    long locker;

    if (path == NULL)
        return;
    if (stat(path, &status) < 0)
        error = errno;
    else if (!S_ISDIR(status.st_mode))
        error = ENOTDIR;
    else if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        error = errno;
    if (error != 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot use the %s \"%s\": %s", setting, path,
                      strerror(error));
        return;
    }
    check_lock(path, problems);
    if ((size_t)snprintf(lock, sizeof lock, "%s/musterd.lock", path) >= sizeof lock ||
        stat(lock, &status) < 0)
        return;
    locker = find_locker(&status);
    if (locker != 0)
        problems_note(problems, LOG_ERROR, NULL,
                      "the state in \"%s\" is in use by musterd, pid %ld", path, locker);
}

void environment_check(const struct config *config, struct problems *problems)
{
    unsigned i;

    for (i = 0; i < config->listen_count; i++)
        check_listener(&config->listen[i], problems);
    check_directory("state_dir", config->state_directory, problems);
    check_directory("state_live_dir", config->state_live_directory, problems);
    for (i = 0; i < config->entry_count; i++)
        check_entry(&config->chain[i], problems);
}
