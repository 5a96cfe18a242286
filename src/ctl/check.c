/* SPDX-License-Identifier: MIT
 *
 * For monitoring: one line, and an exit status, as Nagios and its kin have them.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "show.h"

struct limits {
    double loss; /* percent */
    long silent; /* devices */
    bool has_loss, has_silent;
};

/* Returns -1 after saying what is wrong. */
static int read_limits(const struct ctl *ctl, struct limits *limits)
{
    char *end;

    limits->has_loss = ctl->max_loss != NULL;
    limits->has_silent = ctl->max_silent != NULL;
    if (limits->has_loss) {
        limits->loss = strtod(ctl->max_loss, &end);
        if (end == ctl->max_loss || strcmp(end[0] == '%' ? end + 1 : end, "") != 0 ||
            !(limits->loss >= 0 && limits->loss <= 100)) {
            printf("UNKNOWN: --max-loss %s; expected a percentage from 0 to 100, such as 1%%\n",
                   ctl->max_loss);
            return -1;
        }
    }
    if (limits->has_silent) {
        limits->silent = strtol(ctl->max_silent, &end, 10);
        if (end == ctl->max_silent || *end != '\0' || limits->silent < 0) {
            printf("UNKNOWN: --max-silent %s; expected a number of devices\n", ctl->max_silent);
            return -1;
        }
    }
    return 0;
}

/* One line of an answer, to be given back; NULL: there is none, and ctl->connection.why says why.
 */
static json_t *get(struct ctl *ctl, json_t *request)
{
    json_t *line = NULL;

    if (connection_open(&ctl->connection, ctl->socket) < 0) {
        json_decref(request);
        return NULL;
    }
    if (connection_ask(&ctl->connection, request) < 0 ||
        connection_next(&ctl->connection, &line) != CONNECTION_LINE)
        return NULL;
    connection_close(&ctl->connection);
    return line;
}

/* A sink that is not as it should be; or NULL. */
static const json_t *find_trouble(const json_t *status)
{
    const json_t *sinks = json_object_get(status, "sinks"), *sink;
    size_t i;

    json_array_foreach(sinks, i, sink)
    {
        if (strcmp(show_get_text(sink, "state"), "ok") != 0)
            return sink;
    }
    return NULL;
}

static int judge(const struct limits *limits, const json_t *status, const json_t *loss)
{
    double percent = json_number_value(json_object_get(loss, "loss_percent"));
    int64_t silent = show_get(loss, "silent");
    bool too_much = limits->has_loss && percent > limits->loss;
    bool too_many = limits->has_silent && silent > limits->silent;
    const json_t *sink = find_trouble(status);

    printf("%s: loss %.2f %% of %lld numbers%s, silent %lld of %lld devices%s",
           too_much || too_many || sink != NULL ? "CRITICAL" : "OK", percent,
           (long long)show_get(loss, "due"), too_much ? " (too much)" : "", (long long)silent,
           (long long)show_get(loss, "devices"), too_many ? " (too many)" : "");
    if (sink != NULL)
        printf(", sink %s is %s since %s", show_get_text(sink, "sink"),
               show_get_text(sink, "state"), show_get_text(sink, "since"));
    printf(" | loss=%.4f%%;;", percent);
    if (limits->has_loss)
        printf("%g", limits->loss);
    printf(" silent=%lld;;", (long long)silent);
    if (limits->has_silent)
        printf("%ld", limits->silent);
    putchar('\n');
    return too_much || too_many || sink != NULL ? CTL_CRITICAL : CTL_OK;
}

int ctl_check(struct ctl *ctl)
{
    struct limits limits = {0};
    json_t *status, *loss = NULL;
    int result = CTL_UNKNOWN;

    if (read_limits(ctl, &limits) < 0)
        return CTL_UNKNOWN;
    status = get(ctl, ctl_request("status"));
    if (status == NULL) {
        printf("CRITICAL: %s\n", ctl->connection.why);
        return CTL_CRITICAL;
    }
    loss = get(ctl, ctl_filter_request(ctl, "loss"));
    if (loss == NULL)
        printf("UNKNOWN: %s\n", ctl->connection.why);
    else
        result = judge(&limits, status, loss);
    json_decref(status);
    json_decref(loss);
    return result;
}
