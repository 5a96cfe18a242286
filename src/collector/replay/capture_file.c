/* SPDX-License-Identifier: MIT
 *
 * Plain pcap is read in place (capture_pcap.c); what else there is, libpcap reads, from
 * the same stream.
 */
#include "capture_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "capture_pcap.h"
#include "base/clock.h"

enum { BUFFER = 1 << 18 };

struct capture_file {
    struct stream stream;
    struct capture_pcap plain;
    pcap_t *library; /* NULL: the file is plain */
    enum packet_link link;
    char *name;
};

/* For stdio.  As read(2). */
static ssize_t read_stream(void *cookie, char *out, size_t size)
{
    const uint8_t *bytes;
    ssize_t got = stream_look(cookie, 1, &bytes);

    if (got <= 0)
        return got;
    if ((size_t)got < size)
        size = (size_t)got;
    memcpy(out, bytes, size);
    stream_skip(cookie, size);
    return (ssize_t)size;
}

static bool find_link(int type, enum packet_link *link)
{
    static const struct {
        int type;
        enum packet_link link;
    } known[] = {
        {DLT_EN10MB, PACKET_ETHERNET}, {DLT_LINUX_SLL, PACKET_SLL}, {DLT_LINUX_SLL2, PACKET_SLL2},
        {DLT_RAW, PACKET_RAW},         {DLT_IPV4, PACKET_IPV4},     {DLT_IPV6, PACKET_IPV6},
        {DLT_NULL, PACKET_LOOPBACK},   {DLT_LOOP, PACKET_LOOPBACK},
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
static int open_library(struct capture_file *file, char *why, size_t room)
{
    const char *name;
    const cookie_io_functions_t functions = {.read = read_stream};
    char error[PCAP_ERRBUF_SIZE] = "";
    FILE *stream = fopencookie(&file->stream, "rb", functions);

    if (stream == NULL) {
        snprintf(why, room, "cannot open %s: %s", file->name, strerror(errno));
        return -1;
    }
    /* libpcap reads two or three times for a packet, in one thread: 30 ns less with these. */
    setvbuf(stream, NULL, _IOFBF, BUFFER);
    __fsetlocking(stream, FSETLOCKING_BYCALLER);
    file->library =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
    if (file->library == NULL) {
        fclose(stream);
        snprintf(why, room,
                 "cannot read %s as a capture: %s; expected pcap or pcapng, not compressed",
                 file->name, error);
        return -1;
    }
    if (!find_link(pcap_datalink(file->library), &file->link)) {
        name = pcap_datalink_val_to_name(pcap_datalink(file->library));
        snprintf(why, room,
                 "cannot replay %s: its link type is %s (%d); expected Ethernet, Linux cooked, "
                 "raw IP or loopback",
                 file->name, name != NULL ? name : "unknown", pcap_datalink(file->library));
        return -1;
    }
    return 0;
}

static bool has_bytes(struct capture_file *file, char *why, size_t room)
{
    const uint8_t *bytes;
    ssize_t got = stream_look(&file->stream, 1, &bytes);

    if (got < 0)
        snprintf(why, room, "cannot read %s: %s", file->name, strerror(errno));
    else if (got == 0)
        snprintf(why, room, "cannot read %s as a capture: it is empty", file->name);
    return got > 0;
}

static char *name_of(const char *path)
{
    char *name = NULL;

    if (strcmp(path, "-") == 0)
        return strdup("standard input");
    return asprintf(&name, "\"%s\"", path) < 0 ? NULL : name;
}

struct capture_file *capture_file_open(const char *path, stream_idle *idle, void *context,
                                       char *why, size_t room)
{
    struct capture_file *file = calloc(1, sizeof *file);

    if (file == NULL) {
        snprintf(why, room, "out of memory");
        return NULL;
    }
    file->stream.fd = -1;
    file->name = name_of(path);
    if (file->name == NULL) {
        snprintf(why, room, "out of memory");
        goto fail;
    }
    if (stream_open(&file->stream, path, idle, context) < 0) {
        snprintf(why, room, "cannot open %s: %s", file->name, strerror(errno));
        goto fail;
    }
    if (!has_bytes(file, why, room))
        goto fail;
    if (capture_pcap_begin(&file->plain, &file->stream))
        file->link = file->plain.link;
    else if (open_library(file, why, room) < 0)
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
    if (file->library != NULL)
        pcap_close(file->library); /* and what it reads the stream with */
    stream_close(&file->stream);
    free(file->name);
    free(file);
}

const char *capture_file_name(const struct capture_file *file)
{
    return file->name;
}

enum packet_link capture_file_link(const struct capture_file *file)
{
    return file->link;
}

/* ns since 1970, from a time stamp whose tv_usec is in ns, too.  A file may claim any.
 * The seconds of an old pcap file are 32 bits without a sign, which libpcap takes for
 * some with one. */
static uint64_t read_time(const struct timeval *stamp)
{
    const int64_t last = INT64_MAX / (int64_t)CLOCK_SECOND - 1;
    int64_t seconds = stamp->tv_sec < 0 ? (uint32_t)stamp->tv_sec : stamp->tv_sec;

    return capture_time((uint64_t)(seconds < last ? seconds : last), (uint64_t)stamp->tv_usec);
}

static int next_of_library(struct capture_file *file, struct capture_bytes *packet, char *why,
                           size_t room)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;

    switch (pcap_next_ex(file->library, &header, &bytes)) {
    case 1:
        packet->bytes = bytes;
        packet->captured = header->caplen;
        packet->on_wire = header->len;
        packet->arrival_ns = read_time(&header->ts);
        return 1;
    case PCAP_ERROR_BREAK:
        return 0;
    default:
        snprintf(why, room, "%s", pcap_geterr(file->library));
        return -1;
    }
}

int capture_file_next(struct capture_file *file, struct capture_bytes *packet, char *why,
                      size_t room)
{
    char error[PCAP_ERRBUF_SIZE];
    int got = file->library == NULL
                  ? capture_pcap_next(&file->plain, &file->stream, packet, error, sizeof error)
                  : next_of_library(file, packet, error, sizeof error);

    if (got < 0)
        snprintf(why, room, "cannot read all of %s: %s", file->name, error);
    return got;
}
