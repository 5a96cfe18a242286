/* SPDX-License-Identifier: MIT
 *
 * The rows of the sink "csv": its columns, and texts of any bytes against a plain and slow oracle.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "common/random.h"
#include "common/runner.h"
#include "csv/row.h"
#include "fixture.h"
#include "plugins/fake_host.h"

/* Formats the record with these columns, separated by commas. */
static void expect_row(const char *names, struct muster_record record, const char *wanted)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "columns", names, NULL);
    struct muster_device boiler = {.name = "boiler, \"old\"", .class_name = "c"};
    char *text, *end, *header;
    struct row row;
    size_t bound;
    uint32_t i;

    fake_add_device(instance, 101, &boiler);
    ck_assert_int_eq(row_open(&row, &muster_test_host, instance, ROW_WIDE), 0);
    for (i = 0; i < muster_test_host.list_length(instance, "columns"); i++)
        ck_assert_int_eq(row_add(&row, muster_test_host.list_item(instance, "columns", i)), 0);
    header = malloc(row_header_bound(&row));
    ck_assert_ptr_nonnull(header);
    end = row_header(&row, header);
    ck_assert_uint_le((size_t)(end - header), row_header_bound(&row));
    ck_assert_int_eq(end[-1], '\n');
    end[-1] = '\0';
    ck_assert_str_eq(header, names);
    free(header);
    bound = row_bound(&row, &record);
    text = malloc(bound); /* so that the sanitizer sees one byte too many */
    ck_assert_ptr_nonnull(text);
    end = row_format(&row, text, &record);
    ck_assert_uint_le((size_t)(end - text), bound);
    ck_assert_int_eq(end[-1], '\n');
    end[-1] = '\0';
    ck_assert_str_eq(text, wanted);
    free(text);
    row_close(&row);
    muster_test_free(instance);
}

START_TEST(columns)
{
    static const uint8_t source6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    static const char *const verdicts[] = {"none", "unnumbered", "first",   "new",     "gap",
                                           "late", "duplicate",  "restart", "outlier", "9"};
    struct muster_arrival arrival = {.size = sizeof arrival,
                                     .datagram_size = 14,
                                     .source_port = 4242,
                                     .family = 4,
                                     .source = {127, 0, 0, 1}};
    struct muster_record record = fixture_text(9, "ab");
    uint8_t i;

    for (i = 0; i < 10; i++) {
        record.verdict = i;
        expect_row("verdict", record, verdicts[i]);
    }
    record.verdict = MUSTER_VERDICT_GAP;
    record.message.gap = 3;
    record.via.arrival = &arrival;
    record.reading = 2;
    record.readings = 4;
    expect_row("gap,flags,source,source_port,datagram_size,reading,readings,payload,arrival_ns",
               record, "3,1,127.0.0.1,4242,14,2,4,6162,1762534152983310799");
    record.verdict = MUSTER_VERDICT_NEW;
    expect_row("gap", record, "0");
    arrival.family = 6;
    memcpy(arrival.source, source6, sizeof source6);
    expect_row("source,device_name,seq_num", record, "2001:db8::1,\"boiler, \"\"old\"\"\",9");
    arrival.family = 0;
    arrival.source_port = 0;
    record.device_id = record.device = 102;
    expect_row("source,source_port,device_name,device_id", record, ",,,102");
}
END_TEST

