/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the rows of the sink "csv".  An input is the set of columns (4 bytes), a record as it
 * lies in memory, the device's name (16 bytes), and the payload.
 */
#include "fuzz.h"

#include <string.h>

#include "csv/row.h"

const char *const fuzz_corpus = "row";

enum { NAME_BYTES = 16 };

/* What a row needs of a host: the device's name, of which `instance` is the text; and its key, of
 * printable bytes, as the contract has it. */
static int device(struct muster_instance *instance, uint32_t number, struct muster_device *out)
{
    static char key[NAME_BYTES + 1];
    size_t i;

    (void)number;
    out->name = (const char *)(void *)instance;
    for (i = 0; out->name[i] != '\0'; i++)
        key[i] = (char)(' ' + (uint8_t)out->name[i] % ('~' - ' ' + 1));
    key[i] = '\0';
    out->key = key;
    out->class_name = "class";
    return 1;
}

/* The one name serves for both. */
static const char *entry_name(struct muster_instance *instance, uint32_t origin)
{
    return origin % 2 == 0 ? (const char *)(void *)instance : NULL;
}

static uint64_t dropped_before(struct muster_instance *instance, const struct muster_record *record)
{
    (void)instance;
    return record->seq;
}

/* The payload as a text, whatever it is said to be, and a number under the one name. */
static uint32_t values(struct muster_instance *instance, const struct muster_record *record,
                       struct muster_value *out, uint32_t value_size, uint32_t room)
{
    struct muster_value found[2] = {
        {.name = "value", .type = record->value_type % 9},
        {.name = (const char *)(void *)instance, .type = record->quality % 9, .column = 1}};

    fuzz_check(room == 2 && value_size == sizeof *out, "there is room for all values");
    found[0].value.natural = found[1].value.natural = record->value.natural;
    found[0].bytes = found[1].bytes = record->payload.bytes;
    found[0].bytes_size = found[1].bytes_size = record->payload_size;
    memcpy(out, found, sizeof found);
    return 2;
}

static int value_column(struct muster_instance *instance, uint32_t index,
                        struct muster_value_column *column)
{
    column->name = index == 0 ? "value" : (const char *)(void *)instance;
    column->unit = NULL;
    column->type = MUSTER_VALUE_NONE;
    return index < 2;
}

/* Whether what stands between the quotes is what RFC 4180 allows: each quote of the text twice. */
static void check_fields(const struct row *row, const char *text, const char *end)
{
    uint32_t cells = 1;
    int quoted = 0;

    fuzz_check(end > text && end[-1] == '\n', "a row ends with a newline");
    for (; text < end - 1; text++) {
        fuzz_check(quoted || (*text != '\n' && *text != '\r'), "a row is one line, but for quotes");
        if (*text == '"')
            quoted = !quoted;
        else if (*text == ',' && !quoted)
            cells++;
    }
    fuzz_check(!quoted, "quotes are closed");
    fuzz_check(cells == row->count, "as many fields as columns");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct muster_host host = {.size = sizeof host,
                                            .device = device,
                                            .entry_name = entry_name,
                                            .dropped_before = dropped_before,
                                            .values = values,
                                            .value_column = value_column};
    char name[NAME_BYTES + 1] = "", *header, *text, *end;
    struct row row;
    struct muster_record record;
    struct muster_arrival arrival;
    uint32_t columns, i, times;
    size_t bound;

    if (size < 4 + sizeof record + NAME_BYTES)
        return 0;
    columns = muster_get_u32(data);
    memcpy(&record, data + 4, sizeof record);
    memcpy(&arrival, &record, sizeof arrival);
    record.via.arrival = size % 2 == 0 ? &arrival : NULL;
    memcpy(name, data + 4 + sizeof record, NAME_BYTES);
    data += 4 + sizeof record + NAME_BYTES;
    size -= 4 + sizeof record + NAME_BYTES;
    record.payload_size = (uint32_t)size;
    record.payload.bytes = size > 0 ? data : NULL;
    fuzz_check(row_open(&row, &host, (struct muster_instance *)(void *)name, ROW_WIDE) == 0,
               "memory");
    row.is_guarded = columns >> 31 != 0;
    for (i = 0; i < ROW_COLUMNS; i++)
        if (columns >> i % 32 & 1)
            fuzz_check(row_add(&row, row_column_names[i]) == 0, "each column once");
    if ((columns & 1) != 0 && fields_find(name) == NULL)
        row_add(&row, name);
    if (row.count == 0)
        goto done;
    header = malloc(row_header_bound(&row));
    fuzz_check(header != NULL, "memory");
    end = row_header(&row, header);
    fuzz_check((size_t)(end - header) <= row_header_bound(&row), "the header fits");
    check_fields(&row, header, end);
    free(header);
    for (times = 0; times < 2; times++) { /* the second with what is remembered of the first */
        bound = row_bound(&row, &record);
        text = malloc(bound);
        fuzz_check(text != NULL, "memory");
        end = row_format(&row, text, &record);
        fuzz_check((size_t)(end - text) <= bound, "the row fits");
        check_fields(&row, text, end);
        free(text);
        record.arrival_ns += times;
    }
done:
    row_close(&row);
    return 0;
}
