/* SPDX-License-Identifier: MIT */
#include "format_shown.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/iso_time.h"
#include "base/real.h"

static void show_bytes(const struct muster_value *value, char out[FORMAT_SHOWN_ROOM])
{
    const bool is_text = value->type == MUSTER_VALUE_TEXT;
    size_t used = 0;
    uint64_t i;

    out[0] = '\0';
    for (i = 0; i < value->bytes_size; i++) {
        const uint8_t byte = value->bytes[i];

        if (used + 8 > FORMAT_SHOWN_ROOM) {
            snprintf(out + used, FORMAT_SHOWN_ROOM - used, "...");
            return;
        }
        if (!is_text)
            used += (size_t)snprintf(out + used, FORMAT_SHOWN_ROOM - used, "%02x", byte);
        else if (byte < ' ' || byte == 0x7f)
            used += (size_t)snprintf(out + used, FORMAT_SHOWN_ROOM - used, "\\x%02x", byte);
        else
            used += (size_t)snprintf(out + used, FORMAT_SHOWN_ROOM - used, "%c", byte);
    }
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
