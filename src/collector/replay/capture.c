/* SPDX-License-Identifier: MIT
 *
 * Which format the next bytes are of, and what is to be said of the file.  Each format has a
 * reader, which stops where another file begins.
 */
#include "capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap.h"
#include "pcapng.h"

enum { UNKNOWN_MOST = 8 };

struct capture {
    struct stream stream;
    bool is_pcapng; /* what is read now */
    struct pcap pcap;
    struct pcapng pcapng;
    bool has_known;                 /* a link type is known */
    uint32_t unknown[UNKNOWN_MOST]; /* the numbers of others */
    unsigned unknown_count;
    char *name;
};

/* ---- link types ----------------------------------------------------------------------- */

static bool is_new(const struct capture *capture, uint32_t type)
{
    unsigned i;

    for (i = 0; i < capture->unknown_count; i++)
        if (capture->unknown[i] == type)
            return false;
    return i < UNKNOWN_MOST;
}

/* Notes the link type of a file or an interface.  Returns whether there is a warning. */
static bool note_link(struct capture *capture, uint32_t type, char *why, size_t room)
{
    if (link_find(type) != LINK_UNKNOWN) {
        capture->has_known = true;
        return false;
    }
    if (!is_new(capture, type))
        return false;
    capture->unknown[capture->unknown_count++] = type;
    snprintf(why, room,
             "%s has packets whose link type is %s (%u), which count as not UDP; "
             "expected " LINK_EXPECTED,
             capture->name, link_name(type), type);
    return true;
}

/* Where no link type is known. */
static enum capture_result refuse(const struct capture *capture, uint32_t type, char *why,
                                  size_t room)
{
    snprintf(why, room, "cannot replay %s: its link type is %s (%u); expected " LINK_EXPECTED,
             capture->name, link_name(type), type);
    return CAPTURE_FAILED;
}

/* ---- open and close ------------------------------------------------------------------- */

/* Finds out what begins here.  Returns 0, or -1: the stream's `why` says what is wrong. */
static int begin(struct capture *capture)
{
    const uint8_t *bytes;
    ssize_t got = stream_look(&capture->stream, PCAP_MAGIC, &bytes);

    if (got < 0)
        return stream_fail(&capture->stream, "%s", strerror(errno));
    if (got >= PCAP_MAGIC && pcap_has_magic(bytes)) {
        capture->is_pcapng = false;
        return pcap_begin(&capture->pcap, &capture->stream);
    }
    if (got >= PCAPNG_MAGIC && pcapng_has_magic(bytes)) {
        capture->is_pcapng = true;
        return 0;
    }
    return stream_fail(&capture->stream, "%s",
                       got == 0 ? "it is empty"
                                : "unknown file format; expected pcap or pcapng, not compressed");
}

static char *name_of(const char *path)
{
    char *name = NULL;

    if (strcmp(path, "-") == 0)
        return strdup("standard input");
    return asprintf(&name, "\"%s\"", path) < 0 ? NULL : name;
}

struct capture *capture_open(const char *path, stream_idle *idle, void *context, char *why,
                             size_t room)
{
    struct capture *capture = calloc(1, sizeof *capture);

    if (capture == NULL) {
        snprintf(why, room, "out of memory");
        return NULL;
    }
    capture->stream.fd = -1;
    capture->name = name_of(path);
    if (capture->name == NULL) {
        snprintf(why, room, "out of memory");
        goto fail;
    }
    if (stream_open(&capture->stream, path, idle, context) < 0) {
        snprintf(why, room, "cannot open %s: %s", capture->name, strerror(errno));
        goto fail;
    }
    if (begin(capture) < 0) {
        snprintf(why, room, "cannot read %s as a capture: %s", capture->name, capture->stream.why);
        goto fail;
    }
    /* The interfaces of pcapng come later, and also between packets. */
    if (!capture->is_pcapng) {
        capture->has_known = capture->pcap.link != LINK_UNKNOWN;
        if (!capture->has_known) {
            refuse(capture, capture->pcap.link_type, why, room);
            goto fail;
        }
    }
    return capture;

fail:
    capture_close(capture);
    return NULL;
}

void capture_close(struct capture *capture)
{
    if (capture == NULL)
        return;
    pcapng_close(&capture->pcapng);
    stream_close(&capture->stream);
    free(capture->name);
    free(capture);
}

const char *capture_name(const struct capture *capture)
{
    return capture->name;
}

/* ---- packets -------------------------------------------------------------------------- */

static enum capture_result fail(const struct capture *capture, char *why, size_t room)
{
    snprintf(why, room, "cannot read all of %s: %s", capture->name, capture->stream.why);
    return CAPTURE_FAILED;
}

/* What a reader returned that is no packet.  CAPTURE_PACKET: ask it again. */
static enum capture_result other(struct capture *capture, enum capture_result result, char *why,
                                 size_t room)
{
    uint32_t type;

    switch (result) {
    case CAPTURE_END:
        if (capture->has_known || capture->unknown_count == 0)
            return CAPTURE_END;
        return refuse(capture, capture->unknown[0], why, room);
    case CAPTURE_OTHER:
        if (begin(capture) < 0)
            return fail(capture, why, room);
        if (capture->is_pcapng)
            return CAPTURE_PACKET;
        type = capture->pcap.link_type;
        break;
    case CAPTURE_INTERFACE:
        type = capture->pcapng.link_type;
        break;
    default:
        return fail(capture, why, room);
    }
    return note_link(capture, type, why, room) ? CAPTURE_WARNING : CAPTURE_PACKET;
}

enum capture_result capture_next(struct capture *capture, struct capture_bytes *packet, char *why,
                                 size_t room)
{
    enum capture_result result;

    do {
        result = capture->is_pcapng ? pcapng_next(&capture->pcapng, &capture->stream, packet)
                                    : pcap_next(&capture->pcap, &capture->stream, packet);
        if (result == CAPTURE_PACKET)
            return result;
        result = other(capture, result, why, room);
    } while (result == CAPTURE_PACKET);
    return result;
}
