/* SPDX-License-Identifier: MIT
 *
 * libpcap reads from a stream of ours, so that waiting for a pipe can be given up:
 * signals are blocked in this process and would not interrupt read(2).
 */
#include "capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { LOOK_MS = 50, BUFFER = 1 << 18 };

struct capture_file {
    int fd;
    bool is_own; /* fd is ours to close */
    capture_idle *idle;
    void *context;
    pcap_t *pcap;
    enum capture_link link;
    char *name;
};

static ssize_t read_stream(void *cookie, char *out, size_t size)
{
    struct capture_file *file = cookie;
    struct pollfd fd = {.fd = file->fd, .events = POLLIN};
    ssize_t got;

    while (poll(&fd, 1, LOOK_MS) == 0)
        if (file->idle(file->context))
            return 0;
    do
        got = read(file->fd, out, size);
    while (got < 0 && errno == EINTR);
    return got;
}

static int close_stream(void *cookie)
{
    struct capture_file *file = cookie;

    if (file->is_own)
        close(file->fd);
    return 0;
}

static bool find_link(int type, enum capture_link *link)
{
    static const struct {
        int type;
        enum capture_link link;
    } known[] = {
        {DLT_EN10MB, CAPTURE_ETHERNET}, {DLT_LINUX_SLL, CAPTURE_SLL},
        {DLT_LINUX_SLL2, CAPTURE_SLL2}, {DLT_RAW, CAPTURE_RAW},
        {DLT_IPV4, CAPTURE_IPV4},       {DLT_IPV6, CAPTURE_IPV6},
        {DLT_NULL, CAPTURE_LOOPBACK},   {DLT_LOOP, CAPTURE_LOOPBACK},
    };
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].type == type) {
            *link = known[i].link;
            return true;
        }
    }
    return false;
}

/* Has libpcap read the file's header.  Returns 0, or -1. */
static int open_pcap(struct capture_file *file, char *why, size_t room)
{
    const cookie_io_functions_t functions = {.read = read_stream, .close = close_stream};
    char error[PCAP_ERRBUF_SIZE] = "";
    FILE *stream = fopencookie(file, "rb", functions);
    const char *name;

    if (stream == NULL) {
        close_stream(file);
        snprintf(why, room, "cannot open %s: %s", file->name, strerror(errno));
        return -1;
    }
    setvbuf(stream, NULL, _IOFBF, BUFFER); /* without it it would only be slower */
    __fsetlocking(stream, FSETLOCKING_BYCALLER); /* libpcap reads twice for a packet; one thread */
    file->pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
    if (file->pcap == NULL) {
        fclose(stream);
        snprintf(why, room, "cannot read %s as a capture: %s", file->name, error);
        return -1;
    }
    if (!find_link(pcap_datalink(file->pcap), &file->link)) {
        name = pcap_datalink_val_to_name(pcap_datalink(file->pcap));
        snprintf(why, room,
                 "cannot replay %s: its link type is %s (%d); expected Ethernet, Linux cooked, "
                 "raw IP or loopback", file->name, name != NULL ? name : "unknown",
                 pcap_datalink(file->pcap));
        return -1;
    }
    return 0;
}

static char *name_of(const char *path)
{
    char *name = NULL;

    if (strcmp(path, "-") == 0)
        return strdup("standard input");
    return asprintf(&name, "\"%s\"", path) < 0 ? NULL : name;
}

struct capture_file *capture_file_open(const char *path, capture_idle *idle, void *context,
                                       char *why, size_t room)
{
    struct capture_file *file = calloc(1, sizeof *file);
    bool is_input = strcmp(path, "-") == 0;

    if (file != NULL)
        file->name = name_of(path);
    if (file == NULL || file->name == NULL) {
        snprintf(why, room, "out of memory");
        goto fail;
    }
    file->idle = idle;
    file->context = context;
    file->is_own = !is_input;
    file->fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0) {
        snprintf(why, room, "cannot open %s: %s", file->name, strerror(errno));
        goto fail;
    }
    if (open_pcap(file, why, room) < 0)
        goto fail;
    return file;

fail:
    capture_file_close(file);
    return NULL;
}

void capture_file_close(struct capture_file *file)
{
    if (file == NULL)
        return;
    if (file->pcap != NULL)
        pcap_close(file->pcap); /* and the stream with it */
    free(file->name);
    free(file);
}

const char *capture_file_name(const struct capture_file *file)
{
    return file->name;
}

enum capture_link capture_file_link(const struct capture_file *file)
{
    return file->link;
}

/* ns since 1970, from a time stamp whose tv_usec is in ns, too.  A file may claim any.
 * The seconds of a pcap file are 32 bits without a sign, which libpcap takes for some
 * with one. */
static uint64_t read_time(const struct timeval *stamp)
{
    const int64_t last = INT64_MAX / (int64_t)CLOCK_SECOND - 1;
    int64_t seconds = stamp->tv_sec < 0 ? (uint32_t)stamp->tv_sec : stamp->tv_sec;

    if (seconds > last)
        seconds = last;
    return (uint64_t)seconds * CLOCK_SECOND + (uint64_t)stamp->tv_usec;
}

int capture_file_next(struct capture_file *file, struct capture_bytes *packet, char *why,
                      size_t room)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;

    switch (pcap_next_ex(file->pcap, &header, &bytes)) {
    case 1:
        packet->bytes = bytes;
        packet->captured = header->caplen;
        packet->on_wire = header->len;
        packet->arrival_ns = read_time(&header->ts);
        return 1;
    case PCAP_ERROR_BREAK:
        return 0;
    default:
        snprintf(why, room, "cannot read all of %s: %s", file->name, pcap_geterr(file->pcap));
        return -1;
    }
}
