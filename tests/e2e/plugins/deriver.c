/* SPDX-License-Identifier: MIT
 *
 * A filter that makes records of others: of each reading, which is a text, a message with twice the
 * number, and for a number of 100 and more an event and a reject of its own.  Or one that breaks
 * the rules.
 */
#include <stdlib.h>
#include <string.h>

#include <muster/plugin.h>

enum does { DERIVE, FOREIGN, ALTER };

static const char *const choices[] = {"derive", "foreign", "alter", NULL};

static const struct muster_option options[] = {
    {.name = "does",
     .type = MUSTER_OPTION_CHOICE,
     .choices = choices,
     .fallback = "derive",
     .summary = "What it does"},
};

enum { EVENT_HOT = MUSTER_EVENT_OWN + 2, REJECT_HOT = MUSTER_REJECT_OWN };

static const struct muster_name events[] = {
    {.number = EVENT_HOT, .name = "too-hot", .summary = "A value of 100 or more"},
};

static const struct muster_name rejects[] = {
    {.number = REJECT_HOT, .name = "not-believed", .summary = "A value of 100 or more"},
};

/* Set once, before the worker runs. */
static const struct muster_host *the_host;
static enum does does;

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    the_host = host;
    does = (enum does)host->get_int(instance, "does");
    *state = instance;
    return 0;
}

static double read_value(const struct muster_record *record)
{
    char text[17] = ""; /* 16 bytes can be read, however short the payload is */

    memcpy(text, record->payload.bytes, 16);
    text[record->payload_size < 16 ? record->payload_size : 16] = '\0';
    return strtod(text, NULL);
}

static void add_others(struct muster_batch *batch, uint32_t i)
{
    static const char text[] = "hotter than 100";
    struct muster_record record;

    muster_record_derive(&record, &batch->records[i]);
    record.kind = MUSTER_KIND_EVENT;
    record.event.event = EVENT_HOT;
    record.payload.bytes = (const uint8_t *)text;
    record.payload_size = sizeof text - 1;
    the_host->emit(batch, i, &record);
    muster_record_derive(&record, &batch->records[i]);
    record.kind = MUSTER_KIND_REJECT;
    record.reject.reason = REJECT_HOT;
    the_host->emit(batch, i, &record);
}

static int process(void *worker_state, struct muster_batch *batch)
{
    uint32_t i;

    (void)worker_state;
    for (i = 0; i < batch->count; i++) {
        struct muster_record *record = &batch->records[i];
        struct muster_record derived;
        double value;

        if (record->value_type != MUSTER_VALUE_TEXT)
            continue;
        value = read_value(record);
        muster_record_derive(&derived, record);
        derived.value_type = MUSTER_VALUE_REAL;
        derived.value.real = 2 * value;
        if (does == FOREIGN)
            derived.device++;
        the_host->emit(batch, i, &derived);
        if (value >= 100)
            add_others(batch, i);
        if (does == ALTER)
            record->payload_size = 1000000000;
    }
    return 0;
}

static const struct muster_filter filter = {.size = sizeof filter, .process = process};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name_size = sizeof events[0],
    .event_count = sizeof events / sizeof events[0],
    .reject_count = sizeof rejects / sizeof rejects[0],
    .name = "deriver",
    .version = "1.0",
    .summary = "makes records of others",
    .options = options,
    .events = events,
    .rejects = rejects,
    .open = open_instance,
    .filter = &filter,
};
