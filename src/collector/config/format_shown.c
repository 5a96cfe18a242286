/* SPDX-License-Identifier: MIT */
#include "format_shown.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void show_real(double real, bool is_short, char out[FORMAT_SHOWN_ROOM])
{
    char text[REAL_ROOM];
    int precision;

    if (!isfinite(real)) {
        snprintf(out, FORMAT_SHOWN_ROOM, "%s", isnan(real) ? "nan" : real < 0 ? "-inf" : "inf");
        return;
    }
    /* The fewest digits that are the same float are those of a double near it. */
    for (precision = 1; is_short && precision <= 9; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        if (strtof(text, NULL) == (float)real) {
            real = strtod(text, NULL);
            break;
        }
    }
    if (fabs(real) < 1e15 && real == floor(real))
        snprintf(out, FORMAT_SHOWN_ROOM, "%.0f", real);
    else
        snprintf(out, FORMAT_SHOWN_ROOM, "%s", real_format(text, real));
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
        show_real(value->value.real, value->type == MUSTER_VALUE_REAL32, out);
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
    const int64_t rest = (ns % 1000000000 + 1000000000) % 1000000000;
    const time_t seconds = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
    struct tm tm;
    size_t used;

    snprintf(out, FORMAT_SHOWN_ROOM, "-");
    if (ns == 0 || gmtime_r(&seconds, &tm) == NULL)
        return out;
    used = strftime(out, FORMAT_SHOWN_ROOM - 16, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest > 0) {
        used += (size_t)snprintf(out + used, 16, ".%09" PRId64, rest);
        while (out[used - 1] == '0')
            used--;
    }
    snprintf(out + used, 2, "Z");
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
