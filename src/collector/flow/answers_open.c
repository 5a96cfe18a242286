/* SPDX-License-Identifier: MIT
 *
 * How answers are made ready: whose sinks they wait for, and their metrics.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "answers_parts.h"
#include "recognize.h"

/* [sink] It is through with what somebody waits for. */
static void call(void *context)
{
    struct answers *answers = context;

    atomic_store(&answers->pipeline->woken, true);
    eventfd_write(atomic_load(&answers->fd), 1);
}

static struct sink *find_sink(const struct fanout *fanout, const char *name)
{
    unsigned s;

    for (s = 0; s < fanout->sink_count; s++)
        if (strcmp(instance_name(fanout->sinks[s].instance), name) == 0)
            return &fanout->sinks[s];
    return NULL;
}

/* The line of that sink, which there is: the configuration is checked for it. */
static uint8_t line_of_sink(struct answers *answers, const char *name)
{
    struct sink *sink = find_sink(&answers->pipeline->fanout, name);
    struct queue *queue;
    unsigned i;

    assert(sink != NULL);
    for (i = 0; i < answers->line_count; i++)
        if (answers->lines[i].sink == sink)
            return (uint8_t)i;
    queue = &sink->queues[answers->pipeline->id];
    queue->tell = call;
    queue->tell_context = answers;
    sink->is_awaited = true;
    answers->lines[i] = (struct answers_line){.sink = sink, .queue = queue};
    answers->line_count++;
    return (uint8_t)i;
}

const char *answers_deaf_sink(const struct answers *answers)
{
    unsigned i;

    for (i = 0; i < answers->line_count; i++)
        if ((answers->lines[i].sink->instance->kinds & MUSTER_TAKES_MESSAGES) == 0)
            return instance_name(answers->lines[i].sink->instance);
    return NULL;
}

static void make_lines(struct answers *answers)
{
    const struct catalog *catalog = answers->pipeline->host->catalog;
    const struct listener_formats *formats = answers->pipeline->formats;
    unsigned l, f, i;

    for (l = 0; l < answers->listener_count; l++)
        for (f = 0; f < formats[l].count; f++) {
            const unsigned number = formats[l].numbers[f];
            const struct plan_reply *reply;

            for (i = 0; (reply = plan_reply(catalog_plan(catalog, number), i)) != NULL; i++)
                answers->line_of[number][i] =
                    reply->after != NULL ? line_of_sink(answers, reply->after) : ANSWERS_AT_ONCE;
        }
}

static bool is_needed(const struct pipeline *pipeline, unsigned listener_count)
{
    unsigned l, f;

    for (l = 0; pipeline->formats != NULL && l < listener_count; l++)
        for (f = 0; f < pipeline->formats[l].count; f++)
            if (plan_reply(catalog_plan(pipeline->host->catalog, pipeline->formats[l].numbers[f]),
                           0) != NULL)
                return true;
    return false;
}

static int watch_counters(const struct answers *answers)
{
    static const char *const help[ANSWERS_REASONS] = {
        [ANSWERS_UNLISTED] = "refused: the catalog does not list the device",
        [ANSWERS_RATE] = "refused: more than reply_rate allows",
        [ANSWERS_LONGER] = "refused: longer than the datagram",
        [ANSWERS_FILTERED] = "refused: a filter has taken a record out",
        [ANSWERS_NOT_WRITTEN] = "refused: the sink has not written a record",
        [ANSWERS_ROOM] = "refused: too many wait for the sink",
        [ANSWERS_SOCKET] = "refused: the kernel did not take it"};
    struct metrics *m = answers->pipeline->host->metrics;
    const void *owner = answers->pipeline;
    const struct answers_counters *c = &answers->counters;
    char name[64];
    unsigned i;

    if (metrics_watch(m, owner, "collector", "answers.asked", "answers",
                      "that are declared for the datagrams decoded", &c->asked) < 0 ||
        metrics_watch(m, owner, "collector", "answers.sent", "answers", "sent", &c->sent) < 0 ||
        metrics_watch_gauge(m, owner, "collector", "answers.held", "answers",
                            "waiting for a sink to write", &c->held) < 0)
        return -1;
    for (i = 0; i < ANSWERS_REASONS; i++) {
        snprintf(name, sizeof name, "answers.refused.%s", answers_reason_name(i));
        if (metrics_watch(m, owner, "collector", name, "answers", help[i], &c->refused[i]) < 0)
            return -1;
    }
    return 0;
}

int answers_new(struct answers **out, struct pipeline *pipeline, const struct answers_front *front,
                struct answers_rate *rates, unsigned listener_count)
{
    const size_t formats = catalog_format_count(pipeline->host->catalog) + 1;
    struct answers *answers;

    *out = NULL;
    if (front == NULL || !is_needed(pipeline, listener_count))
        return 0;
    answers = calloc(1, sizeof *answers);
    if (answers == NULL)
        return -1;
    *out = answers;
    answers->pipeline = pipeline;
    answers->front = *front;
    answers->rates = rates;
    answers->listener_count = listener_count;
    answers->next_token = answers->judged = 1;
    atomic_init(&answers->fd, pipeline->wake_fd);
    answers->secret = hash_new_secret();
    answers->line_of = malloc(formats * sizeof *answers->line_of);
    answers->lines = calloc(pipeline->fanout.sink_count + 1, sizeof *answers->lines);
    answers->waiting = calloc(ANSWERS_HELD_MOST, sizeof *answers->waiting);
    answers->written = calloc(ANSWERS_KNOWN, sizeof *answers->written);
    answers->waits = calloc(ANSWERS_KNOWN, sizeof *answers->waits);
    if (answers->line_of == NULL || answers->lines == NULL || answers->waiting == NULL ||
        answers->written == NULL || answers->waits == NULL)
        return -1;
    memset(answers->line_of, ANSWERS_AT_ONCE, formats * sizeof *answers->line_of);
    make_lines(answers);
    return watch_counters(answers);
}

void answers_free(struct answers *answers)
{
    if (answers == NULL)
        return;
    free(answers->line_of);
    free(answers->lines);
    free(answers->waiting);
    free(answers->written);
    free(answers->waits);
    free(answers);
}
