/* SPDX-License-Identifier: MIT
 *
 * The keys of a format.
 */
#include "formats.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/suggest.h"
#include "check.h"
#include "collector/catalog/catalog.h"
#include "decimal.h"
#include "format_fields.h"
#include "format_reader.h"
#include "format_replies.h"
#include "format_values.h"

/* ---- What the file may say ------------------------------------------------------------ */

enum { FORMAT_ORDER, FORMAT_COUNTS, FORMAT_SEPARATOR, FORMAT_OPTIONS };

static const char *const orders[] = {"be", "le", NULL};
static const char *const counted[] = {"datagrams", "readings", NULL};

static const struct muster_option format_options[FORMAT_OPTIONS] = {
    [FORMAT_ORDER] = {.name = "order",
                      .type = MUSTER_OPTION_CHOICE,
                      .fallback = "be",
                      .choices = orders,
                      .summary = "The byte order of types that do not say: be, most significant "
                                 "byte first, or le"},
    [FORMAT_COUNTS] = {.name = "counts",
                       .type = MUSTER_OPTION_CHOICE,
                       .fallback = "datagrams",
                       .choices = counted,
                       .summary = "What the sequence number counts: reading i of a datagram has "
                                  "sequence + i if it counts readings"},
    [FORMAT_SEPARATOR] = {.name = "separator",
                          .type = MUSTER_OPTION_STRING,
                          .summary = "The character that ends a number in decimal text which does "
                                     "not name one: \",\", or a word such as comma or tab"},
};

enum { CLOCK_UNIT, CLOCK_EPOCH, CLOCK_FRACTION, CLOCK_PER, CLOCK_WRAPS, CLOCK_OPTIONS };

static const char *const units[] = {"s", "ms", "us", "ns", NULL};
static const uint64_t unit_ns[] = {1000000000, 1000000, 1000, 1};

static const struct muster_option clock_options[CLOCK_OPTIONS] = {
    [CLOCK_UNIT] = {.name = "unit",
                    .type = MUSTER_OPTION_CHOICE,
                    .fallback = "s",
                    .choices = units,
                    .summary = "What it counts"},
    [CLOCK_EPOCH] = {.name = "epoch",
                     .type = MUSTER_OPTION_STRING,
                     .fallback = "unix",
                     .summary = "When it was 0: unix (1970), gps (1980), ntp (1900), 2000, the "
                                "Unix time of it in seconds; or start, if that is not known"},
    [CLOCK_FRACTION] = {.name = "fraction",
                        .type = MUSTER_OPTION_STRING,
                        .summary = "The field that has the fraction of a second"},
    [CLOCK_PER] = {.name = "per",
                   .type = MUSTER_OPTION_INT,
                   .min = 1,
                   .max = INT64_C(1) << 32,
                   .summary = "How many of the fraction are a second"},
    [CLOCK_WRAPS] = {.name = "wraps",
                     .type = MUSTER_OPTION_BOOL,
                     .fallback = "false",
                     .summary = "It is the low bits of the time: the moment that is nearest to the "
                                "arrival is meant"},
};

enum { CHECK_IS, CHECK_HOLDS, CHECK_FROM, CHECK_TO, CHECK_OPTIONS };

/* In the order of enum format_check. */
static const char *const checks[] = {
    "none",       "sum8",          "sum16",        "xor8",
    "internet16", "crc16-arc",     "crc16-modbus", "crc16-ccitt-false",
    "crc16-x25",  "crc16-mcrf4xx", "crc32",        NULL};
enum { CHECKS = sizeof checks / sizeof *checks - 1 };
_Static_assert(CHECKS == (int)FORMAT_CRC32 + 1, "each check has its word");

static const char *const held[] = {"zero", NULL};

