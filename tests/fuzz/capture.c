/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the readers of whole capture files, pcap and pcapng, and the parser of packets behind
 * them.
 */
#include "fuzz.h"

#include <string.h>

#include "collector/replay/capture.h"
#include "collector/replay/packet.h"
#include "file.h"

const char *const fuzz_corpus = "capture";

enum { LEAST = 12, WARNINGS_MOST = 8 };

static volatile unsigned sink; /* so that nothing is left out */

static bool never(void *context)
{
    (void)context;
    return false;
}

static void check_text(const char *text)
{
    size_t i, length = strnlen(text, 1024);

    fuzz_check(length > 0 && length < 1024, "it says why");
    for (i = 0; i < length; i++)
        fuzz_check((unsigned char)text[i] >= ' ', "in one line, without control characters");
}

/* A sanitizer sees whether all of it is there. */
static unsigned sum(const uint8_t *bytes, size_t size)
{
    unsigned n = 0;

    while (size-- > 0)
        n = n * 31 + *bytes++;
    return n;
}

static void check_packet(const struct capture_bytes *bytes, size_t size)
{
    struct packet packet;

    fuzz_check(bytes->captured <= size, "a packet is a part of the file");
    fuzz_check(bytes->link < LINK_TYPES, "its link type is one");
    fuzz_check(bytes->arrival_ns <= INT64_MAX, "its time is one of the clock's");
    sink = sum(bytes->bytes, bytes->captured);
    packet_parse(bytes->link, bytes->bytes, bytes->captured, bytes->on_wire, &packet);
    if (packet.outcome == PACKET_DATAGRAM)
        sink = sum(packet.payload, packet.size);
}

static void check_capture(struct capture *capture, size_t size)
{
    struct capture_bytes bytes;
    enum capture_result result;
    size_t packets = 0, warnings = 0;
    char why[1024];

    for (;;) {
        memset(why, 0, sizeof why);
        result = capture_next(capture, &bytes, why, sizeof why);
        if (result == CAPTURE_END)
            return;
        if (result != CAPTURE_PACKET)
            check_text(why);
        if (result == CAPTURE_FAILED)
            return;
        if (result == CAPTURE_PACKET) {
            check_packet(&bytes, size);
            packets++;
        } else {
            fuzz_check(result == CAPTURE_WARNING, "it is a packet or a warning");
            warnings++;
        }
        fuzz_check(packets <= size / LEAST, "each packet has bytes of its own");
        fuzz_check(warnings <= WARNINGS_MOST, "the warnings have an end");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[1024] = "";
    struct fuzz_file file;
    struct capture *capture;

    fuzz_file_open(&file, data, size);
    capture = capture_open(file.path, never, NULL, why, sizeof why);
    if (capture != NULL)
        check_capture(capture, size);
    else
        check_text(why);
    capture_close(capture);
    fuzz_file_close(&file);
    return 0;
}
