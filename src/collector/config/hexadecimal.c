/* SPDX-License-Identifier: MIT */
#include "hexadecimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdefABCDEF";

static int append(struct hexadecimal *out, const char *pair, char why[HEXADECIMAL_WHY])
{
    const char text[3] = {pair[0], pair[1], '\0'};

    if (out->count == out->room) {
        snprintf(why, HEXADECIMAL_WHY, "more than %zu bytes; no datagram is longer", out->room);
        return -1;
    }
    out->bytes[out->count++] = (uint8_t)strtoul(text, NULL, 16);
    return 0;
}

int hexadecimal_read(struct hexadecimal *out, const char *text, char why[HEXADECIMAL_WHY])
{
    const char *at = text;

    while (*at != '\0') {
        size_t run;

        at += strspn(at, " \t\r\n:,-");
        if ((at[0] == '0' || at[0] == '\\') && (at[1] == 'x' || at[1] == 'X'))
            at += 2;
        run = strspn(at, digits);
        if (run == 0 && *at != '\0') {
            snprintf(why, HEXADECIMAL_WHY,
                     "\"%.8s\" is not hexadecimal; expected digits 0 to f, "
                     "two for each byte",
                     at);
            return -1;
        }
        if (run % 2 != 0) {
            snprintf(why, HEXADECIMAL_WHY,
                     "an odd number of digits, %zu, in \"%.*s\"%s; expected two for each byte", run,
                     run > 40 ? 40 : (int)run, at, run > 40 ? " ..." : "");
            return -1;
        }
        for (; run > 0; run -= 2, at += 2)
            if (append(out, at, why) < 0)
                return -1;
    }
    return 0;
}

int hexadecimal_line(struct hexadecimal *out, char *line, char why[HEXADECIMAL_WHY])
{
    const size_t offset = strspn(line, digits);
    char *bar = strchr(line, '|'), *end;

    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, "*") == 0) {
        snprintf(why, HEXADECIMAL_WHY,
                 "a line \"*\" leaves bytes out; call hexdump or xxd with "
                 "all of them: hexdump -v -C");
        return -1;
    }
    if (bar != NULL && (offset == 8 || offset == 7)) { /* hexdump -C */
        *bar = '\0';
        return hexadecimal_read(out, line + offset, why);
    }
    if (offset == 8 && line[8] == ':' && line[9] == ' ') { /* xxd */
        end = strstr(line + 10, "  ");
        if (end != NULL)
            *end = '\0';
        return hexadecimal_read(out, line + 10, why);
    }
    if (offset == 8 && line[8] == '\0' && out->count > 0 &&
        strtoul(line, NULL, 16) == out->count) /* the last line of hexdump -C */
        return 0;
    if (offset == 7 && (line[7] == ' ' || line[7] == '\0')) {
        snprintf(why, HEXADECIMAL_WHY,
                 "this looks like hexdump or od with words of two bytes, which may be swapped; "
                 "expected hexdump -C, xxd or od -An -tx1");
        return -1;
    }
    return hexadecimal_read(out, line, why);
}