START_TEST(timing_columns)
{
    const char *all = "transit,jitter,clock_offset,clock_drift,clock_drift_error";
    struct muster_record record = fixture_text(9, "ab");

    record.message.jitter_us = 12034;
    record.message.clock_offset_ms = -1983;
    record.message.clock_drift_ppb = -50120;
    record.message.clock_drift_error_ppb = 11574;
    expect_row(all, record, "1.983310,0.012034,-1.983,-50.120,11.574");
    record.device_time_ns +=
        5 * (int64_t)S; /* the device is ahead; the digits are cut off, downwards */
    record.message.jitter_us = 0;
    record.message.clock_offset_ms = 3004;
    record.message.clock_drift_ppb = 7;
    record.message.clock_drift_error_ppb = 1;
    expect_row(all, record, "-3.016690,0.000000,3.004,0.007,0.001");
    record.message.clock_drift_error_ppb = 0; /* not known */
    record.marks = MUSTER_MARK_DEVICE;
    expect_row("clock_offset,clock_drift,clock_drift_error,seq_num", record, ",,,9");
    record.marks |= MUSTER_MARK_CLOCK_OFFSET;
    record.message.clock_offset_ms = 3004;
    record.verdict = MUSTER_VERDICT_NONE; /* nobody has looked */
    expect_row(all, record, "-3.016690,,,,");
    record.verdict = MUSTER_VERDICT_DUPLICATE;
    record.message.jitter_us = record.message.clock_drift_error_ppb = UINT32_MAX;
    record.message.clock_drift_ppb = INT32_MIN;
    record.message.clock_offset_ms = -INT32_MAX;
    record.device_time_ns = ((uint32_t)(record.arrival_ns / S) + UINT32_C(0x80000000)) * (int64_t)S;
    record.arrival_ns -= record.arrival_ns % S;
    expect_row(all, record, "-2147483648.000000,4294.967295,-2147483.647,-2147483.648,4294967.295");
    record.device_time_ns -= (int64_t)S;
    record.arrival_ns += S - 1;
    record.message.clock_offset_ms = record.message.clock_drift_ppb = INT32_MAX;
    expect_row("transit,clock_offset,clock_drift", record,
               "-2147483646.000001,2147483.647,2147483.647");
    /* 2106: the timestamp has wrapped, the arrival has not, and the other way around. */
    record.device_time_ns = (int64_t)S;
    record.arrival_ns = ((UINT64_C(1) << 32) - 1) * S + 500000000;
    expect_row("transit", record, "-1.500000");
    record.device_time_ns = UINT32_MAX * (int64_t)S;
    record.arrival_ns = ((UINT64_C(1) << 32) + 2) * S;
    expect_row("transit", record, "3.000000");
    ck_assert(row_can_have(ROW_MESSAGES, ROW_WIDE, "jitter") &&
              !row_can_have(ROW_GAPS, ROW_WIDE, "jitter"));
}
END_TEST

/* Without a plugin. */
static void begin_row(struct row *row)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, NULL);

    ck_assert_int_eq(row_open(row, &muster_test_host, instance, ROW_WIDE), 0);
}

static void end_row(struct row *row)
{
    muster_test_free(row->instance);
    row_close(row);
}

/* All names at once. */
START_TEST(longest_header)
{
    char header[4096];
    struct row row;
    uint32_t i;

    begin_row(&row);
    for (i = 0; row_column_names[i] != NULL; i++)
        ck_assert_int_eq(row_add(&row, row_column_names[i]), 0);
    ck_assert_uint_eq(i, ROW_COLUMNS);
    ck_assert_uint_le(row_header_bound(&row), sizeof header);
    ck_assert_uint_le((size_t)(row_header(&row, header) - header), row_header_bound(&row));
    ck_assert_int_eq(row_add(&row, "clock_drift_error"), -1); /* once only */
    end_row(&row);
}
END_TEST

