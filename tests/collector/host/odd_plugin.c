/* SPDX-License-Identifier: MIT
 *
 * Plugins of other versions, and some that are none: the loader's test loads them.  ODD says
 * which one this is.
 */
#include <muster/plugin.h>

#define ODD_GOOD      1
#define ODD_SHORT     2 /* the descriptor is smaller than the first version's */
#define ODD_MAJOR     3 /* of another ABI */
#define ODD_FUTURE    4 /* the descriptor and its options have fields that are not known yet */
#define ODD_NO_WRITE  5 /* a sink that takes nothing */
#define ODD_OPTIONS   6 /* the option table is of no version */
#define ODD_RESERVED  7 /* an option has a name of the host's */
#define ODD_NO_ROLE   8 /* neither filter nor sink */
#define ODD_NO_NAME   9
#define ODD_NO_SYMBOL 10
#define ODD_NUMBER    11 /* an event of its own has a number of everybody's */
#define ODD_TWICE     12 /* two rejects of its own have the same number */
#define ODD_WORD      13 /* an event of its own has a name of two words */
#define ODD_NAMES     14 /* the table of events is of no version */

#if ODD == ODD_NO_SYMBOL

extern const int nothing_to_see;
const int nothing_to_see = 1;

#else

static int64_t take(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    (void)state;
    (void)records;
    (void)call;
    return count;
}

struct later_option {
    struct muster_option option;
#if ODD == ODD_FUTURE
    uint64_t unknown[2];
#endif
};

static const struct later_option options[] = {
    {.option = {.name = "one", .summary = "the first", .type = MUSTER_OPTION_INT, .fallback = "1"}},
    {.option = {.name = ODD == ODD_RESERVED ? "queue" : "two",
                .summary = "the second",
                .type = MUSTER_OPTION_STRING,
                .fallback = "2"}},
};

struct later_name {
    struct muster_name name;
#if ODD == ODD_FUTURE
    uint64_t unknown[2];
#endif
};

static const struct later_name events[] = {
    {.name = {.number = 128, .name = "first-event", .summary = "the first"}},
    {.name = {.number = ODD == ODD_NUMBER ? 127 : 255,
              .name = ODD == ODD_WORD ? "second event" : "event-2",
              .summary = "the second"}},
};

static const struct later_name rejects[] = {
    {.name = {.number = 200, .name = "unwanted", .summary = "the first"}},
    {.name = {.number = ODD == ODD_TWICE ? 200 : 128, .name = "odd", .summary = "the second"}},
};

static const struct muster_sink sink = {
    .size = sizeof sink,
    .write = ODD == ODD_NO_WRITE ? NULL : take,
};

struct later_plugin {
    struct muster_plugin plugin;
#if ODD == ODD_FUTURE
    void (*unknown[4])(void);
#endif
};

/* Exported under the name that the header gives to the type of today. */
extern const struct later_plugin descriptor __asm__("muster_plugin_v1")
    __attribute__((visibility("default")));

const struct later_plugin descriptor = {
    .plugin =
        {
            .size = ODD == ODD_SHORT ? sizeof descriptor - sizeof(void *) : sizeof descriptor,
            .abi_major = ODD == ODD_MAJOR ? MUSTER_ABI_MAJOR + 1 : MUSTER_ABI_MAJOR,
            .abi_minor = ODD == ODD_FUTURE ? MUSTER_ABI_MINOR + 7 : MUSTER_ABI_MINOR,
            .option_size = ODD == ODD_OPTIONS ? 8 : sizeof options[0],
            .option_count = 2,
            .name_size = ODD == ODD_NAMES ? 8 : sizeof events[0],
            .event_count = 2,
            .reject_count = 2,
            .name = ODD == ODD_NO_NAME ? "No Name" : "odd",
            .version = "1.0",
            .summary = "is odd",
            .options = &options[0].option,
            .events = &events[0].name,
            .rejects = &rejects[0].name,
            .sink = ODD == ODD_NO_ROLE ? NULL : &sink,
        },
#if ODD == ODD_FUTURE
    .unknown = {(void (*)(void))take, (void (*)(void))take, (void (*)(void))take,
                (void (*)(void))take},
#endif
};

#endif
