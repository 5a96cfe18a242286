/* SPDX-License-Identifier: MIT
 *
 * A record as a line for people to read.
 */
#include "line.h"

#include <string.h>

#include "../common/address.h"
#include "../common/fields.h"
#include "../common/number.h"
#include "../common/text.h"
#include "../common/words.h"
#include "value.h"

#define NS_PER_SECOND 1000000000u
#define REJECT_BYTES  16  /* of a rejected datagram that are shown */
#define FIXED_MAX     512 /* bytes: more than all of a line but its value and the device's name */

enum color { COLOR_NONE = 0, COLOR_BAD = 31, COLOR_GOOD = 32, COLOR_ODD = 33, COLOR_NEWS = 36 };

/* ---- Parts ---------------------------------------------------------------------------- */

static char *color_begin(const struct line_style *style, char *out, enum color color)
{
    if (!style->color)
        return out;
    out = text_copy(out, "\033[");
    out = number_u32(out, (uint32_t)color);
    *out++ = 'm';
    return out;
}

static char *color_end(const struct line_style *style, char *out)
{
    return style->color ? text_copy(out, "\033[0m") : out;
}

static char *title(const struct line_style *style, char *out, enum color color, const char *text)
{
    out = color_begin(style, out, color);
    out = text_copy(out, text);
    return color_end(style, out);
}

/* A word for people: "too short", "collector down". */
static char *spaced(char *out, const struct word *word)
{
    char *end = words_copy(out, word);

    for (; out < end; out++)
        if (*out == '_' || *out == '-')
            *out = ' ';
    return end;
}

/* A word that is of one part, as a title: "HEARTBEAT". */
static char *upper(char *out, const struct word *word)
{
    char *end = words_copy(out, word);

    for (; out < end; out++)
        *out = (char)(*out - 'a' + 'A');
    return end;
}

/* When it arrived, or for an event of a tick, now. */
static uint64_t moment(const struct line_style *style, const struct muster_record *record)
{
    if (record->arrival_ns != 0)
        return record->arrival_ns;
    return style->host->now(style->instance, MUSTER_CLOCK_WALL);
}

static char *device(const struct line_style *style, char *out, const struct muster_record *record)
{
    if ((record->marks & MUSTER_MARK_DEVICE) == 0)
        return text_copy(out, "no device");
    if (style->key != NULL)
        out = text_copy(out, style->key); /* its escapes are there already */
    else
        out = number_u64(out, record->device_id);
    if (style->name == NULL)
        return out;
    out = text_copy(out, " (");
    out = text_escape(out, (const uint8_t *)style->name, strlen(style->name), TEXT_QUOTE_KEEP);
    *out++ = ')';
    return out;
}

static char *count_of(char *out, uint64_t n, const char *what)
{
    out = text_copy(out, " (");
    out = number_u64(out, n);
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
    const struct muster_arrival *arrival = record->via.arrival;

    if (arrival == NULL || (arrival->family != 4 && arrival->family != 6))
        return text_copy(out, "an unknown address");
    if (arrival->family == 6)
        *out++ = '[';
    out = address_text(out, arrival->family, arrival->source);
    if (arrival->family == 6)
        *out++ = ']';
    *out++ = ':';
    return number_u32(out, arrival->source_port);
}

/* ---- Messages ------------------------------------------------------------------------- */

/* Of a verdict that says that something is not in order; else COLOR_NONE. */
static enum color verdict_color(uint8_t verdict)
{
    static const uint8_t colors[] = {
        [MUSTER_VERDICT_GAP] = COLOR_BAD,       [MUSTER_VERDICT_LATE] = COLOR_ODD,
        [MUSTER_VERDICT_DUPLICATE] = COLOR_ODD, [MUSTER_VERDICT_RESTART] = COLOR_NEWS,
        [MUSTER_VERDICT_OUTLIER] = COLOR_BAD,
    };

    return verdict < sizeof colors ? colors[verdict] : COLOR_NONE;
}

static char *verdict(const struct line_style *style, char *out, const struct muster_record *record)
{
    const struct word *word = words_verdict(record->verdict);
    enum color color = verdict_color(record->verdict);

    if (record->verdict == MUSTER_VERDICT_FIRST) {
        *out++ = ' ';
        return words_copy(out, word);
    }
    if (color == COLOR_NONE)
        return out;
    *out++ = ' ';
    out = color_begin(style, out, color);
    out = upper(out, word);
    out = color_end(style, out);
    if (record->verdict != MUSTER_VERDICT_GAP || record->message.gap == 0)
        return out; /* further readings of one number have none of their own */
    out = text_copy(out, (record->marks & MUSTER_MARK_AT_LEAST) != 0 ? " of at least " : " of ");
    out = number_u64(out, record->message.gap);
    return text_copy(out, " before it");
}

