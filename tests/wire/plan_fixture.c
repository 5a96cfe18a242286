/* SPDX-License-Identifier: MIT
 *
 * See plan_fixture.h.
 */
#include "plan_fixture.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "wire/datagram.h"

enum { VALUES = FORMAT_VALUES_MOST, TEXT = 1 << 20 };

const struct node fixture_node = {.file = "f.yaml", .line = 1, .column = 1, .text = ""};

/* ---- Descriptions --------------------------------------------------------------------- */

static void set_length(struct format_field *field, const char *colon)
{
    field->length_is = FORMAT_REST;
    if (colon == NULL)
        return;
    if (strncmp(colon, ":u8", 3) == 0) {
        field->length_is = FORMAT_PREFIX_U8;
    } else if (strncmp(colon, ":u16", 4) == 0) {
        field->length_is = FORMAT_PREFIX_U16;
    } else {
        field->length_is = FORMAT_FIXED;
        field->length = (uint32_t)strtoul(colon + 1, NULL, 10);
    }
}

struct format_field fixture_field(const char *type, const char *name)
{
    static const char *const words[] = {
        [FORMAT_TEXT] = "text", [FORMAT_HEX] = "hex",       [FORMAT_BCD] = "bcd",
        [FORMAT_SKIP] = "skip", [FORMAT_NUMBER] = "number",
    };
    struct format_field field = {.at = &fixture_node, .name = name};
    size_t i;

    field.little_endian = strstr(type, " le") != NULL;
    for (i = FORMAT_TEXT; i < COUNT_OF(words); i++) {
        if (strncmp(type, words[i], strlen(words[i])) != 0)
            continue;
        field.type = (enum format_type)i;
        set_length(&field, strchr(type, ':'));
        if (i == FORMAT_NUMBER && type[6] == ' ')
            field.separator = type[7];
        return field;
    }
    field.type = type[0] == 'u' ? FORMAT_UNSIGNED : type[0] == 'i' ? FORMAT_SIGNED : FORMAT_REAL;
    field.width = (uint8_t)(strtoul(type + 1, NULL, 10) / 8);
    return field;
}

struct format_field fixture_parts(const char *type, const struct format_part *parts, size_t count)
{
    struct format_field field = fixture_field(type, NULL);

    field.parts = parts;
    field.part_count = count;
    return field;
}

struct format_value fixture_value(const char *name, int64_t numerator, uint64_t denominator)
{
    return (struct format_value){.at = &fixture_node,
                                 .name = name,
                                 .scale_numerator = numerator,
                                 .scale_denominator = denominator,
                                 .offset_denominator = 1};
}

struct plan *fixture_plan(const struct format *format)
{
    struct problems problems = {0};
    struct plan *plan = plan_compile(format, &problems);

    if (plan == NULL)
        problems_print(&problems, stderr);
    ck_assert_ptr_nonnull(plan);
    ck_assert_uint_eq(problems_count(&problems), 0);
    problems_free(&problems);
    return plan;
}

const char *fixture_problems(const struct format *format)
{
    static char *text;
    struct problems problems = {0};
    struct plan *plan = plan_compile(format, &problems);
    size_t size;
    FILE *out;

    free(text);
    out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    problems_print(&problems, out);
    fclose(out);
    ck_assert_int_eq(plan == NULL, problems_count(&problems) > 0);
    plan_free(plan);
    problems_free(&problems);
    return text;
}

/* ---- Datagrams ------------------------------------------------------------------------ */

uint8_t *fixture_bytes(const char *hex, size_t *size)
{
    uint8_t *bytes = malloc(strlen(hex) / 2 + 1), *exact;
    unsigned byte;

    ck_assert_ptr_nonnull(bytes);
    for (*size = 0; *hex != '\0'; hex += 2) {
        while (*hex == ' ')
            hex++;
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        bytes[(*size)++] = (uint8_t)byte;
    }
    exact = malloc(*size > 0 ? *size : 1); /* so that a sanitizer sees a byte read past its end */
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, *size);
    free(bytes);
    return exact;
}

/* Text that grows. */
static char said[TEXT];
static size_t used;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    used += (size_t)vsnprintf(said + used, sizeof said - used, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(used, sizeof said);
}

