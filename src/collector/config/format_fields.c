/* SPDX-License-Identifier: MIT
 *
 * "u16le: name", "text:u8: name", "u8: [version/4, type/4]".
 */
#include "format_fields.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "check.h"
#include "decimal.h"
#include "format_types.h"

enum { LENGTH_MOST = 65535 };

char format_fields_separator(const struct format_reader *reader, const struct node *node,
                             const char *text)
{
    static const struct {
        const char *word;
        char is;
    } words[] = {{"comma", ','}, {"semicolon", ';'}, {"colon", ':'},    {"space", ' '},
                 {"bar", '|'},   {"tab", '\t'},      {"newline", '\n'}, {"slash", '/'}};
    size_t length = strlen(text), i;

    if (length == 3 && (text[0] == '"' || text[0] == '\'') && text[2] == text[0])
        return text[1];
    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, text) == 0)
            return words[i].is;
    if (length == 1 && strchr("0123456789+-.eE", text[0]) == NULL)
        return text[0];
    node_problem(node, reader->problems,
                 "separator \"%s\": expected one character that no number has, or comma, "
                 "semicolon, colon, space, bar, slash, tab or newline",
                 text);
    return '\0';
}

/* What stands behind the colon of "text:16", "text:u8" and "text:u16le". */
static bool read_length(const struct format_reader *reader, const struct node *node,
                        const char *text, struct format_field *field)
{
    bool little_endian = field->little_endian;
    size_t length = format_types_order(text, strlen(text), &little_endian);
    uint64_t bytes;

    if (length == strlen("u16") && strncmp(text, "u16", length) == 0) {
        field->length_is = FORMAT_PREFIX_U16;
        field->little_endian = little_endian;
        return true;
    }
    if (strcmp(text, "u8") == 0) {
        field->length_is = FORMAT_PREFIX_U8;
        return true;
    }
    if (text[0] == '-' || !decimal_integer(text, &bytes) || bytes == 0 || bytes > LENGTH_MOST) {
        node_problem(node, reader->problems,
                     "type \"%s\": \"%s\" is not a length; expected 1 to %d bytes, u8 or u16 for "
                     "a length in front, or no ':' for all that is left",
                     node->text, text, LENGTH_MOST);
        return false;
    }
    field->length_is = FORMAT_FIXED;
    field->length = (uint32_t)bytes;
    return true;
}

/* Of the types without a width. */
static bool read_bytes_type(const struct format_reader *reader, const struct node *node,
                            const char *behind, struct format_field *field)
{
    if (field->type == FORMAT_NUMBER) {
        field->length_is = FORMAT_REST;
        field->separator = reader->separator;
        if (behind != NULL)
            field->separator = format_fields_separator(reader, node, behind);
        return behind == NULL || field->separator != '\0';
    }
    field->length_is = FORMAT_REST;
    return behind == NULL || read_length(reader, node, behind, field);
}

bool format_fields_type(const struct format_reader *reader, const struct node *node,
                        struct format_field *field)
{
    const char *text = node->text, *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    const struct format_type_name *type;

    field->little_endian = reader->little_endian;
    type = format_types_find(text, length);
    if (type == NULL)
        type = format_types_find(text, format_types_order(text, length, &field->little_endian));
    if (type == NULL) {
        format_types_say_unknown(reader, node);
        return false;
    }
    field->type = type->type;
    field->width = type->width;
    if (type->width == 0)
        return read_bytes_type(reader, node, colon != NULL ? colon + 1 : NULL, field);
    field->length_is = FORMAT_FIXED;
    field->length = type->width;
    if (colon == NULL)
        return true;
    node_problem(node, reader->problems,
                 "type \"%s\": %s has a length of its own; expected no ':' behind it", text,
                 type->name);
    return false;
}

