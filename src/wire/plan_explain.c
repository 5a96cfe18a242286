/* SPDX-License-Identifier: MIT
 *
 * A datagram field by field, for a person.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/iso_time.h"
#include "base/real.h"
#include "plan_explainer.h"

static const char *const messages[] = {
    [FORMAT_HEARTBEAT] = "heartbeat", [FORMAT_DATA] = "data",     [FORMAT_INIT] = "init",
    [FORMAT_OTHER] = "other",         [FORMAT_IGNORE] = "ignore",
};

/* ---- Texts ---------------------------------------------------------------------------- */

static const char *type_text(const struct plan_field *field, char out[32])
{
    static const char *const words[] = {
        [FORMAT_UNSIGNED] = "u", [FORMAT_SIGNED] = "i",      [FORMAT_REAL] = "f",
        [FORMAT_TEXT] = "text",  [FORMAT_HEX] = "hex",       [FORMAT_BCD] = "bcd",
        [FORMAT_SKIP] = "skip",  [FORMAT_NUMBER] = "number",
    };
    const char *order = field->little_endian && field->width > 1 ? " le" : "";

    if (field->type <= FORMAT_REAL)
        snprintf(out, 32, "%s%u%s", words[field->type], field->width * 8U, order);
    else if (field->type == FORMAT_NUMBER || field->length_is == FORMAT_REST)
        snprintf(out, 32, "%s", words[field->type]);
    else if (field->length_is == FORMAT_FIXED)
        snprintf(out, 32, "%s:%u", words[field->type], field->length);
    else
        snprintf(out, 32, "%s:u%u%s", words[field->type], field->width * 8U, order);
    return out;
}

/* Text in quotes, one line and printable; cut if it is long. */
static void put_text(char *out, const uint8_t *bytes, uint64_t count)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t i;

    *out++ = '"';
    for (i = 0; i < count && i < SHOWN; i++) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\') {
            *out++ = (char)bytes[i];
            continue;
        }
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out++ = '"';
    memcpy(out, count > SHOWN ? " ..." : "", count > SHOWN ? 5 : 1);
}

static void put_hex(char *out, const uint8_t *bytes, uint64_t count)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t i;

    for (i = 0; i < count && i < SHOWN; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    memcpy(out, count > SHOWN ? " ..." : "", count > SHOWN ? 5 : 1);
}

void plan_explain_raw(struct explainer *self, const struct plan_field *field)
{
    const uint8_t *bytes;
    uint32_t length;

    if (field->type == FORMAT_REAL) {
        real_shown(self->value, plan_real(&self->look, field), field->width == 4);
        return;
    }
    if (plan_is_integer(field)) {
        uint64_t raw = plan_raw(&self->look, field);

        if (field->type == FORMAT_SIGNED)
            snprintf(self->value, sizeof self->value, "%" PRId64, (int64_t)raw);
        else if (field->role == PLAN_CHECK)
            snprintf(self->value, sizeof self->value, "0x%0*" PRIx64, field->width * 2, raw);
        else
            snprintf(self->value, sizeof self->value, "%" PRIu64, raw);
        return;
    }
    bytes = plan_bytes(&self->look, field, &length);
    if (field->type == FORMAT_TEXT || field->type == FORMAT_NUMBER)
        put_text(self->value, bytes, length);
    else
        put_hex(self->value, bytes, length);
}

