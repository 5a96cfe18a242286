/* SPDX-License-Identifier: MIT
 *
 * A sink that writes a line of text a record to a file descriptor.
 *
 * It has lines formatted until there is enough, sends and counts them, says when trouble begins
 * and ends, and holds the rest of a line that went out in part.  A plugin adds what its lines look
 * like (struct text_sink_line) and where they go:
 *
 *     static const struct text_sink_line line = {.wants = ..., .bound = ..., .format = ...};
 *
 *     static uint32_t fill(void *plugin, struct line_buffer *buffer,
 *                          const struct muster_record *records, uint32_t count)
 *     {
 *         return text_sink_fill(&line, plugin, buffer, records, count);
 *     }
 *
 * So the loop over the records is compiled in the plugin, with its functions in it, and there is
 * one indirect call for each stretch of records.
 */
#ifndef PLUGINS_COMMON_TEXT_SINK_H
#define PLUGINS_COMMON_TEXT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "line_buffer.h"

/* What a plugin's lines are.  `plugin` is text_sink.plugin. */
struct text_sink_line {
    /* Whether this record has a line. */
    bool (*wants)(const void *plugin, const struct muster_record *record);
    /* The most bytes of the line of this record, which is the next one that is formatted. */
    size_t (*bound)(void *plugin, const struct muster_record *record);
    /* Writes the line with its '\n' and returns its end. */
    char *(*format)(void *plugin, char *out, const struct muster_record *record);
};

struct text_sink {
    /* Set by the plugin. */
    const struct muster_host *host;
    struct muster_instance *instance;
    void *plugin;
    const struct text_sink_line *line;
    /* Calls text_sink_fill with that line. */
    uint32_t (*fill)(void *plugin, struct line_buffer *buffer, const struct muster_record *records,
                     uint32_t count);
    /* Takes back the last `size` bytes that were sent.  Returns 0, or -1 if that cannot be done.
     * NULL: it never can. */
    int (*take_back)(void *plugin, uint32_t size);
    int fd;
    const char *target; /* where that leads, for messages: a path in quotes */
    const char *unit;   /* what a line is called in messages: "row" */
    int64_t gone;       /* what write and flush return when nobody reads it any more: MUSTER_LOST if
                           it can be connected again, else MUSTER_FAILED */
    struct muster_cell *lines, *write_errors;
    struct muster_cell *bytes, *writes; /* NULL: not counted */
    struct line_buffer buffer;          /* never_block and a first reserve are the plugin's */
    /* The rest begins as 0. */
    uint64_t sent; /* bytes that are out and were not taken back */
    bool trouble;  /* lines cannot be written, and that has been said */
};

/* Puts lines behind what waits until that is enough, the records are at an end, or there is no
 * memory.  Returns how many records that took. */
__attribute__((always_inline)) static inline uint32_t
text_sink_fill(const struct text_sink_line *line, void *plugin, struct line_buffer *buffer,
               const struct muster_record *records, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count && buffer->size < LINE_BUFFER_ENOUGH; i++) {
        if (!line->wants(plugin, &records[i]))
            continue;
        if (line_buffer_reserve(buffer, line->bound(plugin, &records[i])) != 0)
            break;
        line_buffer_add(buffer, line->format(plugin, line_buffer_next(buffer), &records[i]));
    }
    return i;
}

/* The callbacks of a sink: see struct muster_sink.  Its `hold` must be 1: a line is out of the
 * plugin's hands when write returns, all but one that went out in part. */
int64_t text_sink_write(struct text_sink *sink, const struct muster_record *records,
                        uint32_t count);
int64_t text_sink_flush(struct text_sink *sink, const struct muster_call *call);

/* Sends the rest of a line, if one is held, so that the descriptor can be changed.  Returns 0, or
 * -1 if it is still held. */
int text_sink_finish_line(struct text_sink *sink);

/* The descriptor, which is the plugin's, is to be closed: forgets the rest of a line that is held,
 * and says so if it is the last one. */
void text_sink_disconnect(struct text_sink *sink, const struct muster_call *call);

/* Frees the memory. */
void text_sink_close(struct text_sink *sink);

#endif