static const struct muster_option check_options[CHECK_OPTIONS] = {
    [CHECK_IS] = {.name = "is",
                  .type = MUSTER_OPTION_CHOICE,
                  .choices = checks,
                  .flags = MUSTER_OPTION_REQUIRED,
                  .summary = "How the field \"check\" is computed"},
    [CHECK_HOLDS] = {.name = "holds",
                     .type = MUSTER_OPTION_CHOICE,
                     .choices = held,
                     .summary = "What the sender had in the field when it computed it; without "
                                "this line the field is left out"},
    [CHECK_FROM] = {.name = "from",
                    .type = MUSTER_OPTION_INT,
                    .max = 65535,
                    .summary = "The first byte that it covers, from 0"},
    [CHECK_TO] = {.name = "to",
                  .type = MUSTER_OPTION_INT,
                  .min = 1,
                  .max = 65535,
                  .summary = "The first byte that it does not cover any more; without this line it "
                             "covers all up to the end"},
};

enum { BODY_READINGS, BODY_TRAILING, BODY_OPTIONS };

static const struct muster_option body_options[BODY_OPTIONS] = {
    [BODY_READINGS] = {.name = "readings",
                       .type = MUSTER_OPTION_INT,
                       .min = 1,
                       .max = 65535,
                       .summary = "How many readings there are; without this line as many as the "
                                  "field \"count\" says, or as follow up to the end"},
    [BODY_TRAILING] = {.name = "trailing",
                       .type = MUSTER_OPTION_BOOL,
                       .fallback = "false",
                       .summary = "Bytes may follow that have no meaning here"},
};

#define TABLE(array, n)                                                                            \
    {                                                                                              \
        .options = (array), .count = (n), .stride = sizeof(struct muster_option)                   \
    }
static const struct option_table format_table = TABLE(format_options, FORMAT_OPTIONS);
static const struct option_table clock_table = TABLE(clock_options, CLOCK_OPTIONS);
static const struct option_table check_table = TABLE(check_options, CHECK_OPTIONS);
static const struct option_table body_table = TABLE(body_options, BODY_OPTIONS);
#undef TABLE

static const char *const others_of_format[] = {"header", "trailer",  "expect", "type",
                                               "device", "time",     "check",  "body",
                                               "values", "examples", "reply",  NULL};
static const char *const others_of_body[] = {"when", "header", "reading", NULL};
static const char *const no_others[] = {NULL};

void formats_describe(FILE *out)
{
    fputs("Of each format, in formats: { NAME: { ... }, ... }, besides header, trailer,\n"
          "expect, type, device, time, check, body, values, reply and examples:\n",
          out);
    options_describe(&format_table, out);
    fputs("\nOf its time:\n", out);
    options_describe(&clock_table, out);
    fputs("\nOf its check:\n", out);
    options_describe(&check_table, out);
    fputs("\nOf each entry of its body, besides when, header and reading:\n", out);
    options_describe(&body_table, out);
    format_replies_describe(out);
}

/* ---- Time and check ------------------------------------------------------------------- */

/* A year where seconds are expected: hardly anybody means 33 minutes after 1970. */
static bool is_year(const struct format_reader *reader, const struct node *node, uint64_t number)
{
    struct tm day = {.tm_year = (int)number - 1900, .tm_mday = 1};
    const char *word = number == 1970   ? "\"unix\", or "
                       : number == 1980 ? "\"gps\", which is 6 January, or "
                       : number == 1900 ? "\"ntp\", or "
                                        : "";

    if (strlen(node->text) != 4 || number < 1800 || number > 2200)
        return false;
    node_problem(node, reader->problems,
                 "epoch: %s is a year, not a Unix time in seconds; expected %s%lld for 1 January",
                 node->text, word, (long long)timegm(&day));
    return true;
}

static void read_epoch(const struct format_reader *reader, const struct node *node,
                       struct format_clock *clock)
{
    static const struct {
        const char *word;
        int64_t s;
    } epochs[] = {{"unix", 0}, {"gps", 315964800}, {"ntp", -2208988800}, {"2000", 946684800}};
    static const char *const words[] = {"unix", "gps",   "ntp",
                                        "2000", "start", "a Unix time in seconds"};
    char hint[SUGGEST_ROOM];
    uint64_t number;
    size_t i;

