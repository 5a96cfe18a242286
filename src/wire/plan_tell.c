/* SPDX-License-Identifier: MIT
 *
 * Which rule refuses a datagram, and what it found.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "datagram.h"
#include "plan_explainer.h"

void plan_refuse(struct plan_verdict *verdict, uint32_t offset, const char *format, ...)
{
    va_list arguments;

    verdict->offset = offset;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

/* As text it may be negative, which no sequence number is. */
static bool is_negative(const struct plan_look *look, const struct plan_field *field)
{
    struct plan_decimal decimal;
    const uint8_t *bytes;
    uint32_t length;

    if (field->type != FORMAT_NUMBER)
        return false;
    bytes = plan_bytes(look, field, &length);
    return plan_decimal(&decimal, bytes, length) && decimal.negative;
}

/* The role that is no number. */
static void tell_number(struct explainer *self, struct plan_verdict *verdict)
{
    const struct plan_body *body = self->look.body;
    const struct plan_field *const *roles = body != NULL ? body->role : self->look.plan->role;
    static const enum plan_role numbers[] = {PLAN_COUNT, PLAN_SEQUENCE, PLAN_TIME};
    unsigned i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct plan_field *field = roles[numbers[i]];
        uint64_t raw;
        int64_t ns;

        if (field == NULL || self->look.runs[field->where] == NULL)
            continue;
        if (numbers[i] == PLAN_TIME
                ? plan_get_time(&self->look, field, NULL, self->arrival_ns, &ns)
                : plan_whole(&self->look, field, &raw) && !is_negative(&self->look, field))
            continue;
        verdict->is_plain = true;
        plan_explain_raw(self, field);
        plan_refuse(verdict, plan_place(&self->look, field), "%s is %s, which is no%s number%s",
                    field->name, self->value, numbers[i] == PLAN_TIME ? "" : " whole",
                    is_negative(&self->look, field) ? " from 0 on" : "");
        return;
    }
}

/* The condition of `expect` that does not hold. */
static void tell_expect(struct explainer *self, struct plan_verdict *verdict)
{
    const struct plan *plan = self->look.plan;
    size_t i;

    for (i = 0; i < plan->expect.count; i++) {
        const struct plan_condition *condition = &plan->expect.list[i];
        const struct plan_field *field = condition->field;

        if (plan_holds(&self->look, condition, 0))
            continue;
        plan_refuse(
            verdict, plan_place(&self->look, field),
            field->type == FORMAT_SIGNED ? "`expect` has %s %s %" PRId64 "%s; it is %" PRId64
                                         : "`expect` has %s %s %" PRIu64 "%s; it is %" PRIu64,
            field->name, condition->mask == UINT64_MAX ? "=" : "with the bits of", condition->first,
            condition->count > 1 ? " or others" : "", plan_raw(&self->look, field));
        return;
    }
    tell_number(self, verdict);
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void tell_length(struct explainer *self, struct plan_verdict *verdict, uint32_t at)
{
    const struct plan_look *look = &self->look;
    const struct plan_body *body = look->body;
    const struct plan_field *count;
    uint64_t number = 0;
    struct plan_device device = {.length = 0};

    if (!look->plan->device_is_number && !plan_get_device(look, NULL, &device)) {
        verdict->is_plain = true;
        plan_refuse(verdict, 0, "the device's name is empty, or has more than %d characters",
                    FORMAT_KEY_MOST);
        return;
    }
    if (body == NULL || look->runs[PLAN_BODY] == NULL) {
        plan_refuse(verdict, at, "the body's header needs %u bytes or more, and %u are left",
                    body != NULL ? body->header.size : 0, look->end - at);
        return;
    }
    count = body->readings == 0 ? body->role[PLAN_COUNT] : NULL;
    if (body->reading.count == 0 || look->end == at) {
        if (look->end > at)
            plan_refuse(
                verdict, at,
                look->plan->body_count == 0 || body->header.count == 0
                    ? "%u byte%s behind it that nothing describes; `trailing: true` in a body "
                      "lets them be"
                    : "%u byte%s behind the body; `trailing: true` lets them be",
                look->end - at, plural(look->end - at));
        else if (count != NULL && plan_whole(look, count, &number))
            plan_refuse(verdict, at, "%s says %" PRIu64 " readings, and there are fewer",
                        count->name, number);
        else
            plan_refuse(verdict, at, "the datagram ends before what it must have");
        return;
    }
    if (count != NULL && plan_whole(look, count, &number))
        plan_refuse(verdict, at, "%s says %" PRIu64 " readings; what is left has %u byte%s",
                    count->name, number, look->end - at, plural(look->end - at));
    else
        plan_refuse(verdict, at, "what is left has %u byte%s, and a reading %u%s", look->end - at,
                    plural(look->end - at), body->reading.size,
                    body->reading.varying_count > 0 ? " or more" : "");
}

static void tell_check(struct explainer *self, struct plan_verdict *verdict)
{
    const struct plan_field *field = self->look.body->role[PLAN_CHECK];
    uint64_t sum = 0;

    plan_check_make(&self->look, field, &sum);
    plan_refuse(verdict, plan_place(&self->look, field),
                "the %s of the bytes is 0x%0*" PRIx64 ", and %s says 0x%0*" PRIx64,
                plan_check_name(self->look.plan->check.is), field->width * 2, sum, field->name,
                field->width * 2, plan_integer(&self->look, field));
}

void plan_tell(struct explainer *self, struct plan_verdict *verdict, uint32_t at)
{
    const struct plan_field *type = self->look.plan->role[PLAN_TYPE];

    switch (wire_reason(verdict->count)) {
    case MUSTER_REJECT_NO_FORMAT:
        tell_expect(self, verdict);
        break;
    case MUSTER_REJECT_UNKNOWN_TYPE:
        plan_explain_raw(self, type);
        plan_refuse(verdict, plan_place(&self->look, type), "`type` does not say what %s means",
                    self->value);
        break;
    case MUSTER_REJECT_BAD_CHECK:
        tell_check(self, verdict);
        break;
    default:
        tell_length(self, verdict, at);
    }
}
