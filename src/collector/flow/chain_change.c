/* SPDX-License-Identifier: MIT
 *
 * Sinks that come and go while the front runs.  A sink keeps its place for good, and its account
 * with it; so whoever looks at the chain from another thread finds what was there.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>

#include "chain_parts.h"

#define GRACE CLOCK_SECOND /* for a sink whose time is over to come back from its plugin */

/* ---- those that come ------------------------------------------------------------------ */

/* The sink of that name whose place is to be taken, or was left; NULL: there is none. */
static struct sink *find_before(const struct chain *chain, const char *name,
                                const struct chain_change *change)
{
    struct sink *found = NULL;
    unsigned i, k;

    for (i = 0; i < chain->sink_count; i++) {
        struct sink *sink = &chain->sinks[i];
        bool leaves = sink->retired;

        for (k = 0; k < change->removed_count; k++)
            leaves |= change->removed[k] == i;
        if (leaves && !atomic_load(&sink->succeeded) &&
            strcmp(instance_name(sink->instance), name) == 0)
            found = sink;
    }
    return found;
}

static int open_queues(const struct chain *chain, struct sink *sink)
{
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        if (queue_open(&sink->queues[i], &chain->pipelines[i].pool, sink->queue_capacity) < 0)
            return -1;
    return 0;
}

/* Opens the plugin in the next place, and starts the thread.  Returns 0, or -1 after adding to
 * `problems`, and then nothing of it is left. */
static int begin_sink(struct chain *chain, unsigned place, const struct entry *entry,
                      struct problems *problems)
{
    struct muster_instance *instance = &chain->instances[chain->filter_count + place];
    struct sink *sink = &chain->sinks[place];
    int error = ENOMEM;

    instance_init(instance, entry, chain->host);
    instance->chain = chain->instances[0].chain;
    instance->chain_count = chain->instances[0].chain_count;
    if (instance_open(instance) < 0) {
        problems_add(problems, entry->file, entry->line, 0, "%s: the plugin could not be opened",
                     entry->name);
        goto close_instance;
    }
    if (sink_init(sink, instance, chain->pipeline_count, OVERFLOW_DROP, chain->drained_fd) < 0)
        goto say;
    if (open_queues(chain, sink) == 0)
        error = sink_start(sink);
    if (error == 0) {
        chain_tell_opened(instance);
        return 0;
    }
    sink_destroy(sink);

say:
    problems_add(problems, entry->file, entry->line, 0, "%s: cannot be started: %s", entry->name,
                 strerror(error));
close_instance:
    instance_close(instance);
    instance_free(instance);
    return -1;
}

/* Blocks that the queues of all sinks may need which are not closed, `added` new ones among them.
 */
static uint32_t count_blocks(const struct chain *chain, unsigned added)
{
    uint32_t blocks = 0;
    unsigned i;

    for (i = 0; i < chain->sink_count + added; i++)
        if (!chain->sinks[i].closed)
            blocks += fanout_blocks(&chain->sinks[i], 1);
    return blocks;
}

static int make_blocks(struct chain *chain, unsigned added)
{
    uint32_t blocks = count_blocks(chain, added);
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        if (pipeline_make_blocks(&chain->pipelines[i], blocks) < 0)
            return -1;
    return 0;
}

/* ---- the change ----------------------------------------------------------------------- */

/* With all workers at the gate. */
static void carry_out(struct chain *chain, const struct chain_change *change)
{
    unsigned i;

    for (i = 0; i < change->added_count; i++) {
        struct sink *sink = &chain->sinks[chain->sink_count + i];
        struct sink *before = find_before(chain, instance_name(sink->instance), change);

        sink->before = before;
        if (before != NULL)
            atomic_store(&before->succeeded, true);
    }
    for (i = 0; i < chain->pipeline_count; i++)
        pipeline_change_sinks(&chain->pipelines[i], chain->sink_count, change->added_count,
                              change->removed, change->removed_count);
    chain->instance_count += change->added_count;
    chain->sink_count += change->added_count;
    if (change->catalog != NULL) {
        chain->host->catalog = change->catalog;
        admit_use_catalog(chain->admit, change->catalog);
    }
}

static void retire(struct chain *chain, const struct chain_change *change)
{
    unsigned i;

    for (i = 0; i < change->removed_count; i++) {
        struct sink *sink = &chain->sinks[change->removed[i]];

        sink->retired = true;
        sink_drain(sink, change->deadline_ns);
    }
}

/* What has begun, and is not wanted: it has got nothing, so it ends as soon as its plugin lets it.
 */
static void give_up(struct chain *chain, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        struct sink *sink = &chain->sinks[chain->sink_count + i];

        sink->retired = true;
        sink_drain(sink, clock_monotonic());
    }
    /* They keep the places that they have. */
    chain->instance_count += count;
    chain->sink_count += count;
}

int chain_change(struct chain *chain, const struct chain_change *change, struct problems *problems)
{
    const unsigned first = chain->sink_count;
    unsigned begun = 0;

    if (first + change->added_count > CHAIN_SINKS_MOST) {
        problems_note(problems, LOG_ERROR, NULL,
                      "there were %d sinks since the start; more need a restart", CHAIN_SINKS_MOST);
        return -1;
    }
    while (begun < change->added_count) {
        if (begin_sink(chain, first + begun, change->added[begun], problems) < 0)
            break;
        begun++;
    }
    if (begun == change->added_count) {
        bool shut = chain_shut_gate(chain), has_room = shut && make_blocks(chain, begun) == 0;

        if (has_room)
            carry_out(chain, change);
        chain_open_gate(chain);
        if (has_room) {
            retire(chain, change);
            return 0;
        }
        problems_note(problems, LOG_ERROR, NULL,
                      shut ? "the new sinks need more memory than there is, or a restart: their "
                             "queues are large"
                           : "a worker does not come back from a filter");
    }
    give_up(chain, begun);
    return -1;
}

/* ---- those that go -------------------------------------------------------------------- */

static void close_retired(struct chain *chain, struct sink *sink)
{
    const struct sink_account account = sink_account(sink);

    log_format(chain->host->log, LOG_INFO, instance_name(sink->instance),
               "it is closed: written %" PRIu64 ", dropped %" PRIu64, account.written,
               sink_account_dropped(&account));
    instance_close(sink->instance);
    sink_close_queues(sink);
    sink->closed = true;
}

uint64_t chain_look(struct chain *chain)
{
    uint64_t now = clock_monotonic(), again = 0;
    eventfd_t unused;
    unsigned i;

    eventfd_read(chain->drained_fd, &unused);
    for (i = 0; i < chain->sink_count; i++) {
        struct sink *sink = &chain->sinks[i];
        uint64_t end = atomic_load(&sink->deadline_ns) + GRACE;

        if (!sink->retired || sink->closed || sink->stuck)
            continue;
        if (sink_join(sink)) {
            close_retired(chain, sink);
        } else if (now >= end) {
            sink_abandon(sink);
            chain->stuck = true;
            log_line(chain->host->log, LOG_ERROR, instance_name(sink->instance),
                     "the sink was removed, and does not come back from its plugin; it is left "
                     "alone");
        } else if (again == 0 || end < again) {
            again = end;
        }
    }
    return again;
}
