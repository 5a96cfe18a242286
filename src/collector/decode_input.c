/* SPDX-License-Identifier: MIT */
#include "decode_input.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 1 << 20 /* the longest datagram as a dump of any kind, and then some */ };

static const char digits[] = "0123456789abcdefABCDEF";

/* Takes a text that ends in '\0' apart, line by line. */
static int read_lines(struct hexadecimal *bytes, char *text, char why[HEXADECIMAL_WHY])
{
    char *line, *rest = text;
    int result = 0;

    while (result == 0 && (line = strsep(&rest, "\n")) != NULL)
        result = hexadecimal_line(bytes, line, why);
    return result;
}

/* Whether no text has such bytes. */
static bool has_control(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && strchr("\t\r\n\f", text[i]) == NULL) ||
            text[i] == '\0' || (unsigned char)text[i] > '~')
            return true;
    return false;
}

/* Whether a text that cannot be read is one that should be digits: then that is the mistake. */
static bool seems_digits(const char *text)
{
    const size_t first = strspn(text, digits);
    const bool is_dump = first >= 7 && strchr(" :", text[first]) != NULL;

    return is_dump || text[strspn(text, "0123456789abcdefABCDEF xX\\:,-*\t\r\n")] == '\0';
}

static int take_raw(struct hexadecimal *bytes, const char *text, size_t size,
                    char why[HEXADECIMAL_WHY])
{
    if (size > bytes->room) {
        snprintf(why, HEXADECIMAL_WHY, "more than %zu bytes; no datagram is longer", bytes->room);
        return -1;
    }
    memcpy(bytes->bytes, text, size);
    bytes->count = size;
    fprintf(stderr, "musterd: standard input is not hexadecimal: %zu bytes are taken as they are\n",
            size);
    return 0;
}

static int take_text(struct hexadecimal *bytes, const char *text, size_t size,
                     char why[HEXADECIMAL_WHY])
{
    char *copy = has_control(text, size) ? NULL : strdup(text);
    int result = -1;

    if (copy == NULL)
        return take_raw(bytes, text, size, why);
    result = read_lines(bytes, copy, why);
    free(copy);
    if (result == 0)
        fprintf(stderr, "musterd: standard input is hexadecimal, of %zu bytes\n", bytes->count);
    else if (!seems_digits(text))
        result = take_raw(bytes, text, size, why);
    return result;
}

static int read_input(struct hexadecimal *bytes, char why[HEXADECIMAL_WHY])
{
    char *text = malloc(TEXT_MOST + 1);
    int result = -1;
    size_t size;

    if (text == NULL) {
        snprintf(why, HEXADECIMAL_WHY, "out of memory");
        return -1;
    }
    size = fread(text, 1, TEXT_MOST, stdin);
    text[size] = '\0';
    if (ferror(stdin))
        snprintf(why, HEXADECIMAL_WHY, "cannot read standard input");
    else if (size == TEXT_MOST)
        snprintf(why, HEXADECIMAL_WHY, "more than %zu bytes; no datagram is longer", bytes->room);
    else
        result = take_text(bytes, text, size, why);
    free(text);
    return result;
}

int decode_input_read(struct hexadecimal *bytes, char *const *hex, unsigned count,
                      char why[HEXADECIMAL_WHY])
{
    unsigned i;

    if (count == 1 && strcmp(hex[0], "-") == 0)
        return read_input(bytes, why);
    for (i = 0; i < count; i++)
        if (hexadecimal_read(bytes, hex[i], why) < 0)
            return -1;
    return 0;
}
