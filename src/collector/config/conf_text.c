/* SPDX-License-Identifier: MIT
 *
 * Reads as libconfig's scanner does, as far as to know texts, comments, numbers and what is to be
 * included.
 */
#include "conf_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_file.h"
#include "literal.h"

#define BLANKS "\t "
#define FIRST  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*"
#define NAME   FIRST "0123456789_-"

/* A file that is being read, and those that include it. */
struct scan {
    struct conf_text *text;
    struct problems *problems;
    const struct scan *outer; /* NULL: nothing includes it */
    const char *file;
    const char *at, *end;
    unsigned line;      /* of the file, from 1 */
    unsigned name_line; /* of the text: where the last name was */
    char name[64];
    bool at_start; /* nothing but blanks is before it in its line */
    bool may_include;
};

/* ---- the text that comes of it -------------------------------------------------------- */

static int no_memory(const struct scan *scan)
{
    problems_add(scan->problems, scan->file, scan->line, 0, "cannot read: out of memory");
    return -1;
}

/* Makes room for one more in an array; NULL if memory is short. */
static void *with_room(void *array, size_t count, size_t *room, size_t size)
{
    size_t larger = *room > 0 ? *room * 2 : 64;

    if (count < *room)
        return array;
    array = reallocarray(array, larger, size);
    if (array != NULL)
        *room = larger;
    return array;
}

/* A new line of the text is from here. */
static int begin_line(const struct scan *scan)
{
    struct conf_text *text = scan->text;
    struct conf_line *lines =
        with_room(text->lines, text->line_count, &text->line_room, sizeof *lines);

    if (lines == NULL)
        return no_memory(scan);
    text->lines = lines;
    lines[text->line_count++] = (struct conf_line){scan->file, scan->line};
    return 0;
}

/* Text without a newline, or a newline. */
static int add(const struct scan *scan, const char *bytes, size_t count)
{
    struct conf_text *text = scan->text;

    if (text->size + count + 1 > text->room) {
        size_t room = (text->size + count + 1) * 2;
        char *larger = realloc(text->bytes, room);

        if (larger == NULL)
            return no_memory(scan);
        text->bytes = larger;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, count);
    text->size += count;
    text->bytes[text->size] = '\0';
    return 0;
}

/* Copies what is before `to`, which is in the file. */
static int copy_to(struct scan *scan, const char *to)
{
    while (scan->at < to) {
        const char *newline = memchr(scan->at, '\n', (size_t)(to - scan->at));
        const char *end = newline != NULL ? newline + 1 : to;

        if (add(scan, scan->at, (size_t)(end - scan->at)) < 0)
            return -1;
        scan->at = end;
        if (newline == NULL)
            continue;
        scan->line++;
        if (begin_line(scan) < 0)
            return -1;
    }
    return 0;
}

/* ---- what is in it -------------------------------------------------------------------- */

/* The end of a text that begins here, behind its quote; NULL: it has none. */
static const char *text_end(const struct scan *scan)
{
    const char *at = scan->at + 1;

    while (at < scan->end && *at != '"')
        at += *at == '\\' && at + 1 < scan->end ? 2 : 1;
    return at < scan->end ? at + 1 : NULL;
}

/* The end of a comment that begins here; NULL: it has none.  The scan's place: no comment does. */
static const char *comment_end(const struct scan *scan)
{
    const char *found;

    if (scan->at[0] == '#' || strncmp(scan->at, "//", 2) == 0) {
        found = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
        return found != NULL ? found : scan->end;
    }
    if (strncmp(scan->at, "/*", 2) != 0)
        return scan->at;
    found = strstr(scan->at + 2, "*/");
    return found != NULL ? found + 2 : NULL;
}

static int unclosed(const struct scan *scan, const char *what, const char *closing)
{
    problems_add(scan->problems, scan->file, scan->line, 0,
                 "the %s that begins here does not end in this file; expected a closing %s", what,
                 closing);
    return -1;
}

static int note_cut(const struct scan *scan)
{
    struct conf_text *text = scan->text;
    struct conf_cut *cuts = reallocarray(text->cuts, text->cut_count + 1, sizeof *cuts);

    if (cuts == NULL)
        return no_memory(scan);
    text->cuts = cuts;
    cuts[text->cut_count].line = scan->name_line;
    memcpy(cuts[text->cut_count++].name, scan->name, sizeof scan->name);
    return 0;
}