START_TEST(gap_columns)
{
    static const char *const kinds[] = {"messages", "gaps"};
    /* In the order of the bits. */
    static const char *const words[] = {"network", "kernel",   "collector",     "collector-down",
                                        "restart", "checksum", "not-believable"};
    struct muster_record record = {.kind = MUSTER_KIND_EVENT,
                                   .event.event = MUSTER_EVENT_GAP_LOST,
                                   .device_id = 101,
                                   .device = 101,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .seq_bits = 32,
                                   .event.first = 2,
                                   .event.last = 3,
                                   .value.heard_ns = 1762534151 * S,
                                   .event.opened_ns = 1762534152 * S + 1999,
                                   .event.closed_ns = 1762534153 * S + 983310799};
    const char *all = "device_id,first,last,count,last_heard,opened,closed,outcome,cause";
    uint16_t causes;
    int event, i;

    expect_row(all, record,
               "101,2,3,2,1762534151.000000,1762534152.000001,1762534153.983310,lost,");
    record.event.event = MUSTER_EVENT_GAP_RECOVERED;
    record.event.last = 2;
    record.value.heard_ns = 0; /* not known */
    expect_row(all, record, "101,2,2,1,,1762534152.000001,1762534153.983310,recovered,");
    record.event.event = MUSTER_EVENT_GAP_OPENED;
    record.event.closed_ns = 0; /* not yet */
    expect_row("opened,closed,outcome", record, "1762534152.000001,,open");
    record.event.event = MUSTER_EVENT_GAP_RECOVERED;
    record.event.first = UINT32_MAX - 1; /* across the wrap */
    expect_row("last,count,first", record, "2,5,4294967294");
    record.event.first = 3; /* all 2^32 of them; no tracker says so */
    expect_row("count", record, "4294967296");
    expect_row("device_name,outcome", record, "\"boiler, \"\"old\"\"\",recovered");
    record.event.opened_ns = record.event.closed_ns = UINT64_MAX;
    expect_row("opened,closed", record, "18446744073.709551,18446744073.709551");
    for (causes = 0; causes < 256; causes++) { /* bit 7 is one of a later version */
        char wanted[128] = "";

        for (i = 0; i < MUSTER_CAUSES; i++)
            if (causes >> i & 1)
                strcat(strcat(wanted, wanted[0] != '\0' ? "+" : ""), words[i]);
        record.event.cause = causes;
        expect_row("cause", record, wanted);
    }
    record.event.cause = UINT16_MAX;
    expect_row("cause", record,
               "network+kernel+collector+collector-down+restart+checksum+not-believable");

    for (event = 0; event < 256; event++) {
        record.event.event = (uint8_t)event;
        ck_assert_int_eq(row_is(ROW_GAPS, &record), event == MUSTER_EVENT_GAP_RECOVERED ||
                                                        event == MUSTER_EVENT_GAP_LOST ||
                                                        event == MUSTER_EVENT_GAP_TAKEN_BACK);
        record.event.was = MUSTER_EVENT_GAP_OPENED;
        ck_assert_int_eq(row_is(ROW_GAPS, &record),
                         (event >= MUSTER_EVENT_GAP_OPENED && event <= MUSTER_EVENT_GAP_LOST) ||
                             event == MUSTER_EVENT_GAP_TAKEN_BACK);
        record.event.was = MUSTER_EVENT_NONE;
        ck_assert(!row_is(ROW_MESSAGES, &record));
    }
    record.event.event = MUSTER_EVENT_GAP_LOST;
    for (i = 0; i < 4; i++) {
        record.kind = (uint8_t)i;
        ck_assert_int_eq(row_is(ROW_GAPS, &record), i == MUSTER_KIND_EVENT);
        ck_assert_int_eq(row_is(ROW_MESSAGES, &record), i == MUSTER_KIND_MESSAGE);
    }
    for (i = 0; i < 2; i++) {
        struct row row;
        int j;

        begin_row(&row);
        row_add_default(&row, (enum row_kind)i);
        for (j = 0; j < (int)row.count; j++)
            ck_assert_msg(row_can_have((enum row_kind)i, ROW_WIDE, row.columns[j]->name),
                          "%s for %s", row.columns[j]->name, kinds[i]);
        for (j = 0; row_column_names[j] != NULL; j++) {
            bool both = strncmp(row_column_names[j], "device_", 7) == 0;

            ck_assert_msg((row_can_have(ROW_MESSAGES, ROW_WIDE, row_column_names[j]) &&
                           row_can_have(ROW_GAPS, ROW_WIDE, row_column_names[j])) == both,
                          "%s", row_column_names[j]);
        }
        end_row(&row);
    }
}
END_TEST

