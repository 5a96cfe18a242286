/* SPDX-License-Identifier: MIT
 *
 * Times as Unix seconds.
 */
#include "unix_time.h"

void unix_time_keep(struct unix_time *kept, uint64_t ns)
{
    uint64_t second = ns / UNIX_TIME_NS;

    kept->start_ns = second * UNIX_TIME_NS;
    kept->length = (uint32_t)(number_u64(kept->text, second) - kept->text);
}
