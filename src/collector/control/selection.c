/* SPDX-License-Identifier: MIT
 *
 * A word is FIELD OPERATOR VALUE without blanks in between; a value with blanks is in quotes.  How
 * a device is can stand alone: "silent" is presence=silent.
 */
#include "selection.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "base/units.h"

enum kind { TEXT, COUNT, PERCENT, DURATION };

struct selection_field {
    const char *name;
    enum kind kind;
    const char *(*text)(const struct facts *facts); /* NULL: it has none */
    double (*number)(const struct facts *facts);    /* below 0: not known */
};

/* ---- fields --------------------------------------------------------------------------- */

static const char *get_id(const struct facts *facts)
{
    return facts->about.key;
}

static const char *get_name(const struct facts *facts)
{
    return facts->about.name;
}

static const char *get_place(const struct facts *facts)
{
    return facts->about.place;
}

static const char *get_class(const struct facts *facts)
{
    return facts->about.class_name;
}

static double get_loss(const struct facts *facts)
{
    return facts->report != NULL ? facts_loss(facts->report->due, facts->report->have) : -1;
}

static double get_interval(const struct facts *facts)
{
    return facts->report != NULL && facts->report->interval_ns > 0
               ? (double)facts->report->interval_ns / (double)CLOCK_SECOND
               : -1;
}

#define FIGURE(name, value)                                                                        \
    static double get_##name(const struct facts *facts)                                            \
    {                                                                                              \
        return facts->report != NULL ? (double)(value) : -1;                                       \
    }
FIGURE(due, facts->report->due)
FIGURE(have, facts->report->have)
FIGURE(open, facts_sum(facts->report->open))
FIGURE(recovered, facts->report->recovered)
FIGURE(lost, facts_sum(facts->report->lost))
FIGURE(duplicates, facts->report->duplicates)
FIGURE(late, facts->report->late)
FIGURE(restarts, facts->report->restarts)
#undef FIGURE

