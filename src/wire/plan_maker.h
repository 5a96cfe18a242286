/* SPDX-License-Identifier: MIT
 *
 * Making a plan: what the files of the compiler share.
 */
#ifndef WIRE_PLAN_MAKER_H
#define WIRE_PLAN_MAKER_H

#include "plan_parts.h"

struct plan_maker {
    const struct format *format;
    struct plan *plan;
    struct problems *problems;
    size_t before;              /* errors of others in `problems` */
    bool no_memory, incomplete; /* a section could not be compiled */
};

/* Memory of the plan, all zeroes; NULL if it is short, which is noted. */
void *maker_alloc(struct plan_maker *maker, size_t count, size_t size);
const char *maker_copy(struct plan_maker *maker, const char *text); /* NULL stays */

/* Compiles the fields of a section, and checks each of them.  What is wrong is a problem, as
 * everywhere here; then the section is not complete. */
void maker_section(struct plan_maker *maker, const struct format_fields *fields,
                   enum plan_where where, struct plan_section *out);

/* Whether nothing can follow it, since it goes to the end. */
bool maker_is_open(const struct plan_section *section);

/* Names of the sections that a datagram with this body has (NULL: none of its own): no name twice.
 * Finds the roles in them. */
void maker_names(struct plan_maker *maker, const struct plan_body *body);
void maker_roles(struct plan_maker *maker, struct plan_body *body);

/* Gives each name that is a value its place among them. */
void maker_values(struct plan_maker *maker);

/* The field of header or trailer with that name; a problem at `at` if there is none: `what` is who
 * asks, such as "expect"; `other` a word that could be meant as well, or NULL. */
const struct plan_field *maker_find(struct plan_maker *maker, const struct node *at,
                                    const char *what, const char *name, const char *other);

void maker_conditions(struct plan_maker *maker, const struct format_conditions *conditions,
                      const char *what, struct plan_conditions *out);

/* Checks the replies, once the bodies are compiled, and compiles them. */
void maker_replies(struct plan_maker *maker);

/* Whether the integer has room for a value, which is sign-extended to 64 bits. */
bool maker_fits(const struct plan_field *field, uint64_t value);

#endif
