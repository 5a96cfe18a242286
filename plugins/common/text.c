/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stranger as text that is safe in a file and on a terminal.
 */
#include "text.h"

#include <string.h>

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

char *text_escape(char *out, const uint8_t *bytes, size_t size, enum text_quote quote)
{
    size_t i = 0;

    while (i < size) {
        uint8_t byte = bytes[i];
        size_t length = text_utf8_length(bytes + i, size - i);

        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            out = escape_byte(out, byte);
            i++;
        } else if (length == 2 && byte == 0xc2 && bytes[i + 1] < 0xa0) {
            /* U+0080 to U+009F: terminals obey some of these. */
            out = escape_byte(out, byte);
            out = escape_byte(out, bytes[i + 1]);
            i += 2;
        } else if (byte == '\\' && size - i >= 2 && bytes[i + 1] == 'x') {
            out = escape_byte(out, byte);
            i++;
        } else if (byte == '"' && quote == TEXT_QUOTE_ESCAPE) {
            out = escape_byte(out, byte);
            i++;
        } else if (byte == '"' && quote == TEXT_QUOTE_DOUBLE) {
            *out++ = '"';
            *out++ = '"';
            i++;
        } else {
            memcpy(out, bytes + i, length);
            out += length;
            i += length;
        }
    }
    return out;
}