static void say_value(const struct muster_value *value)
{
    char text[NUMBER_REAL_MAX + 1];
    uint64_t i;

    if (value->type == MUSTER_VALUE_NONE)
        return;
    say(" %s=", value->name);
    switch (value->type) {
    case MUSTER_VALUE_INT:
        say("%" PRId64, value->value.integer);
        break;
    case MUSTER_VALUE_UNSIGNED:
        say("%" PRIu64, value->value.natural);
        break;
    case MUSTER_VALUE_REAL:
        *number_real(text, value->value.real) = '\0';
        say("%s", text);
        break;
    case MUSTER_VALUE_REAL32:
        *number_real32(text, value->value.real) = '\0';
        say("%s", text);
        break;
    case MUSTER_VALUE_TEXT:
        say("\"%.*s\"", (int)value->bytes_size, (const char *)value->bytes);
        break;
    default:
        ck_assert_uint_eq(value->type, MUSTER_VALUE_BYTES);
        for (i = 0; i < value->bytes_size; i++)
            say("%02x", value->bytes[i]);
    }
    if (value->unit != NULL)
        say(" %s", value->unit);
}

/* What must hold of any record. */
static void check_record(const struct muster_record *record, const struct plan_header *header,
                         const uint8_t *datagram, size_t size, uint32_t reading)
{
    static const uint8_t zeros[sizeof((struct muster_record *)0)->reserved];

    ck_assert_uint_eq(record->reading, reading);
    ck_assert_uint_eq(record->readings, header->readings);
    ck_assert_uint_eq(record->kind, MUSTER_KIND_MESSAGE);
    ck_assert_uint_eq(record->device_id, header->device.id);
    ck_assert_int_eq(record->device_time_ns, header->time_ns);
    ck_assert_uint_eq(record->device, 0);
    ck_assert_mem_eq(record->reserved, zeros, sizeof zeros);
    ck_assert(record->answer == 0 && record->keep == 0);
    ck_assert_ptr_eq(record->payload.bytes,
                     record->payload_size > 0 ? datagram + record->payload_at : NULL);
    ck_assert_uint_le(record->payload_at + record->payload_size, size);
}

static void say_record(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                       size_t size, uint32_t reading)
{
    struct muster_value values[VALUES];
    struct muster_record record;
    uint32_t i, count;

    memset(&record, 0xa5, sizeof record);
    memset(values, 0xa5, sizeof values);
    plan_record(plan, &record, header, datagram, size, reading);
    check_record(&record, header, datagram, size, reading);
    if (reading > 0)
        say(" |");
    if (record.seq != header->seq)
        say(" seq %" PRIu64, record.seq);
    count = plan_values(plan, datagram, size, record.payload_at, values, sizeof values[0], VALUES);
    for (i = 0; i < count; i++) {
        ck_assert_str_eq(values[i].name, plan_value(plan, i)->name);
        say_value(&values[i]);
    }
    ck_assert_ptr_null(plan_value(plan, count));
    if (record.marks & MUSTER_MARK_SHARED_NUMBER && reading == 0)
        say(" shared");
}

const char *fixture_said_at(const struct plan *plan, const char *hex, uint64_t arrival_ns)
{
    static const char *const messages[] = {"heartbeat", "data", "init"};
    struct plan_header header;
    size_t size;
    uint8_t *datagram = fixture_bytes(hex, &size);
    int count = plan_header(plan, &header, datagram, size, NULL, arrival_ns);
    uint32_t i;

    used = 0;
    say("%s", "");
    if (count <= 0) {
        say("%s", count == 0 ? "ignored" : wire_reject_name(wire_reason(count)));
        free(datagram);
        return said;
    }
    ck_assert_uint_eq(header.readings, (unsigned)count);
    say("%s ", messages[header.msg_type]);
    if (header.device.is_number)
        say("%" PRIu64, header.device.id);
    else
        say("%.*s", header.device.length, header.device.key);
    if (header.seq_bits > 0)
        say(" seq %" PRIu64 "/%u", header.seq, header.seq_bits);
    if (header.time_ns != 0)
        say(" time %" PRId64, header.time_ns);
    if (header.flags != 0)
        say(" flags %u", header.flags);
    say(":");
    for (i = 0; i < header.readings; i++)
        say_record(plan, &header, datagram, size, i);
    free(datagram);
    return said;
}

const char *fixture_said(const struct plan *plan, const char *hex)
{
    return fixture_said_at(plan, hex, 0);
}
