/* SPDX-License-Identifier: MIT
 *
 * The fields of a datagram in columns, and the records that it becomes.
 */
#include "decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "base/wrap.h"
#include "collector/config/format_shown.h"
#include "decode_input.h"
#include "wire/datagram.h"
#include "wire/plan.h"

enum { TAKEN = 0, REFUSED = 1, UNUSABLE = 2 };
enum { ROOM = 65535 + 16, BYTES_A_LINE = 6, TYPE_MOST = 14, NAME_MOST = 24, VALUE_MOST = 10 };

/* ---- The built-in format -------------------------------------------------------------- */

#define FIELD(type_, width_, name_)                                                                \
    {                                                                                              \
        .name = (name_), .type = (type_), .width = (width_), .length = (width_)                    \
    }
static const struct format_field built_in_header[] = {
    FIELD(FORMAT_UNSIGNED, 2, "device"), FIELD(FORMAT_UNSIGNED, 4, "sequence"),
    FIELD(FORMAT_UNSIGNED, 4, "time"), FIELD(FORMAT_UNSIGNED, 1, "type"),
    FIELD(FORMAT_UNSIGNED, 1, "flags")};
static const struct format_field text_reading = {
    .name = "value", .type = FORMAT_TEXT, .length_is = FORMAT_REST};
static const struct format_field u16_reading = FIELD(FORMAT_UNSIGNED, 2, "value");
#undef FIELD

static const struct format_type_word built_in_types[] = {{MUSTER_MSG_HEARTBEAT, FORMAT_HEARTBEAT},
                                                         {MUSTER_MSG_DATA, FORMAT_DATA},
                                                         {MUSTER_MSG_INIT, FORMAT_INIT}};

static const uint64_t is_data = FORMAT_DATA;
static const struct format_condition data_only = {
    .name = "type", .is_type = true, .values = &is_data, .value_count = 1};

/* How the datagrams of a class are laid out. */
static struct plan *built_in(enum wire_payload payload)
{
    const bool is_text = payload == WIRE_PAYLOAD_TEXT;
    const struct format_body bodies[] = {{.when = {&data_only, 1},
                                          .reading = {is_text ? &text_reading : &u16_reading, 1},
                                          .readings = is_text ? 1 : 0},
                                         {.trailing = true}};
    const struct format format = {.name = CATALOG_FORMAT_BUILT_IN,
                                  .header = {built_in_header, 5},
                                  .has_types = true,
                                  .types = built_in_types,
                                  .type_count = 3,
                                  .counts_readings = !is_text,
                                  .clock = {.unit_ns = UINT64_C(1000000000)},
                                  .bodies = bodies,
                                  .body_count = 2};
    struct problems none = {0};
    struct plan *plan = plan_compile(&format, &none);

    problems_free(&none);
    return plan;
}

/* ---- Columns -------------------------------------------------------------------------- */

struct columns {
    const uint8_t *datagram;
    int bytes, type, name, value; /* how wide they are */
    char where[64];               /* of the field before */
};

static int at_most(int size, int most)
{
    return size < most ? size : most;
}

static void widen(int *width, int size, int most)
{
    size = at_most(size, most);
    if (*width < size)
        *width = size;
}

/* "u8[7:4]", as a data sheet has it. */
static const char *type_of(const struct plan_step *step, char out[64])
{
    const unsigned high = 8 * step->length - 1 - step->bit;

    if (step->bits == 0)
        snprintf(out, 64, "%s", step->type);
    else if (step->bits == 1)
        snprintf(out, 64, "%s[%u]", step->type, high);
    else
        snprintf(out, 64, "%s[%u:%u]", step->type, high, high + 1 - step->bits);
    return out;
}

static const char *name_of(const struct plan_step *step)
{
    return step->name != NULL ? step->name : "-";
}

static void measure(void *context, const struct plan_step *step)
{
    struct columns *columns = context;
    char type[64];

    widen(&columns->bytes, 3 * (int)(step->length < 8 ? step->length : 8) - 1,
          3 * BYTES_A_LINE - 1);
    widen(&columns->type, (int)strlen(type_of(step, type)), TYPE_MOST);
    widen(&columns->name, (int)strlen(name_of(step)), NAME_MOST);
    widen(&columns->value, step->value != NULL ? (int)strlen(step->value) : 0, VALUE_MOST);
}

