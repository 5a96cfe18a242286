/* SPDX-License-Identifier: MIT
 *
 * A capture file: pcap and pcapng, of any byte order.
 */
#ifndef COLLECTOR_REPLAY_CAPTURE_FILE_H
#define COLLECTOR_REPLAY_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "stream.h"

struct capture_file;

/* Opens a capture; "-" is standard input.  NULL: `why` says what is wrong, with the
 * file's name. */
struct capture_file *capture_file_open(const char *path, stream_idle *idle, void *context,
                                       char *why, size_t room);
void capture_file_close(struct capture_file *file);

/* As in messages. */
const char *capture_file_name(const struct capture_file *file);

enum packet_link capture_file_link(const struct capture_file *file);

/* Returns 1, 0 at the end, or -1 if the rest cannot be read: `why` says so. */
int capture_file_next(struct capture_file *file, struct capture_bytes *packet, char *why,
                      size_t room);

#endif
