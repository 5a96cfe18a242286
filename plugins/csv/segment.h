/* SPDX-License-Identifier: MIT
 *
 * The segment at work: when it ends, and how.
 */
#ifndef PLUGINS_CSV_SEGMENT_H
#define PLUGINS_CSV_SEGMENT_H

#include "output.h"

/* After the file was opened: it may hold rows of before. */
void segment_opened(struct output *output);

/* How many of these records, from the first on, belong into the segment at work; 0: it is to be
 * ended first. */
uint32_t segment_room(struct output *output, const struct muster_record *records, uint32_t count);

/* Whether it is to be ended though no row comes. */
bool segment_is_over(const struct output *output);

bool segment_has_rows(const struct output *output);

/* Ends it, and begins the next.  If that does not work, rows go on into the same file until the
 * next tick.  Returns 0; or MUSTER_LOST if there is no next, and nothing is open. */
int segment_end(struct output *output);

/* Its rows could not be forced to the disk, for the reason that `error` is.  After that the kernel
 * forgets them, and says that all is well.  So it is ended as it is, and rows go on in a new file;
 * what is not told yet, is to come again. */
void segment_set_aside(struct output *output, int error);

/* Notes what was dropped in front of these records, which were written. */
void segment_note_holes(struct output *output, const struct muster_record *records, uint32_t count);

/* The rows with these holes are told, or come again. */
void segment_tell_holes(struct output *output, bool is_told);

/* Forces what was written to the disk.  Returns 0, or an errno. */
int segment_sync(struct output *output);

#endif
