/* SPDX-License-Identifier: MIT
 *
 * A record as a line for people to read.
 */
#include "line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/number.h"
#include "../common/text.h"

#define NS_PER_SECOND 1000000000u
#define REJECT_BYTES  16  /* of a rejected datagram that are shown */
#define WORDS_MAX     512 /* bytes: more than all of a line but its value and the device's name */

enum color { COLOR_BAD = 31, COLOR_GOOD = 32, COLOR_ODD = 33, COLOR_NEWS = 36 };

/* ---- Parts ---------------------------------------------------------------------------- */

static char *word(const struct line_style *style, char *out, enum color color, const char *text)
{
    if (!style->color)
        return text_copy(out, text);
    out = text_copy(out, "\033[");
    out = number_u32(out, (uint32_t)color);
    *out++ = 'm';
    out = text_copy(out, text);
    return text_copy(out, "\033[0m");
}

static char *time_of_day(struct line_style *style, char *out, const struct muster_record *record)
{
    uint64_t ns = record->arrival_ns;
    uint64_t second;

    if (ns == 0)
        ns = style->host->now(style->instance, MUSTER_CLOCK_WALL);
    second = ns / NS_PER_SECOND;
    if (!style->second_known || style->second != second) {
        time_t when = (time_t)second;
        struct tm local;

        if (localtime_r(&when, &local) == NULL ||
            strftime(style->clock, sizeof style->clock, "%H:%M:%S", &local) == 0)
            strcpy(style->clock, "--:--:--");
        style->second = second;
        style->second_known = true;
    }
    out = text_copy(out, style->clock);
    *out++ = '.';
    out = number_padded(out, (uint32_t)(ns % NS_PER_SECOND) / 1000000, 3);
    *out++ = ' ';
    return out;
}

static char *device(const struct line_style *style, char *out, const struct muster_record *record)
{
    out = number_u32(out, record->device_id);
    if (style->name == NULL)
        return out;
    out = text_copy(out, " (");
    out = text_escape(out, (const uint8_t *)style->name, strlen(style->name), TEXT_QUOTE_KEEP);
    *out++ = ')';
    return out;
}

static char *count_of(char *out, uint32_t n, const char *what)
{
    out = text_copy(out, " (");
    out = number_u32(out, n);
    *out++ = ' ';
    return text_copy(out, what);
}

/* "95 s", "2.5 s", or "0 s" if the times are not in order. */
static char *duration(char *out, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t tenths = to_ns > from_ns ? (to_ns - from_ns) / (NS_PER_SECOND / 10) : 0;

    out = number_u64(out, tenths / 10);
    if (tenths % 10 != 0) {
        *out++ = '.';
        *out++ = (char)('0' + tenths % 10);
    }
    return text_copy(out, " s");
}

static char *source(char *out, const struct muster_record *record)
{
    char text[INET6_ADDRSTRLEN] = "an unknown address";

    if (record->source_family == 4) {
        inet_ntop(AF_INET, record->source, text, sizeof text);
        out = text_copy(out, text);
    } else if (record->source_family == 6) {
        inet_ntop(AF_INET6, record->source, text, sizeof text);
        *out++ = '[';
        out = text_copy(out, text);
        *out++ = ']';
    } else {
        return text_copy(out, text);
    }
    *out++ = ':';
    return number_u32(out, record->source_port);
}

/* ---- Messages ------------------------------------------------------------------------- */

static char *value(char *out, const struct muster_record *record)
{
    const uint8_t *bytes = record->payload.bytes;
    size_t size = record->payload_size;

    if (record->value_type == MUSTER_VALUE_INT)
        return number_i64(out, record->value.integer);
    if (record->value_type == MUSTER_VALUE_REAL)
        return number_real(out, record->value.real);
    if (size > 0 && memchr(bytes, ' ', size) == NULL && memchr(bytes, '"', size) == NULL)
        return text_escape(out, bytes, size, TEXT_QUOTE_KEEP);
    /* So that a text of several words is not taken for what follows. */
    *out++ = '"';
    out = text_escape(out, bytes, size, TEXT_QUOTE_ESCAPE);
    *out++ = '"';
    return out;
}

