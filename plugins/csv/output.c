/* SPDX-License-Identifier: MIT
 *
 * Rows on their way into the file: nothing counts as written that is in no file.
 *
 * Others may do with the file what they like: move it away, remove it, put another one in its
 * place, or empty it.  Before rows are written it is looked where they belong, and afterwards
 * whether they are in a file that has a name; those that are not are offered again.
 */
#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/plugin_log.h"
#include "../common/plugin_metric.h"
#include "segment.h"

/* How long a file that was moved away may be missing until it is made again: logrotate makes one
 * itself, and would stumble over ours. */
#define PATIENCE_NS UINT64_C(200000000)

#define LOG(output, level, ...) plugin_log((output)->host, (output)->instance, level, __VA_ARGS__)

static struct muster_cell *counter(const struct output *output, const char *name, const char *unit,
                                   const char *help)
{
    return plugin_metric(output->host, output->instance, name, MUSTER_METRIC_COUNTER, unit, help);
}

void output_declare(struct output *output)
{
    struct text_sink *sink = &output->sink;

    output->rows = counter(output, "rows", "records", "Rows that are in the file");
    output->bytes = counter(output, "bytes", "bytes", "Bytes of rows, header not included");
    sink->writes = counter(output, "writes", "calls", "Calls of write(2) for rows");
    sink->write_errors =
        counter(output, "write_errors", "calls", "Calls of write(2) or fdatasync(2) that failed");
    output->durable_rows =
        counter(output, "durable_rows", "records", "Rows that were forced to the disk");
    output->durable_bytes =
        counter(output, "durable_bytes", "bytes", "Bytes of rows that were forced to the disk");
    output->segments =
        counter(output, "segments", "files", "Segments that were finished, with a manifest");
    output->segments_removed =
        counter(output, "segments_removed", "files", "Segments that were removed as too many");
    output->segments_waiting =
        plugin_metric(output->host, output->instance, "segments_waiting", MUSTER_METRIC_GAUGE,
                      "files", "Segments that have ended and are not finished");
    sink->lines = &output->out_rows;
    sink->bytes = &output->out_bytes;
}

/* ---- Write ---------------------------------------------------------------------------- */

/* Whoever has moved the file away is given the time to make a new one. */
static bool must_wait(struct output *output, enum file_found found)
{
    uint64_t now;

    if (found != FILE_MOVED) {
        output->missing_ns = 0;
        return false;
    }
    now = output->host->now(output->instance, MUSTER_CLOCK_STEADY);
    if (output->missing_ns == 0)
        output->missing_ns = now;
    return now - output->missing_ns < PATIENCE_NS;
}

/* What was forced to the disk is told; or it may never get there. */
static void tell_durable(struct output *output, bool is_durable)
{
    if (output->sync != SYNC_NONE && is_durable) {
        muster_cell_add(output->durable_rows, output->unsynced.rows);
        muster_cell_add(output->durable_bytes, output->unsynced.bytes);
    }
    output->unsynced = (struct extent){0};
}

/* What the thread has done. */
static void tell_segments(struct output *output)
{
    muster_cell_set(output->segments, atomic_load(&output->tend.finished));
    muster_cell_set(output->segments_removed, atomic_load(&output->tend.removed));
    muster_cell_set(output->segments_waiting, atomic_load(&output->tend.waiting));
}

/* The file that is open is left for good.  What it holds is told, and may not reach the disk. */
static void sync_at_last(struct output *output)
{
    int error = segment_sync(output);

    if (error != 0)
        LOG(output, MUSTER_LOG_ERROR, "cannot sync %s: %s; rows since the last time may be lost",
            output->file.label, strerror(error));
    tell_durable(output, error == 0);
}

/* Goes to where the rows belong now, if the file is not as it was left.  Returns 0, or what write
 * returns. */
static int follow(struct output *output, enum file_found found)
{
    if (output->sink.buffer.held > 0)
        return MUSTER_LOST; /* that row cannot be ended: it comes again, whole */
    sync_at_last(output);
    if (file_renew(&output->file, found) != 0)
        return MUSTER_LOST;
    output->missing_ns = 0;
    output->sink.fd = output->file.open.fd;
    if (found != FILE_SAME)
        segment_opened(output);
    return 0;
}

