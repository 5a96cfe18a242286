/* SPDX-License-Identifier: MIT
 *
 * The option tables of collector.conf.
 */
#include "settings.h"

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

/* In the order of enum spill_drop. */
static const char *const spill_drops[] = {"newest", "oldest", NULL};

/* In the order of enum admit_unknown. */
static const char *const unknowns[] = {"accept", "mark", "reject", NULL};

static const struct muster_option settings[SETTINGS] = {
    [SETTING_WORKERS] = {.name = "workers",
                         .type = MUSTER_OPTION_INT,
                         .fallback = "1",
                         .max = SETTINGS_WORKERS_MOST,
                         .summary = "Threads that receive; 0: one for each CPU that it may use"},
    [SETTING_RECEIVE_BUFFER] = {.name = "receive_buffer",
                                .type = MUSTER_OPTION_SIZE,
                                .fallback = "4MiB",
                                .min = 4096,
                                .max = INT32_MAX / 2,
                                .summary = "What the kernel may hold for each socket"},
    [SETTING_LARGEST_DATAGRAM] = {.name = "largest_datagram",
                                  .type = MUSTER_OPTION_SIZE,
                                  .fallback = "1472",
                                  .min = MUSTER_HEADER_SIZE,
                                  .max = MUSTER_DATAGRAM_MAX,
                                  .summary = "A longer datagram is rejected"},
    [SETTING_QUEUE] = {.name = "queue",
                       .type = MUSTER_OPTION_INT,
                       .fallback = "65536",
                       .min = SETTINGS_QUEUE_LEAST,
                       .max = SETTINGS_QUEUE_MOST,
                       .summary = "Records that may wait for a sink"},
    [SETTING_CATALOG] = {.name = "catalog",
                         .type = MUSTER_OPTION_STRING,
                         .summary = "The file that describes the devices"},
    [SETTING_LOG_LEVEL] = {.name = "log_level",
                           .type = MUSTER_OPTION_CHOICE,
                           .fallback = "info",
                           .choices = levels,
                           .summary = "The least urgent lines that are logged"},
    [SETTING_STOP_TIMEOUT] = {.name = "stop_timeout",
                              .type = MUSTER_OPTION_DURATION,
                              .fallback = "10s",
                              .max = INT64_C(3600000000000),
                              .summary = "How long sinks may take to write what is queued when the "
                                         "daemon stops"},
    [SETTING_STATE_DIR] = {.name = "state_dir",
                           .type = MUSTER_OPTION_STRING,
                           .summary = "The directory for what is known of the devices, so that it "
                                      "outlives the daemon"},
    [SETTING_STATE_LIVE_DIR] = {.name = "state_live_dir",
                                .type = MUSTER_OPTION_STRING,
                                .summary =
                                    "The directory for it while the daemon runs, such as one "
                                    "in memory"},
    [SETTING_STATE_INTERVAL] = {.name = "state_interval",
                                .type = MUSTER_OPTION_DURATION,
                                .fallback = "10m",
                                .max = INT64_C(604800000000000),
                                .summary =
                                    "How often state_dir gets a copy from state_live_dir; 0: "
                                    "when the daemon stops"},
    [SETTING_SOURCE_RATE] = {.name = "source_rate",
                             .type = MUSTER_OPTION_INT,
                             .fallback = "0",
                             .max = 1000000,
                             .summary = "Datagrams a second that are taken from one address; 0: "
                                        "all"},
    [SETTING_DEVICE_RATE] = {.name = "device_rate",
                             .type = MUSTER_OPTION_INT,
                             .fallback = "0",
                             .max = 1000000,
                             .summary = "Datagrams a second that are taken of one device; 0: all"},
    [SETTING_UNKNOWN] = {.name = "unknown",
                         .type = MUSTER_OPTION_CHOICE,
                         .fallback = "accept",
                         .choices = unknowns,
                         .summary = "What becomes of a device that the catalog does not list"},
    [SETTING_UNKNOWN_MOST] = {.name = "unknown_most",
                              .type = MUSTER_OPTION_INT,
                              .fallback = "65536",
                              .max = 1000000,
                              .summary = "How many such devices are taken in a run"},
    [SETTING_USER] = {.name = "user",
                      .type = MUSTER_OPTION_STRING,
                      .summary = "Who the daemon becomes once its sockets are open, if root "
                                 "starts it"},
    [SETTING_GROUP] = {.name = "group",
                       .type = MUSTER_OPTION_STRING,
                       .summary = "The group that it has then; else the user's own"},
    [SETTING_CONTROL] = {.name = "control",
                         .type = MUSTER_OPTION_STRING,
                         .summary = "The socket that musterctl asks; \"none\": there is none"},
};