static const struct selection_field fields[] = {
    {"id", TEXT, get_id, NULL},
    {"name", TEXT, get_name, NULL},
    {"place", TEXT, get_place, NULL},
    {"class", TEXT, get_class, NULL},
    {"presence", TEXT, facts_presence, NULL},
    {"loss", PERCENT, NULL, get_loss},
    {"silent", DURATION, NULL, facts_silence},
    {"interval", DURATION, NULL, get_interval},
    {"due", COUNT, NULL, get_due},
    {"have", COUNT, NULL, get_have},
    {"open", COUNT, NULL, get_open},
    {"recovered", COUNT, NULL, get_recovered},
    {"lost", COUNT, NULL, get_lost},
    {"duplicates", COUNT, NULL, get_duplicates},
    {"late", COUNT, NULL, get_late},
    {"restarts", COUNT, NULL, get_restarts},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static const struct selection_field *find_field(const char *name)
{
    size_t i;

    for (i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* ---- reading -------------------------------------------------------------------------- */

/* The first word of a text that is changed: its blank is its end, and quotes are taken away.  NULL:
 * there is none, or a quote has no end, and *rest is NULL. */
static char *take_word(char **rest)
{
    char *word = *rest, *to, *at;
    bool quoted = false;

    while (isspace((unsigned char)*word))
        word++;
    for (at = to = word; *at != '\0' && (quoted || !isspace((unsigned char)*at)); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            *to++ = *at;
    }
    *rest = *at != '\0' ? at + 1 : at;
    *to = '\0';
    if (quoted)
        *rest = NULL;
    return quoted || to == word ? NULL : word;
}

static int refuse_field(const char *name, char why[SELECTION_WHY])
{
    const char *names[FIELDS + FACTS_PRESENCES];
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; i < FIELDS; i++)
        names[i] = fields[i].name;
    for (i = 0; i < FACTS_PRESENCES; i++)
        names[FIELDS + i] = facts_presences[i];
    snprintf(why, SELECTION_WHY, "filter: unknown \"%.60s\"; %s", name,
             suggest_hint(hint, sizeof hint, name, names, FIELDS + FACTS_PRESENCES));
    return -1;
}

static int refuse_value(const struct selection_term *term, const char *expected,
                        char why[SELECTION_WHY])
{
    snprintf(why, SELECTION_WHY, "filter: %s%s\"%.60s\"; expected %s", term->field->name,
             term->relation, term->text, expected);
    return -1;
}

static int read_number(struct selection_term *term, char why[SELECTION_WHY])
{
    bool is_percent = term->field->kind == PERCENT;
    char *end;

    errno = 0;
    term->number = strtod(term->text, &end);
    if (is_percent && *end == '%')
        end++;
    if (!isdigit((unsigned char)term->text[0]) || *end != '\0' || errno != 0)
        return refuse_value(term, is_percent ? "a percentage, such as 5%" : "a number", why);
    return 0;
}

static int read_value(struct selection_term *term, char why[SELECTION_WHY])
{
    int64_t ns;
    size_t i;

    switch (term->field->kind) {
    case TEXT:
        if (term->relation[0] == '<' || term->relation[0] == '>')
            return refuse_value(term, "=, != or ~ before a text", why);
        if (term->field->text != facts_presence || term->relation[0] == '~')
            return 0;
        for (i = 0; i < FACTS_PRESENCES; i++)
            if (strcmp(term->text, facts_presences[i]) == 0)
                return 0;
        return refuse_value(term, "online, late, silent or never-heard", why);
    case DURATION:
        if (term->relation[0] == '~' || units_duration(term->text, &ns) < 0)
            return refuse_value(term, UNITS_DURATION_FORM, why);
        term->number = (double)ns / (double)CLOCK_SECOND;
        return 0;
    default:
        if (term->relation[0] == '~')
            return refuse_value(term, "=, !=, <, <=, > or >= before a number", why);
        return read_number(term, why);
    }
}

/* "silent", but not as a field. */
static bool read_presence(struct selection_term *term, const char *word)
{
    size_t i;

    for (i = 0; i < FACTS_PRESENCES; i++)
        if (strcmp(word, facts_presences[i]) == 0) {
            term->field = find_field("presence");
            term->relation[0] = '=';
            term->text = word;
            return true;
        }
    return false;
}

static int read_term(struct selection_term *term, char *word, char why[SELECTION_WHY])
{
    size_t length = strcspn(word, "=!~<>"), signs = strspn(word + length, "=!~<>");
    static const char *const operators[] = {"=", "!=", "~", ">", "<", ">=", "<="};
    size_t i;

    if (signs == 0) {
        if (read_presence(term, word))
            return 0;
        if (find_field(word) == NULL)
            return refuse_field(word, why);
        snprintf(why, SELECTION_WHY, "filter: \"%.60s\" says nothing; expected such as %.60s=X",
                 word, word);
        return -1;
    }
    for (i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strlen(operators[i]) == signs && strncmp(word + length, operators[i], signs) == 0)
            memcpy(term->relation, operators[i], signs);
    if (term->relation[0] == '\0') {
        snprintf(why, SELECTION_WHY, "filter: \"%.60s\"; expected =, !=, ~, <, <=, > or >=", word);
        return -1;
    }
    word[length] = '\0';
    term->text = word + length + signs;
    term->field = find_field(word);
    return term->field == NULL ? refuse_field(word, why) : read_value(term, why);
}

int selection_parse(struct selection *selection, const char *text, char why[SELECTION_WHY])
{
    char *rest = selection->text, *word;

    *selection = (struct selection){0};
    if (text == NULL)
        return 0;
    if (strlen(text) >= sizeof selection->text) {
        snprintf(why, SELECTION_WHY, "filter: too long; expected less than %zu bytes",
                 sizeof selection->text);
        return -1;
    }
    memcpy(selection->text, text, strlen(text));
    while ((word = take_word(&rest)) != NULL) {
        if (selection->count == SELECTION_TERMS) {
            snprintf(why, SELECTION_WHY, "filter: too many words; expected %d at most",
                     SELECTION_TERMS);
            return -1;
        }
        if (read_term(&selection->terms[selection->count++], word, why) < 0)
            return -1;
    }
    if (rest != NULL)
        return 0;
    snprintf(why, SELECTION_WHY, "filter: a quote has no end");
    return -1;
}

/* ---- asking --------------------------------------------------------------------------- */

static bool text_holds(const struct selection_term *term, const char *text)
{
    if (text == NULL)
        text = "";
    if (term->relation[0] == '~')
        return strcasestr(text, term->text) != NULL;
    return (strcmp(text, term->text) == 0) == (term->relation[0] == '=');
}

static bool number_holds(const struct selection_term *term, double number)
{
    double asked = term->number;
    bool less = number<asked, more = number> asked;

    if (number < 0)
        return false;
    switch (term->relation[0]) {
    case '<':
        return less || (term->relation[1] == '=' && !more);
    case '>':
        return more || (term->relation[1] == '=' && !less);
    case '!':
        return less || more;
    default:
        return !less && !more;
    }
}

const char *selection_figure(const struct selection *selection)
{
    size_t i;

    for (i = 0; i < selection->count; i++)
        if (selection->terms[i].field->kind != TEXT ||
            selection->terms[i].field->text == facts_presence)
            return selection->terms[i].field->name;
    return NULL;
}

bool selection_has(const struct selection *selection, const struct facts *facts)
{
    size_t i;

    for (i = 0; i < selection->count; i++) {
        const struct selection_term *term = &selection->terms[i];
        const struct selection_field *field = term->field;

        if (field->kind == TEXT ? !text_holds(term, field->text(facts))
                                : !number_holds(term, field->number(facts)))
            return false;
    }
    return true;
}