    if (node == NULL || node->text == NULL || node->text[0] == '\0')
        return;
    if (strcmp(node->text, "start") == 0) {
        clock->kind = FORMAT_FROM_START;
        return;
    }
    for (i = 0; i < sizeof epochs / sizeof *epochs; i++)
        if (strcmp(node->text, epochs[i].word) == 0) {
            clock->epoch_s = epochs[i].s;
            return;
        }
    /* Some thousand years; the sums with it do not overflow. */
    if (!decimal_integer(node->text, &number) || (int64_t)number > INT64_C(9000000000) ||
        (int64_t)number < -INT64_C(9000000000))
        node_problem(
            node, reader->problems, "epoch: unknown \"%s\"; %s", node->text,
            suggest_hint(hint, sizeof hint, node->text, words, sizeof words / sizeof *words));
    else if (!is_year(reader, node, number))
        clock->epoch_s = (int64_t)number;
}

static int read_clock(const struct format_reader *reader, const struct node *map,
                      struct format_clock *clock)
{
    static const struct check check = {&clock_table, no_others, "time"};
    const struct node *fraction, *per;
    struct option_value values[CLOCK_OPTIONS];
    int result;

    if (!check_kind(map, NODE_MAP, "time", "a mapping such as { unit: ms }", reader->problems))
        return 0;
    fraction = node_find(map, "fraction");
    per = node_find(map, "per");
    result = check_map(&check, map, values, reader->problems);
    if (result < 0)
        goto done;
    clock->at = map;
    clock->unit_ns = unit_ns[values[CLOCK_UNIT].number];
    clock->wraps = values[CLOCK_WRAPS].number != 0;
    clock->per = (uint64_t)values[CLOCK_PER].number;
    if (fraction != NULL && fraction->kind != NODE_LIST && fraction->kind != NODE_MAP)
        clock->fraction = fraction->text;
    read_epoch(reader, node_find(map, "epoch"), clock);
    if ((fraction == NULL) != (per == NULL))
        node_problem(fraction != NULL ? fraction : per, reader->problems,
                     fraction != NULL ? "fraction: \"per\" is missing: how many of it are a second"
                                      : "per: \"fraction\" is missing: the field that it is of");

done:
    options_free(values, CLOCK_OPTIONS);
    return result < 0 ? -1 : 0;
}

static int read_check(const struct format_reader *reader, const struct node *node,
                      struct format_checksum *checksum)
{
    static const struct check check = {&check_table, no_others, "check"};
    struct option_value values[CHECK_OPTIONS];
    int result;

    checksum->at = node;
    if (node->kind == NODE_WORD || node->kind == NODE_TEXT) {
        result = format_reader_word(reader, node, node->text, checks, CHECKS, "check");
        checksum->is = result < 0 ? FORMAT_NO_CHECK : (enum format_check)result;
        return 0;
    }
    if (!check_kind(node, NODE_MAP, "check", "a mapping such as { is: crc16-x25 }",
                    reader->problems))
        return 0;
    result = check_map(&check, node, values, reader->problems);
    if (result == 0) {
        checksum->is = (enum format_check)values[CHECK_IS].number;
        checksum->holds_zero = node_find(node, "holds") != NULL;
        checksum->has_from = node_find(node, "from") != NULL;
        checksum->has_to = node_find(node, "to") != NULL;
        checksum->from = (uint32_t)values[CHECK_FROM].number;
        checksum->to = (uint32_t)values[CHECK_TO].number;
    }
    options_free(values, CHECK_OPTIONS);
    return result < 0 ? -1 : 0;
}

/* ---- Device --------------------------------------------------------------------------- */

static int read_device(const struct format_reader *reader, const struct node *node,
                       struct format *format)
{
    const size_t all = format_reader_count(node);
    const char **names;
    size_t i;

