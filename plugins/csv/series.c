/* SPDX-License-Identifier: MIT
 *
 * The finished segments of a file, by their names.
 *
 * The number that was used last is kept in a file, so that it does not come back when all segments
 * have been taken away.
 */
#include "series.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../common/replace.h"

#define TIME_SIZE  16 /* of "20261127T190000Z" */
#define TRIES      1000
#define NUMBER_MAX 20 /* digits */

/* RENAME_NOREPLACE of linux/fs.h, which old C libraries do not have. */
#define NO_REPLACE 1u

#define SECOND UINT64_C(1000000000)

int series_init(struct series *series, const char *path)
{
    const char *base = strrchr(path, '/') + 1;
    const char *dot = strrchr(base, '.');
    const char *end = dot != NULL && dot != base ? dot : base + strlen(base);

    memset(series, 0, sizeof *series);
    series->directory = base - path == 1 ? strdup("/") : strndup(path, (size_t)(base - path) - 1);
    series->stem = strndup(base, (size_t)(end - base));
    series->ending = strdup(end);
    if (asprintf(&series->counter, "%.*s.%s.number", (int)(base - path), path, base) < 0)
        series->counter = NULL;
    return series->directory != NULL && series->stem != NULL && series->ending != NULL &&
                   series->counter != NULL
               ? 0
               : -1;
}

void series_free(struct series *series)
{
    free(series->directory);
    free(series->stem);
    free(series->ending);
    free(series->counter);
    memset(series, 0, sizeof *series);
}

char *series_path(const struct series *series, const char *name, const char *behind)
{
    char *path;

    return asprintf(&path, "%s/%s%s", series->directory, name, behind) < 0 ? NULL : path;
}

int series_sync(const struct series *series)
{
    int fd = open(series->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error == EINVAL ? 0 : error; /* such a file system has no such thing */
}

/* ---- What is there -------------------------------------------------------------------- */

/* Reads a time in a name.  Returns whether it is one. */
static bool read_time(const char *text, int64_t *second)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y%m%dT%H%M%SZ", &tm);

    if (end != text + TIME_SIZE)
        return false;
    *second = (int64_t)timegm(&tm);
    return true;
}

/* Takes a name apart.  Returns what is behind that of the segment, "" or ".zst" or ".json"; or NULL
 * if it is none of the series. */
static const char *parse(const struct series *series, const char *name, struct segment *segment)
{
    const size_t stem = strlen(series->stem), ending = strlen(series->ending);
    const char *at = name + stem + 1;
    size_t digits;

    if (strncmp(name, series->stem, stem) != 0 || name[stem] != '-' ||
        !read_time(at, &segment->second) || at[TIME_SIZE] != '-')
        return NULL;
    at += TIME_SIZE + 1;
    digits = strspn(at, "0123456789");
    if (digits < 6 || digits > NUMBER_MAX || strncmp(at + digits, series->ending, ending) != 0)
        return NULL;
    segment->number = strtoull(at, NULL, 10);
    at += digits + ending;
    if (*at != '\0' && strcmp(at, SERIES_PACKED) != 0 && strcmp(at, SERIES_MANIFEST) != 0)
        return NULL;
    snprintf(segment->name, sizeof segment->name, "%.*s", (int)(at - name), name);
    return at;
}

/* The segment of that name, which is added if it is not there; or NULL. */
static struct segment *find_or_add(struct segments *segments, const struct segment *wanted)
{
    struct segment *list;
    size_t i;

    for (i = segments->count; i-- > 0;)
        if (segments->list[i].number == wanted->number &&
            strcmp(segments->list[i].name, wanted->name) == 0)
            return &segments->list[i];
    list = realloc(segments->list, (segments->count + 1) * sizeof *list);
    if (list == NULL)
        return NULL;
    segments->list = list;
    list[segments->count] = *wanted;
    return &list[segments->count++];
}

static int by_number(const void *a, const void *b)
{
    const struct segment *left = a, *right = b;

    return (left->number > right->number) - (left->number < right->number);
}

/* Returns 0, or an errno. */
static int add_entry(const struct series *series, int directory, const char *name,
                     struct segments *segments)
{
    struct segment found = {0}, *segment;
    const char *behind = parse(series, name, &found);
    struct stat status;

