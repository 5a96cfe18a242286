/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ack.h"
#include "base/wrap.h"

static void lose(FILE *text, unsigned *count, uint64_t n, const char *what)
{
    if (n > 0)
        fprintf(text, "%s%" PRIu64 " %s", (*count)++ == 0 ? " Lost: " : "; ", n, what);
}

/* Messages without a number that were withheld. */
static uint64_t unnumbered(const struct report *report)
{
    static const struct message_form built_in = {.readings = 1};
    const struct message_form *form = report->form != NULL ? report->form : &built_in;
    uint64_t sum = 0;
    uint8_t type;

    for (type = 0; type < PLAY_TYPES; type++)
        if (message_numbers(form, type) == 0)
            sum += report->figures.withheld[type];
    return sum;
}

void plain_print(FILE *out, const struct report *report)
{
    const struct account_figures *figures = &report->figures;
    unsigned losses = 0;
    char *words = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&words, &size);

    if (text == NULL)
        return;
    fprintf(text, "%" PRIu64 " sent, %" PRIu64 " rows for a collector that misses nothing.",
            figures->sent, figures->expect.records);
    lose(text, &losses, figures->expect.lost,
         "numbers that were withheld, which it must tell as lost");
    lose(text, &losses, figures->expect.invisible,
         "numbers that were withheld before a session's first or after its last, which it cannot "
         "know of");
    lose(text, &losses, unnumbered(report),
         "messages without a number that were withheld, which it cannot know of");
    lose(text, &losses, figures->unsent, "that were still to be sent, since the play was cut off");
    lose(text, &losses, report->refused, "that came back, since nobody listens there");
    lose(text, &losses, report->unreachable, "that came back as undeliverable");
    if (report->acks != NULL)
        lose(text, &losses, report->acks->given_up, "that were not answered");
    fprintf(text, "%s", losses == 0 ? " Nothing was lost." : ".");
    if (fclose(text) == 0)
        wrap_print(out, 0, 0, "%s", words);
    free(words);
}
