/* SPDX-License-Identifier: MIT
 *
 * The collector at one look.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "show.h"

static const char *get_count(char out[SHOW_ROOM], const json_t *object, const char *name)
{
    return show_count(out, show_get(object, name));
}

static void print_text(const char *text)
{
    char *safe = show_text(text);

    fputs(safe != NULL ? safe : "?", stdout);
    free(safe);
}

static void print_head(const json_t *line)
{
    char up[SHOW_ROOM];

    printf("musterd %s", show_get_text(line, "version"));
    if (json_object_get(line, "build") != NULL)
        printf(" (%s)", show_get_text(line, "build"));
    printf("  pid %lld, up %s  configuration ", (long long)show_get(line, "pid"),
           show_seconds(up, (double)show_get(line, "up_s")));
    print_text(show_get_text(line, "configuration"));
    puts(json_is_true(json_object_get(line, "configuration_has_changed"))
             ? " (has changed since it was read)"
             : " (as on disk)");
}

static void print_datagrams(const json_t *in)
{
    char a[SHOW_ROOM], b[SHOW_ROOM], c[SHOW_ROOM];
    char *reasons = table_sums(json_object_get(in, "rejected_by_reason"));

    printf("in       %s/s  %s received = %s decoded",
           show_count(
               a, (int64_t)(json_number_value(json_object_get(in, "received_per_second")) + 0.5)),
           get_count(b, in, "received"), get_count(c, in, "decoded"));
    printf(" + %s rejected (%s)", get_count(a, in, "rejected"),
           show_part(b, (double)show_get(in, "rejected"), (double)show_get(in, "received")));
    if (reasons != NULL && show_get(in, "rejected") > 0)
        printf(": %s", reasons);
    free(reasons);
    printf("\n         kernel dropped %s, wrong checksum %s, refused %s\n",
           get_count(a, in, "dropped_by_the_kernel"), get_count(b, in, "wrong_checksum"),
           get_count(c, in, "refused"));
}

static void print_devices(const json_t *devices)
{
    char a[SHOW_ROOM], b[SHOW_ROOM], c[SHOW_ROOM];

    printf("devices  %s in the catalog", get_count(a, devices, "in_catalog"));
    if (json_object_get(devices, "heard") != NULL)
        printf("; %s online, %s late, %s silent", get_count(a, devices, "online"),
               get_count(b, devices, "late"), get_count(c, devices, "silent"));
    if (json_object_get(devices, "never_heard") != NULL)
        printf(", %s never heard; %s unknown", get_count(a, devices, "never_heard"),
               get_count(b, devices, "unknown"));
    putchar('\n');
}

static void print_numbers(const json_t *numbers)
{
    char *causes = table_sums(json_object_get(numbers, "missing_by_cause"));
    char a[SHOW_ROOM], b[SHOW_ROOM], c[SHOW_ROOM], d[SHOW_ROOM];

    printf("numbers  %s missing = %s open + %s recovered + %s lost; counted since %s\n",
           get_count(a, numbers, "missing"), get_count(b, numbers, "open"),
           get_count(c, numbers, "recovered"), get_count(d, numbers, "lost"),
           show_get_text(numbers, "since"));
    if (causes != NULL && show_get(numbers, "missing") > 0)
        printf("         by cause: %s\n", causes);
    free(causes);
}

static void print_sinks(const json_t *sinks)
{
    char a[SHOW_ROOM], b[SHOW_ROOM], c[SHOW_ROOM];
    const json_t *sink;
    size_t i, width = 0;

    json_array_foreach(sinks, i, sink)
    {
        size_t own = show_width(show_get_text(sink, "sink"));

        width = own > width ? own : width;
    }
    json_array_foreach(sinks, i, sink)
    {
        const char *state = show_get_text(sink, "state");

        printf("%-8s %-*s  %-7s", i == 0 ? "sinks" : "", (int)width, show_get_text(sink, "sink"),
               state);
        printf("  %s written, %s queued, %s dropped", get_count(a, sink, "written"),
               get_count(b, sink, "queued"), get_count(c, sink, "dropped"));
        if (strcmp(state, "ok") != 0)
            printf("; so since %s", show_get_text(sink, "since"));
        putchar('\n');
    }
}

static void print_plain(const json_t *line)
{
    const json_t *numbers = json_object_get(line, "numbers");

    print_head(line);
    print_datagrams(json_object_get(line, "datagrams"));
    print_devices(json_object_get(line, "devices"));
    if (numbers != NULL)
        print_numbers(numbers);
    print_sinks(json_object_get(line, "sinks"));
}

int ctl_status(struct ctl *ctl)
{
    int status = ctl_ask(ctl, ctl_request("status")), more;
    json_t *line;

    if (status != CTL_FINE)
        return status;
    if (ctl->output == CTL_CSV)
        puts("name,value");
    while ((more = ctl_next(ctl, &line)) > 0) {
        if (ctl->output == CTL_PLAIN) {
            print_plain(line);
        } else if (ctl->output == CTL_CSV) {
            table_csv_object("", line, stdout);
        } else {
            ctl_print_json(line);
        }
        json_decref(line);
    }
    return more == 0 ? CTL_FINE : CTL_FAILED;
}
