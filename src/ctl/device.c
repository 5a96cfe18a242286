/* SPDX-License-Identifier: MIT
 *
 * All that is known of one device.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "show.h"

static const char *get_count(char out[SHOW_ROOM], const json_t *object, const char *name)
{
    return show_count(out, show_get(object, name));
}

static void print_text(const char *before, const char *text)
{
    char *safe = show_text(text);

    if (safe != NULL && safe[0] != '\0')
        printf("%s%s", before, safe);
    free(safe);
}

static void print_causes(const char *what, const json_t *causes)
{
    char *sums = table_sums(causes);

    if (sums != NULL && strcmp(sums, "-") != 0)
        printf("%s by cause: %s\n", what, sums);
    free(sums);
}

static void print_device(const json_t *line)
{
    char a[SHOW_ROOM], b[SHOW_ROOM], c[SHOW_ROOM], d[SHOW_ROOM];

    print_text("", show_get_text(line, "device_id"));
    print_text(" ", show_get_text(line, "name"));
    print_text(", ", show_get_text(line, "place"));
    print_text(", class ", show_get_text(line, "class"));
    printf("       %s", show_get_text(line, "presence"));
    if (json_object_get(line, "heard") == NULL) {
        putchar('\n');
        return;
    }
    printf(", last heard %s ago",
           show_seconds(a, json_number_value(json_object_get(line, "silent_s"))));
    if (json_object_get(line, "interval_s") != NULL)
        printf(", every %s",
               show_seconds(a, json_number_value(json_object_get(line, "interval_s"))));
    print_text(", first ", show_get_text(line, "first"));
    printf("\n%s of %s numbers (%s): %s open, %s lost, ", get_count(a, line, "have"),
           get_count(b, line, "due"),
           show_part(c, (double)show_get(line, "have"), (double)show_get(line, "due")),
           get_count(d, line, "open"), show_count((char[SHOW_ROOM]){0}, show_get(line, "lost")));
    printf("%s recovered; ", get_count(a, line, "recovered"));
    printf("restarts %s, late %s, duplicates %s; last 8: %s\n", get_count(a, line, "restarts"),
           get_count(b, line, "late"), get_count(c, line, "duplicates"),
           show_get_text(line, "beats"));
    print_causes("open", json_object_get(line, "open_by_cause"));
    print_causes("lost", json_object_get(line, "lost_by_cause"));
}

/* Asks for the devices whose `field` is the word, and prints them.  Returns how many there are, or
 * -1. */
static int ask(struct ctl *ctl, const char *field, char filter[])
{
    json_t *request = ctl_request("devices"), *line;
    int count = 0, more;

    sprintf(filter, "\"%s=%s\"", field, ctl->words[0]);
    json_object_set_new(request, "filter", json_string(filter));
    if (ctl_ask(ctl, request) != CTL_FINE)
        return -1;
    while ((more = ctl_next(ctl, &line)) > 0) {
        count++;
        if (ctl->output == CTL_PLAIN)
            print_device(line);
        else if (ctl->output == CTL_JSON)
            ctl_print_json(line);
        else
            table_csv_object("", line, stdout);
        json_decref(line);
    }
    connection_close(&ctl->connection);
    return more == 0 ? count : -1;
}

int ctl_device(struct ctl *ctl)
{
    char *filter = malloc(strlen(ctl->words[0]) + 16), *word[1] = {filter};
    struct ctl gaps = *ctl;
    int count, status = CTL_FAILED;

    if (filter == NULL)
        return CTL_FAILED;
    if (ctl->output == CTL_CSV)
        puts("name,value");
    count = ask(ctl, "id", filter);
    if (count == 0)
        count = ask(ctl, "name", filter);
    if (count == 0)
        fprintf(stderr,
                "musterctl: there is no device \"%s\"; expected an id, or a name of the "
                "catalog\n",
                ctl->words[0]);
    if (count > 0)
        status = CTL_FINE;
    if (count > 0 && ctl->output == CTL_PLAIN) {
        filter[strlen(filter) - 1] = '\0'; /* without the quotes, which are put again */
        word[0] = filter + 1;
        gaps.words = word;
        gaps.word_count = 1;
        status = ctl_gaps(&gaps);
        connection_close(&gaps.connection);
    }
    free(filter);
    return status;
}
