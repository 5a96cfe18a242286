/* SPDX-License-Identifier: MIT
 *
 * When to look at which device: a timing wheel, so that a look at what is due costs nothing for
 * what is not.
 *
 * Things are numbered from 0, and each has one time at most.  A time is a number of steps modulo
 * 2^32, which goes on as wheel_turn says.
 */
#ifndef SEQUENCE_WHEEL_H
#define SEQUENCE_WHEEL_H

#include <stdint.h>

struct wheel;

#define WHEEL_NONE UINT32_MAX

/* For things below `count`, at time `now`.  NULL if memory is short. */
struct wheel *wheel_new(uint32_t count, uint32_t now);
void wheel_free(struct wheel *wheel);

uint32_t wheel_now(const struct wheel *wheel);

/* From now on it is due in `delay` steps, whatever was set for it before; with 0, whenever the
 * wheel is turned next, if only by 0 steps.  A delay of 2^31 or more is cut to the most. */
void wheel_set(struct wheel *wheel, uint32_t thing, uint32_t delay);

/* It is not due any more, if it was. */
void wheel_unset(struct wheel *wheel, uint32_t thing);

/* Time goes on by so many steps.  All that was due by then is taken out with wheel_next before
 * the wheel turns again. */
void wheel_turn(struct wheel *wheel, uint32_t steps);

/* One of those, or WHEEL_NONE.  It has no time any more. */
uint32_t wheel_next(struct wheel *wheel);

#endif
