/* SPDX-License-Identifier: MIT */
#include "literal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next number that `text` sets `name` to, or NULL. */
static const char *next_number(const char *text, const char *name)
{
    size_t length = strlen(name);

    for (; (text = strstr(text, name)) != NULL; text += length) {
        const char *number = text + length;

        number += strspn(number, " \t");
        if (*number != '=' && *number != ':')
            continue;
        number++;
        number += strspn(number, " \t");
        if (strspn(number, "+-0123456789") > 0 && number[1] != 'x' && number[1] != 'X')
            return number;
    }
    return NULL;
}

bool literal_differs(const char *file, unsigned line, const char *name, int64_t value,
                     char *written, size_t room)
{
    FILE *in = fopen(file, "re");
    const char *number = NULL;
    char *text = NULL;
    size_t size = 0;
    bool differs = false;

    while (in != NULL && line > 0 && getline(&text, &size, in) >= 0)
        line--;
    if (in != NULL && line == 0 && text != NULL)
        number = next_number(text, name);
    /* Several groups may stand on one line: it differs if none of them has the value. */
    for (; number != NULL; number = next_number(number, name)) {
        errno = 0;
        differs = strtoll(number, NULL, 10) != value || errno == ERANGE;
        if (!differs)
            break;
        snprintf(written, room, "%.*s", (int)strspn(number, "+-0123456789"), number);
    }
    free(text);
    if (in != NULL)
        fclose(in);
    return differs;
}
