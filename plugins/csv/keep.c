/* SPDX-License-Identifier: MIT
 *
 * How long finished segments stay: what is too much goes, the oldest first.
 */
#include "keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static uint64_t free_bytes(const struct series *series)
{
    struct statvfs found;

    return statvfs(series->directory, &found) == 0
               ? (uint64_t)found.f_bavail * (uint64_t)found.f_frsize
               : UINT64_MAX;
}

/* Returns 0, or an errno; what is not there is gone. */
static int remove_file(const struct series *series, const char *name, const char *behind)
{
    char *path = series_path(series, name, behind);
    int error = path == NULL ? ENOMEM : unlink(path) == 0 || errno == ENOENT ? 0 : errno;

    free(path);
    return error;
}

/* The manifest last: a segment without one would be finished again. */
static int remove_segment(const struct series *series, const struct segment *segment)
{
    int error = remove_file(series, segment->name, "");

    if (error == 0)
        error = remove_file(series, segment->name, SERIES_PACKED);
    return error != 0 ? error : remove_file(series, segment->name, SERIES_MANIFEST);
}

/* Why the oldest of so many segments, of so many bytes, has to go; or NULL. */
static const char *find_reason(const struct keep *keep, const struct series *series,
                               const struct segment *oldest, uint64_t files, uint64_t bytes,
                               uint64_t wall_ns)
{
    const int64_t age = (int64_t)(wall_ns / (uint64_t)SECOND) - oldest->second;

    if (keep->files > 0 && files > keep->files)
        return "there are more than keep_files";
    if (keep->bytes > 0 && bytes > keep->bytes)
        return "they are larger than keep_size";
    if (keep->age_ns > 0 && age > (int64_t)keep->age_ns / SECOND)
        return "it is older than keep_age";
    if (keep->free > 0 && free_bytes(series) < keep->free)
        return "less than keep_free is free";
    return NULL;
}

static bool is_finished(const struct segment *segment)
{
    return segment->has_manifest && (segment->is_plain || segment->is_packed);
}

/* Returns 0, or an errno. */
static int remove_oldest(const struct keep *keep, const struct series *series,
                         const struct segments *segments, uint64_t wall_ns, struct kept *kept)
{
    uint64_t files = 0, bytes = 0;
    size_t i;

    for (i = 0; i < segments->count; i++)
        if (is_finished(&segments->list[i])) {
            files++;
            bytes += segments->list[i].bytes;
        }
    for (i = 0; i < segments->count; i++) {
        const struct segment *segment = &segments->list[i];
        const char *because;
        int error;

        if (!is_finished(segment))
            continue;
        because = find_reason(keep, series, segment, files, bytes, wall_ns);
        if (because == NULL)
            break;
        error = remove_segment(series, segment);
        if (error != 0)
            return error;
        if (kept->removed++ == 0) {
            kept->because = because;
            memcpy(kept->first, segment->name, sizeof kept->first);
        }
        files--;
        bytes -= segment->bytes;
    }
    return 0;
}

int keep_apply(const struct keep *keep, const struct series *series, uint64_t wall_ns,
               struct kept *kept)
{
    struct segments segments;
    int error = series_list(series, &segments);
    size_t i;

    memset(kept, 0, sizeof *kept);
    if (error != 0)
        return error;
    for (i = 0; error == 0 && i < segments.count; i++)
        if (segments.list[i].has_manifest &&
            !is_finished(&segments.list[i])) /* that was in a hurry */
            error = remove_file(series, segments.list[i].name, SERIES_MANIFEST);
    if (error == 0)
        error = remove_oldest(keep, series, &segments, wall_ns, kept);
    segments_free(&segments);
    kept->is_short = keep->free > 0 && free_bytes(series) < keep->free;
    return error;
}
