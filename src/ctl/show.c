/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *show_count(char out[SHOW_ROOM], int64_t number)
{
    char digits[32], *at = out;
    const char *from = digits;
    size_t left;

    snprintf(digits, sizeof digits, "%" PRId64, number);
    if (*from == '-')
        *at++ = *from++;
    for (left = strlen(from); left > 0; left--) {
        *at++ = *from++;
        if (left % 3 == 1 && left > 1)
            *at++ = ',';
    }
    *at = '\0';
    return out;
}

const char *show_seconds(char out[SHOW_ROOM], double seconds)
{
    uint64_t whole = seconds > 0 ? (uint64_t)seconds : 0;

    if (seconds < 10)
        snprintf(out, SHOW_ROOM, "%.1f s", seconds);
    else if (whole < 120)
        snprintf(out, SHOW_ROOM, "%" PRIu64 " s", whole);
    else if (whole < 7200)
        snprintf(out, SHOW_ROOM, "%" PRIu64 " min", whole / 60);
    else if (whole < 172800)
        snprintf(out, SHOW_ROOM, "%" PRIu64 " h %" PRIu64 " min", whole / 3600, whole / 60 % 60);
    else
        snprintf(out, SHOW_ROOM, "%" PRIu64 " d", whole / 86400);
    return out;
}

const char *show_part(char out[SHOW_ROOM], double part, double whole)
{
    if (whole <= 0)
        snprintf(out, SHOW_ROOM, "-");
    else
        snprintf(out, SHOW_ROOM, "%.1f %%", 100 * part / whole);
    return out;
}

/* ---- text ----------------------------------------------------------------------------- */

char *show_text(const char *text)
{
    const size_t size = strlen(text), room = TEXT_ESCAPE_MAX * size + 1;
    char *copy = malloc(room);

    if (copy != NULL)
        text_fit(copy, room, text, size, TEXT_QUOTE_NOTHING);
    return copy;
}

size_t show_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

int64_t show_get(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *show_get_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}