/* Writes what belongs into the segment at work, or else into the next.  The rest is offered again
 * when what is written is told, so that it is not written twice whatever becomes of the file. */
static int64_t write_rows(struct output *output, const struct muster_record *records,
                          uint32_t count)
{
    const uint64_t sent = output->sink.sent;
    int64_t result;

    if (output->has_segments) {
        uint32_t room = segment_room(output, records, count);

        if (room == 0 && segment_end(output) != 0)
            return MUSTER_LOST;
        count = room > 0 ? room : segment_room(output, records, count);
    }
    result = text_sink_write(&output->sink, records, count);
    output->file.open.end += (off_t)(output->sink.sent - sent);
    if (output->has_segments && result > 0)
        segment_note_holes(output, records, (uint32_t)result);
    return result;
}

int64_t output_write(struct output *output, const struct muster_record *records, uint32_t count,
                     const struct muster_call *call)
{
    enum file_found found = output->file.open.regular ? file_look(&output->file) : FILE_SAME;

    if (output->file.open.fd < 0)
        return MUSTER_LOST; /* there was no going on, and that was said */
    if (must_wait(output, found) && (call->flags & MUSTER_CALL_STOPPING) == 0)
        return MUSTER_AGAIN;
    if (found != FILE_SAME && follow(output, found) != 0)
        return MUSTER_LOST;
    return write_rows(output, records, count);
}

/* What has been written since the last call is in a file. */
static void tell_sound(struct output *output)
{
    const struct extent now = {output->out_rows.bits, output->out_bytes.bits};

    muster_cell_add(output->rows, now.rows - output->sound.rows);
    muster_cell_add(output->bytes, now.bytes - output->sound.bytes);
    output->unsynced.rows += now.rows - output->sound.rows;
    output->unsynced.bytes += now.bytes - output->sound.bytes;
    output->sound = now;
    output->sound_end = output->file.open.end;
    if (output->has_segments)
        segment_tell_holes(output, true);
}

static bool must_sync(const struct output *output, const struct muster_call *call)
{
    return output->sync == SYNC_BATCH ||
           (output->sync == SYNC_INTERVAL && (call->flags & MUSTER_CALL_DURABLE) != 0);
}

int64_t output_flush(struct output *output, const struct muster_call *call)
{
    const bool is_forced = must_sync(output, call);
    const uint64_t sent = output->sink.sent;
    int64_t result = text_sink_flush(&output->sink, call);
    int error;

    output->file.open.end += (off_t)(output->sink.sent - sent);
    if (result < 0)
        return result;
    if (!file_has_rows(&output->file)) {
        LOG(output, MUSTER_LOG_WARNING,
            "%s was removed or emptied while rows were written; they are written again",
            output->file.label);
        return MUSTER_LOST;
    }
    error = is_forced ? segment_sync(output) : 0;
    if (error != 0)
        segment_set_aside(output, error);
    if (error != 0 || output->has_unsafe) /* or in a tick since the last flush: they come again */
        return MUSTER_LOST;
    tell_sound(output);
    if (is_forced)
        tell_durable(output, true);
    return result;
}

/* ---- Begin and end -------------------------------------------------------------------- */