/* ---- Meanings ------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void mean(struct explainer *self, const char *format,
                                                       ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(self->meaning, sizeof self->meaning, format, arguments);
    va_end(arguments);
}

static void mean_value(struct explainer *self, const struct plan_field *field)
{
    const struct plan_known *known = &self->look.plan->values[field->value];
    struct muster_value value;
    char text[VALUE_ROOM];

    plan_convert(&self->look, field, &value);
    switch (value.type) {
    case MUSTER_VALUE_NONE:
        mean(self, "%s",
             field->type == FORMAT_BCD || field->type == FORMAT_NUMBER ? "no number: absent"
                                                                       : "absent");
        return;
    case MUSTER_VALUE_TEXT:
        if (field->type == FORMAT_TEXT)
            return;
        snprintf(text, sizeof text, "%.*s", (int)value.bytes_size, (const char *)value.bytes);
        break;
    case MUSTER_VALUE_INT:
        snprintf(text, sizeof text, "%" PRId64, value.value.integer);
        break;
    case MUSTER_VALUE_UNSIGNED:
        snprintf(text, sizeof text, "%" PRIu64, value.value.natural);
        break;
    case MUSTER_VALUE_REAL:
    case MUSTER_VALUE_REAL32:
        real_shown(text, value.value.real, value.type == MUSTER_VALUE_REAL32);
        break;
    default:
        return;
    }
    if (known->shown.unit != NULL)
        mean(self, "%s %s", text, known->shown.unit);
    else if (strcmp(text, self->value) != 0)
        mean(self, "%s", text);
}

static void mean_time(struct explainer *self, const struct plan_field *field)
{
    const struct format_clock *clock = &self->look.plan->clock;
    const struct plan_field *fraction = self->look.body != NULL
                                            ? self->look.body->role[PLAN_FRACTION]
                                            : self->look.plan->role[PLAN_FRACTION];
    int64_t ns;

    if (fraction != NULL && (self->look.runs[fraction->where] == NULL ||
                             plan_place(&self->look, fraction) + fraction->width > self->look.size))
        fraction = NULL;
    if (!plan_get_time(&self->look, field, fraction, self->arrival_ns, &ns))
        mean(self, "no number");
    else if (clock->kind == FORMAT_FROM_START)
        mean(self, "since its start: tells the order only");
    else if (ns == 0)
        mean(self, "no time stamp");
    else
        iso_time(self->meaning, ns);
}

static void mean_check(struct explainer *self, const struct plan_field *field)
{
    const struct plan_check_range *check = &self->look.plan->check;
    uint64_t sum;

    if (check->is == FORMAT_NO_CHECK)
        mean(self, "not checked: `check` does not say how it is made");
    else if (!plan_check_make(&self->look, field, &sum))
        mean(self, "%s: the datagram ends before what it covers", plan_check_name(check->is));
    else if (sum == plan_integer(&self->look, field))
        mean(self, "%s, right", plan_check_name(check->is));
    else
        mean(self, "%s, wrong: the bytes give 0x%0*" PRIx64, plan_check_name(check->is),
             field->width * 2, sum);
}

static void mean_role(struct explainer *self, const struct plan_field *field)
{
    const struct plan *plan = self->look.plan;
    const struct plan_body *body = self->look.body;
    uint64_t raw;

    switch (field->role) {
    case PLAN_SEQUENCE:
        if (field->type == FORMAT_NUMBER)
            mean(self, "%s", plan->counts_readings ? "counts readings" : "counts datagrams");
        else
            mean(self, "%s, modulo 2^%u",
                 plan->counts_readings ? "counts readings" : "counts datagrams", field->bits);
        break;
    case PLAN_TIME:
        mean_time(self, field);
        break;
    case PLAN_TYPE:
        if (!plan->has_types)
            mean(self, "%s, as all of them", messages[plan->message]);
        else if (plan_whole(&self->look, field, &raw) && raw < 256 &&
                 plan->types[raw] != PLAN_NO_TYPE)
            mean(self, "%s", messages[plan->types[raw]]);
        break;
    case PLAN_COUNT:
        if (body != NULL && body->reading.count > 0 && body->readings == 0)
            mean(self, "readings");
        else
            mean(self, "not needed here");
        break;
    case PLAN_CHECK:
        mean_check(self, field);
        break;
    default:
        break;
    }
}

static bool is_device(const struct plan *plan, const struct plan_field *field)
{
    size_t i;

    for (i = 0; i < plan->device_count; i++)
        if (plan->device[i] == field)
            return true;
    return false;
}

static const char *role_text(const struct explainer *self, const struct plan_field *field)
{
    if (is_device(self->look.plan, field))
        return "device";
    if (self->look.plan->role[PLAN_FRACTION] == field ||
        (self->look.body != NULL && self->look.body->role[PLAN_FRACTION] == field))
        return "fraction";
    return plan_role_name(field->role);
}

/* ---- Fields --------------------------------------------------------------------------- */

/* Where the field ends, length in front and separator included. */
static uint32_t end_of(const struct plan_look *look, const struct plan_field *field)
{
    uint32_t length;

    if (field->is_varying)
        return look->runs[field->where][field->run + 1];
    if (field->type <= FORMAT_REAL)
        return plan_place(look, field) + field->width;
    plan_bytes(look, field, &length);
    return plan_place(look, field) + length;
}

static void show_field(struct explainer *self, const struct plan_field *field)
{
    uint32_t at = plan_place(&self->look, field);
    struct plan_step step = {
        .offset = at,
        .length = end_of(&self->look, field) - at,
        .bit = field->first_bit,
        .bits = field->is_part ? field->bits : 0,
        .where = self->where,
        .type = type_text(field, self->type),
        .name = field->name,
        .role = role_text(self, field),
        .value = self->value,
    };

    self->meaning[0] = '\0';
    plan_explain_raw(self, field);
    if (field->value >= 0)
        mean_value(self, field);
    else if (field->role != PLAN_NO_ROLE)
        mean_role(self, field);
    step.meaning = self->meaning[0] != '\0' ? self->meaning : NULL;
    self->field(self->context, &step);
}

static void show_section(struct explainer *self, const struct plan_section *section)
{
    unsigned i;

    for (i = 0; i < section->count; i++)
        show_field(self, &section->fields[i]);
}

