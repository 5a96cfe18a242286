/* SPDX-License-Identifier: MIT
 *
 * Lines are JSON objects without a line break in them.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/iso_time.h"

/* For json_dump_callback. */
static int append(const char *bytes, size_t size, void *context)
{
    struct outgoing *out = context;
    size_t room = out->room > 0 ? out->room : 4096;
    char *grown;

    while (room - out->used < size)
        room *= 2;
    if (room != out->room) {
        grown = realloc(out->bytes, room);
        if (grown == NULL) {
            out->lost = true;
            return -1;
        }
        out->bytes = grown;
        out->room = room;
    }
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
    return 0;
}

static void dump(struct outgoing *out, json_t *object)
{
    if (object == NULL ||
        json_dump_callback(object, append, out, JSON_COMPACT | JSON_ENSURE_ASCII) < 0 ||
        append("\n", 1, out) < 0)
        out->lost = true;
    json_decref(object);
}

void report_line(struct report *report, json_t *object)
{
    report->lines++;
    dump(report->out, object);
}

void report_end(struct report *report, bool is_good)
{
    json_t *object = json_object();

    report_flag(object, "ok", is_good);
    if (is_good)
        report_number(object, "lines", report->lines);
    else
        report_text(object, "error", report->why);
    dump(report->out, object);
}

void report_text(json_t *object, const char *name, const char *text)
{
    json_t *value;
    char *copy;
    size_t i;

    if (text == NULL)
        return;
    value = json_string(text);
    if (value == NULL && (copy = strdup(text)) != NULL) {
        for (i = 0; copy[i] != '\0'; i++)
            if ((copy[i] & 0x80) != 0)
                copy[i] = '?';
        value = json_string(copy);
        free(copy);
    }
    if (value != NULL)
        json_object_set_new(object, name, value);
}

void report_number(json_t *object, const char *name, uint64_t number)
{
    json_object_set_new(object, name, json_integer((json_int_t)number));
}

void report_real(json_t *object, const char *name, double number)
{
    json_object_set_new(object, name, json_real(number));
}

void report_flag(json_t *object, const char *name, bool is_so)
{
    json_object_set_new(object, name, json_boolean(is_so));
}

void report_time(json_t *object, const char *name, uint64_t wall_ns)
{
    char text[ISO_TIME_ROOM];

    if (wall_ns != 0)
        report_text(object, name, iso_time(text, (int64_t)(wall_ns - wall_ns % 1000000)));
}
