/* SPDX-License-Identifier: MIT
 *
 * A capture file, read with libpcap: pcap and pcapng, of any byte order.
 */
#ifndef COLLECTOR_CAPTURE_FILE_H
#define COLLECTOR_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

struct capture_file;

/* Called again and again while the next byte is awaited, as from a pipe.  Returns
 * whether to give up and take that for the end. */
typedef bool capture_idle(void *context);

/* Opens a capture; "-" is standard input.  NULL: `why` says what is wrong, with the
 * file's name. */
struct capture_file *capture_file_open(const char *path, capture_idle *idle, void *context,
                                       char *why, size_t room);
void capture_file_close(struct capture_file *file);

/* As in messages. */
const char *capture_file_name(const struct capture_file *file);

enum capture_link capture_file_link(const struct capture_file *file);

/* A packet as it was captured, readable until the next call. */
struct capture_bytes {
    const uint8_t *bytes;
    size_t captured, on_wire;
    uint64_t arrival_ns; /* ns since the Unix epoch */
};

/* Returns 1, 0 at the end, or -1 if the rest cannot be read: `why` says so. */
int capture_file_next(struct capture_file *file, struct capture_bytes *packet, char *why,
                      size_t room);

#endif