static const struct muster_option listen_settings[LISTEN_SETTINGS] = {
    [LISTEN_ADDRESS] = {.name = "address",
                        .type = MUSTER_OPTION_STRING,
                        .fallback = "127.0.0.1",
                        .summary = "IPv4 or IPv6 address; \"0.0.0.0\" or \"::\" for all; a "
                                   "multicast group, which is joined"},
    [LISTEN_PORT] = {.name = "port",
                     .type = MUSTER_OPTION_INT,
                     .fallback = "8888",
                     .max = 65535,
                     .summary = "UDP port; 0: a free one"},
    [LISTEN_INTERFACE] = {.name = "interface",
                          .type = MUSTER_OPTION_STRING,
                          .summary = "Receive by this interface alone, such as \"eth0\""},
    [LISTEN_SOURCES] = {.name = "sources",
                        .type = MUSTER_OPTION_LIST,
                        .summary = "Join the multicast group for these senders alone"},
    [LISTEN_ALLOW] = {.name = "allow",
                      .type = MUSTER_OPTION_LIST,
                      .summary = "The only addresses to take datagrams from, such as "
                                 "\"10.0.0.0/8\""},
    [LISTEN_FORMAT] = {.name = "format",
                       .type = MUSTER_OPTION_LIST,
                       .summary = "What its datagrams look like: a format of the catalog, or "
                                  "several, tried in order; else the built-in one"},
    [LISTEN_REPLY_RATE] = {.name = "reply_rate",
                           .type = MUSTER_OPTION_INT,
                           .fallback = "10000",
                           .max = 1000000,
                           .summary = "Answers a second that are given where a format has a "
                                      "reply; 0: all that are asked for"},
};

/* What any entry of the chain may have besides its plugin's own options. */
static const struct muster_option entry_settings[ENTRY_SETTINGS] = {
    [ENTRY_NAME] = {.name = "name",
                    .type = MUSTER_OPTION_STRING,
                    .summary = "What the entry is called in logs and metrics"},
    [ENTRY_QUEUE] = {.name = "queue",
                     .type = MUSTER_OPTION_INT,
                     .min = SETTINGS_QUEUE_LEAST,
                     .max = SETTINGS_QUEUE_MOST,
                     .summary = "Records that may wait for this sink"},
    [ENTRY_REQUIRED] = {.name = "required",
                        .type = MUSTER_OPTION_BOOL,
                        .fallback = "false",
                        .summary = "Whether the daemon does not start if this sink cannot be "
                                   "connected"},
    [ENTRY_SPILL] = {.name = "spill",
                     .type = MUSTER_OPTION_PATH,
                     .summary = "The directory for records that find no room in the queue"},
    [ENTRY_SPILL_SIZE] = {.name = "spill_size",
                          .type = MUSTER_OPTION_SIZE,
                          .fallback = "1GiB",
                          .min = INT64_C(16) << 20,
                          .max = INT64_C(1) << 44,
                          .summary = "What may be in it"},
    [ENTRY_SPILL_DROP] = {.name = "spill_drop",
                          .type = MUSTER_OPTION_CHOICE,
                          .fallback = "newest",
                          .choices = spill_drops,
                          .summary = "Which records are dropped when it is full"},
};

#define TABLE(array, n)                                                                            \
    {                                                                                              \
        .options = (array), .count = (n), .stride = sizeof(struct muster_option)                   \
    }
const struct option_table settings_table = TABLE(settings, SETTINGS);
const struct option_table settings_of_listener = TABLE(listen_settings, LISTEN_SETTINGS);
const struct option_table settings_of_entry = TABLE(entry_settings, ENTRY_SETTINGS);
#undef TABLE

void settings_describe(FILE *out)
{
    fputs("Settings of the configuration file:\n", out);
    options_describe(&settings_table, out);
    fputs("\nOf each entry of listen = ( { ... }, ... ):\n", out);
    options_describe(&settings_of_listener, out);
    fputs("\nOf each entry of chain = ( { plugin = \"...\"; ... }, ... ), besides its\n"
          "plugin's own (musterd --describe PLUGIN):\n",
          out);
    options_describe(&settings_of_entry, out);
}