    format->device_at = node;
    if (node->kind == NODE_LIST && node->count == 0) {
        node_problem(node, reader->problems, "device: the list is empty; expected names of fields");
        return 0;
    }
    if (node->kind == NODE_LIST && !format_reader_most(reader, node, FORMAT_FIELDS_MOST, "device"))
        return 0;
    if (node->kind != NODE_LIST && node->text != NULL && strcmp(node->text, "source") == 0) {
        format->device_is_source = true;
        return 0;
    }
    names = format_reader_room(reader, all, sizeof *names);
    if (names == NULL)
        return -1;
    for (i = 0; i < all; i++) {
        const char *name = format_reader_text(reader, format_reader_item(node, i), "device",
                                              "the name of a field, a list of them, or source");

        if (name != NULL)
            names[format->device_count++] = name;
    }
    format->device = names;
    return 0;
}

/* ---- Body ----------------------------------------------------------------------------- */

static int read_body(const struct format_reader *reader, const struct node *map,
                     struct format_body *body)
{
    static const struct check check = {&body_table, others_of_body, "an entry of body"};
    struct option_value values[BODY_OPTIONS];
    const struct node *when, *header, *reading;
    int result;

    body->at = map;
    if (!check_kind(map, NODE_MAP, "an entry of body", "a mapping such as { reading: [ u16: x ] }",
                    reader->problems))
        return 0;
    when = node_find(map, "when");
    header = node_find(map, "header");
    reading = node_find(map, "reading");
    result = check_map(&check, map, values, reader->problems);
    body->readings = (unsigned)values[BODY_READINGS].number;
    body->trailing = values[BODY_TRAILING].number != 0;
    options_free(values, BODY_OPTIONS);
    if (result < 0 ||
        (when != NULL && format_values_conditions(reader, when, "when", &body->when) < 0) ||
        (header != NULL && format_fields_read(reader, header, "header", &body->header) < 0) ||
        (reading != NULL && format_fields_read(reader, reading, "reading", &body->reading) < 0))
        return -1;
    if (node_find(map, "readings") != NULL && reading == NULL)
        node_problem(node_find(map, "readings"), reader->problems,
                     "readings: \"reading\" is missing: what each of them is");
    return 0;
}

static int read_bodies(const struct format_reader *reader, const struct node *list,
                       struct format *format)
{
    struct format_body *bodies;
    size_t i;

    if (!check_kind(list, NODE_LIST, "body", "a list of { when: ..., reading: [ ... ] }",
                    reader->problems) ||
        !format_reader_most(reader, list, FORMAT_BODIES_MOST, "body"))
        return 0;
    bodies = format_reader_room(reader, list->count, sizeof *bodies);
    if (bodies == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        if (read_body(reader, list->items[i].value, &bodies[i]) < 0)
            return -1;
    format->bodies = bodies;
    format->body_count = list->count;
    return 0;
}

/* ---- The whole ------------------------------------------------------------------------ */

/* Each part of a format that has a reader of its own, where the file has it. */
static int read_parts(const struct format_reader *reader, const struct node *map,
                      struct formats_one *one)
{
    struct format *format = &one->format;
    const struct node *header = node_find(map, "header"), *trailer = node_find(map, "trailer"),
                      *expect = node_find(map, "expect"), *type = node_find(map, "type"),
                      *device = node_find(map, "device"), *clock = node_find(map, "time"),
                      *checksum = node_find(map, "check"), *body = node_find(map, "body"),
                      *values = node_find(map, "values"), *reply = node_find(map, "reply");

