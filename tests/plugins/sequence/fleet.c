/* SPDX-License-Identifier: MIT
 *
 * A fleet that does all that the tracker knows of, and often.
 */
#include "fleet.h"

#include "common/random.h"

struct muster_record fleet_next(struct fleet *f)
{
    uint16_t id = (uint16_t)below(DEVICES);
    uint32_t number = f->next[id], what = below(1000);
    uint8_t type = MUSTER_MSG_DATA;

    f->clock += one_in(20);
    if (what < 80)
        number = f->next[id] += 1 + below(8); /* loss */
    else if (what < 200)
        number -= 1 + below(30); /* late, or a copy */
    else if (what < 206)
        number = f->next[id] += below(2 * MAX_JUMP); /* a long loss, or too far to be believed */
    else if (what < 209)
        number = f->next[id] = below(3); /* a restart */
    else if (what < 212)
        type = MUSTER_MSG_INIT;
    else if (what < 230)
        type = MUSTER_MSG_HEARTBEAT;
    if (type == MUSTER_MSG_DATA && (what < 80 || what >= 200))
        f->next[id]++;
    return collector_message(id, type, type == MUSTER_MSG_DATA ? number : 0, f->clock);
}
