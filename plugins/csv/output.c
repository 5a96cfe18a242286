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
#include <unistd.h>

#include "../common/plugin_log.h"
#include "../common/plugin_metric.h"

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
    sink->lines = &output->out_rows;
    sink->bytes = &output->out_bytes;
}

/* ---- Write ---------------------------------------------------------------------------- */

/* Returns 0, or -1 if they may be lost. */
static int sync_rows(struct output *output)
{
    if (!output->file.sync || output->synced == output->sink.sent || !output->file.open.regular)
        return 0;
    if (fdatasync(output->file.open.fd) == 0) {
        output->synced = output->sink.sent;
        if (output->sync_trouble)
            LOG(output, MUSTER_LOG_INFO, "syncing %s works again", output->file.label);
        output->sync_trouble = false;
        return 0;
    }
    output->has_unsafe = true;
    muster_cell_add(output->sink.write_errors, 1);
    if (!output->sync_trouble)
        LOG(output, MUSTER_LOG_ERROR, "cannot sync %s: %s; rows of the last seconds may be lost",
            output->file.label, strerror(errno));
    output->sync_trouble = true;
    return -1;
}

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

/* Goes to where the rows belong now, if the file is not as it was left.  Returns 0, or what write
 * returns. */
static int follow(struct output *output, enum file_found found)
{
    if (output->sink.buffer.held > 0)
        return MUSTER_LOST; /* that row cannot be ended: it comes again, whole */
    sync_rows(output);
    if (file_renew(&output->file, found) != 0)
        return MUSTER_LOST;
    output->missing_ns = 0;
    output->sink.fd = output->file.open.fd;
    return 0;
}

int64_t output_write(struct output *output, const struct muster_record *records, uint32_t count,
                     const struct muster_call *call)
{
    enum file_found found = output->file.open.regular ? file_look(&output->file) : FILE_SAME;
    uint64_t sent = output->sink.sent;
    int64_t result;

    if (must_wait(output, found) && (call->flags & MUSTER_CALL_STOPPING) == 0)
        return MUSTER_AGAIN;
    if (found != FILE_SAME && follow(output, found) != 0)
        return MUSTER_LOST;
    result = text_sink_write(&output->sink, records, count);
    output->file.open.end += (off_t)(output->sink.sent - sent);
    return result;
}

/* What has been written since the last call is in a file. */
static void tell_sound(struct output *output)
{
    muster_cell_add(output->rows, output->out_rows.bits - output->sound_rows);
    muster_cell_add(output->bytes, output->out_bytes.bits - output->sound_bytes);
    output->sound_rows = output->out_rows.bits;
    output->sound_bytes = output->out_bytes.bits;
}

int64_t output_flush(struct output *output, const struct muster_call *call)
{
    uint64_t sent = output->sink.sent;
    int64_t result = text_sink_flush(&output->sink, call);

    output->file.open.end += (off_t)(output->sink.sent - sent);
    if (result < 0)
        return result;
    if (!file_has_rows(&output->file)) {
        LOG(output, MUSTER_LOG_WARNING,
            "%s was removed or emptied while rows were written; they are written again",
            output->file.label);
        return MUSTER_LOST;
    }
    tell_sound(output);
    if (result != 0 || (call->flags & MUSTER_CALL_DURABLE) == 0)
        return result;
    /* That failed now, or in a tick since the last flush: the rows are to be written again. */
    return sync_rows(output) == 0 && !output->has_unsafe ? 0 : MUSTER_LOST;
}

/* ---- Connect, rotate, tick ------------------------------------------------------------ */

int output_connect(struct output *output)
{
    int result = file_open(&output->file);

    output->has_unsafe = false; /* they are offered again */
    output->missing_ns = 0;
    output->sink.fd = output->file.open.fd;
    return result;
}

void output_disconnect(struct output *output, const struct muster_call *call)
{
    text_sink_disconnect(&output->sink, call);
    output->sound_rows = output->out_rows.bits; /* what is not told until now comes again */
    output->sound_bytes = output->out_bytes.bits;
    sync_rows(output);
    file_close(&output->file);
}

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
    return follow(output, file_look(&output->file));
}

void output_tick(struct output *output)
{
    enum file_found found;

    if (output->file.open.fd < 0)
        return;
    sync_rows(output);
    found = output->file.open.regular ? file_look(&output->file) : FILE_SAME;
    if (found != FILE_SAME && !must_wait(output, found))
        (void)follow(output, found); /* if that fails, the next row has it tried until it works */
}
