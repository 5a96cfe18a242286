/* SPDX-License-Identifier: MIT
 *
 * What a declared format costs a datagram: the built-in header of five fields with a text, decoded
 * by the built-in decoder and by a plan of the same layout, in turn; and others that have more.
 *
 *   format              a table
 *   format NAME         one of them, for a profiler
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/datagram.h"
#include "wire/plan.h"

enum { DATAGRAMS = 256, ROUNDS = 9, LARGEST = 64 };

static unsigned long rounds_of = 20000; /* of all datagrams, in a measurement */

static const struct node node = {.file = "bench", .text = ""};

struct datagram {
    uint8_t bytes[LARGEST];
    size_t size;
};

static struct datagram datagrams[DATAGRAMS];

/* What is decoded is used, so that it is not left out. */
static uint64_t sum;

/* ---- Formats -------------------------------------------------------------------------- */

#define NUMBER(bytes) .at = &node, .type = FORMAT_UNSIGNED, .width = (bytes)

static const struct format_type_word types[] = {
    {0, FORMAT_HEARTBEAT}, {1, FORMAT_DATA}, {2, FORMAT_INIT}};
static const uint64_t data[] = {FORMAT_DATA};
static const struct format_condition is_data[] = {
    {.at = &node, .name = "type", .is_type = true, .values = data, .value_count = 1}};
static const struct format_field reference[] = {{NUMBER(2), .name = "device"},
                                                {NUMBER(4), .name = "sequence"},
                                                {NUMBER(4), .name = "time"},
                                                {NUMBER(1), .name = "type"},
                                                {NUMBER(1), .name = "flags"}};
static const struct format_field summed[] = {
    {NUMBER(2), .name = "device"}, {NUMBER(4), .name = "sequence"}, {NUMBER(4), .name = "time"},
    {NUMBER(1), .name = "type"},   {NUMBER(1), .name = "flags"},    {NUMBER(2), .name = "check"}};
static const struct format_field text[] = {
    {.at = &node, .name = "value", .type = FORMAT_TEXT, .length_is = FORMAT_REST}};
static const struct format_field number[] = {{NUMBER(2), .name = "value"}};
static const struct format_body texts = {
    .at = &node, .when = {is_data, 1}, .reading = {text, 1}, .readings = 1};
static const struct format_body numbers = {
    .at = &node, .when = {is_data, 1}, .reading = {number, 1}};
static const struct format_value scale[] = {{.at = &node,
                                             .name = "value",
                                             .scale_numerator = 1,
                                             .scale_denominator = 10,
                                             .offset_denominator = 1}};
static const char *const pair[] = {"device", "flags"};

#define REFERENCE                                                                                  \
    .at = &node, .header = {reference, 5}, .has_types = true, .types = types, .type_count = 3,     \
    .clock = {.unit_ns = 1000000000}, .body_count = 1

static const struct format formats[] = {
    {REFERENCE, .name = "five fields", .bodies = &texts},
    {REFERENCE, .name = "a scaled number", .bodies = &numbers, .values = scale, .value_count = 1},
    {REFERENCE, .name = "a key of two fields", .bodies = &texts, .device = pair, .device_count = 2},
    {.at = &node,
     .header = {summed, 6},
     .has_types = true,
     .types = types,
     .type_count = 3,
     .clock = {.unit_ns = 1000000000},
     .body_count = 1,
     .name = "a CRC of 16 bits",
     .bodies = &texts,
     .checksum = {.at = &node, .is = FORMAT_CRC16_MODBUS, .has_to = true, .to = 12}},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- Decoding ------------------------------------------------------------------------- */

static void make_datagrams(void)
{
    unsigned i;

    for (i = 0; i < DATAGRAMS; i++) {
        const struct muster_header header = {.device_id = (uint16_t)(i % 100),
                                             .seq_num = i,
                                             .timestamp = 1766000000 + i,
                                             .msg_type = MUSTER_MSG_DATA};

        datagrams[i].size =
            muster_text_encode(datagrams[i].bytes, LARGEST, &header, "26.6", i % 2 == 0 ? 4 : 2);
    }
}

static void built_in(void)
{
    static const struct wire_class class = {.payload = WIRE_PAYLOAD_TEXT, .numbers = 7};
    struct muster_header header;
    struct muster_record record;
    unsigned i;

    for (i = 0; i < DATAGRAMS; i++) {
        const struct datagram *datagram = &datagrams[i];
        size_t payload;

        if (wire_header(&header, datagram->bytes, datagram->size, LARGEST) != 0)
            exit(EXIT_FAILURE);
        payload = datagram->size - MUSTER_HEADER_SIZE;
        if (wire_payload_check(&class, &header, payload) != 1)
            exit(EXIT_FAILURE);
        wire_record(&record, &header, &class, datagram->bytes + MUSTER_HEADER_SIZE, payload, 0, 1);
        sum += record.seq + record.payload_size;
    }
}

/* The checksums of the last format are wrong; that is found out as right ones are. */
static void planned(const struct plan *plan)
{
    struct plan_header header;
    struct muster_record record;
    unsigned i;
    int j, count;

    for (i = 0; i < DATAGRAMS; i++) {
        const struct datagram *datagram = &datagrams[i];

        count = plan_header(plan, &header, datagram->bytes, datagram->size, NULL, 1);
        for (j = 0; j < count; j++) {
            plan_record(plan, &record, &header, datagram->bytes, datagram->size, (uint32_t)j);
            sum += record.seq + record.payload_size;
        }
    }
}

static double ns_of(const struct plan *plan)
{
    struct timespec from, to;
    unsigned long i;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (i = 0; i < rounds_of; i++) {
        if (plan == NULL)
            built_in();
        else
            planned(plan);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
           (double)(rounds_of * DATAGRAMS);
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;

    return one < other ? -1 : one > other;
}

static double median(double list[ROUNDS])
{
    qsort(list, ROUNDS, sizeof list[0], compare);
    return list[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    double floor[ROUNDS], took[FORMATS][ROUNDS], least;
    struct plan *plans[FORMATS];
    struct problems problems = {0};
    unsigned i, round;

    make_datagrams();
    for (i = 0; i < FORMATS; i++) {
        plans[i] = plan_compile(&formats[i], &problems);
        if (plans[i] == NULL) {
            problems_print(&problems, stderr);
            return EXIT_FAILURE;
        }
        if (argc > 1 && strcmp(argv[1], formats[i].name) == 0)
            printf("%.1f ns a datagram\n", ns_of(plans[i]));
    }
    if (argc > 1)
        return EXIT_SUCCESS;
    rounds_of /= ROUNDS;
    for (round = 0; round < ROUNDS; round++) {
        floor[round] = ns_of(NULL);
        for (i = 0; i < FORMATS; i++)
            took[i][round] = ns_of(plans[i]);
    }
    least = median(floor);
    printf("built-in decoder          %5.1f ns a datagram\n", least);
    for (i = 0; i < FORMATS; i++) {
        double ns = median(took[i]);

        printf("plan, %-19s %5.1f ns a datagram, %+5.1f\n", formats[i].name, ns, ns - least);
        plan_free(plans[i]);
    }
    return sum == 0;
}
