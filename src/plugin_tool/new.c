/* SPDX-License-Identifier: MIT
 *
 * muster-plugin new.  The files are those of templates/, in which @WORD@ stands for what differs.
 */
#include "new.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "templates.h"

enum { NAME_MOST = 40, PATH_ROOM = 256 };

struct word {
    const char *name, *text;
};

static const char c_flags[] =
    "CFLAGS ?= -O2 -g\n"
    "COMPILE = $(CC) -std=gnu11 -Wall -Wextra -fPIC -fvisibility=hidden $(CFLAGS) $(LDFLAGS)";
static const char cxx_flags[] =
    "CXXFLAGS ?= -O2 -g\n"
    "COMPILE = $(CXX) -std=c++17 -Wall -Wextra -pedantic -fPIC -fvisibility=hidden $(CXXFLAGS) "
    "$(LDFLAGS)";

/* NULL, or what is wrong with the name. */
static const char *judge(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > NAME_MOST)
        return "expected 1 to 40 bytes";
    if (name[0] < 'a' || name[0] > 'z')
        return "expected a lower-case letter in front";
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != length)
        return "expected lower-case letters, digits, '-' and '_'";
    return NULL;
}

static const char *word_of(const struct word *words, const char *name, size_t length)
{
    for (; words->name != NULL; words++)
        if (strlen(words->name) == length && memcmp(words->name, name, length) == 0)
            return words->text;
    return NULL;
}

/* Copies the template, with words for @WORD@. */
static void fill(FILE *out, const char *template, const struct word *words)
{
    const char *at = template;

    while (*at != '\0') {
        size_t length = *at == '@' ? strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
        const char *text =
            length > 0 && at[length + 1] == '@' ? word_of(words, at + 1, length) : NULL;

        if (text != NULL) {
            fputs(text, out);
            at += length + 2;
        } else {
            putc(*at++, out);
        }
    }
}

static int put(const char *folder, const char *name, const char *template, const struct word *words)
{
    char path[PATH_ROOM];
    FILE *out;
    int error;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    out = fopen(path, "wxe");
    if (out == NULL) {
        fprintf(stderr, "muster-plugin: cannot make \"%s\": %s\n", path, strerror(errno));
        return -1;
    }
    fill(out, template, words);
    error = ferror(out);
    if (fclose(out) == 0 && !error)
        return 0;
    fprintf(stderr, "muster-plugin: cannot write \"%s\": %s\n", path, strerror(errno));
    return -1;
}

static const char *date(char *out, size_t room)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    snprintf(out, room, "%s %d, %d", months[tm.tm_mon], tm.tm_mday, tm.tm_year + 1900);
    return out;
}

static void upper(char *out, const char *name)
{
    do
        *out++ = (char)toupper((unsigned char)*name);
    while (*name++ != '\0');
}

static int put_all(const char *name, bool is_filter, bool is_cxx)
{
    char source[PATH_ROOM], test[PATH_ROOM], manual[PATH_ROOM], day[64], title[NAME_MOST + 1];
    const struct word words[] = {
        {"NAME", name},
        {"TITLE", title},
        {"DATE", date(day, sizeof day)},
        {"ROLE", is_filter ? "filter" : "sink"},
        {"SOURCE", source},
        {"FLAGS", is_cxx ? cxx_flags : c_flags},
        {"SUMMARY", is_filter ? "drops messages whose payload is too long"
                              : "writes a line for each message to a file"},
        {"OPTION", is_filter ? "most" : "path"},
        {"OPTION_TEXT", is_filter ? "The largest payload that passes.\nDefault: 1000 bytes."
                                  : "The file, to whose end the lines go."},
        {"OPTIONS", is_filter ? "" : " path=/dev/null"},
        {NULL, NULL}};
    const char *code = is_filter ? (is_cxx ? template_filter_cc : template_filter_c)
                                 : (is_cxx ? template_sink_cc : template_sink_c);

    upper(title, name);
    snprintf(source, sizeof source, "%s.%s", name, is_cxx ? "cc" : "c");
    snprintf(test, sizeof test, "test_%s.c", name);
    snprintf(manual, sizeof manual, "muster-%s.7", name);
    if (put(name, source, code, words) < 0 || put(name, "Makefile", template_Makefile, words) < 0 ||
        put(name, test, is_filter ? template_test_filter_c : template_test_sink_c, words) < 0 ||
        put(name, manual, template_manual_7, words) < 0 ||
        put(name, "README.md", template_README_md, words) < 0)
        return -1;
    printf("%s: %s, %s, %s, Makefile and README.md; now: cd %s && make check\n", name, source, test,
           manual, name);
    return 0;
}

int new_run(const char *name, bool is_filter, bool is_cxx)
{
    const char *wrong = judge(name);

    if (wrong != NULL) {
        fprintf(stderr, "muster-plugin: \"%s\" is no name for a plugin: %s\n", name, wrong);
        return 1;
    }
    if (mkdir(name, 0777) != 0) {
        fprintf(stderr, "muster-plugin: cannot make the folder \"%s\": %s\n", name,
                errno == EEXIST ? "it is there already; take another name, or remove it"
                                : strerror(errno));
        return 1;
    }
    return put_all(name, is_filter, is_cxx) == 0 ? 0 : 1;
}