static char *message(const struct line_style *style, char *out, const struct muster_record *record)
{
    const struct word *type = words_msg_type(record->msg_type);

    if (type != NULL) {
        out = upper(out, type);
    } else {
        out = text_copy(out, "TYPE ");
        out = number_u32(out, record->msg_type);
    }
    out = text_copy(out, " from ");
    out = device(style, out, record);
    if (style->entry != NULL) {
        out = text_copy(out, " [");
        out = text_copy(out, style->entry);
        *out++ = ']';
    }
    if (record->seq_bits > 0) {
        out = text_copy(out, " seq=");
        out = number_u64(out, record->seq);
    }
    out = record->format != 0 ? value_named(out, &style->values) : value_own(out, record);
    return verdict(style, out, record);
}

/* ---- Rejects -------------------------------------------------------------------------- */

static uint32_t size_of_datagram(const struct muster_record *record)
{
    return record->via.arrival != NULL ? record->via.arrival->datagram_size : record->payload_size;
}

static char *reject(const struct line_style *style, char *out, const struct muster_record *record)
{
    const struct word *reason = words_reject(record->reject.reason);
    uint32_t i;

    out = title(style, out, COLOR_BAD, "REJECTED");
    *out++ = ' ';
    if (reason != NULL) {
        out = spaced(out, reason);
    } else if (style->own != NULL) {
        out = text_copy(out, style->own);
    } else {
        out = text_copy(out, "reason ");
        out = number_u32(out, record->reject.reason);
    }
    out = count_of(out, size_of_datagram(record), "bytes) from ");
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
    const char *between = ", cause ";
    unsigned i;

    for (i = 0; i < WORDS_CAUSES; i++) {
        if ((causes >> i & 1) == 0)
            continue;
        out = text_copy(out, between);
        out = spaced(out, words_cause(i));
        between = " or ";
    }
    return out;
}

/* "4-6", or "4" */
static char *numbers(char *out, const struct muster_record *record)
{
    out = number_u64(out, record->event.first);
    if (record->event.last == record->event.first)
        return out;
    *out++ = '-';
    return number_u64(out, record->event.last);
}

/* "GAP OPENED 101 seq 4-6 (3 missing": the caller closes the parenthesis. */
static char *range(const struct line_style *style, char *out, const struct muster_record *record,
                   enum color color, const char *text, const char *what)
{
    out = title(style, out, color, text);
    *out++ = ' ';
    out = device(style, out, record);
    out = text_copy(out, " seq ");
    out = numbers(out, record);
    if ((record->marks & MUSTER_MARK_AT_LEAST) != 0)
        out = text_copy(out, ", or whole turns more");
    return count_of(out, muster_record_count(record), what);
}

static char *about(const struct line_style *style, char *out, const struct muster_record *record,
                   enum color color, const char *text)
{
    out = title(style, out, color, text);
    *out++ = ' ';
    return device(style, out, record);
}

static char *sink_dropped(const struct line_style *style, char *out,
                          const struct muster_record *record)
{
    const struct word *reason = words_drop(record->event.reason);

    out = title(style, out, COLOR_BAD, "DROPPED");
    *out++ = ' ';
    out = number_u64(out, record->value.natural);
    out = text_copy(out, " records for ");
    out = text_escape(out, record->payload.bytes, record->payload_size, TEXT_QUOTE_KEEP);
    out = text_copy(out, " within ");
    out = duration(out, record->event.opened_ns, record->event.closed_ns);
    if (reason == NULL)
        return out;
    out = text_copy(out, ": ");
    return spaced(out, reason);
}

static char *rejected_more(const struct line_style *style, char *out,
                           const struct muster_record *record)
{
    const struct word *reason = words_reject(record->event.reason);

    out = title(style, out, COLOR_BAD, "REJECTED");
    *out++ = ' ';
    out = number_u64(out, record->value.natural);
    out = text_copy(out, " more");
    if (reason != NULL) {
        *out++ = ' ';
        out = spaced(out, reason);
    }
    out = text_copy(out, " within ");
    out = duration(out, record->event.opened_ns, record->event.closed_ns);
    if (record->via.arrival == NULL)
        return text_copy(out, " from other sources");
    out = text_copy(out, ", last from ");
    return source(out, record);
}

/* What a device has done, or not, for how long: until now, or until the event says that it was
 * over.
 */
static const struct {
    const char *name, *before, *after; /* the time */
    enum color color;
    bool is_over;
} spans[] = {
    [MUSTER_EVENT_DEVICE_LATE] = {"OVERDUE", ", last heard ", " ago", COLOR_ODD, false},
    [MUSTER_EVENT_DEVICE_SILENT] = {"SILENT", " for ", "", COLOR_BAD, false},
    [MUSTER_EVENT_DEVICE_BACK] = {"BACK", " after ", "", COLOR_GOOD, true},
    [MUSTER_EVENT_NO_DATA] = {"NO DATA", " for ", "", COLOR_BAD, false},
    [MUSTER_EVENT_DATA_BACK] = {"DATA BACK", " after ", "", COLOR_GOOD, true},
    [MUSTER_EVENT_NEVER_HEARD] = {"NEVER HEARD", ", awaited for ", "", COLOR_BAD, false},
    [MUSTER_EVENT_FORGOTTEN] = {"FORGOTTEN", ", last heard ", " ago", COLOR_NEWS, false},
};