static int take_number(struct scan *scan, size_t length)
{
    const char *limit;
    enum literal_fit fit = literal_judge(scan->at, length, &limit);

    if (fit != LITERAL_FITS) {
        problems_add(scan->problems, scan->file, scan->line, 0,
                     "%s%s%.*s is too %s; expected at %s %s", scan->name,
                     scan->name[0] != '\0' ? ": " : "", length < 64 ? (int)length : 64, scan->at,
                     fit == LITERAL_TOO_LARGE ? "large" : "small",
                     fit == LITERAL_TOO_LARGE ? "most" : "least", limit);
        if (problems_count(scan->problems) < PROBLEMS_KEPT && note_cut(scan) < 0)
            return -1;
    }
    return copy_to(scan, scan->at + length);
}

static int take_name(struct scan *scan, size_t length)
{
    if (++scan->text->name_count > CONF_TEXT_NAMES) {
        problems_add(scan->problems, scan->file, scan->line, 0,
                     "there are more than %d names; expected fewer", CONF_TEXT_NAMES);
        return -1;
    }
    snprintf(scan->name, sizeof scan->name, "%.*s", (int)length, scan->at);
    scan->name_line = (unsigned)scan->text->line_count;
    return copy_to(scan, scan->at + length);
}

/* ---- files ---------------------------------------------------------------------------- */

static int scan_all(struct scan *scan);

/* The name of a file, for as long as the text is there. */
static const char *keep_name(const struct scan *scan, const char *name, size_t length)
{
    struct conf_text *text = scan->text;
    char **files = reallocarray(text->files, text->file_count + 1, sizeof *files);

    if (files == NULL)
        return NULL;
    text->files = files;
    files[text->file_count] = strndup(name, length);
    return files[text->file_count] != NULL ? files[text->file_count++] : NULL;
}

/* A 0 would hide what is behind it, and the mark of a text in UTF-8 is none of its letters. */
static int scan_bytes(struct scan *scan, const struct text_file *file)
{
    const char *zero = memchr(file->bytes, '\0', file->size), *at;
    unsigned column = 1;

    scan->at = file->bytes;
    scan->end = file->bytes + file->size;
    scan->line = 1;
    for (at = file->bytes; zero != NULL && at < zero; at++) {
        column = *at == '\n' ? 1 : column + 1;
        scan->line += *at == '\n';
    }
    if (zero != NULL) {
        problems_add(scan->problems, scan->file, scan->line, column,
                     "there is a byte 0 here; expected text");
        return -1;
    }
    if (strncmp(scan->at, "\xef\xbb\xbf", 3) == 0)
        scan->at += 3;
    return scan_all(scan);
}

/* Why the file cannot be included here; NULL: it can. */
static const char *refusal(const struct scan *scan, const char *name)
{
    const struct scan *outer;
    unsigned depth = 1;

    for (outer = scan; outer != NULL; outer = outer->outer, depth++)
        if (strcmp(outer->file, name) == 0)
            return "it is the file that this stands in, or one that includes that";
    if (depth > CONF_TEXT_DEEPEST)
        return "too many files include each other; expected 10 at most";
    if (scan->text->file_count > CONF_TEXT_INCLUDES)
        return "there are too many; expected 1000 files at most";
    return NULL;
}

static int include(const struct scan *scan, const char *name)
{
    struct scan inner = {.text = scan->text,
                         .problems = scan->problems,
                         .outer = scan,
                         .file = name,
                         .may_include = true};
    const char *why = refusal(scan, name);
    struct text_file file = {0};
    char reason[128];
    int result;

    if (why == NULL && text_file_read(&file, name, CONF_TEXT_LARGEST, reason, sizeof reason) < 0)
        why = reason;
    scan->text->read += file.size;
    if (why == NULL && scan->text->read > CONF_TEXT_LARGEST)
        why = "with it all files together are larger than 1 MiB; expected less";
    if (why != NULL) {
        problems_add(scan->problems, scan->file, scan->line, 0, "cannot include \"%s\": %s", name,
                     why);
        free(file.bytes);
        return -1;
    }
    /* The line that the directive is in has begun already, with blanks. */
    scan->text->lines[scan->text->line_count - 1] = (struct conf_line){inner.file, 1};
    result = scan_bytes(&inner, &file);
    free(file.bytes);
    if (result == 0)
        result = add(scan, "\n", 1);
    return result == 0 ? begin_line(scan) : -1;
}

