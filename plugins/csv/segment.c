/* SPDX-License-Identifier: MIT
 *
 * The segment at work: when it ends, and how.
 */
#include "segment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/plugin_log.h"

#define SECOND UINT64_C(1000000000)
#define GRACE  SECOND /* rows of a segment may still be on their way when its time is over */

#define LOG(output, level, ...) plugin_log((output)->host, (output)->instance, level, __VA_ARGS__)

/* ---- When ----------------------------------------------------------------------------- */

static uint64_t next_boundary(const struct output *output, uint64_t wall_ns)
{
    return (wall_ns / output->rotate_every_ns + 1) * output->rotate_every_ns;
}

bool segment_has_rows(const struct output *output)
{
    return output->file.open.fd >= 0 && output->file.open.regular &&
           output->file.open.end > (off_t)output->file.header_size;
}

void segment_opened(struct output *output)
{
    const bool has_rows = segment_has_rows(output);
    struct stat found;

    output->durable_end = output->sound_end = output->file.open.end;
    output->boundary_ns = 0;
    if (!has_rows)
        output->knows_holes = true;
    else if (output->rotate_every_ns > 0 && fstat(output->file.open.fd, &found) == 0)
        output->boundary_ns = next_boundary(output, (uint64_t)found.st_mtime * SECOND);
}

/* Whether that row is of another time than the segment.  A clock that was set back far is one, too;
 * what comes a little late is not. */
static bool is_beyond(const struct output *output, uint64_t arrival_ns)
{
    return arrival_ns >= output->boundary_ns ||
           arrival_ns + 2 * output->rotate_every_ns < output->boundary_ns;
}

static bool is_full(const struct output *output)
{
    return output->rotate_size > 0 && (uint64_t)output->file.open.end >= output->rotate_size;
}

uint32_t segment_room(struct output *output, const struct muster_record *records, uint32_t count)
{
    const bool has_rows = segment_has_rows(output);
    uint32_t i;

    if (output->is_blocked)
        return count;
    if (has_rows && is_full(output))
        return 0;
    if (output->rotate_every_ns == 0)
        return count;
    for (i = 0; i < count; i++) {
        if (!is_beyond(output, records[i].arrival_ns))
            continue;
        if (i > 0 || (has_rows && output->boundary_ns != 0))
            return i;
        output->boundary_ns = next_boundary(output, records[i].arrival_ns);
    }
    return count;
}

bool segment_is_over(const struct output *output)
{
    if (!segment_has_rows(output))
        return false;
    return is_full(output) ||
           (output->rotate_every_ns > 0 && output->boundary_ns > 0 &&
            output->host->now(output->instance, MUSTER_CLOCK_WALL) >= output->boundary_ns + GRACE);
}

/* ---- Holes ---------------------------------------------------------------------------- */

void segment_note_holes(struct output *output, const struct muster_record *records, uint32_t count)
{
    const struct muster_host *host = output->host;
    uint32_t i;

    for (i = 0; i < count; i++) {
        struct muster_device device = {.size = sizeof device};
        struct hole hole = {.arrival_ns = records[i].arrival_ns,
                            .count = host->dropped_before(output->instance, &records[i])};

        if (hole.count == 0)
            continue;
        host->device(output->instance, records[i].device, &device);
        snprintf(hole.device, sizeof hole.device, "%s", device.key);
        holes_add(&output->new_holes, &hole);
    }
}

void segment_tell_holes(struct output *output, bool is_told)
{
    struct holes *holes = &output->new_holes;
    size_t i;

    for (i = 0; is_told && i < holes->count; i++)
        holes_add(&output->holes, &holes->list[i]);
    holes->count = 0;
    holes->records = holes->more = 0;
}

/* ---- How ------------------------------------------------------------------------------ */

int segment_sync(struct output *output)
{
    if (output->sync == SYNC_NONE || output->synced == output->sink.sent ||
        !output->file.open.regular)
        return 0;
    if (fdatasync(output->file.open.fd) != 0) {
        muster_cell_add(output->sink.write_errors, 1);
        return errno;
    }
    output->synced = output->sink.sent;
    output->durable_end = output->file.open.end;
    if (output->sync_trouble)
        LOG(output, MUSTER_LOG_INFO, "syncing %s works again", output->file.label);
    output->sync_trouble = false;
    return 0;
}

/* The segment has its name, and no other: somebody has to look after it. */
static void hand_over(struct output *output, const char *name, uint64_t wall_ns,
                      uint64_t unsure_bytes)
{
    struct finish_job *job = output->has_segments ? calloc(1, sizeof *job) : NULL;

    if (job == NULL)
        return; /* the next run finds it */
    snprintf(job->name, sizeof job->name, "%s", name);
    job->number = output->series.number;
    job->second = (int64_t)(wall_ns / SECOND);
    job->holes = output->holes;
    job->knows_holes = output->knows_holes;
    job->unsure_bytes = unsure_bytes;
    memset(&output->holes, 0, sizeof output->holes);
    tend_add(&output->tend, job);
}

