/* SPDX-License-Identifier: MIT
 *
 * A filter that does what a message's payload says: "slow" takes it a millisecond, "hang" for ever.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <muster/plugin.h>

static int is_text(const struct muster_record *record, const char *text)
{
    return record->payload_size == strlen(text) &&
           memcmp(record->payload.bytes, text, strlen(text)) == 0;
}

static int process(void *state, struct muster_batch *batch)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    uint32_t i;

    (void)state;
    for (i = 0; i < batch->count; i++) {
        if (is_text(&batch->records[i], "slow"))
            nanosleep(&millisecond, NULL);
        while (is_text(&batch->records[i], "hang"))
            pause();
    }
    return 0;
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    (void)host;
    *state = instance;
    return 0;
}

static const struct muster_filter filter = {.size = sizeof filter, .process = process};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .name = "sluggish",
    .version = "1.0",
    .summary = "Takes its time",
    .open = open_instance,
    .filter = &filter,
};
