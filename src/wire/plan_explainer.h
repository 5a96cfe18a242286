/* SPDX-License-Identifier: MIT
 *
 * What shows a datagram to a person: plan_explain its fields, plan_tell why it is refused.
 */
#ifndef WIRE_PLAN_EXPLAINER_H
#define WIRE_PLAN_EXPLAINER_H

#include "plan_parts.h"

enum {
    VALUE_ROOM = 4 * 256 + 8,
    MEANING_ROOM = 4 * 256 + 64,
    SHOWN = 64 /* bytes of a long field */
};

struct explainer {
    struct plan_look look;
    const struct plan_header *header;
    int count; /* as plan_header returned it */
    uint64_t arrival_ns;
    void (*field)(void *context, const struct plan_step *step);
    void *context;
    char where[48];
    char type[32], value[VALUE_ROOM], meaning[MEANING_ROOM];
};

/* What was sent in a field, as it was sent, in self->value. */
void plan_explain_raw(struct explainer *self, const struct plan_field *field);

/* Of a datagram that is refused; its fields end at `at`. */
void plan_tell(struct explainer *self, struct plan_verdict *verdict, uint32_t at);

/* The rule looked at that offset, and this is what it says. */
__attribute__((format(printf, 3, 4))) void plan_refuse(struct plan_verdict *verdict,
                                                       uint32_t offset, const char *format, ...);

#endif
