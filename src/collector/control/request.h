/* SPDX-License-Identifier: MIT
 *
 * A request: a line with one JSON object, {"command":"NAME","ARGUMENT":VALUE,...}.
 */
#ifndef COLLECTOR_CONTROL_REQUEST_H
#define COLLECTOR_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "command.h"

enum { REQUEST_WHY = 1024, REQUEST_MOST = 65536 /* bytes of a line */ };

struct request {
    json_t *object; /* NULL: there is none */
    const struct command *command;
};

/* Reads a line, without its end, against a table of commands: `count` of them.  Returns 0; or -1
 * and says what is wrong and what was expected.  After either, request_free. */
int request_parse(struct request *request, const char *line, size_t size,
                  const struct command *commands, size_t count, char why[REQUEST_WHY]);
void request_free(struct request *request);

/* An argument that the command has, of its type; NULL or false: it was not given. */
const char *request_text(const struct request *request, const char *name);
bool request_flag(const struct request *request, const char *name);

#endif
