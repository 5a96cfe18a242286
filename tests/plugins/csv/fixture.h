/* SPDX-License-Identifier: MIT
 *
 * What the tests of the sink "csv" share: a folder for its file, records, and the plugin.
 */
#ifndef TESTS_PLUGINS_CSV_FIXTURE_H
#define TESTS_PLUGINS_CSV_FIXTURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <muster/plugin.h>

#define HEADER      "device_id,seq_num,timestamp,msg_type,value,duplicate_flag,gap_flag,arrival_time\n"
#define GAPS_HEADER "device_id,first,last,count,last_heard,opened,closed,outcome,cause\n"
#define PLUGIN      (&muster_plugin_v1)
#define S           UINT64_C(1000000000)

extern char fixture_directory[32]; /* new for each test */
extern char fixture_path[128];     /* of a file in it that is not there */

/* Before and after each test, which may leave files there. */
void fixture_set_up(void);
void fixture_tear_down(void);

/* Makes the file anew. */
void fixture_put_file(const char *bytes, size_t size);

/* The file holds this text. */
void fixture_expect_file(const char *name, const char *wanted);

/* No file of the process may be longer, as if the disk were full. */
void fixture_limit_file_size(rlim_t bytes);

/* A message of device 101 with this text, or without value. */
struct muster_record fixture_text(uint32_t seq, const char *text);

/* An event about a gap of device 101. */
struct muster_record fixture_gap(uint8_t event, uint32_t first, uint32_t last, uint16_t cause);

/* Checks and opens the plugin; closes it and frees the instance. */
void *fixture_open(struct muster_instance *instance);
void fixture_close(struct muster_instance *instance, void *state);

/* Write and flush, as the host does with a sink that holds one.  Returns what write does. */
int64_t fixture_write(void *state, const struct muster_record *records, uint32_t count);

#endif
