/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdlib.h>
#include <string.h>

int ctl_ask(struct ctl *ctl, json_t *request)
{
    if (connection_open(&ctl->connection, ctl->socket) == 0) {
        if (connection_ask(&ctl->connection, request) == 0)
            return CTL_FINE;
    } else {
        json_decref(request);
    }
    fprintf(stderr, "musterctl: %s\n", ctl->connection.why);
    return CTL_FAILED;
}

int ctl_next(struct ctl *ctl, json_t **line)
{
    switch (connection_next(&ctl->connection, line)) {
    case CONNECTION_LINE:
        return 1;
    case CONNECTION_DONE:
        return 0;
    default:
        fprintf(stderr, "musterctl: %s\n", ctl->connection.why);
        return -1;
    }
}

json_t *ctl_request(const char *command)
{
    json_t *request = json_object();

    json_object_set_new(request, "command", json_string(command));
    return request;
}

json_t *ctl_filter_request(const struct ctl *ctl, const char *command)
{
    json_t *request = ctl_request(command);
    char *filter = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&filter, &size);
    int i;

    for (i = 0; out != NULL && i < ctl->word_count; i++) {
        const char *quote = strchr(ctl->words[i], ' ') != NULL ? "\"" : "";

        fprintf(out, "%s%s%s%s", i > 0 ? " " : "", quote, ctl->words[i], quote);
    }
    if (out != NULL)
        fclose(out);
    if (filter != NULL && ctl->word_count > 0)
        json_object_set_new(request, "filter", json_string(filter));
    free(filter);
    return request;
}

void ctl_print_json(const json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    putchar('\n');
}

/* Returns -1 if memory is short. */
static int list_line(enum ctl_output output, struct table *table, const json_t *line)
{
    if (output == CTL_PLAIN)
        return table_add(table, line);
    if (output == CTL_CSV) {
        table_csv_row(table->columns, line, stdout);
        return 0;
    }
    ctl_print_json(line);
    return 0;
}

int ctl_list(struct ctl *ctl, json_t *request, const struct column *columns)
{
    int status = ctl_ask(ctl, request), more;
    struct table table;
    json_t *line;

    if (status != CTL_FINE)
        return status;
    table_begin(&table, columns);
    if (ctl->output == CTL_CSV)
        table_csv_header(columns, stdout);
    while ((more = ctl_next(ctl, &line)) > 0) {
        int failed = list_line(ctl->output, &table, line);

        json_decref(line);
        if (failed == 0)
            continue;
        fprintf(stderr, "musterctl: out of memory for the answer\n");
        more = -1;
        break;
    }
    if (ctl->output == CTL_PLAIN && more == 0)
        table_end(&table, stdout);
    return more == 0 ? CTL_FINE : CTL_FAILED;
}
