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
#include "manifest.h"
#include "series.h"
#include "tend.h"

/* When rows are forced to the disk. */
enum sync_when { SYNC_NONE, SYNC_INTERVAL, SYNC_BATCH };

/* What is counted of rows. */
struct extent {
    uint64_t rows, bytes;
};

struct output {
    /* The owner's to set. */
    const struct muster_host *host;
    struct muster_instance *instance;
    struct file file;
    struct text_sink sink;
    enum sync_when sync;
    uint64_t sync_interval_ns;
    bool has_segments;        /* the file is cut into segments */
    uint64_t rotate_size;     /* a segment ends when it has so many bytes, */
    uint64_t rotate_every_ns; /* and at each multiple of this; 0: not for that */
    struct tend tend;         /* its keep and level */
    /* The rest begins as 0. */
    struct series series;
    struct muster_cell out_rows, out_bytes; /* what sink counts */
    struct extent sound;                    /* so much of it is told: it is in a file */
    struct extent unsynced;                 /* so much of what is told may not be on the disk */
    struct muster_cell *rows, *bytes, *durable_rows, *durable_bytes;
    struct muster_cell *segments, *segments_removed, *segments_waiting;
    uint64_t missing_ns;  /* STEADY: since then the file is elsewhere; 0: it is not */
    uint64_t synced;      /* what sink.sent was at the last fdatasync */
    uint64_t sync_ns;     /* MONOTONIC: when the next is due */
    bool sync_trouble;    /* it has failed, and that has been said */
    bool has_unsafe;      /* some that the host may still offer again are not on the disk, and never
                             will be: after a failure the kernel forgets them */
    off_t sound_end;      /* up to here the file holds what is told, */
    off_t durable_end;    /* and up to here it is on the disk */
    uint64_t boundary_ns; /* WALL: the segment at work ends then; 0: with its first row that is
                             found */
    bool is_blocked;      /* a segment could not be ended, until the next tick */
    bool block_trouble;   /* and that has been said */
    bool knows_holes;     /* of the segment at work, */
    struct holes holes;   /* which are these, */
    struct holes new_holes; /* and those of rows that are not told yet */
};

/* In open: takes the path.  Returns 0, or -1 after a log line; output_free in any case. */
int output_init(struct output *output, const char *path);
void output_free(struct output *output);

/* In open: declares its metrics. */
void output_declare(struct output *output);

/* The callbacks of the sink: see struct muster_sink. */
int output_connect(struct output *output, const struct muster_call *call);
int64_t output_write(struct output *output, const struct muster_record *records, uint32_t count,
                     const struct muster_call *call);
int64_t output_flush(struct output *output, const struct muster_call *call);
void output_disconnect(struct output *output, const struct muster_call *call);
int output_rotate(struct output *output);
uint64_t output_tick(struct output *output, uint64_t now_ns);

#endif
