/* SPDX-License-Identifier: MIT
 *
 * What a plugin or a test must not do.
 */
#include "misuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <muster/test.h>

#include "callback_note.h"

enum { ROOM = 2048 };

static void (*handler)(void *context, const char *text);
static void *handler_context;

void muster_test_on_misuse(void (*new_handler)(void *context, const char *text), void *context)
{
    handler = new_handler;
    handler_context = context;
}

void misuse(const char *format, ...)
{
    const char *callback = callback_note_name();
    char text[ROOM];
    int length = 0;
    va_list arguments;

    if (callback != NULL)
        length = snprintf(text, sizeof text, "in %s(): ", callback);
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    if (handler != NULL) {
        handler(handler_context, text);
        return;
    }
    fprintf(stderr, "muster-test: %s\n", text);
    abort();
}

void misuse_no_memory(void)
{
    fprintf(stderr, "muster-test: out of memory\n");
    abort();
}