/* Includes a file if a directive begins here, and goes behind it.  Returns 1 then, 0 if there is
 * none, or -1. */
static int take_directive(struct scan *scan)
{
    const char *quote = scan->at + strlen("@include"), *name, *end;

    if (!scan->at_start || !scan->may_include || strncmp(scan->at, "@include", 8) != 0)
        return 0;
    quote += strspn(quote, BLANKS);
    if (*quote != '"' || quote == scan->at + 8)
        return 0;
    end = quote + 1 + strcspn(quote + 1, "\"\n");
    if (*end != '"')
        return unclosed(scan, "name of a file", "'\"' in this line");
    name = keep_name(scan, quote + 1, (size_t)(end - quote - 1));
    if (name == NULL)
        return no_memory(scan);
    if (include(scan, name) < 0)
        return -1;
    scan->at = end + 1;
    return 1;
}

/* One text, comment, name, number or other character. */
static int scan_one(struct scan *scan)
{
    const char *end = comment_end(scan);
    int result = take_directive(scan);
    size_t length;

    if (result != 0)
        return result < 0 ? -1 : 0; /* behind it, a line begins */
    scan->at_start = *scan->at == '\n' || (scan->at_start && strchr(BLANKS, *scan->at) != NULL);
    if (end == NULL)
        return unclosed(scan, "comment", "\"*/\"");
    if (end > scan->at)
        return copy_to(scan, end);
    if (*scan->at == '"') {
        end = text_end(scan);
        return end != NULL ? copy_to(scan, end) : unclosed(scan, "text", "'\"'");
    }
    length = strspn(scan->at, FIRST) > 0 ? strspn(scan->at, NAME) : 0;
    if (length > 0)
        return take_name(scan, length);
    length = literal_length(scan->at);
    return length > 0 ? take_number(scan, length) : copy_to(scan, scan->at + 1);
}

static int scan_all(struct scan *scan)
{
    scan->at_start = true;
    while (scan->at < scan->end)
        if (scan_one(scan) < 0)
            return -1;
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------ */

static int scan_first(struct scan *scan, const struct text_file *file)
{
    scan->text->read = file->size;
    scan->line = 1;
    return begin_line(scan) == 0 && scan_bytes(scan, file) == 0 ? add(scan, "\n", 1) : -1;
}

int conf_text_read(struct conf_text *text, const char *path, struct problems *problems)
{
    struct scan scan = {.text = text, .problems = problems, .file = path, .may_include = true};
    struct text_file file;
    char why[128];
    int result;

    *text = (struct conf_text){0};
    if (text_file_read(&file, path, CONF_TEXT_LARGEST, why, sizeof why) < 0) {
        problems_add(problems, NULL, 0, 0, "cannot read the configuration \"%s\": %s", path, why);
        return -1;
    }
    result = scan_first(&scan, &file);
    free(file.bytes);
    return result;
}

int conf_text_take(struct conf_text *text, const char *bytes, const char *file,
                   struct problems *problems)
{
    struct scan scan = {.text = text, .problems = problems, .file = file};
    struct text_file whole = {.bytes = strdup(bytes), .size = strlen(bytes)};
    int result = whole.bytes != NULL ? scan_first(&scan, &whole) : no_memory(&scan);

    free(whole.bytes);
    return result;
}

void conf_text_free(struct conf_text *text)
{
    size_t i;

    for (i = 0; i < text->file_count; i++)
        free(text->files[i]);
    free(text->files);
    free(text->cuts);
    free(text->lines);
    free(text->bytes);
    *text = (struct conf_text){0};
}

struct conf_line conf_text_place(const struct conf_text *text, unsigned line)
{
    size_t index = line > 0 ? line - 1 : 0;

    if (index >= text->line_count)
        index = text->line_count - 1;
    return text->lines[index];
}

bool conf_text_is_cut(const struct conf_text *text, unsigned line, const char *name)
{
    size_t i;

    for (i = 0; i < text->cut_count; i++)
        if (text->cuts[i].line == line && strcmp(text->cuts[i].name, name) == 0)
            return true;
    return false;
}