static char *verdict(const struct line_style *style, char *out, const struct muster_record *record)
{
    switch (record->verdict) {
    case MUSTER_VERDICT_FIRST:
        return text_copy(out, " first");
    case MUSTER_VERDICT_GAP:
        *out++ = ' ';
        out = word(style, out, COLOR_BAD, "GAP");
        out = text_copy(out, " of ");
        out = number_u32(out, record->gap);
        return text_copy(out, " before it");
    case MUSTER_VERDICT_LATE:
        *out++ = ' ';
        return word(style, out, COLOR_ODD, "LATE");
    case MUSTER_VERDICT_DUPLICATE:
        *out++ = ' ';
        return word(style, out, COLOR_ODD, "DUPLICATE");
    case MUSTER_VERDICT_RESTART:
        *out++ = ' ';
        return word(style, out, COLOR_NEWS, "RESTART");
    case MUSTER_VERDICT_OUTLIER:
        *out++ = ' ';
        return word(style, out, COLOR_BAD, "OUTLIER");
    default:
        return out;
    }
}

static char *message(const struct line_style *style, char *out, const struct muster_record *record)
{
    switch (record->msg_type) {
    case MUSTER_MSG_HEARTBEAT:
        out = text_copy(out, "HEARTBEAT");
        break;
    case MUSTER_MSG_DATA:
        out = text_copy(out, "DATA");
        break;
    case MUSTER_MSG_INIT:
        out = text_copy(out, "INIT");
        break;
    default:
        out = text_copy(out, "TYPE ");
        out = number_u32(out, record->msg_type);
    }
    out = text_copy(out, " from ");
    out = device(style, out, record);
    if (record->numbered) {
        out = text_copy(out, " seq=");
        out = number_u32(out, record->seq_num);
    }
    if (record->value_type >= MUSTER_VALUE_TEXT && record->value_type <= MUSTER_VALUE_REAL) {
        out = text_copy(out, " value=");
        out = value(out, record);
    }
    return verdict(style, out, record);
}

/* ---- Rejects -------------------------------------------------------------------------- */

static char *reject(const struct line_style *style, char *out, const struct muster_record *record)
{
    static const char *const reasons[MUSTER_REJECT_REASONS] = {
        [MUSTER_REJECT_TOO_SHORT] = "too short",
        [MUSTER_REJECT_TOO_LONG] = "too long",
        [MUSTER_REJECT_UNKNOWN_TYPE] = "unknown type",
        [MUSTER_REJECT_BAD_PAYLOAD] = "bad payload"};
    uint32_t i;

    out = word(style, out, COLOR_BAD, "REJECTED");
    *out++ = ' ';
    if (record->reason < MUSTER_REJECT_REASONS) {
        out = text_copy(out, reasons[record->reason]);
    } else {
        out = text_copy(out, "reason ");
        out = number_u32(out, record->reason);
    }
    out = count_of(out, record->datagram_size, "bytes) from ");
    out = source(out, record);
    for (i = 0; i < record->payload_size && i < REJECT_BYTES; i++) {
        out = text_copy(out, i == 0 ? ": " : " ");
        out = text_hex(out, record->payload.bytes + i, 1);
    }
    return i < record->payload_size ? text_copy(out, " ...") : out;
}

/* ---- Events --------------------------------------------------------------------------- */

static char *cause(char *out, uint16_t causes)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {{MUSTER_CAUSE_NETWORK, "network"},
                 {MUSTER_CAUSE_KERNEL, "kernel"},
                 {MUSTER_CAUSE_COLLECTOR, "collector"},
                 {MUSTER_CAUSE_COLLECTOR_DOWN, "collector down"},
                 {MUSTER_CAUSE_RESTART, "restart"}};
    const char *between = ", cause ";
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((causes & names[i].bit) == 0)
            continue;
        out = text_copy(out, between);
        out = text_copy(out, names[i].name);
        between = " or ";
    }
    return out;
}

/* "GAP OPENED 101 seq 4-6 (3 missing": the caller closes the parenthesis. */
static char *range(const struct line_style *style, char *out, const struct muster_record *record,
                   enum color color, const char *title, const char *what)
{
    out = word(style, out, color, title);
    *out++ = ' ';
    out = device(style, out, record);
    out = text_copy(out, " seq ");
    out = number_u32(out, record->first);
    if (record->last != record->first) {
        *out++ = '-';
        out = number_u32(out, record->last);
    }
    return count_of(out, record->last - record->first + 1, what);
}