/* The bytes of one line, from `from` on.  Returns how many columns they take. */
static int print_bytes(const struct columns *columns, const struct plan_step *step, uint32_t from)
{
    uint32_t i;
    int used = 0;

    for (i = from; i < step->length && i < from + BYTES_A_LINE; i++)
        used += printf("%s%02x", i > from ? " " : "", columns->datagram[step->offset + i]);
    return used;
}

/* What has no room on the line goes on below, in the same column. */
static void print_meaning(const char *text, int column)
{
    const bool is_wide = column > WRAP_COLUMNS - 20; /* there is no use in it */
    int used = column;

    while (*text != '\0') {
        int length = (int)strcspn(text, " ");

        if (used > column && !is_wide && used + 1 + length > WRAP_COLUMNS) {
            printf("\n%*s", column, "");
            used = column;
        }
        used += printf("%s%.*s", used > column ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
}

/* Value, role and meaning. */
static void print_end(const struct columns *columns, const struct plan_step *step)
{
    const char *value = step->value != NULL ? step->value : "";
    const char *role = step->role;
    char text[FORMAT_SHOWN_ROOM];

    if (role != NULL && strcmp(role, name_of(step)) == 0)
        role = NULL;
    snprintf(text, sizeof text, "%s%s%s", role != NULL ? role : "",
             role != NULL && step->meaning != NULL ? ", " : "",
             step->meaning != NULL ? step->meaning : "");
    if (text[0] == '\0') {
        printf("%s\n", value);
        return;
    }
    printf("%-*s  ", columns->value, value);
    print_meaning(text, 8 + columns->bytes + 2 + columns->type + 2 + columns->name + 2 +
                            columns->value + 2);
    printf("\n");
}

static void print_step(void *context, const struct plan_step *step)
{
    struct columns *columns = context;
    const bool is_first = step->bits == 0 || step->bit == 0; /* of the parts of an integer */
    int used = 0;
    char type[64];
    uint32_t from;

    if (strcmp(columns->where, step->where) != 0)
        printf("%s\n", step->where);
    snprintf(columns->where, sizeof columns->where, "%s", step->where);
    if (is_first)
        used = printf("%6" PRIu32 "  ", step->offset) + print_bytes(columns, step, 0);
    printf("%*s  %-*s  %-*s  ", 8 + columns->bytes - used, "", columns->type, type_of(step, type),
           columns->name, name_of(step));
    print_end(columns, step);
    for (from = BYTES_A_LINE; is_first && from < step->length; from += BYTES_A_LINE) {
        printf("%8s", "");
        print_bytes(columns, step, from);
        printf("\n");
    }
}

static void print_titles(const struct columns *columns)
{
    printf("offset  %-*s  %-*s  %-*s  %-*s  %s\n", columns->bytes, "bytes", columns->type, "type",
           columns->name, "name", columns->value, "value", "meaning");
}

/* ---- Records -------------------------------------------------------------------------- */

/* What is decoded, and how. */
struct decoding {
    const struct plan *plan;
    const uint8_t *datagram;
    size_t size;
    const struct address *source;
    uint64_t arrival_ns;
    struct plan_header header;
    int count;
};

/* "temperature=21.2 Cel humidity=48 %RH" */
static void print_values(struct decoding *decoding, const struct muster_record *record,
                         unsigned indent)
{
    struct muster_value values[FORMAT_VALUES_MOST];
    uint32_t count = plan_values(decoding->plan, decoding->datagram, decoding->size,
                                 record->payload_at, values, sizeof *values, FORMAT_VALUES_MOST);
    char shown[FORMAT_SHOWN_ROOM], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    uint32_t i, some = 0;

    if (out == NULL)
        return;
    for (i = 0; i < count && i < FORMAT_VALUES_MOST; i++) {
        const struct plan_value *value = plan_value(decoding->plan, i);

        if (values[i].type == MUSTER_VALUE_NONE)
            continue;
        fprintf(out, "%s%s=%s%s%s", some++ > 0 ? "  " : "", value->name,
                format_shown_value(&values[i], shown), value->unit != NULL ? " " : "",
                value->unit != NULL ? value->unit : "");
    }
    if (fclose(out) == 0 && some > 0)
        wrap_print(stdout, indent, indent, "%s", text);
    free(text);
}

static void print_record(struct decoding *decoding, uint32_t reading)
{
    const struct plan_header *header = &decoding->header;
    struct muster_record record;
    char text[FORMAT_SHOWN_ROOM];

    plan_record(decoding->plan, &record, &decoding->header, decoding->datagram, decoding->size,
                reading);
    printf("%6" PRIu32 "  device %s", reading + 1, format_shown_device(&header->device, text));
    if (record.seq_bits > 0 && header->seq_bits > 0)
        printf("  sequence %" PRIu64, record.seq);
    printf("  %s", format_shown_message(record.msg_type));
    if (record.device_time_ns != 0)
        printf("  %s", format_shown_time(record.device_time_ns, text));
    if (record.flags != 0)
        printf("  flags %u", record.flags);
    printf("\n");
    print_values(decoding, &record, 8);
}

/* "answer  01 00 00 00 02   after csv, to listed devices" */
static void print_answer(const struct decoding *decoding)
{
    const int index = plan_reply_find(decoding->plan, decoding->datagram, decoding->size);
    const struct plan_reply *reply;
    uint8_t answer[FORMAT_REPLY_MOST];
    uint32_t i, size;

    if (index < 0) {
        if (plan_reply(decoding->plan, 0) != NULL)
            printf("answer  none\n");
        return;
    }
    reply = plan_reply(decoding->plan, (uint32_t)index);
    size = plan_reply_make(decoding->plan, (uint32_t)index, decoding->datagram, decoding->size,
                           answer);
    printf("answer ");
    for (i = 0; i < size; i++)
        printf(" %02x", answer[i]);
    if (size > decoding->size)
        printf("   not sent: it is longer than the datagram\n");
    else
        printf("   %s%s, to %s devices\n", reply->after != NULL ? "after " : "at once",
               reply->after != NULL ? reply->after : "", reply->to_all ? "all" : "listed");
}

static void print_records(struct decoding *decoding)
{
    int i;

    if (decoding->count == 0) {
        printf("\nignored: its type is \"ignore\", so it makes no record, and is counted\n");
        return;
    }
    printf("\ntaken: %d record%s\n", decoding->count, decoding->count == 1 ? "" : "s");
    for (i = 0; i < decoding->count; i++)
        print_record(decoding, (uint32_t)i);
}

/* ---- Refusals ------------------------------------------------------------------------- */

static const char *advice(unsigned reason)
{
    switch (reason) {
    case MUSTER_REJECT_TOO_SHORT:
        return "Is the datagram whole?  Else a field of the header is too wide, or not in every "
               "datagram: what is only in some belongs into a body.";
    case MUSTER_REJECT_NO_FORMAT:
        return "\"expect\" tells formats apart: if this datagram is of this one, add the value to "
               "its list, or leave it out.";
    case MUSTER_REJECT_UNKNOWN_TYPE:
        return "Add the value to \"type\" as heartbeat, data or init; as other if it has no "
               "meaning for you, or as ignore if there is to be no record.";
    case MUSTER_REJECT_BAD_LENGTH:
        return "What follows the header must fit to the byte.  Compare the widths with the data "
               "sheet; look at \"count\", at \"readings\" and at the \"when\" of each body; or "
               "allow bytes without a meaning: trailing: true.";
    case MUSTER_REJECT_BAD_CHECK:
        return "Try another check, see formats.md; the bytes that it covers, \"from\" and \"to\"; "
               "\"holds: zero\"; and the byte order of the field.";
    default:
        return "The class of the device sends another payload; see the catalog.";
    }
}

static void print_refusal(int count, const struct plan_verdict *verdict)
{
    const unsigned reason = (unsigned)(-count - 1);

    printf("\nrefused: %s", wire_reject_name(reason));
    if (verdict->text[0] != '\0')
        printf(", at byte %" PRIu32, verdict->offset);
    printf("\n");
    if (verdict->text[0] != '\0')
        wrap_print(stdout, 8, 8, "%s", verdict->text);
    if (!verdict->is_plain)
        wrap_print(stdout, 8, 8, "%s", advice(reason));
}

/* ---- The whole ------------------------------------------------------------------------ */

static int decode(struct decoding *decoding, int (*judge)(struct decoding *, const void *),
                  const void *context)
{
    struct columns columns = {
        .datagram = decoding->datagram, .bytes = 5, .type = 4, .name = 4, .value = 5};
    struct plan_verdict verdict;

    plan_explain(decoding->plan, decoding->datagram, decoding->size, address_get(decoding->source),
                 decoding->arrival_ns, measure, &columns, &verdict);
    printf("%s, %zu byte%s\n\n", plan_name(decoding->plan), decoding->size,
           decoding->size == 1 ? "" : "s");
    print_titles(&columns);
    plan_explain(decoding->plan, decoding->datagram, decoding->size, address_get(decoding->source),
                 decoding->arrival_ns, print_step, &columns, &verdict);
    decoding->header = verdict.header;
    decoding->count = verdict.count;
    if (judge != NULL)
        decoding->count = judge(decoding, context);
    if (decoding->count < 0) {
        print_refusal(decoding->count, &verdict);
    } else {
        print_records(decoding);
        print_answer(decoding);
    }
    return decoding->count < 0 ? REFUSED : TAKEN;
}

/* The built-in decoder has the last word, and knows which messages are numbered. */
static int judge_built_in(struct decoding *decoding, const void *context)
{
    const struct wire_class *class = context;
    struct muster_header header;
    int count = wire_header(&header, decoding->datagram, decoding->size, WIRE_LARGEST);

    if (count < 0)
        return count;
    if ((class->numbers & 1u << header.msg_type) == 0)
        decoding->header.seq_bits = 0;
    return wire_payload_check(class, &header, decoding->size - MUSTER_HEADER_SIZE);
}

static int decode_built_in(const struct catalog *catalog, struct decoding *decoding)
{
    const uint16_t device =
        decoding->size < 2 ? 0 : (uint16_t)(decoding->datagram[0] << 8 | decoding->datagram[1]);
    const struct wire_class *class = catalog_class(catalog, device);
    struct plan *plan = built_in(class->payload);
    int status;

    if (plan == NULL) {
        fprintf(stderr, "musterd: out of memory\n");
        return UNUSABLE;
    }
    decoding->plan = plan;
    status = decode(decoding, judge_built_in, class);
    plan_free(plan);
    return status;
}

static int say_unknown(const struct catalog *catalog, const char *format)
{
    const unsigned count = catalog_format_count(catalog);
    const char **names = calloc(count + 1, sizeof *names);
    const char *near;
    unsigned i;

    if (names == NULL)
        return UNUSABLE;
    names[0] = CATALOG_FORMAT_BUILT_IN;
    for (i = 1; i <= count; i++)
        names[i] = plan_name(catalog_plan(catalog, i));
    near = suggest(format, names, count + 1);
    fprintf(stderr, "musterd: no format \"%s\"", format);
    if (near != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", near);
    fprintf(stderr, "%s\nThere are:", near != NULL ? "" : " in the catalog");
    for (i = 0; i <= count; i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : " ", names[i]);
    fputc('\n', stderr);
    free(names);
    return UNUSABLE;
}

int decode_print(const struct catalog *catalog, const char *format, char *const *hex,
                 unsigned count)
{
    const int number = catalog_find_format(catalog, format);
    struct hexadecimal bytes = {.room = ROOM - 16};
    struct address source = {0};
    struct decoding decoding = {.source = &source};
    char why[HEXADECIMAL_WHY];
    int status = UNUSABLE;

    if (number < 0)
        return say_unknown(catalog, format);
    bytes.bytes = calloc(1, ROOM);
    if (bytes.bytes == NULL) {
        fprintf(stderr, "musterd: out of memory\n");
        return UNUSABLE;
    }
    if (decode_input_read(&bytes, hex, count, why) < 0) {
        fprintf(stderr, "musterd: %s\n", why);
        goto done;
    }
    address_parse(&source, "192.0.2.1", 0);
    decoding.datagram = bytes.bytes;
    decoding.size = bytes.count;
    decoding.arrival_ns = clock_wall();
    if (number == 0) {
        status = decode_built_in(catalog, &decoding);
    } else {
        decoding.plan = catalog_plan(catalog, (unsigned)number);
        status = decode(&decoding, NULL, NULL);
    }

done:
    free(bytes.bytes);
    return status;
}
