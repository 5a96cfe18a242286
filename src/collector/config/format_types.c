/* SPDX-License-Identifier: MIT */
#include "format_types.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

#define TYPES_WORDS                                                                                \
    "u8 u16 u24 u32 u48 u64, i8 ... i64, f32 f64 (each perhaps with le or be behind it), text, "   \
    "hex, bcd, skip, number"

enum { WORD_ROOM = 32 };

static const struct format_type_name types[] = {
    {"u8", FORMAT_UNSIGNED, 1},  {"u16", FORMAT_UNSIGNED, 2}, {"u24", FORMAT_UNSIGNED, 3},
    {"u32", FORMAT_UNSIGNED, 4}, {"u48", FORMAT_UNSIGNED, 6}, {"u64", FORMAT_UNSIGNED, 8},
    {"i8", FORMAT_SIGNED, 1},    {"i16", FORMAT_SIGNED, 2},   {"i24", FORMAT_SIGNED, 3},
    {"i32", FORMAT_SIGNED, 4},   {"i48", FORMAT_SIGNED, 6},   {"i64", FORMAT_SIGNED, 8},
    {"f32", FORMAT_REAL, 4},     {"f64", FORMAT_REAL, 8},     {"text", FORMAT_TEXT, 0},
    {"hex", FORMAT_HEX, 0},      {"bcd", FORMAT_BCD, 0},      {"skip", FORMAT_SKIP, 0},
    {"number", FORMAT_NUMBER, 0}};

enum { TYPES = sizeof types / sizeof *types };

const struct format_type_name *format_types_find(const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < TYPES; i++)
        if (strncmp(types[i].name, name, length) == 0 && types[i].name[length] == '\0')
            return &types[i];
    return NULL;
}

size_t format_types_order(const char *text, size_t length, bool *little_endian)
{
    if (length < 4 ||
        (memcmp(text + length - 2, "le", 2) != 0 && memcmp(text + length - 2, "be", 2) != 0))
        return length;
    *little_endian = text[length - 2] == 'l';
    return length - 2;
}

/* ---- Other languages' words ------------------------------------------------------------ */

/* What a word is here, with its length if it has none of its own. */
static const struct {
    const char *word, *is;
} others[] = {
    {"byte", "u8"},        {"bool", "u8"},   {"boolean", "u8"},   {"uchar", "u8"},
    {"char", "text:1"},    {"short", "i16"}, {"ushort", "u16"},   {"word", "u16"},
    {"dword", "u32"},      {"qword", "u64"}, {"int", "i32"},      {"uint", "u32"},
    {"long", "i64"},       {"ulong", "u64"}, {"float", "f32"},    {"single", "f32"},
    {"double", "f64"},     {"real", "f64"},  {"string", "text"},  {"str", "text"},
    {"ascii", "text"},     {"utf8", "text"}, {"bytes", "hex"},    {"raw", "hex"},
    {"blob", "hex"},       {"pad", "skip"},  {"padding", "skip"}, {"reserved", "skip"},
    {"decimal", "number"},
};

/* In front of a number of bits. */
static const struct {
    const char *word, *is;
} prefixes[] = {{"uint", "u"}, {"int", "i"}, {"sint", "i"}, {"s", "i"}, {"float", "f"},
                {"real", "f"}, {"u", "u"},   {"i", "i"},    {"f", "f"}};

/* "uint16" is u16, "float" is f32; NULL if nobody calls anything so. */
static const char *translate(const char *word, char out[WORD_ROOM])
{
    size_t i;

    for (i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].word, word) == 0)
            return others[i].is;
    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const size_t length = strlen(prefixes[i].word);

        if (strncmp(prefixes[i].word, word, length) != 0 || !isdigit((unsigned char)word[length]))
            continue;
        snprintf(out, WORD_ROOM, "%s%s", prefixes[i].is, word + length);
        return format_types_find(out, strlen(out)) != NULL ? out : NULL;
    }
    return format_types_find(word, strlen(word)) != NULL ? word : NULL;
}

/* Takes an ending off, and what joins it to the word. */
static bool take_ending(char *word, const char *ending)
{
    const size_t length = strlen(word), size = strlen(ending);
    size_t rest = length - size;

    if (length <= size || strcmp(word + rest, ending) != 0)
        return false;
    while (rest > 0 && strchr("_- ", word[rest - 1]) != NULL)
        rest--;
    word[rest] = '\0';
    return rest > 0;
}

/* What is meant by "uint16_t", "u16_le", "U16" or "char[8]"; "" if nothing is known. */
static void find_meant(const char *text, char out[2 * WORD_ROOM])
{
    const size_t length = strcspn(text, ":[");
    const char *behind = text + length + (text[length] != '\0'), *order = "", *is;
    const size_t size = strspn(behind, "u0123456789");
    char word[WORD_ROOM], room[WORD_ROOM];
    size_t i;

    out[0] = '\0';
    if (length >= sizeof word)
        return;
    for (i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    word[length] = '\0';
    is = translate(word, room); /* "double" has no byte order at its end */
    if (is == NULL)
        order = take_ending(word, "le") ? "le" : take_ending(word, "be") ? "be" : "";
    if (is == NULL && ((is = translate(word, room)) == NULL)) {
        take_ending(word, "_t");
        is = translate(word, room);
    }
    if (is == NULL)
        return;
    i = strcspn(is, ":");
    if (format_types_find(is, i)->width == 0 && size > 0 && size < 6)
        snprintf(out, 2 * WORD_ROOM, "%.*s:%.*s", (int)i, is, (int)size, behind);
    else
        snprintf(out, 2 * WORD_ROOM, "%s%s", is, format_types_find(is, i)->width > 1 ? order : "");
}

void format_types_say_unknown(const struct format_reader *reader, const struct node *node)
{
    const char *names[TYPES], *near = NULL;
    char meant[2 * WORD_ROOM];
    size_t i;

    for (i = 0; i < TYPES; i++)
        names[i] = types[i].name;
    find_meant(node->text, meant);
    near = meant[0] != '\0' ? meant : suggest(node->text, names, TYPES);
    if (near != NULL)
        node_problem(node, reader->problems, "unknown type \"%s\"; did you mean \"%s\"?",
                     node->text, near);
    else
        node_problem(node, reader->problems, "unknown type \"%s\"; expected one of " TYPES_WORDS,
                     node->text);
}