    if (behind == NULL || fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
        return 0;
    segment = find_or_add(segments, &found);
    if (segment == NULL)
        return ENOMEM;
    segment->bytes += (uint64_t)status.st_size;
    segment->is_plain |= *behind == '\0';
    segment->is_packed |= strcmp(behind, SERIES_PACKED) == 0;
    segment->has_manifest |= strcmp(behind, SERIES_MANIFEST) == 0;
    return 0;
}

int series_list(const struct series *series, struct segments *segments)
{
    DIR *directory = opendir(series->directory);
    const struct dirent *entry;
    int error = 0;

    memset(segments, 0, sizeof *segments);
    if (directory == NULL)
        return errno;
    /* cppcheck-suppress readdirCalled; the stream is ours alone */
    while (error == 0 && (entry = readdir(directory)) != NULL)
        error = add_entry(series, dirfd(directory), entry->d_name, segments);
    closedir(directory);
    if (error != 0)
        segments_free(segments);
    else if (segments->count > 0)
        qsort(segments->list, segments->count, sizeof *segments->list, by_number);
    return error;
}

void segments_free(struct segments *segments)
{
    free(segments->list);
    memset(segments, 0, sizeof *segments);
}

/* ---- The number ----------------------------------------------------------------------- */

static uint64_t read_number(const struct series *series)
{
    char text[NUMBER_MAX + 2] = "";
    int fd = open(series->counter, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

    if (fd >= 0)
        close(fd);
    return size > 0 ? strtoull(text, NULL, 10) : 0;
}

static int write_number(const struct series *series, char why[SERIES_WHY])
{
    const struct replace how = {.is_durable = true};
    char text[NUMBER_MAX + 2], reason[DESTINATION_WHY];
    int size = snprintf(text, sizeof text, "%" PRIu64 "\n", series->number);

    if (replace_file(series->counter, &how, text, (size_t)size, reason) == 0)
        return 0;
    snprintf(why, SERIES_WHY, "cannot keep its number in \"%s\": %s", series->counter, reason);
    return -1;
}

/* A segment gets its name before the next one takes the path; between the two there may have been a
 * crash. */
static bool end_renaming(const struct series *series, const struct segment *last, const char *path)
{
    char *other = series_path(series, last->name, "");
    struct stat here, there;
    bool has_ended = false;

    if (other != NULL && last->is_plain && stat(path, &here) == 0 && stat(other, &there) == 0 &&
        here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        has_ended = unlink(path) == 0;
    free(other);
    return has_ended;
}

int series_begin(struct series *series, const char *path, char why[SERIES_WHY])
{
    struct segments segments;
    bool has_ended = false;
    int error = series_list(series, &segments);

    if (error != 0) {
        snprintf(why, SERIES_WHY, "cannot read the folder \"%s\": %s", series->directory,
                 strerror(error));
        return -1;
    }
    series->number = read_number(series);
    if (segments.count > 0) {
        const struct segment *last = &segments.list[segments.count - 1];

        has_ended = end_renaming(series, last, path);
        if (last->number > series->number)
            series->number = last->number;
    }
    segments_free(&segments);
    return has_ended ? 1 : 0;
}

/* ---- Renaming ------------------------------------------------------------------------- */

/* Gives a file a second name, or where that cannot be, another one, unless something has it.
 * Returns 0, or an errno. */
static int name_too(const char *from, const char *to)
{
    struct stat there;

    if (link(from, to) == 0)
        return 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
        return errno;
#ifdef SYS_renameat2
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, NO_REPLACE) == 0)
        return 0;
    if (errno != ENOSYS && errno != EINVAL)
        return errno;
#endif
    /* As on FAT: the folder is ours alone, so that nobody takes it between these two. */
    if (lstat(to, &there) == 0)
        return EEXIST;
    return rename(from, to) == 0 ? 0 : errno;
}

/* Whether there is anything that belongs to a segment of that name. */
static bool is_taken(const struct series *series, const char *name)
{
    const char *const behind[] = {"", SERIES_PACKED, SERIES_MANIFEST};
    struct stat there;
    size_t i;

    for (i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        char *path = series_path(series, name, behind[i]);
        bool is_there = path == NULL || lstat(path, &there) == 0;

        free(path);
        if (is_there)
            return true;
    }
    return false;
}

static int name_segment(const struct series *series, uint64_t wall_ns, char name[NAME_MAX + 1])
{
    const time_t second = (time_t)(wall_ns / SECOND);
    char when[TIME_SIZE + 16];
    struct tm tm;
    int size;

    gmtime_r(&second, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    size = snprintf(name, NAME_MAX + 1, "%s-%s-%06" PRIu64 "%s", series->stem, when, series->number,
                    series->ending);
    return size + (int)sizeof SERIES_MANIFEST > NAME_MAX ? -1 : 0;
}

int series_finish(struct series *series, const char *path, uint64_t wall_ns,
                  char name[NAME_MAX + 1], char why[SERIES_WHY])
{
    int tries, error = EEXIST;

    for (tries = 0; tries < TRIES && error == EEXIST; tries++) {
        const uint64_t kept = read_number(series);
        char *to;

        series->number = (kept > series->number ? kept : series->number) + 1;
        if (write_number(series, why) != 0)
            return -1;
        to = name_segment(series, wall_ns, name) == 0 ? series_path(series, name, "") : NULL;
        error = to == NULL ? ENAMETOOLONG : is_taken(series, name) ? EEXIST : name_too(path, to);
        free(to);
    }
    if (error == 0)
        return 0;
    snprintf(why, SERIES_WHY, "cannot give it the name \"%s\": %s", name, strerror(error));
    return -1;
}
