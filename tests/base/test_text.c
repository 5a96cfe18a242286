/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stranger as text: what is UTF-8, what is escaped, and that it can be read back.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "base/text.h"
#include "common/random.h"
#include "common/runner.h"

START_TEST(plain_scan)
{
    uint8_t bytes[40];
    size_t at, size;
    int byte;

    /* One byte of each value, at each place, in texts of several lengths. */
    for (size = 1; size <= sizeof bytes; size += 3)
        for (at = 0; at < size; at++)
            for (byte = 0; byte < 256; byte++) {
                bool plain = byte >= 0x20 && byte < 0x7f && strchr(",\"\\", byte) == NULL;

                memset(bytes, 'a', sizeof bytes);
                bytes[at] = (uint8_t)byte;
                if (text_is_plain(bytes, size) != plain)
                    ck_abort_msg("byte %d at %zu of %zu", byte, at, size);
            }
    ck_assert(text_is_plain(bytes, 0));
}
END_TEST

static size_t encode(uint8_t *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (uint8_t)(0xc0 | point >> 6);
        out[1] = (uint8_t)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (uint8_t)(0xe0 | point >> 12);
        out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | point >> 18);
    out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (point & 0x3f));
    return 4;
}

START_TEST(utf8)
{
    /* Overlong, a surrogate, beyond the last character, cut short, and not the start of one. */
    static const char *const bad[] = {
        "\xc0\x80",     "\xc1\xbf",     "\xe0\x9f\xbf",     "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "\x80",         "\xe2\x28\xa1",     "\xf0\x9f\x98\x28"};
    uint8_t bytes[4];
    uint32_t point;
    size_t i, length;

    for (point = 0; point < 0x110000; point++) {
        size_t wanted = point >= 0xd800 && point < 0xe000 ? 0 : encode(bytes, point);

        if (wanted == 0)
            encode(bytes, point);
        for (length = 1; length <= 4; length++)
            if (text_utf8_length(bytes, length) != (length >= wanted ? wanted : 0))
                ck_abort_msg("U+%04X in %zu bytes", point, length);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (text_utf8_length((const uint8_t *)bad[i], strlen(bad[i])) != 0)
            ck_abort_msg("number %zu is not valid", i);
}
END_TEST

static void expect_escaped(const char *bytes, enum text_quote quote, const char *wanted)
{
    size_t size = strlen(bytes);
    char *text = malloc(size * TEXT_ESCAPE_MAX + 1);

    ck_assert_ptr_nonnull(text);
    *text_escape(text, (const uint8_t *)bytes, size, quote) = '\0';
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(escapes)
{
    expect_escaped("", TEXT_QUOTE_KEEP, "");
    expect_escaped("26.6 \u00b0C, \u20ac \U0001f600", TEXT_QUOTE_KEEP,
                   "26.6 \u00b0C, \u20ac \U0001f600");
    expect_escaped("a\nb\x7f\x1b[2J", TEXT_QUOTE_KEEP, "a\\x0ab\\x7f\\x1b[2J");
    expect_escaped("\xc2\x9b\xc2\xa0", TEXT_QUOTE_KEEP,
                   "\\xc2\\x9b\\xc2\\xa0"); /* U+009B, U+00A0 */
    expect_escaped("\xff\xe2\x82", TEXT_QUOTE_KEEP, "\\xff\\xe2\\x82");
    expect_escaped("\\ \\n \\x41 \\", TEXT_QUOTE_KEEP, "\\ \\n \\x5cx41 \\");
    expect_escaped("\"a\"", TEXT_QUOTE_KEEP, "\"a\"");
    expect_escaped("\"a\"", TEXT_QUOTE_DOUBLE, "\"\"a\"\"");
    expect_escaped("\"a\"", TEXT_QUOTE_ESCAPE, "\\x22a\\x22");
}
END_TEST

/* One of each kind that misleads who reads, or commands who shows: what it is alone. */
START_TEST(what_shows_nothing)
{
    static const uint32_t points[] = {0x07,    0x1b,    0x85,    0x9b,    0xa0,    0xad,    0x61c,
                                      0x200b,  0x200d,  0x200e,  0x2028,  0x2029,  0x202e,  0x202f,
                                      0x2060,  0x2066,  0x2069,  0x3000,  0x115f,  0x3164,  0x2800,
                                      0xfeff,  0xfe0f,  0xe000,  0xf8ff,  0xfff9,  0xffff,  0x378,
                                      0x1d173, 0xe0001, 0xe0041, 0xe0100, 0xf0000, 0x10ffff};
    size_t i, k;

    for (i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t bytes[4];
        size_t size = encode(bytes, points[i]);
        char text[4 * TEXT_ESCAPE_MAX + 1], wanted[4 * TEXT_ESCAPE_MAX + 1] = "";

        ck_assert_int_eq(printable_kind(points[i]), PRINTABLE_NOT);
        for (k = 0; k < size; k++)
            snprintf(wanted + 4 * k, sizeof wanted - 4 * k, "\\x%02x", bytes[k]);
        *text_escape(text, bytes, size, TEXT_QUOTE_KEEP) = '\0';
        ck_assert_str_eq(text, wanted);
    }
}
END_TEST

/* Each letter may have four; none stands on nothing, nor on what is escaped. */
START_TEST(marks_are_bounded)
{
    expect_escaped("e\u0301\u0301\u0301\u0301", TEXT_QUOTE_KEEP, "e\u0301\u0301\u0301\u0301");
    expect_escaped("e\u0301\u0301\u0301\u0301\u0301\u0300x\u0301", TEXT_QUOTE_KEEP,
                   "e\u0301\u0301\u0301\u0301\\xcc\\x81\\xcc\\x80x\u0301");
    expect_escaped("\u0301e", TEXT_QUOTE_KEEP, "\\xcc\\x81e");
    expect_escaped("\n\u0301", TEXT_QUOTE_KEEP, "\\x0a\\xcc\\x81");
    expect_escaped("\\x\u0301", TEXT_QUOTE_KEEP, "\\x5cx\u0301");
    expect_escaped("\u0e01\u0e38\u0e49", TEXT_QUOTE_KEEP,
                   "\u0e01\u0e38\u0e49"); /* Thai needs two */
}
END_TEST

static void expect_fit(const char *bytes, size_t room, const char *wanted, size_t taken)
{
    char text[64];

    ck_assert_uint_eq(text_fit(text, room, bytes, strlen(bytes), TEXT_QUOTE_NOTHING), taken);
    ck_assert_str_eq(text, wanted);
}

/* Never half a character, and never half an escape. */
START_TEST(fits)
{
    expect_fit("", 1, "", 0);
    expect_fit("abc", 4, "abc", 3);
    expect_fit("abc", 3, "ab", 2);
    expect_fit("a\u20ac", 4, "a", 1);
    expect_fit("a\u20ac", 5, "a\u20ac", 4);
    expect_fit("a\n", 5, "a", 1);
    expect_fit("a\n", 6, "a\\x0a", 2);
    expect_fit("\\x41 \"q\"", 64, "\\x41 \"q\"", 8); /* escaped already */
}
END_TEST

static void expect_json(const char *bytes, const char *wanted)
{
    char text[256];

    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);

    *text_json(text, (const uint8_t *)bytes, strlen(bytes)) = '\0';
    ck_assert_str_eq(text, wanted);
    text_print_json(out, bytes);
    fclose(out);
    ck_assert_uint_eq(size, strlen(wanted) + 2);
    ck_assert_int_eq(strncmp(printed + 1, wanted, strlen(wanted)), 0);
    ck_assert(printed[0] == '"' && printed[size - 1] == '"');
    free(printed);
}

START_TEST(json)
{
    expect_json("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600");
    expect_json("\"\\\n\x7f", "\\\"\\\\\\u000a\\u007f");
    expect_json("\u202e\u00a0", "\\u202e\\u00a0");
    expect_json("\U000e0041", "\\udb40\\udc41");
    expect_json("\xff\xe2\x82", "\\\\xff\\\\xe2\\\\x82");
    expect_json("\u0301a", "\\u0301a");
}
END_TEST

/* Replaces each \xHH by its byte. */
static size_t decode(uint8_t *out, const char *text, size_t size)
{
    size_t count = 0, i;

    for (i = 0; i < size; i++) {
        if (text[i] == '\\' && i + 3 < size && text[i + 1] == 'x') {
            const char digits[] = {text[i + 2], text[i + 3], '\0'};

            out[count++] = (uint8_t)strtoul(digits, NULL, 16);
            i += 3;
        } else {
            out[count++] = (uint8_t)text[i];
        }
    }
    return count;
}

START_TEST(there_and_back)
{
    enum { MOST = 40 };
    static const char pieces[] = "\\x\\xx\"5c \xc2\x85\xe2\x82\xac\n\xcc\x81\xcc\x81";
    uint8_t bytes[MOST], back[MOST * TEXT_ESCAPE_MAX];
    char text[MOST * TEXT_ESCAPE_MAX];
    int round;

    random_seed(3629);
    for (round = 0; round < 100000; round++) {
        size_t size = below(MOST + 1), found, i;
        bool wild = one_in(2);

        for (i = 0; i < size; i++)
            bytes[i] = wild ? (uint8_t)random_u32() : (uint8_t)pieces[below(sizeof pieces)];
        found = (size_t)(text_escape(text, bytes, size, TEXT_QUOTE_ESCAPE) - text);
        if (decode(back, text, found) != size || memcmp(back, bytes, size) != 0)
            ck_abort_msg("<%.*s>", (int)found, text);
        for (i = 0; i < found;) {
            size_t length = text_utf8_length((const uint8_t *)text + i, found - i);

            if (length == 0 || (uint8_t)text[i] < 0x20 || text[i] == '"')
                ck_abort_msg("<%.*s>", (int)found, text);
            i += length;
        }
    }
}
END_TEST

START_TEST(parts)
{
    static const uint8_t bytes[] = {0, 0x7f, 0x80, 0xff, 0xa5};
    char text[16];

    *text_hex(text, bytes, sizeof bytes) = '\0';
    ck_assert_str_eq(text, "007f80ffa5");
    ck_assert_ptr_eq(text_hex(text, bytes, 0), text);
    *text_copy(text, "word") = '\0';
    ck_assert_str_eq(text, "word");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        plain_scan, utf8,           escapes, what_shows_nothing, marks_are_bounded, fits,
        json,       there_and_back, parts};
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("text");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