/* Fields of a section that does not fit: those that do. */
static void show_part(struct explainer *self, const struct plan_section *section,
                      enum plan_where where, uint32_t at)
{
    uint32_t end = self->look.end;
    unsigned i;

    if (section->varying_count > 0 || at > end)
        return;
    self->look.fixed[where] = at;
    self->look.runs[where] = &self->look.fixed[where];
    for (i = 0; i < section->count && end_of(&self->look, &section->fields[i]) <= end; i++)
        show_field(self, &section->fields[i]);
    self->look.runs[where] = NULL;
}

/* As many readings as fit; `at` is moved behind them. */
static void show_readings(struct explainer *self, uint32_t *at)
{
    const struct plan_body *body = self->look.body;
    uint32_t i, most = self->count > 0 ? self->header->readings : UINT16_MAX;

    if (self->count > 0 && !self->header->has_reading)
        return;
    if (self->count <= 0 && body->readings > 0)
        most = body->readings;
    for (i = 0; i < most && body->reading.count > 0; i++) {
        int64_t end = plan_walk(&self->look, &body->reading, PLAN_READING, *at, self->look.end);

        if (self->count > 0)
            snprintf(self->where, sizeof self->where, "reading %u of %u", i + 1,
                     self->header->readings);
        else
            snprintf(self->where, sizeof self->where, "reading %u", i + 1);
        if (end < 0)
            show_part(self, &body->reading, PLAN_READING, *at);
        if (end < 0 || (end == *at && i > 0))
            return;
        show_section(self, &body->reading);
        *at = (uint32_t)end;
    }
}

/* ---- All of it ------------------------------------------------------------------------ */

/* Bytes that no field describes. */
static void show_rest(struct explainer *self, uint32_t at)
{
    struct plan_step step = {
        .offset = at,
        .length = self->look.end - at,
        .where = "rest",
        .type = "",
        .value = self->value,
        .meaning = "not described",
    };

    put_hex(self->value, self->look.datagram + at, step.length);
    self->field(self->context, &step);
}

static void show_body(struct explainer *self, uint32_t begin, uint32_t *at, bool fits)
{
    const struct plan *plan = self->look.plan;
    const struct plan_body *body = self->look.body;

    if (plan->body_count > 1 && body < plan->bodies + plan->body_count)
        snprintf(self->where, sizeof self->where, "body %u", (unsigned)(body - plan->bodies) + 1);
    else
        snprintf(self->where, sizeof self->where, "body");
    if (!fits) {
        show_part(self, &body->header, PLAN_BODY, begin);
        return;
    }
    show_section(self, &body->header);
    show_readings(self, at);
    if (*at < self->look.end && self->look.body->reading.count == 0)
        show_rest(self, *at);
}

/* Header, body, readings, trailer.  Returns how far the fields came. */
static uint32_t show_all(struct explainer *self, uint32_t at)
{
    struct plan_look *look = &self->look;
    unsigned message = plan_message(look);
    bool is_known = message != PLAN_NO_TYPE && self->count != -1 - (int)MUSTER_REJECT_NO_FORMAT,
         fits = false;
    uint32_t begin = at;

    if (is_known) {
        fits = plan_find_body(look, message, &at) == 0;
        if (!fits)
            look->runs[PLAN_BODY] = NULL;
    }
    show_section(self, &look->plan->header);
    if (is_known)
        show_body(self, begin, &at, fits);
    snprintf(self->where, sizeof self->where, "trailer");
    show_section(self, &look->plan->trailer);
    return at;
}

void plan_explain(const struct plan *plan, const uint8_t *datagram, size_t size,
                  const struct sockaddr *source, uint64_t arrival_ns,
                  void (*field)(void *context, const struct plan_step *step), void *context,
                  struct plan_verdict *verdict)
{
    struct explainer self = {.header = &verdict->header,
                             .arrival_ns = arrival_ns,
                             .field = field,
                             .context = context,
                             .where = "header"};
    int64_t ends = -1;
    uint32_t at;

    memset(verdict, 0, sizeof *verdict);
    verdict->count = plan_header(plan, &verdict->header, datagram, size, source, arrival_ns);
    self.count = verdict->count;
    if (size > PLAN_LARGEST) {
        plan_refuse(verdict, 0, "no datagram has %zu bytes", size);
        return;
    }
    if (plan_find_header(&self.look, plan, datagram, size) == 0)
        ends = plan_walk(&self.look, &plan->header, PLAN_HEADER, 0, self.look.end);
    if (ends < 0) {
        self.look.size = self.look.end = (uint32_t)size;
        show_part(&self, &plan->header, PLAN_HEADER, 0);
        plan_refuse(verdict, self.look.size, "it has %u bytes, and header and trailer need %u%s",
                    self.look.size, plan->least, plan->header.varying_count > 0 ? " or more" : "");
        return;
    }
    at = show_all(&self, (uint32_t)ends);
    if (verdict->count < 0)
        plan_tell(&self, verdict, at);
}