static char *about(const struct line_style *style, char *out, const struct muster_record *record,
                   enum color color, const char *title)
{
    out = word(style, out, color, title);
    *out++ = ' ';
    return device(style, out, record);
}

static char *event(const struct line_style *style, char *out, const struct muster_record *record)
{
    uint64_t now = record->arrival_ns;

    if (now == 0)
        now = style->host->now(style->instance, MUSTER_CLOCK_WALL);
    switch (record->event) {
    case MUSTER_EVENT_GAP_OPENED:
        out = range(style, out, record, COLOR_BAD, "GAP OPENED", "missing");
        return text_copy(out, ")");
    case MUSTER_EVENT_GAP_RECOVERED:
        out = range(style, out, record, COLOR_GOOD, "GAP RECOVERED", "recovered after ");
        out = duration(out, record->opened_ns, record->closed_ns);
        return text_copy(out, ")");
    case MUSTER_EVENT_GAP_LOST:
        out = range(style, out, record, COLOR_BAD, "GAP LOST", "lost");
        out = cause(out, record->cause);
        return text_copy(out, ")");
    case MUSTER_EVENT_RESTART:
        out = about(style, out, record, COLOR_NEWS, "RESTARTED");
        out = text_copy(out, " at seq ");
        return number_u32(out, record->first);
    case MUSTER_EVENT_OUTLIER:
        out = about(style, out, record, COLOR_BAD, "NOT BELIEVED");
        out = text_copy(out, " seq ");
        out = number_u32(out, record->first);
        if (record->last == record->first)
            return out;
        *out++ = '-';
        return number_u32(out, record->last);
    case MUSTER_EVENT_DEVICE_NEW:
        return about(style, out, record, COLOR_NEWS, "NEW DEVICE");
    case MUSTER_EVENT_DEVICE_LATE:
        out = about(style, out, record, COLOR_ODD, "OVERDUE");
        out = text_copy(out, ", last heard ");
        out = duration(out, record->opened_ns, now);
        return text_copy(out, " ago");
    case MUSTER_EVENT_DEVICE_SILENT:
        out = about(style, out, record, COLOR_BAD, "SILENT");
        out = text_copy(out, " for ");
        return duration(out, record->opened_ns, now);
    case MUSTER_EVENT_DEVICE_BACK:
        out = about(style, out, record, COLOR_GOOD, "BACK");
        out = text_copy(out, " after ");
        return duration(out, record->opened_ns, record->closed_ns);
    default:
        /* Somebody else's, with a text, or one of a later version. */
        out = text_copy(out, "EVENT ");
        out = number_u32(out, record->event);
        out = text_copy(out, " about ");
        out = device(style, out, record);
        if (record->payload_size == 0)
            return out;
        out = text_copy(out, ": ");
        return text_escape(out, record->payload.bytes, record->payload_size, TEXT_QUOTE_KEEP);
    }
}

/* ---- A line --------------------------------------------------------------------------- */

bool line_is_trouble(const struct muster_record *record)
{
    if (record->kind != MUSTER_KIND_MESSAGE)
        return true;
    switch (record->verdict) {
    case MUSTER_VERDICT_GAP:
    case MUSTER_VERDICT_LATE:
    case MUSTER_VERDICT_DUPLICATE:
    case MUSTER_VERDICT_RESTART:
    case MUSTER_VERDICT_OUTLIER:
        return true;
    default:
        return false;
    }
}

size_t line_bound(struct line_style *style, const struct muster_record *record)
{
    struct muster_device known = {.size = sizeof known};
    size_t bound = WORDS_MAX;

    style->name = NULL;
    if (record->kind != MUSTER_KIND_REJECT &&
        style->host->device(style->instance, record->device_id, &known))
        style->name = known.name;
    if (style->name != NULL)
        bound += TEXT_ESCAPE_MAX * strlen(style->name);
    if (record->kind != MUSTER_KIND_REJECT)
        bound += TEXT_ESCAPE_MAX * (size_t)record->payload_size;
    return bound;
}

char *line_format(struct line_style *style, char *out, const struct muster_record *record)
{
    if (style->time)
        out = time_of_day(style, out, record);
    if (record->kind == MUSTER_KIND_EVENT)
        out = event(style, out, record);
    else if (record->kind == MUSTER_KIND_REJECT)
        out = reject(style, out, record);
    else
        out = message(style, out, record);
    *out++ = '\n';
    return out;
}
