/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/wrap.h"

/* What was lost, as far as it is told. */
struct losses {
    FILE *text;
    unsigned count; /* of sentences */
};

__attribute__((format(printf, 3, 4))) static void lose(struct losses *losses, uint64_t n,
                                                       const char *format, ...)
{
    va_list arguments;

    if (n == 0)
        return;
    fprintf(losses->text, "%s%" PRIu64 " ", losses->count++ == 0 ? " Lost: " : "; ", n);
    va_start(arguments, format);
    vfprintf(losses->text, format, arguments);
    va_end(arguments);
}

/* The file that the sink writes to, without its folders; or NULL. */
static const char *file_of(const struct sink *sink)
{
    const struct option_table *table = &sink->instance->entry->plugin.options;
    int path = option_find(table, "path");

    const char *file = path < 0 ? NULL : sink->instance->values[path].text;
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;

    return slash != NULL ? slash + 1 : file;
}

static const char *place(const struct sink *sink)
{
    const char *file = file_of(sink);

    return file != NULL ? file : instance_name(sink->instance);
}

/* A counter of an entry of the chain, or of that label.  Returns whether there is one; *count is 0
 * if not. */
static bool find_count(const struct muster_instance *instance, const char *metric,
                       const char *label_value, uint64_t *count)
{
    struct metric_reading reading;
    char name[256];

    *count = 0;
    snprintf(name, sizeof name, "%s.%s", instance_name(instance), metric);
    if (!metrics_find(instance->host->metrics, name, label_value, &reading) ||
        reading.is.kind != METRIC_COUNTER || reading.is.type != METRIC_U64)
        return false;
    *count = reading.value.u64;
    return true;
}

static uint64_t count_of(const struct muster_instance *instance, const char *metric,
                         const char *label_value)
{
    uint64_t count;

    find_count(instance, metric, label_value, &count);
    return count;
}

/* What a tracker among the filters knows to be missing.  A device that counts at random seems to
 * miss what it never sent; nobody can know, and stats leaves it out as well. */
static void lose_before_us(struct losses *losses, const struct chain *chain)
{
    unsigned f;

    for (f = 0; f < chain->filter_count; f++) {
        const struct muster_instance *filter = &chain->instances[f];
        uint64_t lost = count_of(filter, "lost", NULL);
        uint64_t random = count_of(filter, "lost_by_cause", "not-believable");

        lose(losses, lost > random ? lost - random : 0,
             "numbers that devices have sent and %s has not seen", instance_name(filter));
    }
}

/* Duplicates that a tracker has dropped. */
static uint64_t left_out(const struct muster_instance *filter)
{
    struct metric_reading reading;
    char name[256];

    snprintf(name, sizeof name, "%s.duplicates_left_out", instance_name(filter));
    if (!metrics_find(filter->host->metrics, name, NULL, &reading) ||
        reading.is.kind != METRIC_COUNTER || reading.is.type != METRIC_U64)
        return 0;
    return reading.value.u64;
}

static void tell_dropped(FILE *text, const struct chain *chain, unsigned filter)
{
    const uint64_t dropped = chain_filter_account(chain, filter).dropped;
    uint64_t duplicates = left_out(&chain->instances[filter]);

    if (duplicates > dropped)
        duplicates = dropped;
    if (duplicates > 0)
        fprintf(text, ", %" PRIu64 " duplicates left out", duplicates);
    if (dropped > duplicates)
        fprintf(text, ", %" PRIu64 " taken out by %s", dropped - duplicates,
                instance_name(&chain->instances[filter]));
}

/* Each by its reason: only some of them say that the format is another. */
static void lose_rejected(struct losses *losses, const uint64_t rejected[MUSTER_REJECT_REASONS])
{
    lose(losses,
         rejected[MUSTER_REJECT_TOO_SHORT] + rejected[MUSTER_REJECT_UNKNOWN_TYPE] +
             rejected[MUSTER_REJECT_BAD_PAYLOAD] + rejected[MUSTER_REJECT_NO_FORMAT] +
             rejected[MUSTER_REJECT_BAD_LENGTH],
         "datagrams that are not of our devices' format");
    lose(losses, rejected[MUSTER_REJECT_TOO_LONG], "datagrams that are longer than is allowed");
    lose(losses, rejected[MUSTER_REJECT_BAD_CHECK], "datagrams whose check is wrong");
    lose(losses, rejected[MUSTER_REJECT_UNKNOWN_DEVICE],
         "datagrams of devices that we do not know");
    lose(losses, rejected[MUSTER_REJECT_SOURCE], "datagrams from addresses that may not send them");
    lose(losses, rejected[MUSTER_REJECT_RATE], "datagrams beyond the rate that is allowed");
}

static void lose_of_sink(struct losses *losses, const struct sink *sink)
{
    const struct sink_account a = sink_whole_account(sink);
    const char *where = place(sink);

    lose(losses, a.dropped_full, "records for %s, since its queue was full", where);
    lose(losses, a.dropped_given_up, "records that %s could not deliver", where);
    lose(losses, a.dropped_failed, "records for %s, since it had failed", where);
    lose(losses, a.dropped_spill, "spilled records for %s, the oldest, for want of room", where);
    lose(losses, a.dropped_damaged, "spilled records for %s, which cannot be read", where);
    lose(losses, a.dropped_stop + a.dropped_stuck,
         "records for %s, since the time to stop was over", where);
}

/* Not each record that a sink takes is a row of its file: it counts its rows, then. */
static void tell_written(FILE *text, const struct sink *sink)
{
    uint64_t rows;

    if (!find_count(sink->instance, "rows", NULL, &rows))
        rows = sink_whole_account(sink).written;
    fprintf(text, ", %" PRIu64 " %s %s", rows, file_of(sink) != NULL ? "rows in" : "records for",
            place(sink));
}

void plain_print(const struct chain *chain, const struct chain_account *account, FILE *out)
{
    const struct chain_account *a = account;
    size_t size = 0;
    char *text = NULL;
    struct losses losses = {.text = open_memstream(&text, &size)};
    unsigned i;

    if (losses.text == NULL)
        return;
    fprintf(losses.text, "%" PRIu64 " sent to us",
            a->received + a->kernel_drops + a->checksum_errors + a->refused);
    for (i = 0; i < chain->filter_count; i++)
        tell_dropped(losses.text, chain, i);
    for (i = 0; i < chain->sink_count; i++)
        if (!atomic_load(&chain->sinks[i].succeeded))
            tell_written(losses.text, &chain->sinks[i]);
    fprintf(losses.text, ".");
    lose_before_us(&losses, chain);
    lose(&losses, a->kernel_drops, "datagrams that the kernel dropped, since they came too fast");
    lose(&losses, a->checksum_errors, "datagrams that were damaged on their way");
    lose(&losses, a->refused, "datagrams that came while we stopped");
    lose(&losses, a->overrun, "datagrams for which a worker had no room");
    lose_rejected(&losses, a->rejected);
    for (i = 0; i < chain->sink_count; i++)
        if (!atomic_load(&chain->sinks[i].succeeded))
            lose_of_sink(&losses, &chain->sinks[i]);
    fprintf(losses.text, "%s", losses.count == 0 ? " Nothing was lost." : ".");
    if (fclose(losses.text) == 0)
        wrap_print(out, 0, 0, "%s", text);
    free(text);
}
