/* SPDX-License-Identifier: MIT
 *
 * A sink that writes a line of text a record to a file descriptor.
 */
#include "text_sink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "plugin_log.h"

/* Says when trouble begins and when it is over, not each time. */
static void note_trouble(struct text_sink *sink, int error)
{
    if (error == EPIPE)
        return; /* said by whoever sees it first */
    if (error != 0 && !sink->trouble)
        plugin_log(sink->host, sink->instance, MUSTER_LOG_ERROR,
                   "cannot write to %s: %s; %ss wait in the queue", sink->target,
                   line_buffer_error(error), sink->unit);
    else if (error == 0 && sink->trouble)
        plugin_log(sink->host, sink->instance, MUSTER_LOG_INFO, "writing to %s works again",
                   sink->target);
    sink->trouble = error != 0;
}

/* Sends what waits.  Afterwards sent.whole is the lines that are out or held: the ones that the
 * host need not offer again. */
static struct line_buffer_sent send_lines(struct text_sink *sink, int timeout_ms)
{
    struct line_buffer_sent sent = line_buffer_send(&sink->buffer, sink->fd, timeout_ms);
    uint64_t out = sent.bytes;
    uint64_t lines = (uint64_t)sent.whole + sent.held_done;

    if (sent.torn > 0) {
        if (sink->take_back != NULL && sink->take_back(sink->plugin, sent.torn) == 0) {
            line_buffer_forget_held(&sink->buffer);
            out -= sent.torn;
        } else {
            sent.whole++;
        }
    }
    sink->sent += out;
    muster_cell_add(sink->lines, lines);
    if (sink->bytes != NULL)
        muster_cell_add(sink->bytes, out);
    if (sink->writes != NULL)
        muster_cell_add(sink->writes, sent.calls);
    if (sent.error != 0)
        muster_cell_add(sink->write_errors, 1);
    note_trouble(sink, sent.error);
    return sent;
}

/* How many records, from the first on, it takes to have `lines` lines. */
static uint32_t records_of_lines(const struct text_sink *sink, const struct muster_record *records,
                                 uint32_t lines)
{
    uint32_t i;

    for (i = 0; lines > 0; i++)
        if (sink->line->wants(sink->plugin, &records[i]))
            lines--;
    return i;
}

static int64_t say_gone(const struct text_sink *sink)
{
    plugin_log(sink->host, sink->instance, MUSTER_LOG_ERROR, "nobody reads %s any more%s",
               sink->target, sink->gone == MUSTER_FAILED ? "; this sink is finished" : "");
    return sink->gone;
}

int64_t text_sink_write(struct text_sink *sink, const struct muster_record *records, uint32_t count)
{
    uint32_t taken = 0;

    assert(count > 0);
    while (taken < count) {
        uint32_t filled = sink->fill(sink->plugin, &sink->buffer, records + taken, count - taken);
        struct line_buffer_sent sent;

        /* The rest of a long line may fill the buffer alone; then it goes first. */
        if (filled == 0 && sink->buffer.held == 0) {
            note_trouble(sink, ENOMEM);
            break;
        }
        if (sink->buffer.size == 0) {
            taken += filled;
            continue;
        }
        sent = send_lines(sink, LINE_BUFFER_TIMEOUT_MS);
        if (sent.error != 0)
            taken += records_of_lines(sink, records + taken, sent.whole);
        if (sent.error == EPIPE && taken == 0)
            return say_gone(sink);
        if (sent.error != 0)
            break;
        taken += filled;
    }
    return taken;
}

/* How long a flush may wait; a deadline of 0 is none. */
static int timeout_until(uint64_t deadline_ns, uint64_t now_ns)
{
    uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 : 0;

    if (deadline_ns == 0 || left_ms > LINE_BUFFER_TIMEOUT_MS)
        return LINE_BUFFER_TIMEOUT_MS;
    return (int)left_ms;
}

int64_t text_sink_flush(struct text_sink *sink, const struct muster_call *call)
{
    struct line_buffer_sent sent;
    uint64_t now_ns;

    if (sink->buffer.held == 0)
        return 0;
    now_ns = sink->host->now(sink->instance, MUSTER_CLOCK_STEADY);
    sent = send_lines(sink, timeout_until(call->deadline_ns, now_ns));
    if (sent.error == 0 || sink->buffer.abandoned)
        return 0;
    if (sent.error == EPIPE && sink->gone == MUSTER_LOST && !(call->flags & MUSTER_CALL_FINAL))
        return say_gone(sink);
    if (sent.error != EPIPE && !(call->flags & MUSTER_CALL_FINAL))
        return MUSTER_AGAIN;
    plugin_log(sink->host, sink->instance, MUSTER_LOG_ERROR, "the last %s of %s is cut short: %s",
               sink->unit, sink->target, strerror(sent.error));
    line_buffer_abandon_held(&sink->buffer);
    return 1;
}

int text_sink_finish_line(struct text_sink *sink)
{
    if (sink->buffer.held == 0)
        return 0;
    return send_lines(sink, LINE_BUFFER_TIMEOUT_MS).error == 0 ? 0 : -1;
}

void text_sink_disconnect(struct text_sink *sink, const struct muster_call *call)
{
    if (sink->buffer.held == 0)
        return;
    if (!sink->buffer.abandoned && (call->flags & MUSTER_CALL_STOPPING))
        plugin_log(sink->host, sink->instance, MUSTER_LOG_ERROR, "the last %s of %s is cut short",
                   sink->unit, sink->target);
    line_buffer_forget_held(&sink->buffer);
}

void text_sink_close(struct text_sink *sink)
{
    line_buffer_free(&sink->buffer);
}
