/* SPDX-License-Identifier: MIT
 *
 * Moments as text: ISO 8601, UTC.
 */
#ifndef BASE_ISO_TIME_H
#define BASE_ISO_TIME_H

#include <stdint.h>

#define ISO_TIME_ROOM 40

/* Writes ns since the Unix epoch, "2025-12-17T19:33:20.25Z", with as many digits of the second as
 * there are.  Returns `out`. */
const char *iso_time(char out[ISO_TIME_ROOM], int64_t ns);

#endif