const char *format_fields_part(const struct format_reader *reader, const struct node *node,
                               uint8_t *wide)
{
    const char *text = format_reader_text(reader, node, "a part", "NAME/BITS such as version/4");
    const char *slash = text != NULL ? strchr(text, '/') : NULL;
    uint64_t bits;
    char *name;

    if (text == NULL)
        return NULL;
    if (slash == NULL || slash == text || slash[1] == '-' || !decimal_integer(slash + 1, &bits) ||
        bits < 1 || bits > 64) {
        node_problem(node, reader->problems,
                     "part \"%s\": expected NAME/BITS such as version/4, 1 to 64 bits", text);
        return NULL;
    }
    *wide = (uint8_t)bits;
    name = format_reader_room(reader, (size_t)(slash - text), 1);
    return name != NULL ? memcpy(name, text, (size_t)(slash - text)) : NULL; /* the list says so */
}

static bool read_part(const struct format_reader *reader, const struct node *node,
                      struct format_part *part)
{
    const char *name = format_fields_part(reader, node, &part->bits);

    if (name == NULL)
        return false;
    part->at = node;
    if (strcmp(name, "-") == 0)
        return true;
    part->name = name;
    return format_reader_name(reader, node, name, "part");
}

static int read_parts(const struct format_reader *reader, const struct node *list,
                      struct format_field *field)
{
    struct format_part *parts;
    size_t i;

    if (field->type != FORMAT_UNSIGNED && field->type != FORMAT_SIGNED) {
        node_problem(list, reader->problems,
                     "only an integer, u8 to u64, has parts; expected a name");
        return 0;
    }
    if (list->count == 0) {
        node_problem(list, reader->problems, "there are no parts; expected some, or a name");
        return 0;
    }
    if (!format_reader_most(reader, list, FORMAT_FIELDS_MOST, "parts"))
        return 0;
    parts = format_reader_room(reader, list->count, sizeof *parts);
    if (parts == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        if (read_part(reader, list->items[i].value, &parts[field->part_count]))
            field->part_count++;
    field->parts = parts;
    return 0;
}

static int read_name(const struct format_reader *reader, const struct node *node,
                     struct format_field *field)
{
    const char *text;

    if (node->kind == NODE_LIST)
        return read_parts(reader, node, field);
    if (node->kind == NODE_NULL && field->type == FORMAT_SKIP)
        return 0;
    text = format_reader_text(reader, node, "a field's name",
                              "a name, \"-\" if it has none, or a list of parts");
    if (text == NULL || strcmp(text, "-") == 0)
        return 0;
    if (strchr(text, '/') != NULL)
        node_problem(node, reader->problems, "name \"%s\": parts stand in a list; expected [%s]",
                     text, text);
    else if (format_reader_name(reader, node, text, "name"))
        field->name = text;
    return 0;
}

/* Returns 0, 1 after adding a problem, or -1 if memory is short. */
static int read_field(const struct format_reader *reader, const struct node *map,
                      struct format_field *field)
{
    const struct node *key;