/* The default columns have a way of their own; with a column more, a row goes the common way. */
START_TEST(the_default_columns)
{
    struct muster_record record;
    struct row defaults, common;
    char first[512], second[512], *end;
    int i;

    begin_row(&defaults);
    begin_row(&common);
    row_add_default(&defaults, ROW_MESSAGES);
    row_add_default(&common, ROW_MESSAGES);
    ck_assert_int_eq(row_add(&common, "flags"), 0);
    random_seed(7);
    for (i = 0; i < 100000; i++) {
        record = fixture_text(random_u32() >> below(32), one_in(3)   ? "a,\"b"
                                                         : one_in(3) ? ""
                                                                     : "26.6");
        switch (below(4)) {
        case 0:
            record.value_type = MUSTER_VALUE_INT;
            record.value.integer = (int64_t)random_u64() >> below(64);
            break;
        case 1:
            record.value_type = MUSTER_VALUE_REAL;
            record.value.real = (double)random_u32() / 1000;
            break;
        case 2:
            record.value_type = MUSTER_VALUE_NONE;
            break;
        }
        record.device_id = record.device = (uint16_t)random_u32();
        record.device_time_ns = (random_u32() >> below(32)) * (int64_t)S;
        record.msg_type = (uint8_t)below(256);
        record.verdict = (uint8_t)below(10);
        record.flags = 7;
        record.arrival_ns = one_in(2) ? random_u64() : record.arrival_ns + below(UINT32_MAX) - S;
        ck_assert_uint_lt(row_bound(&common, &record), sizeof second);
        end = row_format(&defaults, first, &record);
        ck_assert_int_eq(end[-1], '\n');
        strcpy(end - 1, ",7\n");
        *row_format(&common, second, &record) = '\0';
        ck_assert_str_eq(first, second);
    }
    end_row(&defaults);
    end_row(&common);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        double number;
        const char *text;
    } reals[] = {{0, "0"},           {-0.0, "-0"},
                 {31.6, "31.6"},     {-12.0625, "-12.0625"},
                 {0.1, "0.1"},       {1.0 / 3, "0.3333333333333333"},
                 {1e20, "1e+20"},    {1e15, "1e+15"},
                 {5e-324, "5e-324"}, {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                 {INFINITY, "inf"},  {-INFINITY, "-inf"}};
    struct muster_record record = fixture_text(1, NULL);
    size_t i;

    record.value_type = MUSTER_VALUE_REAL;
    for (i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        record.value.real = reals[i].number;
        expect_row("value", record, reals[i].text);
    }
    record.value.real = (double)NAN;
    expect_row("value", record, "nan");
    record.value.real = -(double)NAN;
    expect_row("value", record, "nan");
    record.value_type = MUSTER_VALUE_INT;
    record.value.integer = INT64_MIN;
    expect_row("value", record, "-9223372036854775808");
    record.value.integer = INT64_MAX;
    expect_row("value", record, "9223372036854775807");
}
END_TEST

/* ---- Texts ---------------------------------------------------------------------------- */

/* The plain way to say whether a character is well-formed: decode, encode anew, compare. */
static size_t slow_character(const uint8_t *bytes, size_t size, uint32_t *point)
{
    size_t length, i;
    uint8_t again[4];

    for (length = 1; length <= 4 && length <= size; length++) {
        static const uint8_t masks[] = {0x7f, 0x1f, 0x0f, 0x07};
        static const uint8_t leads[] = {0x00, 0xc0, 0xe0, 0xf0};
        static const uint32_t ends[] = {0x80, 0x800, 0x10000, 0x110000};
        uint32_t value = bytes[0] & masks[length - 1];
        uint32_t rest;

        for (i = 1; i < length; i++)
            value = value << 6 | (bytes[i] & 0x3f);
        if (value >= ends[length - 1] || (length > 1 && value < ends[length - 2]) ||
            (value >= 0xd800 && value < 0xe000))
            continue;
        rest = value;
        for (i = length - 1; i > 0; i--) {
            again[i] = (uint8_t)(0x80 | (rest & 0x3f));
            rest >>= 6;
        }
        again[0] = (uint8_t)(leads[length - 1] | rest);
        if (memcmp(again, bytes, length) == 0) {
            *point = value;
            return length;
        }
    }
    return 0;
}

/* What the field must be, in the plainest way. */
static size_t slow_field(char *out, const uint8_t *bytes, size_t size)
{
    char *start = out;
    bool quoted = size == 2 && memcmp(bytes, "\\.", 2) == 0, on_letter = false;
    unsigned marks = 0;
    size_t i, k;

    for (i = 0; i < size; i++)
        quoted = quoted || bytes[i] == ',' || bytes[i] == '"';
    if (quoted)
        *out++ = '"';
    for (i = 0; i < size;) {
        uint32_t point = 0;
        size_t length = slow_character(bytes + i, size - i, &point);
        enum printable kind = length == 0 ? PRINTABLE_NOT : printable_kind(point);
        bool escaped =
            kind == PRINTABLE_NOT || (point == '\\' && i + 1 < size && bytes[i + 1] == 'x');

        if (kind == PRINTABLE_MARK)
            escaped = !on_letter || marks == 4;
        marks = kind == PRINTABLE_MARK ? marks + !escaped : 0;
        on_letter = kind == PRINTABLE_MARK ? on_letter : !escaped;
        if (length == 0)
            length = 1;
        for (k = 0; k < length; k++) {
            if (escaped)
                out += sprintf(out, "\\x%02x", bytes[i + k]);
            else if (bytes[i + k] == '"')
                out += sprintf(out, "\"\"");
            else
                *out++ = (char)bytes[i + k];
        }
        i += length;
    }
    if (quoted)
        *out++ = '"';
    return (size_t)(out - start);
}

