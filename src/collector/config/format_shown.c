/* SPDX-License-Identifier: MIT */
#include "format_shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/iso_time.h"
#include "base/real.h"
#include "base/text.h"

/* As an output has it, cut if it is long. */
static void show_text(const struct muster_value *value, char out[FORMAT_SHOWN_ROOM])
{
    const size_t room = FORMAT_SHOWN_ROOM - sizeof "..." + 1;

    if (text_fit(out, room, value->bytes, value->bytes_size, TEXT_QUOTE_KEEP) < value->bytes_size)
        memcpy(out + strlen(out), "...", sizeof "...");
}

static void show_bytes(const struct muster_value *value, char out[FORMAT_SHOWN_ROOM])
{
    uint64_t i;

    for (i = 0; i < value->bytes_size && 2 * i + 8 <= FORMAT_SHOWN_ROOM; i++)
        snprintf(out + 2 * i, FORMAT_SHOWN_ROOM - 2 * i, "%02x", value->bytes[i]);
    snprintf(out + 2 * i, FORMAT_SHOWN_ROOM - 2 * i, "%s", i < value->bytes_size ? "..." : "");
}

const char *format_shown_value(const struct muster_value *value, char out[FORMAT_SHOWN_ROOM])
{
    switch (value->type) {
    case MUSTER_VALUE_NONE:
        snprintf(out, FORMAT_SHOWN_ROOM, "absent");
        break;
    case MUSTER_VALUE_INT:
        snprintf(out, FORMAT_SHOWN_ROOM, "%" PRId64, value->value.integer);
        break;
    case MUSTER_VALUE_REAL:
    case MUSTER_VALUE_REAL32:
        real_shown(out, value->value.real, value->type == MUSTER_VALUE_REAL32);
        break;
    case MUSTER_VALUE_TEXT:
        show_text(value, out);
        break;
    case MUSTER_VALUE_BYTES:
        show_bytes(value, out);
        break;
    default:
        snprintf(out, FORMAT_SHOWN_ROOM, "%" PRIu64, value->value.natural);
    }
    return out;
}

const char *format_shown_time(int64_t ns, char out[FORMAT_SHOWN_ROOM])
{
    if (ns != 0)
        return iso_time(out, ns);
    snprintf(out, FORMAT_SHOWN_ROOM, "-");
    return out;
}

const char *format_shown_device(const struct plan_device *device, char out[FORMAT_SHOWN_ROOM])
{
    if (device->is_number)
        snprintf(out, FORMAT_SHOWN_ROOM, "%" PRIu64, device->id);
    else
        snprintf(out, FORMAT_SHOWN_ROOM, "%.*s", (int)device->length, device->key);
    return out;
}

const char *format_shown_message(unsigned msg_type)
{
    static const char *const names[] = {"heartbeat", "data", "init"};

    return msg_type < sizeof names / sizeof *names ? names[msg_type] : "other";
}