    if (header == NULL)
        node_problem(format->at, reader->problems,
                     "format \"%s\" has no header; expected header: [ TYPE: NAME, ... ]",
                     format->name);
    if ((header != NULL && format_fields_read(reader, header, "header", &format->header) < 0) ||
        (trailer != NULL && format_fields_read(reader, trailer, "trailer", &format->trailer) < 0) ||
        (expect != NULL &&
         format_values_conditions(reader, expect, "expect", &format->expect) < 0) ||
        (type != NULL && format_values_types(reader, type, format) < 0))
        return -1;
    if ((device != NULL && read_device(reader, device, format) < 0) ||
        (clock != NULL && read_clock(reader, clock, &format->clock) < 0) ||
        (checksum != NULL && read_check(reader, checksum, &format->checksum) < 0) ||
        (body != NULL && read_bodies(reader, body, format) < 0) ||
        (reply != NULL && format_replies_read(reader, reply, format) < 0))
        return -1;
    return values != NULL ? format_values_read(reader, values, format) : 0;
}

static void read_examples(const struct format_reader *reader, const struct node *list,
                          struct formats_one *one)
{
    if (list != NULL &&
        check_kind(list, NODE_LIST, "examples", "a list of { hex: \"...\", is: { ... } }",
                   reader->problems) &&
        format_reader_most(reader, list, FORMAT_EXAMPLES_MOST, "examples"))
        one->examples = list;
}

static int read_format(const struct format_reader *all, const struct node *map,
                       struct formats_one *one)
{
    static const struct check check = {&format_table, others_of_format, "a format"};
    struct format_reader reader = *all;
    struct option_value values[FORMAT_OPTIONS];
    const struct node *separator;
    int result;

    if (!check_kind(map, NODE_MAP, "a format", "a mapping such as { header: [ u16: device ] }",
                    reader.problems))
        return 0;
    result = check_map(&check, map, values, reader.problems);
    one->format.counts_readings = values[FORMAT_COUNTS].number == 1;
    reader.little_endian = values[FORMAT_ORDER].number == 1;
    separator = node_find(map, "separator");
    if (values[FORMAT_SEPARATOR].text != NULL && separator != NULL)
        reader.separator =
            format_fields_separator(&reader, separator, values[FORMAT_SEPARATOR].text);
    options_free(values, FORMAT_OPTIONS);
    if (result < 0 || read_parts(&reader, map, one) < 0)
        return -1;
    read_examples(&reader, node_find(map, "examples"), one);
    format_fields_warn(&reader, &one->format.header,
                       one->format.device_count > 0 || one->format.device_is_source);
    format_fields_warn_unsaid(&reader, &one->format, node_find(map, "type") != NULL);
    return 0;
}

static bool read_name(const struct format_reader *reader, const struct node *map, size_t index)
{
    const struct node *key = map->items[index].key;

    if (!format_reader_key(reader, map, index, "the name of a format") ||
        !format_reader_name(reader, key, key->text, "the name of a format"))
        return false;
    if (strcmp(key->text, "built-in") != 0)
        return true;
    node_problem(key, reader->problems,
                 "format \"built-in\" is always there; expected another name");
    return false;
}

int formats_read(struct formats *out, struct node_tree *tree, const struct node *map,
                 struct problems *problems)
{
    const struct format_reader reader = {.tree = tree, .problems = problems};
    struct formats_one *list;
    size_t before, i;

    *out = (struct formats){0};
    if (!check_kind(map, NODE_MAP, "formats", "a mapping of names to formats", problems) ||
        !format_reader_most(&reader, map, CATALOG_FORMATS_MOST, "formats"))
        return 0;
    list = format_reader_room(&reader, map->count, sizeof *list);
    if (list == NULL)
        return -1;
    out->list = list;
    for (i = 0; i < map->count; i++) {
        struct formats_one *one = &list[out->count];
        bool is_named;

        *one = (struct formats_one){0};
        before = problems_count(problems);
        one->format.at = map->items[i].key;
        one->format.name = map->items[i].key->text;
        one->format.message = FORMAT_DATA;
        one->format.clock.unit_ns = unit_ns[0];
        is_named = read_name(&reader, map, i);
        if (one->format.name != NULL && read_format(&reader, map->items[i].value, one) < 0)
            return -1;
        /* What was not read whole would be said to be wrong once more. */
        if (is_named && problems_count(problems) == before)
            out->count++;
    }
    return 0;
}
