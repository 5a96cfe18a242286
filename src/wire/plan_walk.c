/* SPDX-License-Identifier: MIT
 *
 * Where the fields of a datagram are.  Every load is inside the datagram: a section is walked to
 * its end before a field of it is read.
 */
#include <assert.h>

#include "datagram.h"
#include "plan_parts.h"

static uint32_t length_in_front(const struct plan_field *field, const uint8_t *at)
{
    if (field->width == 1)
        return at[0];
    return field->little_endian ? (uint32_t)at[0] | (uint32_t)at[1] << 8
                                : (uint32_t)at[0] << 8 | (uint32_t)at[1];
}

/* How many bytes a number as text has, up to its separator or the end; `ends` is set to where what
 * follows begins. */
static bool number_length(const struct plan_field *field, const uint8_t *datagram, uint32_t at,
                          uint32_t end, uint32_t *length, uint32_t *ends)
{
    uint32_t room = end - at < PLAN_NUMBER_MOST + 1 ? end - at : PLAN_NUMBER_MOST + 1;
    const uint8_t *found =
        field->separator != '\0' && room > 0 ? memchr(datagram + at, field->separator, room) : NULL;

    *length = found != NULL ? (uint32_t)(found - (datagram + at)) : room;
    *ends = at + *length + (found != NULL);
    return *length <= PLAN_NUMBER_MOST;
}

/* Where a varying field that begins at `at` ends; -1 if it does not fit. */
static int64_t varying_end(const struct plan_field *field, const uint8_t *datagram, uint32_t at,
                           uint32_t end)
{
    uint32_t length, ends;

    if (field->type == FORMAT_NUMBER)
        return number_length(field, datagram, at, end, &length, &ends) ? (int64_t)ends : -1;
    if (field->length_is == FORMAT_REST)
        return end;
    if (end - at < field->width)
        return -1;
    length = length_in_front(field, datagram + at);
    return length <= end - at - field->width ? (int64_t)at + field->width + length : -1;
}

int64_t plan_walk(struct plan_look *look, const struct plan_section *section, enum plan_where where,
                  uint32_t at, uint32_t end)
{
    uint32_t *run;
    unsigned i;

    if (at > end || end - at < section->size)
        return -1;
    if (section->varying_count == 0) {
        look->fixed[where] = at;
        look->runs[where] = &look->fixed[where];
        return (int64_t)at + section->size;
    }
    assert(where < PLAN_TRAILER);
    run = look->room[where];
    look->runs[where] = run;
    for (i = 0; i < section->varying_count; i++) {
        const struct plan_field *field = section->varying[i];
        int64_t ends;

        run[i] = at;
        if (field->offset > end - at)
            return -1;
        ends = varying_end(field, look->datagram, at + field->offset, end);
        if (ends < 0)
            return -1;
        at = (uint32_t)ends;
    }
    run[i] = at;
    return section->tail <= end - at ? (int64_t)at + section->tail : -1;
}

const uint8_t *plan_bytes(const struct plan_look *look, const struct plan_field *field,
                          uint32_t *length)
{
    uint32_t at = plan_place(look, field), ends;

    if (!field->is_varying) {
        *length = field->length;
    } else if (field->type == FORMAT_NUMBER) {
        uint32_t end = field->where == PLAN_TRAILER ? look->size : look->end;

        number_length(field, look->datagram, at, end, length, &ends);
    } else if (field->length_is == FORMAT_REST) {
        *length = look->runs[field->where][field->run + 1] - at;
    } else {
        *length = length_in_front(field, look->datagram + at);
        at += field->width;
    }
    return look->datagram + at;
}

int plan_find_header(struct plan_look *look, const struct plan *plan, const uint8_t *datagram,
                     size_t size)
{
    look->plan = plan;
    look->datagram = datagram;
    look->body = NULL;
    if (size < plan->least)
        return wire_reject(MUSTER_REJECT_TOO_SHORT);
    if (size > PLAN_LARGEST)
        return wire_reject(MUSTER_REJECT_TOO_LONG);
    look->size = (uint32_t)size;
    look->end = look->size - plan->trailer.size;
    look->runs[PLAN_BODY] = look->runs[PLAN_READING] = NULL;
    look->fixed[PLAN_TRAILER] = look->end;
    look->runs[PLAN_TRAILER] = &look->fixed[PLAN_TRAILER];
    return 0;
}
