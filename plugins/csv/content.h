/* SPDX-License-Identifier: MIT
 *
 * What is in the file that rows are appended to: its header, and a row that is torn.
 */
#ifndef PLUGINS_CSV_CONTENT_H
#define PLUGINS_CSV_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "file.h"

/* A copy of the bytes that is fit for a message, without quotes around it; to be freed; or NULL. */
char *content_shown(const char *bytes, size_t size);

/* Makes a regular file of that size ready for rows: with its header, without a torn row.  Returns
 * 0, or after a log line MUSTER_AGAIN or MUSTER_FAILED: see muster_sink.connect. */
int content_prepare(const struct file *file, int fd, off_t size);

/* Returns 0, or -1 after a log line. */
int content_write_header(const struct file *file, int fd, bool regular);

#endif
