/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stranger as text that is safe in a file and on a terminal.
 */
#include "text.h"

#include <string.h>

#include "printable.h"

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The top bit of the lowest byte of `word` that is 0 is set in the result, and
 * the result is 0 if there is none. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

static bool plain_byte(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != ',' && byte != '"' && byte != '\\';
}

/* Whether all of 8 bytes are plain. */
static inline bool plain_word(uint64_t word)
{
    uint64_t odd = word & EACH_BYTE(0x80);

    odd |= (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
    odd |= zero_bytes(word ^ EACH_BYTE(0x7f));
    odd |= zero_bytes(word ^ EACH_BYTE(','));
    odd |= zero_bytes(word ^ EACH_BYTE('"'));
    odd |= zero_bytes(word ^ EACH_BYTE('\\'));
    return odd == 0;
}

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t load32(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* A text of a reading is short, so what is no whole word counts: its words overlap. */
bool text_is_plain(const uint8_t *bytes, size_t size)
{
    size_t i;

    if (size < 4) {
        for (i = 0; i < size && plain_byte(bytes[i]); i++)
            ;
        return i == size;
    }
    if (size < 8)
        return plain_word(load32(bytes) << 32 | load32(bytes + size - 4));
    for (i = 0; i < size - 8; i += 8)
        if (!plain_word(load64(bytes + i)))
            return false;
    return plain_word(load64(bytes + size - 8));
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t text_utf8_length(const uint8_t *bytes, size_t size)
{
    uint8_t lead = bytes[0];

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || size < 2 || !continues(bytes[1]))
        return 0; /* a continuation, an overlong form, or cut short */
    if (lead < 0xe0)
        return 2;
    if (size < 3 || !continues(bytes[2]))
        return 0;
    if (lead < 0xf0) {
        if (lead == 0xe0 && bytes[1] < 0xa0)
            return 0; /* overlong */
        if (lead == 0xed && bytes[1] >= 0xa0)
            return 0; /* a surrogate */
        return 3;
    }
    if (size < 4 || !continues(bytes[3]))
        return 0;
    if (lead > 0xf4 || (lead == 0xf0 && bytes[1] < 0x90) || (lead == 0xf4 && bytes[1] >= 0x90))
        return 0; /* overlong, or beyond U+10FFFF */
    return 4;
}

char *text_hex(char *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    return out;
}

char *text_copy(char *out, const char *string)
{
    size_t size = strlen(string);

    memcpy(out, string, size);
    return out + size;
}

static char *escape_byte(char *out, uint8_t byte)
{
    *out++ = '\\';
    *out++ = 'x';
    return text_hex(out, &byte, 1);
}

/* Of a valid character. */
static uint32_t code_of(const uint8_t *bytes, size_t length)
{
    static const uint8_t leads[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = bytes[0] & leads[length];
    size_t i;

    for (i = 1; i < length; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

/* How many stand on what was written last.  At the start and behind an escape there is nothing that
 * one could stand on, as if there were no room for more. */
struct marks {
    unsigned count;
};

/* The length of the character at the start, if it can be written as it is; else 0.  Then its first
 * byte is escaped: the others are no character without it. */
static size_t shown_length(const uint8_t *bytes, size_t size, struct marks *marks)
{
    size_t length = text_utf8_length(bytes, size);

    switch (length > 0 ? printable_kind(code_of(bytes, length)) : PRINTABLE_NOT) {
    case PRINTABLE_BASE:
        marks->count = 0;
        return length;
    case PRINTABLE_MARK:
        if (marks->count < TEXT_MARKS_MOST) {
            marks->count++;
            return length;
        }
        return 0;
    default:
        marks->count = TEXT_MARKS_MOST;
        return 0;
    }
}

/* Whether a byte that could stay is escaped nevertheless. */
static bool must_escape(const uint8_t *bytes, size_t size, enum text_quote quote)
{
    if (bytes[0] == '"')
        return quote == TEXT_QUOTE_ESCAPE;
    return bytes[0] == '\\' && size >= 2 && bytes[1] == 'x' && quote != TEXT_QUOTE_NOTHING;
}

char *text_escape(char *out, const uint8_t *bytes, size_t size, enum text_quote quote)
{
    struct marks marks = {TEXT_MARKS_MOST};
    size_t i = 0;

    while (i < size) {
        size_t length;

        if (plain_byte(bytes[i]) || bytes[i] == ',') {
            marks.count = 0;
            *out++ = (char)bytes[i++];
            continue;
        }
        length = shown_length(bytes + i, size - i, &marks);
        if (length == 0 || must_escape(bytes + i, size - i, quote)) {
            marks.count = TEXT_MARKS_MOST;
            out = escape_byte(out, bytes[i]);
            i++;
            continue;
        }
        if (bytes[i] == '"' && quote == TEXT_QUOTE_DOUBLE)
            *out++ = '"';
        memcpy(out, bytes + i, length);
        out += length;
        i += length;
    }
    return out;
}

size_t text_fit(char *out, size_t room, const void *bytes, size_t size, enum text_quote quote)
{
    const uint8_t *in = bytes;
    struct marks marks = {TEXT_MARKS_MOST};
    size_t i = 0;

    while (i < size) {
        size_t length = shown_length(in + i, size - i, &marks);
        const bool is_escaped = length == 0 || must_escape(in + i, size - i, quote);
        const size_t needed = is_escaped ? TEXT_ESCAPE_MAX : length;

        if (needed >= room)
            break;
        if (is_escaped) {
            marks.count = TEXT_MARKS_MOST;
            escape_byte(out, in[i]);
            i++;
        } else {
            memcpy(out, in + i, length);
            i += length;
        }
        out += needed;
        room -= needed;
    }
    *out = '\0';
    return i;
}

static char *json_unit(char *out, uint32_t unit)
{
    const uint8_t bytes[] = {(uint8_t)(unit >> 8), (uint8_t)unit};

    *out++ = '\\';
    *out++ = 'u';
    return text_hex(out, bytes, sizeof bytes);
}

static char *json_escape(char *out, uint32_t code)
{
    if (code < 0x10000)
        return json_unit(out, code);
    out = json_unit(out, 0xd800 + ((code - 0x10000) >> 10));
    return json_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

/* What there is at the start, a character or a byte, which takes *taken of the input. */
static char *json_next(char *out, const uint8_t *bytes, size_t size, struct marks *marks,
                       size_t *taken)
{
    const size_t shown = shown_length(bytes, size, marks);
    const size_t length = shown > 0 ? shown : text_utf8_length(bytes, size);

    *taken = length > 0 ? length : 1;
    if (length == 0) {
        *out++ = '\\'; /* of the text's own backslash */
        return escape_byte(out, bytes[0]);
    }
    if (shown == 0)
        return json_escape(out, code_of(bytes, length));
    if (bytes[0] == '"' || bytes[0] == '\\')
        *out++ = '\\';
    memcpy(out, bytes, length);
    return out + length;
}

char *text_json(char *out, const uint8_t *bytes, size_t size)
{
    struct marks marks = {TEXT_MARKS_MOST};
    size_t i, taken;

    for (i = 0; i < size; i += taken)
        out = json_next(out, bytes + i, size - i, &marks, &taken);
    return out;
}

void text_print_json(FILE *out, const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    struct marks marks = {TEXT_MARKS_MOST};
    size_t size = strlen(text), i, taken;

    fputc('"', out);
    for (i = 0; i < size; i += taken) {
        char next[4 * TEXT_JSON_MAX]; /* as much as a character of four bytes can become */
        const char *end = json_next(next, bytes + i, size - i, &marks, &taken);

        fwrite(next, 1, (size_t)(end - next), out);
    }
    fputc('"', out);
}