    if (!check_kind(map, NODE_MAP, "a field", "TYPE: NAME such as u16: device", reader->problems))
        return 1;
    if (map->count != 1) {
        node_problem(map->count > 1 ? map->items[1].key : map, reader->problems,
                     "a field is one TYPE: NAME; expected each behind a '-' of its own");
        return 1;
    }
    key = map->items[0].key;
    field->at = key;
    if (format_reader_text(reader, key, "a type", "one such as u16") == NULL ||
        !format_fields_type(reader, key, field))
        return 1;
    return read_name(reader, map->items[0].value, field);
}

int format_fields_read(const struct format_reader *reader, const struct node *list,
                       const char *what, struct format_fields *out)
{
    struct format_field *fields;
    size_t i;

    *out = (struct format_fields){0};
    if (!check_kind(list, NODE_LIST, what, "a list of TYPE: NAME such as [ u16: device ]",
                    reader->problems) ||
        !format_reader_most(reader, list, FORMAT_FIELDS_MOST, what))
        return 0;
    fields = format_reader_room(reader, list->count, sizeof *fields);
    if (fields == NULL)
        return -1;
    for (i = 0; i < list->count; i++) {
        int wrong = read_field(reader, list->items[i].value, &fields[out->count]);

        if (wrong < 0)
            return -1;
        if (wrong == 0)
            out->count++;
        else
            fields[out->count] = (struct format_field){0};
    }
    out->list = fields;
    return 0;
}

/* ---- Names that are nearly roles ------------------------------------------------------ */

/* Roles without which hardly any format is meant. */
static const char *const roles[] = {"device", "sequence", "time", "type"};
enum { ROLES = sizeof roles / sizeof *roles };

struct role_search {
    bool has[ROLES];
    const struct node *at[ROLES]; /* a name that is nearly one */
    const char *name[ROLES];
};

static void search_name(struct role_search *search, const struct node *at, const char *name)
{
    const char *near = name != NULL ? suggest(name, roles, ROLES) : NULL;
    size_t i;

    for (i = 0; near != NULL && i < ROLES; i++) {
        if (near != roles[i])
            continue;
        if (strcmp(name, near) == 0)
            search->has[i] = true;
        else if (search->at[i] == NULL) {
            search->at[i] = at;
            search->name[i] = name;
        }
    }
}

static void search_fields(struct role_search *search, const struct format_fields *fields)
{
    size_t i, part;

    for (i = 0; i < fields->count; i++) {
        const struct format_field *field = &fields->list[i];

        search_name(search, field->at, field->name);
        for (part = 0; part < field->part_count; part++)
            search_name(search, field->parts[part].at, field->parts[part].name);
    }
}

/* A misspelt role would become a value without a word. */
void format_fields_warn(const struct format_reader *reader, const struct format_fields *fields,
                        bool has_device)
{
    struct role_search search = {0};
    size_t i;

    search_fields(&search, fields);
    search.has[0] |= has_device;
    for (i = 0; i < ROLES; i++)
        if (!search.has[i] && search.at[i] != NULL)
            problems_warn(reader->problems, search.at[i]->file, search.at[i]->line,
                          search.at[i]->column,
                          "\"%s\" is the name of a value here; did you mean the role \"%s\"?",
                          search.name[i], roles[i]);
}

/* ---- Roles that nothing is said of ---------------------------------------------------- */

/* Where a field or a part of that name is; NULL if there is none. */
static const struct node *find_name(const struct format_fields *fields, const char *name)
{
    size_t i, part;

    for (i = 0; i < fields->count; i++) {
        const struct format_field *field = &fields->list[i];

        if (field->name != NULL && strcmp(field->name, name) == 0)
            return field->at;
        for (part = 0; part < field->part_count; part++)
            if (field->parts[part].name != NULL && strcmp(field->parts[part].name, name) == 0)
                return field->parts[part].at;
    }
    return NULL;
}

static const struct node *find_everywhere(const struct format *format, const char *name)
{
    const struct node *at = find_name(&format->header, name);
    size_t i;

    if (at == NULL)
        at = find_name(&format->trailer, name);
    for (i = 0; at == NULL && i < format->body_count; i++)
        at = find_name(&format->bodies[i].header, name);
    return at;
}

void format_fields_warn_unsaid(const struct format_reader *reader, const struct format *format,
                               bool says_type)
{
    const struct node *check = find_everywhere(format, "check"),
                      *type = find_everywhere(format, "type");

    if (check != NULL && format->checksum.at == NULL)
        problems_warn(reader->problems, check->file, check->line, check->column,
                      "\"check\" is not verified, since nothing says how it is computed; expected "
                      "such as `check: crc16-x25` beside `header`, or `check: none` if it is not "
                      "to be");
    if (type != NULL && !says_type)
        problems_warn(reader->problems, type->file, type->line, type->column,
                      "every datagram is DATA, since nothing says what \"type\" means; expected "
                      "such as `type: { 0: heartbeat, 1: data }` beside `header`, or `type: data` "
                      "if they all are");
}