/* An assertion of Check is a system call, which is too much for each byte. */
static void expect(bool is_so, const char *what, const char *field, size_t size)
{
    if (!is_so)
        ck_abort_msg("%s: <%.*s>", what, (int)size, field);
}

/* Reads a field as a user of the file would: RFC 4180, then the escapes. */
static size_t decode_field(uint8_t *out, const char *field, size_t size)
{
    char *plain = malloc(size + 1);
    size_t length = 0, count = 0, i;

    ck_assert_ptr_nonnull(plain);
    if (size > 0 && field[0] == '"') {
        expect(size >= 2 && field[size - 1] == '"', "a quote is closed", field, size);
        for (i = 1; i < size - 1; i++) {
            plain[length++] = field[i];
            if (field[i] == '"') {
                expect(i + 1 < size - 1 && field[i + 1] == '"', "a quote is doubled", field, size);
                i++;
            }
        }
    } else {
        for (i = 0; i < size; i++) {
            expect(field[i] != ',' && field[i] != '"', "it is quoted", field, size);
            plain[length++] = field[i];
        }
    }
    for (i = 0; i < length; i++) {
        if (plain[i] == '\\' && i + 1 < length && plain[i + 1] == 'x') {
            char digits[3] = {plain[i + 2], plain[i + 3], '\0'};

            expect(i + 3 < length, "an escape is whole", field, size);
            out[count++] = (uint8_t)strtoul(digits, NULL, 16);
            i += 3;
        } else {
            out[count++] = (uint8_t)plain[i];
        }
    }
    free(plain);
    return count;
}

static size_t random_text(uint8_t *bytes, size_t most)
{
    static const char *const pieces[] = {"\\",       "x",
                                         "\\x",      "\"",
                                         ",",        "\r\n",
                                         "\n",       "é",
                                         "€",        "\U0001f600",
                                         "\xc2\x85", "5c",
                                         "\t",       "\xed\xa0\x80",
                                         "\xe2\x82", "\xf4\x90\x80\x80",
                                         "\xc0\xaf", "\x7f",
                                         "plain",    "12.5",
                                         "\u0301",   "\u0301\u0301\u0301",
                                         "\u202e",   "\u00a0"};
    size_t size = 0;
    size_t wanted = (size_t)rand() % (most + 1);
    int kind = rand() % 3;

    while (size < wanted) {
        const char *piece = pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])];

        if (kind == 0)
            bytes[size++] = (uint8_t)rand();
        else if (kind == 1)
            bytes[size++] = (uint8_t)(0x20 + rand() % 0x5f);
        else if (size + strlen(piece) <= wanted) {
            memcpy(bytes + size, piece, strlen(piece));
            size += strlen(piece);
        } else
            wanted = size;
    }
    return size;
}

static void expect_sound(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size) {
        uint32_t point = 0;
        size_t length = slow_character((const uint8_t *)text + i, size - i, &point);

        expect(length > 0 && printable_kind(point) != PRINTABLE_NOT, "it is safe on a terminal",
               text, size);
        i += length;
    }
}

START_TEST(texts_against_oracle)
{
    enum { COUNT = 100000, MOST = 48 };
    struct muster_instance *instance = muster_test_new(PLUGIN, NULL);
    struct row row;
    uint32_t i;

    srand(4180);
    ck_assert_int_eq(row_open(&row, &muster_test_host, instance, ROW_WIDE), 0);
    ck_assert_int_eq(row_add(&row, "value"), 0);
    for (i = 0; i < COUNT; i++) {
        struct muster_record record = fixture_text(i, "");
        uint8_t text[MOST];
        uint8_t back[MOST * 4 + 3];
        char wanted[MOST * 4 + 3];
        char *found;
        size_t wanted_size, found_size;

        record.payload.bytes = text;
        record.payload_size = (uint32_t)random_text(text, MOST);
        found = malloc(row_bound(&row, &record));
        ck_assert_ptr_nonnull(found);
        found_size = (size_t)(row_format(&row, found, &record) - found) - 1;
        ck_assert_int_eq(found[found_size], '\n');
        wanted_size = slow_field(wanted, text, record.payload_size);
        ck_assert_msg(found_size == wanted_size && memcmp(found, wanted, wanted_size) == 0,
                      "row %u is <%.*s>, not <%.*s>", i, (int)found_size, found, (int)wanted_size,
                      wanted);
        expect_sound(found, found_size);
        ck_assert_uint_eq(decode_field(back, found, found_size), record.payload_size);
        ck_assert_int_eq(memcmp(back, text, record.payload_size), 0);
        free(found);
    }
    row_close(&row);
    muster_test_free(instance);
}
END_TEST

