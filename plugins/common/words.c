/* SPDX-License-Identifier: MIT
 *
 * What the numbers of a record mean, each as one word.
 */
#include "words.h"

#include <stddef.h>

/* clang-format off */
#define WORD(text) {text, sizeof(text) - 1}
/* clang-format on */

static const struct word kinds[] = {
    [MUSTER_KIND_MESSAGE] = WORD("message"),
    [MUSTER_KIND_EVENT] = WORD("event"),
    [MUSTER_KIND_REJECT] = WORD("reject"),
};

static const struct word verdicts[] = {
    [MUSTER_VERDICT_NONE] = WORD("none"),
    [MUSTER_VERDICT_UNNUMBERED] = WORD("unnumbered"),
    [MUSTER_VERDICT_FIRST] = WORD("first"),
    [MUSTER_VERDICT_NEW] = WORD("new"),
    [MUSTER_VERDICT_GAP] = WORD("gap"),
    [MUSTER_VERDICT_LATE] = WORD("late"),
    [MUSTER_VERDICT_DUPLICATE] = WORD("duplicate"),
    [MUSTER_VERDICT_RESTART] = WORD("restart"),
    [MUSTER_VERDICT_OUTLIER] = WORD("outlier"),
};

static const struct word events[] = {
    [MUSTER_EVENT_NONE] = WORD("none"),
    [MUSTER_EVENT_GAP_OPENED] = WORD("gap-opened"),
    [MUSTER_EVENT_GAP_RECOVERED] = WORD("gap-recovered"),
    [MUSTER_EVENT_GAP_LOST] = WORD("gap-lost"),
    [MUSTER_EVENT_RESTART] = WORD("restart"),
    [MUSTER_EVENT_OUTLIER] = WORD("outlier"),
    [MUSTER_EVENT_DEVICE_NEW] = WORD("device-new"),
    [MUSTER_EVENT_DEVICE_LATE] = WORD("device-late"),
    [MUSTER_EVENT_DEVICE_SILENT] = WORD("device-silent"),
    [MUSTER_EVENT_DEVICE_BACK] = WORD("device-back"),
    [MUSTER_EVENT_NO_DATA] = WORD("no-data"),
    [MUSTER_EVENT_DATA_BACK] = WORD("data-back"),
    [MUSTER_EVENT_NEVER_HEARD] = WORD("never-heard"),
    [MUSTER_EVENT_FORGOTTEN] = WORD("forgotten"),
    [MUSTER_EVENT_SINK_DROPPED] = WORD("sink-dropped"),
    [MUSTER_EVENT_REJECTED_MORE] = WORD("rejected-more"),
    [MUSTER_EVENT_TWO_SENDERS] = WORD("two-senders"),
    [MUSTER_EVENT_GAP_TAKEN_BACK] = WORD("gap-taken-back"),
};

static const struct word outcomes[] = {
    [MUSTER_EVENT_GAP_OPENED] = WORD("open"),
    [MUSTER_EVENT_GAP_RECOVERED] = WORD("recovered"),
    [MUSTER_EVENT_GAP_LOST] = WORD("lost"),
    [MUSTER_EVENT_GAP_TAKEN_BACK] = WORD("taken-back"),
};

/* Also the last parts of the daemon's metrics collector.rejected.*. */
static const struct word rejects[] = {
    [MUSTER_REJECT_TOO_SHORT] = WORD("too_short"),
    [MUSTER_REJECT_TOO_LONG] = WORD("too_long"),
    [MUSTER_REJECT_UNKNOWN_TYPE] = WORD("unknown_type"),
    [MUSTER_REJECT_BAD_PAYLOAD] = WORD("bad_payload"),
    [MUSTER_REJECT_SOURCE] = WORD("source"),
    [MUSTER_REJECT_RATE] = WORD("rate"),
    [MUSTER_REJECT_UNKNOWN_DEVICE] = WORD("unknown_device"),
    [MUSTER_REJECT_NO_FORMAT] = WORD("no_format"),
    [MUSTER_REJECT_BAD_LENGTH] = WORD("bad_length"),
    [MUSTER_REJECT_BAD_CHECK] = WORD("bad_check"),
};

/* Also the last parts of the metrics dropped.* of a sink. */
static const struct word drops[] = {
    [MUSTER_DROP_FULL] = WORD("full"),     [MUSTER_DROP_GIVEN_UP] = WORD("given_up"),
    [MUSTER_DROP_FAILED] = WORD("failed"), [MUSTER_DROP_STOP] = WORD("stop"),
    [MUSTER_DROP_SPILL] = WORD("spill"),   [MUSTER_DROP_DAMAGED] = WORD("damaged"),
};

static const struct word msg_types[] = {
    [MUSTER_MSG_HEARTBEAT] = WORD("heartbeat"),
    [MUSTER_MSG_DATA] = WORD("data"),
    [MUSTER_MSG_INIT] = WORD("init"),
};

static const struct word value_types[] = {
    [MUSTER_VALUE_NONE] = WORD("none"),         [MUSTER_VALUE_TEXT] = WORD("text"),
    [MUSTER_VALUE_INT] = WORD("integer"),       [MUSTER_VALUE_REAL] = WORD("real"),
    [MUSTER_VALUE_UNSIGNED] = WORD("unsigned"), [MUSTER_VALUE_BOOL] = WORD("bool"),
    [MUSTER_VALUE_BYTES] = WORD("bytes"),       [MUSTER_VALUE_REAL32] = WORD("real32"),
};

/* In the order of the bits. */
static const struct word causes[WORDS_CAUSES] = {
    WORD("network"), WORD("kernel"),   WORD("collector"),      WORD("collector-down"),
    WORD("restart"), WORD("checksum"), WORD("not-believable"),
};

_Static_assert(MUSTER_CAUSE_NETWORK == 1 << 0 && MUSTER_CAUSE_KERNEL == 1 << 1 &&
                   MUSTER_CAUSE_COLLECTOR == 1 << 2 && MUSTER_CAUSE_COLLECTOR_DOWN == 1 << 3 &&
                   MUSTER_CAUSE_RESTART == 1 << 4 && MUSTER_CAUSE_CHECKSUM == 1 << 5 &&
                   MUSTER_CAUSE_NOT_BELIEVABLE == 1 << 6,
               "as the words of the causes are");

static const struct word *find(const struct word *words, size_t count, unsigned number)
{
    return number < count && words[number].size > 0 ? &words[number] : NULL;
}

const struct word *words_kind(unsigned kind)
{
    return find(kinds, sizeof kinds / sizeof kinds[0], kind);
}

const struct word *words_verdict(unsigned verdict)
{
    return find(verdicts, sizeof verdicts / sizeof verdicts[0], verdict);
}

const struct word *words_event(unsigned event)
{
    return find(events, sizeof events / sizeof events[0], event);
}

const struct word *words_outcome(unsigned event)
{
    return find(outcomes, sizeof outcomes / sizeof outcomes[0], event);
}

const struct word *words_reject(unsigned reason)
{
    return find(rejects, sizeof rejects / sizeof rejects[0], reason);
}

const struct word *words_drop(unsigned reason)
{
    return find(drops, sizeof drops / sizeof drops[0], reason);
}

const struct word *words_msg_type(unsigned msg_type)
{
    return find(msg_types, sizeof msg_types / sizeof msg_types[0], msg_type);
}

const struct word *words_value_type(unsigned value_type)
{
    return find(value_types, sizeof value_types / sizeof value_types[0], value_type);
}

const struct word *words_cause(unsigned i)
{
    return find(causes, WORDS_CAUSES, i);
}
