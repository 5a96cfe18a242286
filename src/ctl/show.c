/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The character that begins there, which takes *size bytes.  jansson has seen that it is UTF-8. */
static uint32_t decode(const char *text, size_t *size)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0, i;
    uint32_t character = more == 0 ? *at : *at & (0x3fu >> more);

    for (i = 1; i <= more; i++)
        character = character << 6 | (at[i] & 0x3fu);
    *size = more + 1;
    return character;
}

static bool is_harmless(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } harmful[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
                   {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfe00, 0xfe0f},
                   {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe000, 0xf8ff}, {0xe0000, 0x10ffff}};
    size_t i;

    for (i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        if (character >= harmful[i].first && character <= harmful[i].last)
            return false;
    return true;
}

char *show_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1), *at = copy;
    size_t size;

    for (; copy != NULL && *text != '\0'; text += size) {
        if (is_harmless(decode(text, &size)))
            at = mempcpy(at, text, size);
        else
            *at++ = '?';
    }
    if (copy != NULL)
        *at = '\0';
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
