/* SPDX-License-Identifier: MIT */
#include "example_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "decimal.h"
#include "format_shown.h"

#define NS INT64_C(1000000000)

bool example_values_is_scalar(const struct node *node)
{
    return node->kind == NODE_WORD || node->kind == NODE_TEXT;
}

static bool is_real(const struct muster_value *value, const char *text)
{
    char *end;
    double expected = strtod(text, &end);

    if (*text == '\0' || *end != '\0')
        return false;
    if (isnan(value->value.real))
        return isnan(expected);
    if (value->type == MUSTER_VALUE_REAL32)
        return (float)expected == (float)value->value.real;
    return expected == value->value.real;
}

/* A whole number, perhaps written with a point: "4.0". */
static bool is_whole(const char *text, uint64_t *whole)
{
    struct decimal value;

    if (decimal_integer(text, whole))
        return true;
    if (!decimal_read(text, &value) || value.denominator != 1)
        return false;
    *whole = (uint64_t)value.numerator;
    return true;
}

bool example_values_same(const struct muster_value *value, const struct node *node)
{
    char found[FORMAT_SHOWN_ROOM];
    uint64_t whole;

    if (!example_values_is_scalar(node))
        return node->kind == NODE_NULL && value->type == MUSTER_VALUE_NONE;
    switch (value->type) {
    case MUSTER_VALUE_REAL:
    case MUSTER_VALUE_REAL32:
        return is_real(value, node->text);
    case MUSTER_VALUE_INT:
    case MUSTER_VALUE_UNSIGNED:
    case MUSTER_VALUE_BOOL:
        return is_whole(node->text, &whole) && whole == value->value.natural;
    case MUSTER_VALUE_BYTES:
        return strcasecmp(format_shown_value(value, found), node->text) == 0;
    default:
        return strcmp(format_shown_value(value, found), node->text) == 0;
    }
}

bool example_values_time(const char *text, int64_t *ns)
{
    struct decimal seconds;
    struct tm tm = {0};
    char digits[32] = "0";
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    size_t length;
    __int128 all;

    if (end == NULL) {
        if (!decimal_read(text, &seconds))
            return false;
        all = (__int128)seconds.numerator * NS / (__int128)seconds.denominator;
        *ns = (int64_t)all;
        return all == *ns;
    }
    length = *end == '.' ? 1 + strspn(end + 1, "0123456789") : 0;
    if (length > 10 || strcmp(end + length, "Z") != 0)
        return false;
    memcpy(digits + 1, end, length);
    if (!decimal_read(digits, &seconds))
        return false;
    all = (__int128)timegm(&tm) * NS + seconds.numerator * (NS / (int64_t)seconds.denominator);
    *ns = (int64_t)all;
    return all == *ns;
}
