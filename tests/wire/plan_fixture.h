/* SPDX-License-Identifier: MIT
 *
 * For tests of declared formats: fields from a word, and what a datagram becomes as a line of text.
 */
#ifndef TESTS_WIRE_PLAN_FIXTURE_H
#define TESTS_WIRE_PLAN_FIXTURE_H

#include <muster/plugin.h>

#include "wire/plan.h"

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* The place of everything that has no other: line 1. */
extern const struct node fixture_node;

/* A field of a type as doc/formats.md writes it: "u16", "i32 le", "text:8", "hex:u8", "text",
 * "number ;".  NULL as a name: none. */
struct format_field fixture_field(const char *type, const char *name);

/* An integer with parts. */
struct format_field fixture_parts(const char *type, const struct format_part *parts, size_t count);

/* A value with a scale of numerator / denominator. */
struct format_value fixture_value(const char *name, int64_t numerator, uint64_t denominator);

/* Compiles what must be right. */
struct plan *fixture_plan(const struct format *format);

/* What the datagram becomes, which must be inside its bytes: "bad_length", "ignored", or
 * "data 7 seq 1/16 time 5 flags 2: x=1 y=-2.5 | x=3 y=4", an absent value left out. */
const char *fixture_said(const struct plan *plan, const char *hex);
const char *fixture_said_at(const struct plan *plan, const char *hex, uint64_t arrival_ns);

/* The problems of compiling it, each on a line; "" if there are none. */
const char *fixture_problems(const struct format *format);

/* Bytes of hexadecimal digits, with spaces where they help; the caller frees them. */
uint8_t *fixture_bytes(const char *hex, size_t *size);

#endif
