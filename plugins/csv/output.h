/* SPDX-License-Identifier: MIT
 *
 * Rows on their way into the file: nothing counts as written that is in no file.
 */
#ifndef PLUGINS_CSV_OUTPUT_H
#define PLUGINS_CSV_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "../common/text_sink.h"
#include "file.h"

struct output {
    /* The owner's to set. */
    const struct muster_host *host;
    struct muster_instance *instance;
    struct file file;
    struct text_sink sink;
    /* The rest begins as 0. */
    struct muster_cell out_rows, out_bytes; /* what sink counts, of which... */
    uint64_t sound_rows, sound_bytes;       /* ...so many are told: they are in a file */
    struct muster_cell *rows, *bytes;
    uint64_t missing_ns; /* STEADY: since then the file is elsewhere; 0: it is not */
    uint64_t synced;     /* what sink.sent was at the last fdatasync */
    bool sync_trouble;   /* and that has been said */
    bool has_unsafe;     /* some that the host may still offer again are not on the disk, and never
                            will be: after a failure the kernel forgets them */
};

/* In open: declares its metrics. */
void output_declare(struct output *output);

/* The callbacks of the sink: see struct muster_sink. */
int output_connect(struct output *output);
int64_t output_write(struct output *output, const struct muster_record *records, uint32_t count,
                     const struct muster_call *call);
int64_t output_flush(struct output *output, const struct muster_call *call);
void output_disconnect(struct output *output, const struct muster_call *call);
int output_rotate(struct output *output);
void output_tick(struct output *output);

#endif
