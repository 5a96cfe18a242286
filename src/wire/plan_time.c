/* SPDX-License-Identifier: MIT
 *
 * Time stamps: of any unit, epoch and width, also the low bits of a time alone.
 */
#include <math.h>

#include "plan_parts.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* Units of the field in ns, without epoch and fraction.  Returns false if it is no number. */
static bool since_epoch(const struct plan_look *look, const struct plan_field *field, __int128 *out)
{
    const __int128 unit = (__int128)look->plan->clock.unit_ns;
    struct plan_decimal decimal;
    const uint8_t *bytes;
    uint32_t length;

    if (plan_is_integer(field)) {
        uint64_t raw = plan_raw(look, field);

        *out = (field->type == FORMAT_SIGNED ? (__int128)(int64_t)raw : (__int128)raw) * unit;
        return true;
    }
    if (field->type == FORMAT_REAL) {
        double value = plan_real(look, field), whole = floor(value);

        if (!(fabs(value) < 1e19))
            return false;
        *out = (__int128)whole * unit + (__int128)((value - whole) * (double)unit + 0.5);
        return true;
    }
    bytes = plan_bytes(look, field, &length);
    if (!plan_decimal(&decimal, bytes, length))
        return false;
    *out = (__int128)decimal.digits * unit;
    while (decimal.decimals-- > 0)
        *out /= 10;
    if (decimal.negative)
        *out = -*out;
    return true;
}

/* Of all moments that have these low bits, the one nearest to the arrival. */
static __int128 nearest(__int128 ns, __int128 turn, uint64_t arrival_ns)
{
    __int128 ahead = ((__int128)arrival_ns - ns) % turn;

    if (ahead < 0)
        ahead += turn;
    /* The arrival is `ahead` behind such a moment. */
    return ahead * 2 <= turn ? (__int128)arrival_ns - ahead : (__int128)arrival_ns - ahead + turn;
}

bool plan_get_time(const struct plan_look *look, const struct plan_field *field,
                   const struct plan_field *fraction, uint64_t arrival_ns, int64_t *out)
{
    const struct format_clock *clock = &look->plan->clock;
    __int128 ns;

    *out = 0;
    if (!since_epoch(look, field, &ns))
        return false;
    if (fraction != NULL)
        ns += (__int128)plan_integer(look, fraction) * NS_PER_SECOND / clock->per;
    if (clock->kind == FORMAT_FROM_START || (ns == 0 && !clock->wraps))
        return true;
    ns += (__int128)clock->epoch_s * NS_PER_SECOND;
    if (clock->wraps)
        ns = nearest(ns, (__int128)clock->unit_ns << field->bits, arrival_ns);
    if (ns >= INT64_MIN && ns <= INT64_MAX)
        *out = (int64_t)ns;
    return true;
}