int output_init(struct output *output, const char *path)
{
    output->file.sync = output->sync != SYNC_NONE;
    if (file_init(&output->file, path) != 0)
        return -1;
    if (series_init(&output->series, output->file.path) == 0)
        return 0;
    LOG(output, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
    return -1;
}

void output_free(struct output *output)
{
    atomic_store(&output->tend.ends, true);
    tend_stop(&output->tend, 0);
    holes_free(&output->holes);
    holes_free(&output->new_holes);
    series_free(&output->series);
    file_free(&output->file);
}

/* Opens the file that is to be cut into segments; the path must lead to it without a link: the link
 * would get their names.  Returns 0 or what connect returns, after a log line. */
static int open_segment(struct output *output)
{
    const struct replace how = {.mode = output->file.mode};
    char why[SERIES_WHY], reason[DESTINATION_WHY];
    struct stat found;
    int result;

    if (lstat(output->file.path, &found) == 0 && !S_ISREG(found.st_mode)) {
        LOG(output, MUSTER_LOG_ERROR,
            "cannot cut %s into segments: it is no file of that name, but a link, a folder or a "
            "device; name the file itself in `path`",
            output->file.label);
        return MUSTER_FAILED;
    }
    (void)replace_check(output->file.path, &how, reason); /* removes what one who was killed left */
    result = file_open(&output->file);
    if (result != 0)
        return result;
    result = series_begin(&output->series, output->file.path, why);
    if (result > 0) { /* what is open is the last segment */
        file_close(&output->file);
        result = file_open(&output->file);
    } else if (result < 0) {
        LOG(output, MUSTER_LOG_ERROR, "cannot write %s: %s", output->file.label, why);
        result = MUSTER_AGAIN;
    }
    if (result == 0 && tend_start(&output->tend) != 0)
        result = MUSTER_AGAIN;
    if (result != 0)
        file_close(&output->file);
    return result;
}

int output_connect(struct output *output, const struct muster_call *call)
{
    int result;

    (void)call;
    if (!output->tend.is_running) { /* it may still work at what it got before */
        output->tend.host = output->host;
        output->tend.instance = output->instance;
        output->tend.series = &output->series;
    }
    result = output->has_segments ? open_segment(output) : file_open(&output->file);
    if (result != 0)
        return result == MUSTER_FAILED && output->file.was_open ? MUSTER_AGAIN : result;
    output->has_unsafe = false; /* they are offered again */
    output->is_blocked = false;
    output->missing_ns = 0;
    output->sink.fd = output->file.open.fd;
    segment_opened(output);
    return 0;
}

void output_disconnect(struct output *output, const struct muster_call *call)
{
    text_sink_disconnect(&output->sink, call);
    /* What is not told until now comes again. */
    output->sound = (struct extent){output->out_rows.bits, output->out_bytes.bits};
    segment_tell_holes(output, false);
    if (output->file.open.fd >= 0)
        sync_at_last(output);
    if (call->flags & MUSTER_CALL_STOPPING) { /* before the lock is let go: to whoever is next */
        tend_stop(&output->tend, call->deadline_ns);
        tell_segments(output);
    }
    file_close(&output->file);
    output->sink.fd = -1;
}

/* ---- Rotate and tick ------------------------------------------------------------------ */

int output_rotate(struct output *output)
{
    if (output->file.open.fd < 0)
        return 0; /* connect opens it */
    if (text_sink_finish_line(&output->sink) != 0) {
        LOG(output, MUSTER_LOG_ERROR,
            "cannot leave %s in the middle of a row; rotate again when "
            "writing works",
            output->file.label);
        return MUSTER_FAILED;
    }
    if (follow(output, file_look(&output->file)) != 0)
        return MUSTER_LOST;
    if (!output->has_segments || !segment_has_rows(output))
        return 0;
    if (segment_end(output) != 0)
        return MUSTER_LOST;
    return output->is_blocked ? MUSTER_FAILED : 0;
}

static void sync_now_and_then(struct output *output, uint64_t now_ns)
{
    int error;

    if (output->sync != SYNC_INTERVAL || now_ns < output->sync_ns)
        return;
    output->sync_ns = now_ns + output->sync_interval_ns;
    error = segment_sync(output);
    tell_durable(output, error == 0);
    if (error != 0)
        segment_set_aside(output, error);
}

uint64_t output_tick(struct output *output, uint64_t now_ns)
{
    enum file_found found;

    tell_segments(output);
    output->is_blocked = false;
    if (output->file.open.fd < 0)
        return 0;
    sync_now_and_then(output, now_ns);
    found = output->file.open.regular ? file_look(&output->file) : FILE_SAME;
    /* If these fail, the next row has it tried until it works. */
    if (found != FILE_SAME && !must_wait(output, found))
        (void)follow(output, found);
    else if (found == FILE_SAME && segment_is_over(output))
        (void)segment_end(output);
    return output->sync == SYNC_INTERVAL ? output->sync_ns : 0;
}
