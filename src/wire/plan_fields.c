/* SPDX-License-Identifier: MIT
 *
 * The fields of a section: where each lies, and whether it can be.
 */
#include "plan_maker.h"

/* ---- One field ------------------------------------------------------------------------ */

static bool is_number(const struct format_field *field)
{
    return field->type == FORMAT_UNSIGNED || field->type == FORMAT_SIGNED ||
           field->type == FORMAT_REAL;
}

/* A number as text up to the end, or the rest. */
static bool is_open(const struct format_field *field)
{
    if (is_number(field))
        return false;
    return field->type == FORMAT_NUMBER ? field->separator == '\0'
                                        : field->length_is == FORMAT_REST;
}

static bool is_varying(const struct format_field *field)
{
    return !is_number(field) && (field->type == FORMAT_NUMBER || field->length_is != FORMAT_FIXED);
}

/* Bytes that it has in any datagram. */
static uint32_t least_size(const struct format_field *field)
{
    if (is_number(field))
        return field->width;
    if (field->type == FORMAT_NUMBER)
        return 0;
    switch (field->length_is) {
    case FORMAT_FIXED:
        return field->length;
    case FORMAT_PREFIX_U8:
        return 1;
    case FORMAT_PREFIX_U16:
        return 2;
    default:
        return 0;
    }
}

static void check_parts(struct plan_maker *maker, const struct format_field *field)
{
    unsigned bits = 0;
    size_t i;

    if (field->part_count == 0)
        return;
    if (field->type != FORMAT_UNSIGNED) {
        node_problem(field->at, maker->problems, "only an integer without a sign has parts");
        return;
    }
    for (i = 0; i < field->part_count; i++) {
        if (field->parts[i].bits == 0 || field->parts[i].bits > 64)
            node_problem(field->parts[i].at, maker->problems, "a part has 1 to 64 bits");
        bits += field->parts[i].bits;
    }
    if (bits != field->width * 8U)
        node_problem(field->at, maker->problems,
                     "the parts have %u bits together, and the integer has %u", bits,
                     field->width * 8U);
}

/* Returns whether it can be compiled. */
static bool check_field(struct plan_maker *maker, const struct format_field *field,
                        enum plan_where where, bool is_last)
{
    size_t before = problems_count(maker->problems);
    bool width_is_good = field->width == 1 || field->width == 2 || field->width == 3 ||
                         field->width == 4 || field->width == 6 || field->width == 8;

    if (is_number(field) &&
        (!width_is_good || (field->type == FORMAT_REAL && field->width != 4 && field->width != 8)))
        node_problem(field->at, maker->problems, "there is no number of %u bytes", field->width);
    else if (is_open(field) && !is_last)
        node_problem(field->at, maker->problems,
                     "it goes to the end, so nothing can follow it; give it a length");
    else if (is_varying(field) && where == PLAN_TRAILER)
        node_problem(field->at, maker->problems,
                     "a trailer is found from the end: its fields need a fixed length");
    else if (!is_varying(field) && least_size(field) == 0)
        node_problem(field->at, maker->problems, "it has no bytes");
    else if (!is_varying(field) && least_size(field) > PLAN_LARGEST)
        node_problem(field->at, maker->problems, "no datagram is that long: %u bytes",
                     field->length);
    check_parts(maker, field);
    return problems_count(maker->problems) == before;
}

/* ---- The section ---------------------------------------------------------------------- */

static uint64_t mask_of(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* The field as a whole, at its place. */
static struct plan_field whole(const struct format_field *from, enum plan_where where)
{
    struct plan_field field = {
        .at = from->at,
        .name = from->name,
        .length = is_varying(from) ? 0 : least_size(from),
        .value = -1,
        .type = (uint8_t)from->type,
        .width = from->width,
        .where = (uint8_t)where,
        .role = PLAN_NO_ROLE,
        .length_is = is_number(from) ? FORMAT_FIXED : (uint8_t)from->length_is,
        .separator = from->separator,
        .little_endian = from->little_endian,
        .is_varying = is_varying(from),
    };

    if (is_number(from)) {
        field.bits = (uint8_t)(from->width * 8);
        field.mask = mask_of(field.bits);
        field.shift = from->little_endian ? 0 : (uint8_t)(64 - field.bits);
    } else if (from->type == FORMAT_NUMBER) {
        field.bits = 64;
    } else if (field.is_varying) {
        field.width = (uint8_t)least_size(from);
    }
    return field;
}

/* Adds the parts of an integer, or the field itself. */
static struct plan_field *add_field(struct plan_maker *maker, struct plan_field *to,
                                    const struct format_field *from, struct plan_field field)
{
    unsigned below = field.bits;
    size_t i;

    if (from->part_count == 0) {
        field.name = maker_copy(maker, field.name);
        *to++ = field;
        return to;
    }
    for (i = 0; i < from->part_count; i++) {
        struct plan_field part = field;

        part.at = from->parts[i].at;
        part.name = maker_copy(maker, from->parts[i].name);
        part.is_part = true;
        part.bits = from->parts[i].bits;
        part.first_bit = (uint8_t)(field.bits - below);
        below -= part.bits;
        part.shift = (uint8_t)(field.shift + below);
        part.mask = mask_of(part.bits);
        *to++ = part;
    }
    return to;
}

static size_t count_fields(const struct format_fields *fields)
{
    size_t i, count = 0;

    for (i = 0; i < fields->count; i++)
        count += fields->list[i].part_count > 0 ? fields->list[i].part_count : 1;
    return count;
}

void maker_section(struct plan_maker *maker, const struct format_fields *fields,
                   enum plan_where where, struct plan_section *out)
{
    size_t i, count = count_fields(fields);
    struct plan_field *list, *to;
    uint64_t size = 0, offset = 0;

    if (count > FORMAT_FIELDS_MOST) {
        maker->incomplete = true;
        node_problem(fields->list[0].at, maker->problems,
                     "there are %zu fields, parts included; at most %d are possible", count,
                     FORMAT_FIELDS_MOST);
        return;
    }
    list = to = maker_alloc(maker, count, sizeof *list);
    out->varying = maker_alloc(maker, count, sizeof(struct plan_field *));
    if (maker->no_memory)
        return;
    for (i = 0; i < fields->count; i++) {
        const struct format_field *from = &fields->list[i];
        struct plan_field field = whole(from, where);

        if (!check_field(maker, from, where, i + 1 == fields->count)) {
            maker->incomplete = true;
            return;
        }
        if (size + least_size(from) > PLAN_LARGEST) {
            maker->incomplete = true;
            node_problem(from->at, maker->problems, "no datagram is that long: %u bytes",
                         (unsigned)size + least_size(from));
            return;
        }
        field.offset = (uint32_t)offset;
        field.run = out->varying_count;
        if (field.is_varying)
            out->varying[out->varying_count++] = to;
        to = add_field(maker, to, from, field);
        size += least_size(from);
        offset = field.is_varying ? 0 : offset + least_size(from);
    }
    out->fields = list;
    out->count = (uint16_t)count;
    out->size = (uint32_t)size;
    out->tail = (uint32_t)offset;
}

bool maker_is_open(const struct plan_section *section)
{
    const struct plan_field *last =
        section->varying_count > 0 ? section->varying[section->varying_count - 1] : NULL;

    if (last == NULL)
        return false;
    return last->type == FORMAT_NUMBER ? last->separator == '\0' : last->length_is == FORMAT_REST;
}