/* No column writes more than it says, whatever is in the record. */
static void expect_guarded(const char *text, const char *wanted)
{
    struct muster_record record = fixture_text(1, text);
    char found[256], *end;
    struct row row;

    begin_row(&row);
    row.is_guarded = true;
    ck_assert_int_eq(row_add(&row, "value"), 0);
    ck_assert_uint_le(row_bound(&row, &record), sizeof found);
    end = row_format(&row, found, &record);
    ck_assert_uint_le((size_t)(end - found), row_bound(&row, &record));
    end[-1] = '\0';
    ck_assert_str_eq(found, wanted);
    end_row(&row);
}

/* What a spreadsheet takes for a formula is a text; numbers, whatever their sign, stay numbers. */
START_TEST(guarded)
{
    expect_guarded("=1+1", "'=1+1");
    expect_guarded("@SUM(A1)", "'@SUM(A1)");
    expect_guarded("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0");
    expect_guarded("-2+3", "'-2+3");
    expect_guarded("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"");
    expect_guarded("\uff1d1", "'\uff1d1");
    expect_guarded("-21.5", "-21.5");
    expect_guarded("+3", "+3");
    expect_guarded("-1e3", "-1e3");
    expect_guarded("-", "'-");
    expect_guarded("\t=1", "\\x09=1");
    expect_guarded("\r=1", "\\x0d=1");
    expect_guarded("a=1", "a=1");
    expect_guarded("", "");
}
END_TEST

START_TEST(end_of_data)
{
    expect_row("value", fixture_text(1, "\\."), "\"\\.\"");
    expect_row("value", fixture_text(1, "\\.."), "\\..");
    expect_row("value", fixture_text(1, "a\\."), "a\\.");
}
END_TEST

START_TEST(bounds)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, NULL);
    uint32_t c, round;

    srand(7);
    for (c = 0; row_column_names[c] != NULL; c++)
        for (round = 0; round < 2000; round++) {
            struct row row;
            struct muster_arrival arrival;
            struct muster_record record;
            uint8_t bytes[sizeof record];
            uint8_t payload[20];
            size_t i, bound;
            char *text;

            for (i = 0; i < sizeof bytes; i++)
                bytes[i] = round == 0 ? 0xff : (uint8_t)rand();
            for (i = 0; i < sizeof payload; i++)
                payload[i] = round % 2 == 0 ? 0xff : (uint8_t)rand();
            memcpy(&record, bytes, sizeof record);
            record.device %= MUSTER_DEVICE_IDS;
            record.payload.bytes = payload;
            record.payload_size = round % sizeof payload;
            record.value_type = (uint8_t)(round % 8);
            memcpy(&arrival, bytes, sizeof arrival);
            arrival.family = (uint8_t)(round % 8);
            record.format = 0;
            record.via.arrival = round % 3 == 0 ? NULL : &arrival;
            ck_assert_int_eq(row_open(&row, &muster_test_host, instance, ROW_WIDE), 0);
            ck_assert_int_eq(row_add(&row, row_column_names[c]), 0);
            bound = row_bound(&row, &record);
            text = malloc(bound);
            ck_assert_ptr_nonnull(text);
            ck_assert_uint_le((size_t)(row_format(&row, text, &record) - text), bound);
            free(text);
            row_close(&row);
        }
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        columns, gap_columns,          timing_columns, longest_header, the_default_columns,
        numbers, texts_against_oracle, guarded,        end_of_data,    bounds};
    Suite *suite = suite_create("csv rows");
    TCase *tcase = tcase_create("csv rows");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
