/* SPDX-License-Identifier: MIT
 *
 * An INIT begins a session, unless it is a copy, or late.
 */
#ifndef SEQUENCE_INIT_H
#define SEQUENCE_INIT_H

#include <muster/record.h>

struct turn;

enum muster_verdict init_judge(const struct turn *turn);

#endif