/* Says once why it does not end. */
static void say_blocked(struct output *output, const char *why)
{
    if (!output->block_trouble)
        LOG(output, MUSTER_LOG_ERROR, "cannot end the segment %s: %s", output->file.label, why);
    output->block_trouble = true;
}

/* Gives the file the name of a segment.  Returns 0, or -1 after a log line. */
static int name_file(struct output *output, uint64_t wall_ns, char name[NAME_MAX + 1])
{
    char why[SERIES_WHY];

    if ((!output->has_segments && series_begin(&output->series, output->file.path, why) != 0) ||
        series_finish(&output->series, output->file.path, wall_ns, name, why) != 0) {
        say_blocked(output, why);
        return -1;
    }
    output->block_trouble = false;
    LOG(output, MUSTER_LOG_INFO, "segment \"%s\", %lld bytes", name,
        (long long)output->file.open.end);
    return 0;
}

/* The next one has not taken the path: takes it from the segment, or rows would go on in there.
 * Returns whether the path leads elsewhere now. */
static bool leave_path(struct output *output)
{
    char why[SERIES_WHY];
    bool has_left;

    (void)series_begin(&output->series, output->file.path, why);
    has_left = file_look(&output->file) != FILE_SAME;
    file_close(&output->file);
    return has_left;
}

/* Makes the next file, ends the one that is open, and goes on in the next.  Returns 0; -1 if
 * nothing has come of it; or MUSTER_LOST if there is no next, and nothing is open. */
static int go_on(struct output *output, uint64_t unsure_bytes)
{
    const uint64_t now = output->host->now(output->instance, MUSTER_CLOCK_WALL);
    char name[NAME_MAX + 1], why[DESTINATION_WHY];
    struct file_next next;
    bool has_ended;
    int result, error;

    if (file_next_begin(&output->file, &next, why) != 0) {
        say_blocked(output, why);
        return -1;
    }
    if (name_file(output, now, name) != 0) {
        file_next_discard(&next);
        return -1;
    }
    result = file_next_take(&output->file, &next);
    has_ended = result == 0 || leave_path(output);
    if (has_ended)
        hand_over(output, name, now, unsure_bytes);
    holes_free(&output->holes);
    output->knows_holes = has_ended;
    error = series_sync(&output->series);
    if (error != 0)
        LOG(output, MUSTER_LOG_WARNING, "cannot sync the folder \"%s\": %s",
            output->series.directory, strerror(error));
    if (result == 0)
        segment_opened(output);
    output->sink.fd = output->file.open.fd;
    return result == 0 ? 0 : MUSTER_LOST;
}

int segment_end(struct output *output)
{
    int error, result;

    output->is_blocked = true;
    if (text_sink_finish_line(&output->sink) != 0)
        return 0;
    error = segment_sync(output);
    if (error != 0) {
        segment_set_aside(output, error);
        return output->file.open.fd >= 0 ? 0 : MUSTER_LOST;
    }
    result = go_on(output, 0);
    output->is_blocked = result == -1;
    return result == MUSTER_LOST ? MUSTER_LOST : 0;
}

/* Rows that are not told yet come again: takes them out, if that can be done. */
static void take_out_untold(struct output *output)
{
    if (output->out_rows.bits == output->sound.rows && output->sink.buffer.held == 0)
        return;
    output->has_unsafe = true;
    if (ftruncate(output->file.open.fd, output->sound_end) == 0)
        output->file.open.end = output->sound_end;
    else
        LOG(output, MUSTER_LOG_WARNING,
            "cannot take rows back from %s: %s; some may be there twice", output->file.label,
            strerror(errno));
}

void segment_set_aside(struct output *output, int error)
{
    off_t unsure;

    take_out_untold(output);
    unsure = output->file.open.end > output->durable_end
                 ? output->file.open.end - output->durable_end
                 : 0;
    if (!output->sync_trouble)
        LOG(output, MUSTER_LOG_ERROR,
            "cannot sync %s: %s; its last %lld bytes may not be on the disk, and rows go on in a "
            "new file",
            output->file.label, strerror(error), (long long)unsure);
    output->sync_trouble = true;
    output->unsynced = (struct extent){0};
    output->synced = output->sink.sent;
    if (segment_has_rows(output) && file_look(&output->file) == FILE_SAME &&
        go_on(output, (uint64_t)unsure) != -1)
        return;
    /* Not without another descriptor, at least. */
    file_close(&output->file);
    if (file_open(&output->file) == 0)
        segment_opened(output);
    output->sink.fd = output->file.open.fd;
}
