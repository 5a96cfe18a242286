/* SPDX-License-Identifier: MIT
 *
 * Whatever a client sends is either a request or has a reason why not.
 */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

enum { WORDS = 64 };

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

static const struct command *find_command(const char *name, const struct command *commands,
                                          size_t count, char why[REQUEST_WHY])
{
    const char *words[WORDS];
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; i < count && i < WORDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
        words[i] = commands[i].name;
    }
    snprintf(why, REQUEST_WHY, "there is no command \"%.100s\"; %s", name,
             suggest_hint(hint, sizeof hint, name, words, i));
    return NULL;
}

/* Returns 0, or -1 and says why. */
static int check_argument(const struct command *command, const char *name, const json_t *value,
                          char why[REQUEST_WHY])
{
    const struct command_argument *argument = command->arguments;
    const char *words[WORDS];
    char hint[SUGGEST_ROOM];
    size_t count = 0;

    for (; argument != NULL && argument->name != NULL && count < WORDS; argument++) {
        bool is_text = argument->type == ARGUMENT_TEXT;

        words[count++] = argument->name;
        if (strcmp(argument->name, name) != 0)
            continue;
        if (is_text ? json_is_string(value) : json_is_boolean(value))
            return 0;
        snprintf(why, REQUEST_WHY, "%s: \"%s\" is %s; expected %s", command->name, name,
                 kind_of(value), is_text ? "a text" : "true or false");
        return -1;
    }
    snprintf(why, REQUEST_WHY, "%s: there is no argument \"%.100s\"; %s", command->name, name,
             count > 0 ? suggest_hint(hint, sizeof hint, name, words, count) : "it takes none");
    return -1;
}

int request_parse(struct request *request, const char *line, size_t size,
                  const struct command *commands, size_t count, char why[REQUEST_WHY])
{
    json_error_t error;
    const char *name;
    json_t *value;

    *request = (struct request){.object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error)};
    if (request->object == NULL) {
        snprintf(why, REQUEST_WHY,
                 "that is no JSON object: %s, at byte %d; expected a line such as "
                 "{\"command\":\"status\"}",
                 error.text, error.position);
        return -1;
    }
    value = json_object_get(request->object, "command");
    if (!json_is_string(value)) {
        snprintf(why, REQUEST_WHY, "%s; expected an object such as {\"command\":\"status\"}",
                 !json_is_object(request->object) ? kind_of(request->object)
                 : value == NULL                  ? "an object without \"command\""
                                                  : "a \"command\" that is no text");
        return -1;
    }
    request->command = find_command(json_string_value(value), commands, count, why);
    if (request->command == NULL)
        return -1;
    json_object_foreach(request->object, name, value) if (strcmp(name, "command") != 0 &&
                                                          check_argument(request->command, name,
                                                                         value, why) < 0) return -1;
    return 0;
}

void request_free(struct request *request)
{
    json_decref(request->object);
    *request = (struct request){0};
}

const char *request_text(const struct request *request, const char *name)
{
    return json_string_value(json_object_get(request->object, name));
}

bool request_flag(const struct request *request, const char *name)
{
    return json_is_true(json_object_get(request->object, name));
}