static char *span(const struct line_style *style, char *out, const struct muster_record *record,
                  uint64_t now_ns)
{
    unsigned number = record->event.event;

    out = about(style, out, record, spans[number].color, spans[number].name);
    out = text_copy(out, spans[number].before);
    out = duration(out, record->event.opened_ns,
                   spans[number].is_over ? record->event.closed_ns : now_ns);
    return text_copy(out, spans[number].after);
}

static char *event(const struct line_style *style, char *out, const struct muster_record *record)
{
    switch (record->event.event) {
    case MUSTER_EVENT_GAP_OPENED:
        out = range(style, out, record, COLOR_BAD,
                    record->event.was == MUSTER_EVENT_NONE ? "GAP OPENED" : "GAP STILL OPEN",
                    "missing");
        if (record->event.was != MUSTER_EVENT_NONE || record->event.cause != MUSTER_CAUSE_NETWORK)
            out = cause(out, record->event.cause);
        return text_copy(out, ")");
    case MUSTER_EVENT_GAP_RECOVERED:
        out = range(style, out, record, COLOR_GOOD, "GAP RECOVERED", "recovered after ");
        out = duration(out, record->event.opened_ns, record->event.closed_ns);
        return text_copy(out, ")");
    case MUSTER_EVENT_GAP_LOST:
        out = range(style, out, record, COLOR_BAD, "GAP LOST", "lost");
        out = cause(out, record->event.cause);
        return text_copy(out, ")");
    case MUSTER_EVENT_GAP_TAKEN_BACK:
        out = range(style, out, record, COLOR_GOOD, "GAP TAKEN BACK", "not missing");
        return text_copy(out, ")");
    case MUSTER_EVENT_TWO_SENDERS:
        out = about(style, out, record, COLOR_BAD, "TWO SENDERS");
        out = text_copy(out, ": ");
        return text_escape(out, record->payload.bytes, record->payload_size, TEXT_QUOTE_KEEP);
    case MUSTER_EVENT_RESTART:
        out = about(style, out, record, COLOR_NEWS, "RESTARTED");
        out = text_copy(out, " at seq ");
        return number_u64(out, record->event.first);
    case MUSTER_EVENT_OUTLIER:
        out = about(style, out, record, COLOR_BAD, "NOT BELIEVED");
        out = text_copy(out, " seq ");
        return numbers(out, record);
    case MUSTER_EVENT_DEVICE_NEW:
        return about(style, out, record, COLOR_NEWS, "NEW DEVICE");
    case MUSTER_EVENT_SINK_DROPPED:
        return sink_dropped(style, out, record);
    case MUSTER_EVENT_REJECTED_MORE:
        return rejected_more(style, out, record);
    default:
        if (record->event.event < sizeof spans / sizeof spans[0] &&
            spans[record->event.event].name != NULL)
            return span(style, out, record, moment(style, record));
        /* Somebody else's, with a text, or one of a later version. */
        out = text_copy(out, "EVENT ");
        out =
            style->own != NULL ? text_copy(out, style->own) : number_u32(out, record->event.event);
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
    return record->kind != MUSTER_KIND_MESSAGE || verdict_color(record->verdict) != COLOR_NONE;
}

static size_t bound_of_name(const char *name)
{
    return name != NULL ? TEXT_ESCAPE_MAX * strlen(name) : 0;
}

/* What a filter made is called by its names. */
static size_t bound_of_made(struct line_style *style, const struct muster_record *record)
{
    if (record->kind == MUSTER_KIND_MESSAGE)
        style->entry = fields_entry_name(style->host, style->instance, record);
    else
        style->own = fields_own_name(style->host, style->instance, record);
    return bound_of_name(style->entry) + bound_of_name(style->own);
}

size_t line_bound(struct line_style *style, const struct muster_record *record)
{
    size_t bound = FIXED_MAX;

    style->name = style->entry = style->own = NULL;
    style->key = fields_device_key(style->host, style->instance, record);
    bound += bound_of_name(style->key);
    if (record->kind != MUSTER_KIND_REJECT) {
        style->name = fields_device_name(style->host, style->instance, record);
        bound += bound_of_name(style->name) + TEXT_ESCAPE_MAX * (size_t)record->payload_size;
    }
    if (record->kind == MUSTER_KIND_MESSAGE && record->format != 0)
        bound += value_bound(&style->values, record);
    if (record->origin != 0)
        bound += bound_of_made(style, record);
    return bound;
}

char *line_format(struct line_style *style, char *out, const struct muster_record *record)
{
    if (style->stamp.form != STAMP_NONE)
        out = stamp_write(&style->stamp, out, moment(style, record));
    if (record->kind == MUSTER_KIND_EVENT)
        out = event(style, out, record);
    else if (record->kind == MUSTER_KIND_REJECT)
        out = reject(style, out, record);
    else
        out = message(style, out, record);
    *out++ = '\n';
    return out;
}
